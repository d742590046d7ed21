-- Means: no signal has come out of the screener for longer than the bot's own limit, by our clock.
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
        }
    )
}}
with
    idle as (
        select
            liveness.*,
            limits.value as limit_seconds,
            {{ idle_from("last_signal_at") }} as idle_from
        from {{ at_clock(ref("fct_liveness")) }} as liveness
        inner join {{ at_clock(limit("signals_idle_seconds")) }} as limits using (as_of, bot)
        inner join {{ watched() }} as watch using (as_of, bot)
    )
select
    idle.as_of,
    idle.bot,
    'signals' as subject,
    'crit' as severity,
    idle_from + limit_seconds * interval '1 second' as since,
    format(
        'no signal for {:.0f} min (limit {:.0f})',
        {{ seconds_between("idle_from", "idle.as_of") }} / 60,
        limit_seconds / 60
    ) as reason,
    last_signal_at as last_signal_ts,
    {{ seconds_between("idle_from", "idle.as_of") }} as idle_seconds,
    limit_seconds,
    published_is_idle_signals,
    idle._file,
    idle._sha256
from idle
where idle_from + limit_seconds * interval '1 second' < idle.as_of
