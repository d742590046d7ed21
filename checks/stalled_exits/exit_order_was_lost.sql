-- Means: an order that was to close a position was refused, failed or was accepted and never
-- filled: the position is still open though the exit fired.
-- Look at: fct_orders where is_reduce_only; orders_executed.jsonl for that order.
-- Do: look at the position on the exchange and close it by hand if it is still open; the fault is
-- in router or exchange, not in the scanner.
-- Blind to: exits that are not sent as reduce-only.
{{
    config(
        meta={
            "needs": ["orders_attempted", "orders_executed", "positions_state"],
            "playbook_lines": ["P1-S3", "P3-S1", "P3-C3"],
            "explained_by": ["orders_end_in_errors"],
            "proof": "update fct_orders set symbol = (select min(symbol) from fct_positions where valid_to = timestamp '9999-12-31'), is_reduce_only = true, is_filled = false, outcome = 'acked', occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
        }
    )
}}
select
    orders.as_of,
    orders.bot,
    orders.symbol as subject,
    'crit' as severity,
    min(occurred_at) as since,
    format(
        '{} orders to close {} came to nothing within the hour, the last: {} ({})',
        count(*),
        orders.symbol,
        max_by(outcome, occurred_at),
        coalesce(max_by(coalesce(error_text, refused_raw_reason), occurred_at), 'no reason given')
    ) as reason,
    count(*) as lost_exits,
    max_by(order_key, occurred_at) as last_order,
    max_by(_file, occurred_at) as _file,
    max_by(_offset, occurred_at) as _offset
from {{ at_clock(ref("fct_orders"), within=var("event_recall_minutes") ~ " minutes") }} as orders
-- a later exit that did close it has repaired the loss
inner join
    (
        select distinct as_of, bot, symbol from {{ at_clock(ref("fct_positions")) }} as positions
    ) as held using (as_of, bot, symbol)
where
    is_reduce_only
    and has_attempt
    and outcome in ('acked', 'refused', 'error')
    and not is_filled
    and occurred_at < orders.as_of - interval '5 minutes'
group by orders.as_of, orders.bot, orders.symbol
