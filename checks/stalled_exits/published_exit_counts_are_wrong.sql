-- Means: what diagnostics.json says of open positions and their exits has been other than the
-- files for minutes: the scan ticks but fails, or does not see them.
-- Look at: exit_pipeline in diagnostics.json against fct_exit_coverage, which counts by key.
-- Do: trust the recomputed numbers; read the executor's log for the scan that fails; restart the
-- executor.
-- Blind to: counts that agree by chance; stretches in which no file changed for five minutes.
{{
    config(
        meta={
            "needs": ["diagnostics", "positions_state", "positions_ledger"],
            "playbook_lines": ["P1-C3", "P3-C1"],
            "explained_by": ["exit_scan_is_stale", "state_file_is_frozen"],
            "proof": "update fct_exit_coverage set published_open_count = open_count + 2, valid_from= valid_from - interval '10 minutes'",
        }
    )
}}
with
    wrong as (
        select *
        from
            {{
                while_true(
                    ref("fct_exit_coverage"),
                    "(published_open_count <> open_count or published_missing_count <> missing_tp_sl_count) and (valid_to < valid_from + interval '5 minutes' or valid_to = timestamp '9999-12-31')",
                    "bot",
                )
            }}
    )
select
    wrong.as_of,
    wrong.bot,
    'exit pipeline' as subject,
    'warn' as severity,
    wrong.since,
    format(
        'published: {} open, {} without TP/SL; the files: {} and {}; last scan {:.0f} s ago',
        published_open_count,
        published_missing_count,
        open_count,
        missing_tp_sl_count,
        {{ seconds_between("last_exit_scan_at", "wrong.as_of") }}
    ) as reason,
    published_open_count,
    open_count,
    published_missing_count,
    missing_tp_sl_count,
    published_coverage_ratio,
    coverage_ratio,
    last_exit_scan_at,
    'state/diagnostics.json' as _file,
    coverage._sha256
from wrong
inner join {{ at_clock(ref("fct_exit_coverage")) }} as coverage using (as_of, bot)
inner join {{ at_clock(limit("silent_seconds")) }} as limits using (as_of, bot)
where
    wrong.since < wrong.as_of - limits.value * interval '1 second'
    and last_exit_scan_at > wrong.as_of - limits.value * interval '1 second'
    -- a file that stopped changing is a fault of its own
    and not exists (
        select 1
        from {{ at_clock(ref("fct_surface_health")) }} as health
        where
            health.as_of = wrong.as_of
            and health.bot = wrong.bot
            and health.surface in ('positions_state', 'positions_ledger')
            and health.status <> 'ok'
    )
