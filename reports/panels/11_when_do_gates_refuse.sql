-- title: At which hours do gates refuse?
-- note: Refusals by the hour of the day in UTC, all days of the span together.
-- chart: matrix
-- row: reason
-- column: hour
-- value: refusals
-- needs: risk_vetoes
-- unit: refused orders
with
    ranked as (
        select reason, row_number() over (order by count(*) desc, reason) as place
        from fct_vetoes
        where bot = $bot and occurred_at > $since and occurred_at <= $until
        group by reason
    )
select ranked.reason, strftime(vetoes.occurred_at, '%H') as hour, count(*) as refusals
from fct_vetoes as vetoes
inner join ranked using (reason)
where
    vetoes.bot = $bot
    and vetoes.occurred_at > $since
    and vetoes.occurred_at <= $until
    and ranked.place <= 20
group by ranked.place, ranked.reason, hour
order by ranked.place, hour
