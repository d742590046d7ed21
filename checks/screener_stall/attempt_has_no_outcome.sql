-- Means: an order was attempted, and five minutes later there is neither a refusal nor an ack nor
-- an error.
-- Look at: fct_orders where outcome = 'unexplained'.
-- Do: read the executor's log at that minute; check that logs are not losing rows to a
-- second writer; restart the executor if it repeats.
-- Blind to: attempts lost before they were written.
{{
    config(
        meta={
            "needs": ["orders_attempted", "orders_executed", "risk_vetoes"],
            "playbook_lines": ["P4-S2", "P3-S1"],
            "explained_by": ["two_executors_run", "log_bytes_were_lost", "log_has_stopped"],
            "proof": "update fct_orders set outcome = 'unexplained', occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
        }
    )
}}
with
    readable as (
        select as_of, bot
        from {{ at_clock(ref("fct_surface_health")) }} as health
        where surface in ('orders_attempted', 'orders_executed', 'risk_vetoes')
        group by as_of, bot
        -- what became of it may stand in a log that is not there
        having bool_and(is_usable and status <> 'missing')
    )
select
    orders.as_of,
    orders.bot,
    'attempts' as subject,
    'warn' as severity,
    min(occurred_at) as since,
    format(
        '{} attempts of the last hour have no outcome, the first {} {}',
        count(*),
        min_by(symbol, occurred_at),
        min_by(order_key, occurred_at)
    ) as reason,
    count(*) as attempts,
    min_by(order_key, occurred_at) as first_attempt,
    min_by(_file, occurred_at) as _file,
    min_by(_offset, occurred_at) as _offset
from {{ at_clock(ref("fct_orders"), within=var("event_recall_minutes") ~ " minutes") }} as orders
inner join readable using (as_of, bot)
where outcome = 'unexplained' and occurred_at < orders.as_of - interval '5 minutes'
group by orders.as_of, orders.bot
