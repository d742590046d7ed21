-- The rows of one exchange order as one. Fills are cumulative, so the last fill row
-- counts; acks and closes may repeat per poll.
{{ config(materialized="incremental", meta={"touched": "first_row_at"}) }}

with
    lines as (select * from {{ ref("stg_order_events") }} where not is_test),
    {% if is_touched_only() %}
        touched as (select * from lines where {{ touched("occurred_at") }}),
    {% endif %}
    named as (
        select
            *,
            coalesce(
                order_id,
                -- legacy rows share the client's id; only the ack has the exchange's
                case
                    when client_order_id is not null
                    then max(order_id) over (partition by bot, client_order_id)
                end,
                client_order_id,
                attempt_id,
                _file_id || ':' || _offset
            ) as order_key
        from lines
        {% if is_touched_only() %}
            -- all rows of an order; of one that began before, what stands here stays
            where
                {{ touched("occurred_at") }}
                {% for id in ["order_id", "client_order_id", "attempt_id"] -%}
                    or {{ id }} in (select {{ id }} from touched where {{ id }} is not null)
                {% endfor %}
        {% endif %}
    ),
    events as (
        select
            *,
            row_number() over (
                partition by bot, order_key, event_type
                order by occurred_at desc, _file_id desc, _offset desc
            ) as nth_from_last
        from named
    )
select
    bot,
    order_key,
    max(order_id) as order_id,
    max(attempt_id) as attempt_id,
    max(intent_id) as intent_id,
    max(symbol) as symbol,
    max(side) as side,
    max(pid) as pid,
    max(position_side) as position_side,
    max(exit_reason) as exit_reason,
    max(error_text) as error_text,
    max(case when event_type = 'order_fill' and nth_from_last = 1 then status end) as fill_status,
    max(request_qty) as request_qty,
    max(
        case when event_type = 'order_fill' and nth_from_last = 1 then executed_qty end
    ) as executed_qty,
    max(case when event_type = 'order_fill' and nth_from_last = 1 then price end) as fill_price,
    max(case when event_type = 'order_fill' and nth_from_last = 1 then fee_usd end) as fee_usd,
    max(
        case when event_type = 'order_close' and nth_from_last = 1 then realized_pnl_usd end
    ) as realized_pnl_usd,
    max(
        case when event_type = 'order_close' and nth_from_last = 1 then closed_qty end
    ) as closed_qty,
    max(case when event_type = 'order_ack' then latency_ms end) as ack_latency_ms,
    bool_or(is_reduce_only) as is_reduce_only,
    bool_or(event_type in ('order_ack', 'order_executed')) as is_acked,
    bool_or(
        event_type = 'order_fill' or (event_type = 'order_executed' and status = 'FILLED')
    ) as is_filled,
    bool_or(event_type = 'order_close') as is_closed,
    bool_or(event_type = 'order_error') as is_error,
    min(
        case
            when event_type in ('order_ack', 'order_executed') then coalesce(acked_at, occurred_at)
        end
    ) as acked_at,
    min(first_filled_at) as first_filled_at,
    min(case when event_type = 'order_fill' then occurred_at end) as fill_seen_at,
    max(last_filled_at) as last_filled_at,
    max(
        case when event_type = 'order_close' then coalesce(closed_at, occurred_at) end
    ) as closed_at,
    min(occurred_at) as first_row_at,
    max(observed_at) as observed_at,
    min(_file) as _file,
    min(_offset) as _offset
from events
group by bot, order_key
