-- Means: positions are open and the exit scan has not run for longer than the limit, by our clock.
-- Look at: diagnostics.json, exit_pipeline.last_exit_scan_ts.
-- Do: restart the executor, then verify that last_exit_scan_ts advances.
-- Blind to: a scan that starts and fails: the bot stamps the time before it does the work.
{{
    config(
        meta={
            "needs": ["diagnostics", "positions_state"],
            "playbook_lines": ["P3-C1", "P3-A2"],
            "explained_by": ["executor_is_silent"],
            "proof": "update fct_liveness set last_exit_scan_at = last_exit_scan_at - interval '1 hour', process_started_at = process_started_at - interval '9 hours'; update fct_exit_coverage set open_count = 2",
        }
    )
}}
with
    scans as (
        select
            liveness.*,
            limits.value as limit_seconds,
            {{ idle_from("last_exit_scan_at") }} as idle_from
        from {{ at_clock(ref("fct_liveness")) }} as liveness
        inner join {{ at_clock(limit("exit_scan_age_seconds")) }} as limits using (as_of, bot)
        inner join {{ watched() }} as watch using (as_of, bot)
    )
select
    scans.as_of,
    scans.bot,
    'exit scan' as subject,
    'crit' as severity,
    idle_from + limit_seconds * interval '1 second' as since,
    format(
        'the exit scan last ran {:.0f} s ago (limit {:.0f}) with {} positions open',
        {{ seconds_between("idle_from", "scans.as_of") }},
        limit_seconds,
        coverage.open_count
    ) as reason,
    scans.last_exit_scan_at as last_exit_scan_ts,
    {{ seconds_between("idle_from", "scans.as_of") }} as age_seconds,
    limit_seconds,
    coverage.open_count as open_positions,
    scans._file,
    scans._sha256
from scans
inner join {{ at_clock(ref("fct_exit_coverage")) }} as coverage using (as_of, bot)
where coverage.open_count > 0 and idle_from + limit_seconds * interval '1 second' < scans.as_of
