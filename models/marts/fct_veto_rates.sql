-- Sparse: a minute, symbol and reason only where something happened. Attempts that nothing
-- refused stand
-- under the reason 'none'; the acceptance is of the whole minute and symbol.
with
    counted as (
        select
            bot,
            date_trunc('minute', occurred_at) as minute,
            symbol,
            coalesce(reason, 'none') as reason,
            count(*) filter (where stage = 'refusal') as refusal_count,
            count(*) filter (where stage = 'attempt') as attempt_count,
            count(*) filter (where stage = 'ack') as ack_count
        from {{ ref("int_pipeline_events") }}
        where stage in ('refusal', 'attempt', 'ack')
        group by bot, date_trunc('minute', occurred_at), symbol, coalesce(reason, 'none')
    ),
    totals as (
        select
            *,
            sum(refusal_count) over symbol_minute as symbol_refusals,
            sum(attempt_count) over symbol_minute as symbol_attempts,
            sum(ack_count) over symbol_minute as symbol_acks
        from counted
        window symbol_minute as (partition by bot, minute, symbol)
    )
select
    bot,
    minute,
    symbol,
    reason,
    refusal_count,
    cast(symbol_attempts as bigint) as attempt_count,
    cast(symbol_acks as bigint) as ack_count,
    symbol_acks / cast(nullif(symbol_acks + symbol_refusals, 0) as double) as acceptance_ratio,
    minute as occurred_at
from totals
where refusal_count > 0 or reason = 'none'
