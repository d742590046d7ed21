-- Means: ledger, registry and open positions do not name the same keys, for longer than one loop.
-- Look at: fct_exit_coverage: missing_ledger, ghost_ledger, stale_tp_sl, and the keys.
-- Do: rebuild the ledger; run scripts/seed_exit_registry_from_open_positions.py; restart the
-- executor.
-- Blind to: the executor's memory, which may differ from the registry file until it restarts.
{{
    config(
        meta={
            "needs": ["positions_state", "positions_ledger"],
            "playbook_lines": ["P1-C4", "P3-C2"],
            "explained_by": [
                "open_position_has_no_exit",
                "state_file_is_frozen",
                "positions_vanished_without_close",
            ],
            "proof": "update fct_exit_coverage set ghost_ledger_count = 2, valid_from= valid_from - interval '10 minutes'",
        }
    )
}}
select
    coverage.as_of,
    coverage.bot,
    'ledger and registry' as subject,
    'warn' as severity,
    run.since,
    format(
        '{} positions missing in the ledger, {} ledger entries and {} registry entries without position{}',
        missing_ledger_count,
        ghost_ledger_count,
        stale_tp_sl_count,
        coalesce(': ' || stale_keys, '')
    ) as reason,
    missing_ledger_count as missing_ledger_positions,
    ghost_ledger_count as ghost_ledger_entries,
    stale_tp_sl_count as stale_tp_sl_entries,
    stale_keys,
    'state/positions_ledger.json' as _file,
    _sha256
from {{ at_clock(ref("fct_exit_coverage")) }} as coverage
inner join
    {{
        while_true(
            ref("fct_exit_coverage"),
            "missing_ledger_count + ghost_ledger_count + stale_tp_sl_count > 0",
            "bot",
        )
    }} as run using (as_of, bot)
where run.since < coverage.as_of - interval '{{ var("loop_seconds") }} seconds'
