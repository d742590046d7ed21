-- title: Which gates refused orders?
-- note: Refused orders, each counted once however many log lines it left. The six reasons with most
-- refusals; the rest is summed as other.
-- chart: bars
-- x: started_at
-- x2: ended_at
-- y: refusals
-- series: reason
-- needs: risk_vetoes
-- unit: refused orders
with
    width as (select greatest(ceil(epoch($until - $since) / 48 / 60), 1) * 60 as seconds),
    ranked as (
        select reason, row_number() over (order by count(*) desc, reason) as place
        from fct_vetoes
        where bot = $bot and occurred_at > $since and occurred_at <= $until
        group by reason
    ),
    placed as (
        select
            floor(epoch(vetoes.occurred_at - $since) / width.seconds) as bucket,
            width.seconds,
            case when ranked.place <= 6 then vetoes.reason else 'other' end as reason,
            least(ranked.place, 7) as place
        from fct_vetoes as vetoes
        inner join ranked using (reason)
        cross join width
        where vetoes.bot = $bot and vetoes.occurred_at > $since and vetoes.occurred_at <= $until
    )
select
    $since + to_seconds(bucket * seconds) as started_at,
    least($since + to_seconds((bucket + 1) * seconds), $until) as ended_at,
    reason,
    count(*) as refusals
from placed
group by place, reason, bucket, seconds
order by place, reason, bucket
