-- Means: no signal has come out of the screener for longer than the bot's own limit, by our clock;
-- the stages behind it, orders and router, are told beside it once they are idle too.
-- Look at: diagnostics.json, last_signal_ts; signal_metrics.jsonl counts exits too.
-- Do: read the screener's log for fetch or universe errors; restart the executor and confirm new
-- timestamps for signals and orders.
-- Blind to: a market in which there is nothing to signal.
{{
    config(
        meta={
            "needs": ["diagnostics"],
            "on_silence": true,
            "playbook_lines": ["P4-S1", "P4-S2", "P4-C1", "P4-A1"],
            "explained_by": ["executor_is_silent", "screener_reports_errors"],
            "proof": "update fct_liveness set last_signal_at = last_signal_at - interval '2 hours', process_started_at = process_started_at - interval '9 hours'",
            "also": [
                "update fct_liveness set last_signal_at = last_signal_at - interval '2 hours', last_order_at = last_order_at - interval '2 hours', last_router_event_at = last_router_event_at - interval '2 hours', process_started_at = process_started_at - interval '9 hours'"
            ],
            "tells": [["signals"], ["orders", "router", "signals"]],
            "spares": [
                "update fct_liveness set last_order_at = last_order_at - interval '2 hours', last_router_event_at = last_router_event_at - interval '2 hours', process_started_at = process_started_at - interval '9 hours'"
            ],
        }
    )
}}
with
    liveness as (
        select *
        from {{ at_clock(ref("fct_liveness")) }} as liveness
        inner join {{ watched() }} as watch using (as_of, bot)
    ),
    stages as (
        select
            liveness.*,
            'signals' as stage,
            'crit' as severity,
            limits.value as limit_seconds,
            {{ idle_from("last_signal_at") }} as idle_from,
            published_is_idle_signals as published_is_idle
        from liveness
        inner join {{ at_clock(limit("signals_idle_seconds")) }} as limits using (as_of, bot)
        union all
        select
            liveness.*,
            'orders',
            'warn',
            limits.value,
            {{ idle_from("last_order_at") }},
            published_is_idle_orders
        from liveness
        inner join {{ at_clock(limit("orders_idle_seconds")) }} as limits using (as_of, bot)
        union all
        select
            liveness.*,
            'router',
            'warn',
            limits.value,
            {{ idle_from("last_router_event_at") }},
            published_is_idle_router
        from liveness
        inner join {{ at_clock(limit("router_idle_seconds")) }} as limits using (as_of, bot)
    ),
    idle as (select * from stages where idle_from + limit_seconds * interval '1 second' < as_of)
select
    idle.as_of,
    idle.bot,
    stage as subject,
    severity,
    idle_from + limit_seconds * interval '1 second' as since,
    format(
        '{} idle for {:.0f} min (limit {:.0f})',
        stage,
        {{ seconds_between("idle_from", "idle.as_of") }} / 60,
        limit_seconds / 60
    ) as reason,
    last_signal_at as last_signal_ts,
    last_order_at as last_order_ts,
    last_veto_at as last_veto_ts,
    last_router_event_at as last_router_event_ts,
    {{ seconds_between("idle_from", "idle.as_of") }} as idle_seconds,
    limit_seconds,
    published_is_idle,
    idle._file,
    idle._sha256
from idle
-- with signals, idle orders and an idle router are the subject of other checks
inner join (select as_of, bot from idle where stage = 'signals') as stalled using (as_of, bot)
