-- title: How often did each gate refuse?
-- note: A reason is new when the bot never gave it before this span. The rate is refusals among all
-- attempts of the span.
-- chart: table
-- needs: risk_vetoes
-- compare: refusals, of_attempts_pct
-- unit: refused orders, shares in %
with
    tried as (
        select sum(attempt_count) as attempts
        from fct_pipeline_minutes
        where bot = $bot and minute >= $since and minute < $until
    ),
    first_seen as (
        select reason, min(occurred_at) as first_ever_at
        from fct_vetoes
        where bot = $bot
        group by reason
    )
select
    vetoes.reason,
    count(*) as refusals,
    100 * count(*) / nullif(any_value(tried.attempts), 0) as of_attempts_pct,
    100 * count(*) / sum(count(*)) over () as share_pct,
    count(distinct vetoes.symbol) as symbols,
    min(vetoes.occurred_at) as first_at,
    max(vetoes.occurred_at) as last_at,
    case
        when not bool_and(vetoes.is_known_reason)
        then 'new, not in the vocabulary'
        when any_value(first_seen.first_ever_at) > $since
        then 'new in this span'
        else 'known'
    end as novelty
from fct_vetoes as vetoes
inner join first_seen using (reason)
cross join tried
where vetoes.bot = $bot and vetoes.occurred_at > $since and vetoes.occurred_at <= $until
group by vetoes.reason
order by refusals desc, vetoes.reason
