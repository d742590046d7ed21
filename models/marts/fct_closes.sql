-- The last order_close row of an order; a close may be written once per poll of its fills.
with
    closes as (
        select
            *,
            row_number() over (
                partition by bot, order_id order by occurred_at desc, _file_id desc, _offset desc
            ) as nth_from_last
        from {{ ref("stg_order_events") }}
        where event_type = 'order_close' and not is_test
    )
select
    bot,
    order_id,
    attempt_id,
    symbol,
    position_side,
    exit_reason,
    realized_pnl_usd,
    fee_usd,
    closed_qty,
    position_size_before,
    position_size_after,
    coalesce(closed_at, occurred_at) as closed_at,
    occurred_at,
    observed_at,
    occurred_at as valid_from,
    coalesce(
        lead(occurred_at) over (partition by bot order by occurred_at, order_id), {{ forever() }}
    ) as valid_to,
    _file,
    _offset
from closes
where nth_from_last = 1
