-- The last order_close row of an order; a close may be written once per poll of its fills. After a
-- restart the bot invents closes of positions that it did not know: its own fill corroborates one.
{{
    config(
        materialized="incremental",
        meta={"touched": "valid_from"},
        unique_key=["bot", "order_id", "valid_from"],
    )
}}

with
    closes as (
        select
            lines.*,
            row_number() over (
                partition by bot, coalesce(order_id, lines._file_id || ':' || lines._offset)
                order by occurred_at desc, _file_id desc, _offset desc
            ) as nth_from_last
        from {{ ref("stg_order_events") }} as lines
        left join {{ row_before(["bot", "valid_from"]) }} as before using (bot)
        where
            event_type = 'order_close'
            and not is_test
            and ({{ touched("occurred_at") }} or occurred_at >= before.valid_from)
    )
select
    closes.bot,
    closes.order_id,
    closes.attempt_id,
    closes.symbol,
    closes.position_side,
    closes.exit_reason,
    closes.realized_pnl_usd,
    closes.fee_usd,
    closes.closed_qty,
    closes.position_size_before,
    closes.position_size_after,
    1
    - abs(closes.position_size_after) / nullif(abs(closes.position_size_before), 0) as closed_ratio,
    closes.closed_qty * orders.fill_price as closed_usd,
    coalesce(orders.is_filled, false) as has_fill,
    coalesce(orders.is_reduce_only, false) as is_reduce_only,
    coalesce(closes.closed_at, closes.occurred_at) as closed_at,
    closes.occurred_at,
    closes.observed_at,
    closes.occurred_at as valid_from,
    coalesce(
        lead(closes.occurred_at) over (
            partition by closes.bot order by closes.occurred_at, closes.order_id
        ),
        {{ forever() }}
    ) as valid_to,
    closes._file,
    closes._offset
from closes
left join
    {{ ref("int_orders_collapsed") }} as orders
    on orders.bot = closes.bot
    and orders.order_id = closes.order_id
where closes.nth_from_last = 1
