-- Means: orders pass the risk check, and for longer than the bot's limit the router has sent,
-- filled or repriced nothing.
-- Look at: fct_orders of the last half hour that nothing refused; last_router_event_ts in
-- diagnostics.json.
-- Do: restart the executor and confirm new timestamps for orders; check the router's minimum
-- child notional against the size of intents.
-- Blind to: orders that bypass the router.
{{
    config(
        meta={
            "needs": ["diagnostics", "orders_attempted", "risk_vetoes"],
            "on_silence": true,
            "playbook_lines": ["P4-S1", "P4-C1", "P4-A3"],
            "explained_by": [
                "executor_is_silent",
                "intents_are_below_router_minimum",
                "orders_end_in_errors",
                "signals_become_no_orders",
            ],
            "proof": "update fct_orders set outcome = 'unexplained', has_attempt = true, occurred_at = (select max(minute) - interval '8 minutes' from fct_pipeline_minutes); update fct_liveness set last_router_event_at = last_router_event_at - interval '2 hours', process_started_at = process_started_at - interval '9 hours'",
        }
    )
}}
with
    idle as (
        select
            liveness.*,
            limits.value as limit_seconds,
            {{ idle_from("last_router_event_at") }} as idle_from
        from {{ at_clock(ref("fct_liveness")) }} as liveness
        inner join {{ at_clock(limit("router_idle_seconds")) }} as limits using (as_of, bot)
        inner join {{ watched() }} as watch using (as_of, bot)
    ),
    passed as (
        select as_of, bot, count(*) as orders
        from {{ at_clock(ref("fct_orders"), within="30 minutes") }} as orders
        where has_attempt and outcome <> 'refused' and occurred_at < as_of - interval '5 minutes'
        group by as_of, bot
    )
select
    idle.as_of,
    idle.bot,
    'router' as subject,
    'crit' as severity,
    idle_from + limit_seconds * interval '1 second' as since,
    format(
        '{} orders passed the risk check in 30 min; the router last moved {:.0f} min ago (limit {:.0f})',
        passed.orders,
        {{ seconds_between("idle_from", "idle.as_of") }} / 60,
        limit_seconds / 60
    ) as reason,
    passed.orders,
    last_router_event_at as last_router_event_ts,
    {{ seconds_between("idle_from", "idle.as_of") }} as idle_seconds,
    limit_seconds,
    idle._file,
    idle._sha256
from idle
inner join passed using (as_of, bot)
where idle_from + limit_seconds * interval '1 second' < idle.as_of
