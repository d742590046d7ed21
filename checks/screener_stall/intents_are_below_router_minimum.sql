-- Means: most of the orders that passed the risk check, or all that nothing but their size was
-- held against, are smaller than the router's smallest child order.
-- Look at: notional of attempts against config/runtime.yaml min_child_notional.
-- Do: adjust sizing or the router's limit so that intents can be routed.
-- Blind to: sizes cut down after the attempt was logged.
{{
    config(
        meta={
            "needs": ["orders_attempted", "orders_executed", "risk_vetoes"],
            "playbook_lines": ["P4-A3"],
            "explained_by": ["config_was_changed"],
            "proof": "update fct_orders set outcome = 'unexplained', notional_usd = 3, occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
            "also": [
                "update fct_orders set outcome = 'refused', refused_reason = 'min_notional', notional_usd = 3, occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)"
            ],
            "spares": [
                "update fct_orders set outcome = 'refused', refused_reason = 'max_trade_nav', notional_usd = 3, occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
                "update fct_orders set outcome = case when order_key = (select max(order_key) from fct_orders) then 'filled' else 'refused' end, refused_reason = 'min_notional', notional_usd = case when order_key = (select max(order_key) from fct_orders) then 100 else 3 end, occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
                "update fct_orders set outcome = 'acked', notional_usd = 3, occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
                "update fct_orders set outcome = 'unexplained', notional_usd = 3, is_reduce_only = true, occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
                "update fct_orders set outcome = 'unexplained', notional_usd = 100, occurred_at = (select max(minute) - interval '20 minutes' from fct_pipeline_minutes)",
            ],
        }
    )
}}
select
    orders.as_of,
    orders.bot,
    'intent size' as subject,
    'warn' as severity,
    min(occurred_at) filter (where notional_usd < limits.value) as since,
    format(
        '{} of {} orders of the last hour are below the router minimum of {:.0f} USD (median {:.2f})',
        count(*) filter (where notional_usd < limits.value),
        count(*),
        max(limits.value),
        median(notional_usd)
    ) as reason,
    count(*) filter (where notional_usd < limits.value) as small_orders,
    count(*) as orders,
    median(notional_usd) as median_notional_usd,
    max(limits.value) as min_child_notional_usd,
    min_by(_file, occurred_at) as _file,
    min_by(_offset, occurred_at) as _offset
from {{ at_clock(ref("fct_orders"), within="1 hour") }} as orders
inner join {{ at_clock(limit("min_child_notional_usd")) }} as limits using (as_of, bot)
where
    has_attempt
    and not is_reduce_only
    -- what another gate refused is that gate's case: its size was never tried
    and (outcome <> 'refused' or refused_reason = 'min_notional')
group by orders.as_of, orders.bot
having
    (
        (
            count(*) filter (where outcome <> 'refused') >= 5
            and count(*) filter (where notional_usd < limits.value and outcome <> 'refused')
            > 0.5 * count(*) filter (where outcome <> 'refused')
        )
        -- the risk check refuses small ones too, which is no fault while others go out
        or (count(*) >= 5 and count(*) filter (where notional_usd < limits.value) = count(*))
    )
    -- where one so small was accepted, the size is not what holds the others
    and count(*) filter (
        where notional_usd < limits.value and outcome in ('acked', 'filled', 'closed')
    )
    = 0
