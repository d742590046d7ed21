-- Means: positions had no TP/SL within the last hour; that this is over for good is not proven yet.
-- Look at: fct_exit_coverage since then; last_exit_scan_at and last_exit_trigger_at in
-- fct_liveness.
-- Do: ensure that the scan time advances and the count of missing TP/SL stays 0; if it comes
-- back, seed the registry again, rebuild the ledger, restart the executor.
-- Blind to: the trigger time, which advances only when an exit falls due.
{{
    config(
        meta={
            "needs": ["positions_state", "positions_ledger", "diagnostics"],
            "playbook_lines": ["P3-A3"],
            "explained_by": [
                "open_position_has_no_exit",
                "registry_lost_open_position",
                "state_file_is_frozen",
            ],
            "proof": "update fct_exit_coverage set missing_tp_sl_count = 3 where valid_from < (select max(minute) - interval '8 minutes' from fct_pipeline_minutes)",
        }
    )
}}
with
    bad as (
        select *
        from {{ recently_true(ref("fct_exit_coverage"), "missing_tp_sl_count > 0", "bot") }}
    ),
    scanned as (
        select bad.as_of, bad.bot, count(distinct last_exit_scan_at) as scans
        from bad
        inner join
            {{ ref("fct_liveness") }} as liveness
            on liveness.bot = bad.bot
            and liveness.valid_from <= bad.as_of
            and liveness.last_exit_scan_at >= bad.bad_until
        group by bad.as_of, bad.bot
    )
select
    bad.as_of,
    bad.bot,
    'recovery of exits' as subject,
    case
        when coverage.missing_tp_sl_count > 0
        then 'crit'
        when
            scans >= 3
            and bad_until <= bad.as_of - interval '{{ var("recovery_hold_minutes") }} minutes'
        then 'info'
        else 'warn'
    end as severity,
    bad_until as since,
    format(
        'TP/SL were missing {} times within the hour, last until {}; since then {} scans; missing now: {}',
        bad_times,
        strftime(bad_until, '%H:%M:%S'),
        coalesce(scans, 0),
        coverage.missing_tp_sl_count
    ) as reason,
    bad_from,
    bad_until,
    bad_times,
    coalesce(scans, 0) as scans_since,
    coverage.missing_tp_sl_count as missing_tp_sl_entries,
    'state/positions_ledger.json' as _file,
    coverage._sha256
from bad
inner join {{ at_clock(ref("fct_exit_coverage")) }} as coverage using (as_of, bot)
left join scanned using (as_of, bot)
