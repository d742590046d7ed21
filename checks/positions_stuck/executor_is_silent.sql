-- Means: the executor's own stamp in diagnostics.json has not advanced, though we looked.
-- Look at: diagnostics.json updated_ts; heartbeats; the process.
-- Do: restart the executor; verify that the timestamps in diagnostics.json tick.
-- Blind to: an executor that publishes and does nothing else; see the liveness checks.
{{
    config(
        meta={
            "needs": ["diagnostics"],
            "on_silence": true,
            "playbook_lines": ["P0-1", "P1-A3", "P1-C2", "P4-A1"],
            "explained_by": [
                "state_file_is_damaged",
                "executor_restarts_too_often",
                "executor_clock_is_slow",
            ],
            "proof": "update fct_liveness set published_at = published_at - interval '20 minutes'",
        }
    )
}}
select
    liveness.as_of,
    liveness.bot,
    'executor' as subject,
    'crit' as severity,
    liveness.published_at + limits.value * interval '1 second' as since,
    format(
        'diagnostics.json was last published {:.0f} s ago (limit {:.0f})',
        {{ seconds_between("liveness.published_at", "liveness.as_of") }},
        limits.value
    ) as reason,
    liveness.published_at as updated_ts,
    {{ seconds_between("liveness.published_at", "liveness.as_of") }} as age_seconds,
    limits.value as limit_seconds,
    liveness._file,
    liveness._sha256
from {{ at_clock(ref("fct_liveness")) }} as liveness
inner join {{ at_clock(limit("silent_seconds")) }} as limits using (as_of, bot)
inner join {{ watched() }} as watch using (as_of, bot)
where liveness.published_at + limits.value * interval '1 second' < liveness.as_of
