-- Sparse: only where something happened. Attempts and accepted orders stand under the
-- reason 'none' and refusals under theirs, so that any sum over rows is right, by hour
-- or day too.
{{ config(materialized="incremental", meta={"touched": "minute"}) }}

with
    counted as (
        select
            bot,
            date_trunc('minute', occurred_at) as minute,
            symbol,
            strategy,
            coalesce(reason, 'none') as reason,
            count(*) filter (where stage = 'refusal') as refusal_count,
            count(*) filter (where stage = 'attempt') as attempt_count,
            count(*) filter (where stage = 'ack') as ack_count
        from {{ ref("int_pipeline_events") }}
        where stage in ('refusal', 'attempt', 'ack') and {{ touched("occurred_at") }}
        group by bot, date_trunc('minute', occurred_at), symbol, strategy, coalesce(reason, 'none')
    )
select
    bot,
    minute,
    symbol,
    strategy,
    reason,
    refusal_count,
    attempt_count,
    ack_count,
    sum(ack_count) over symbol_minute / cast(
        nullif(sum(ack_count + refusal_count) over symbol_minute, 0) as double
    ) as acceptance_ratio,
    minute as occurred_at
from counted
window symbol_minute as (partition by bot, minute, symbol)
