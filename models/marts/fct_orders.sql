-- Every attempt with what became of it, and every order that no attempt explains. An attempt is
-- written
-- before the risk check, so a refused one is here too.
with
    attempts as (
        select *, coalesce(attempt_id, _file_id || ':' || _offset) as attempt_key
        from {{ ref("stg_attempts") }}
        where not is_test
    ),
    refusals as (
        select bot, attempt_id, max(reason_line) as raw_reason
        from
            (
                select bot, attempt_id, raw_reason as reason_line
                from {{ ref("int_refusals_grouped") }}
                where attempt_id is not null
            ) as lines
        group by bot, attempt_id
    )
select
    coalesce(attempts.bot, orders.bot) as bot,
    coalesce(orders.order_key, attempts.attempt_key) as order_key,
    orders.order_id,
    coalesce(attempts.attempt_id, orders.attempt_id) as attempt_id,
    coalesce(attempts.intent_id, orders.intent_id) as intent_id,
    coalesce(attempts.symbol, orders.symbol) as symbol,
    coalesce(attempts.side, orders.side) as side,
    orders.position_side,
    attempts.strategy,
    case
        when orders.is_closed
        then 'closed'
        when orders.is_filled
        then 'filled'
        when orders.is_acked
        then 'acked'
        when refusals.attempt_id is not null
        then 'refused'
        when orders.is_error
        then 'error'
        when attempts.attempt_key is null
        then 'no attempt'
        else 'unexplained'
    end as outcome,
    refusals.raw_reason as refused_raw_reason,
    orders.exit_reason,
    orders.error_text,
    attempts.qty as attempt_qty,
    attempts.price_hint,
    attempts.notional_usd,
    orders.request_qty,
    orders.executed_qty,
    orders.fill_price,
    orders.fee_usd,
    orders.realized_pnl_usd,
    orders.closed_qty,
    orders.ack_latency_ms,
    coalesce(attempts.is_reduce_only, false)
    or coalesce(orders.is_reduce_only, false) as is_reduce_only,
    attempts.attempt_key is not null as has_attempt,
    coalesce(orders.is_acked, false) as is_acked,
    coalesce(orders.is_filled, false) as is_filled,
    coalesce(orders.is_closed, false) as is_closed,
    attempts.occurred_at as attempted_at,
    orders.acked_at,
    orders.first_filled_at,
    orders.last_filled_at,
    orders.closed_at,
    coalesce(attempts.occurred_at, orders.first_row_at) as occurred_at,
    greatest(attempts.observed_at, orders.observed_at) as observed_at,
    coalesce(attempts._file, orders._file) as _file,
    coalesce(attempts._offset, orders._offset) as _offset
from attempts
full outer join
    {{ ref("int_orders_collapsed") }} as orders
    on orders.bot = attempts.bot
    and orders.attempt_id = attempts.attempt_id
left join refusals on refusals.bot = attempts.bot and refusals.attempt_id = attempts.attempt_id
