-- Means: signals keep coming, but for longer than the limit no order has been accepted and refusals
-- explain less than half of them.
-- Look at: fct_pipeline_minutes: signals, attempts, refusals, acks; fct_orders for unexplained
-- attempts.
-- Do: restart the executor and confirm new timestamps; check the router's minimum child notional in
-- config/runtime.yaml against the intents' size.
-- Blind to: intents dropped before they are logged (zero score, doctrine).
{{
    config(
        meta={
            "needs": ["diagnostics", "orders_executed", "risk_vetoes", "signal_metrics"],
            "on_silence": true,
            "playbook_lines": ["P4-S1", "P4-S2", "P4-C1", "P1-S2"],
            "explained_by": ["executor_is_silent", "no_signals", "orders_end_in_errors"],
            "proof": "update fct_pipeline_minutes set signal_count = 1, ack_count = 0, refusal_count = 0; update fct_liveness set last_order_at = last_order_at - interval '3 hours', process_started_at = process_started_at - interval '9 hours'",
            "also": [
                "update fct_pipeline_minutes set signal_count = 1, ack_count = 0, refusal_count = case when minute(minute) % 3 = 0 then 1 else 0 end; update fct_liveness set last_order_at = last_order_at - interval '3 hours', process_started_at = process_started_at - interval '9 hours'"
            ],
            "spares": [
                "update fct_pipeline_minutes set signal_count = 1, ack_count = 0, refusal_count = 1; update fct_liveness set last_order_at = last_order_at - interval '3 hours', process_started_at = process_started_at - interval '9 hours'",
                "update fct_pipeline_minutes set signal_count = 1, ack_count = 0, refusal_count = 0; update fct_liveness set last_order_at = (select max(minute) - interval '10 minutes' from fct_pipeline_minutes)",
            ],
        }
    )
}}
with
    passed as (
        select
            as_of,
            bot,
            sum(signal_count) as signals,
            sum(attempt_count) as attempts,
            sum(refusal_count) as refusals,
            sum(ack_count) as acks
        from {{ at_clock(ref("fct_pipeline_minutes"), within="30 minutes") }} as minutes
        group by as_of, bot
    ),
    idle as (
        select
            liveness.*, limits.value as limit_seconds, {{ idle_from("last_order_at") }} as idle_from
        from {{ at_clock(ref("fct_liveness")) }} as liveness
        inner join {{ at_clock(limit("orders_idle_seconds")) }} as limits using (as_of, bot)
        inner join {{ watched() }} as watch using (as_of, bot)
    )
select
    idle.as_of,
    idle.bot,
    'orders' as subject,
    'crit' as severity,
    idle_from + limit_seconds * interval '1 second' as since,
    format(
        '{} signals and {} attempts in 30 min, no order accepted, {} refused; last order {:.0f} min ago',
        passed.signals,
        passed.attempts,
        passed.refusals,
        {{ seconds_between("idle_from", "idle.as_of") }} / 60
    ) as reason,
    cast(passed.signals as bigint) as signals,
    cast(passed.attempts as bigint) as attempts,
    cast(passed.refusals as bigint) as refusals,
    last_order_at as last_order_ts,
    {{ seconds_between("idle_from", "idle.as_of") }} as idle_seconds,
    limit_seconds,
    idle._file,
    idle._sha256
from idle
inner join passed using (as_of, bot)
where
    idle_from + limit_seconds * interval '1 second' < idle.as_of
    and passed.signals > 0
    and passed.acks = 0
    and 2 * passed.refusals < passed.signals
