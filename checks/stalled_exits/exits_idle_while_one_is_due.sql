-- Means: no exit has been triggered for longer than the bot's own limit, though a
-- position needs one: it has no TP/SL, or its stop has been crossed. Idle without need
-- is a quiet market, not a fault.
-- Look at: diagnostics.json, exit_pipeline.last_exit_trigger_ts, against fct_exit_coverage.
-- Do: verify that the exit scanner's price feed is live; seed the registry; restart the
-- executor if its timestamps are stale.
-- Blind to: an exit that was triggered and then lost; see no_close_while_one_is_due.
{{
    config(
        meta={
            "needs": ["diagnostics", "positions_state", "positions_ledger"],
            "on_silence": true,
            "playbook_lines": ["P3-S1", "P3-S3", "P3-C1", "P1-S3"],
            "explained_by": [
                "open_position_has_no_exit",
                "exit_scan_is_stale",
                "crossed_exit_did_not_fire",
            ],
            "proof": "update fct_exit_coverage set missing_tp_sl_count = 1; update fct_liveness set last_exit_trigger_at = last_exit_trigger_at - interval '3 hours', process_started_at = process_started_at - interval '9 hours', valid_from= valid_from - interval '9 hours'",
            "spares": [
                "update fct_exit_coverage set missing_tp_sl_count = 1; update fct_liveness set last_exit_trigger_at = (select max(minute) - interval '10 minutes' from fct_pipeline_minutes)"
            ],
        }
    )
}}
with
    idle as (
        select
            liveness.*,
            limits.value as limit_seconds,
            {{ idle_from("last_exit_trigger_at") }} as idle_from
        from {{ at_clock(ref("fct_liveness")) }} as liveness
        inner join {{ at_clock(limit("exits_idle_seconds")) }} as limits using (as_of, bot)
        inner join {{ watched() }} as watch using (as_of, bot)
    ),
    due as (
        select *
        from
            {{
                while_true(
                    ref("fct_exit_coverage"),
                    "missing_tp_sl_count + crossed_stop_count > 0",
                    "bot",
                )
            }}
    )
select
    idle.as_of,
    idle.bot,
    'exit triggers' as subject,
    'crit' as severity,
    greatest(idle_from + limit_seconds * interval '1 second', due.since) as since,
    format(
        'no exit triggered for {:.0f} min (limit {:.0f}) while {} of {} open positions need one',
        {{ seconds_between("idle_from", "idle.as_of") }} / 60,
        limit_seconds / 60,
        coverage.missing_tp_sl_count + coverage.crossed_stop_count,
        coverage.open_count
    ) as reason,
    last_exit_trigger_at as last_exit_trigger_ts,
    {{ seconds_between("idle_from", "idle.as_of") }} as idle_seconds,
    limit_seconds,
    published_is_idle_exits,
    idle._file,
    idle._sha256
from idle
inner join due using (as_of, bot)
inner join {{ at_clock(ref("fct_exit_coverage")) }} as coverage using (as_of, bot)
where idle_from + limit_seconds * interval '1 second' < idle.as_of
