-- Means: an open position has neither take-profit nor stop-loss, in the ledger or in the registry.
-- Look at: positions_state.json against positions_ledger.json and position_tp_sl.json, by
-- SYMBOL:SIDE.
-- Do: run scripts/seed_exit_registry_from_open_positions.py and rebuild the ledger; restart the
-- executor, which reads the registry file only at its start.
-- Blind to: stop orders that live on the exchange only.
{{
    config(
        meta={
            "needs": ["positions_state", "positions_ledger"],
            "playbook_lines": ["P1-C4", "P1-A2", "P3-C1", "P3-C2", "P3-A1"],
            "explained_by": ["registry_lost_open_position", "state_file_is_frozen"],
            "proof": "update fct_exit_coverage set open_count = 4, covered_count = 1, missing_tp_sl_count = 3, unprotected_usd = 950, unprotected_keys = 'ETHUSDT:LONG'",
        }
    )
}}
select
    coverage.as_of,
    coverage.bot,
    'exit coverage' as subject,
    'crit' as severity,
    run.since,
    format(
        '{} of {} open positions have no TP/SL ({:.0f} USD): {}',
        missing_tp_sl_count,
        open_count,
        unprotected_usd,
        unprotected_keys
    ) as reason,
    open_count as open_positions,
    covered_count as registered,
    missing_tp_sl_count as missing_tp_sl_entries,
    missing_ledger_count as missing_ledger_positions,
    stale_tp_sl_count as stale_tp_sl_entries,
    round(coverage_ratio, 4) as coverage,
    unprotected_usd,
    unprotected_keys,
    'state/positions_ledger.json' as _file,
    _sha256
from {{ at_clock(ref("fct_exit_coverage")) }} as coverage
inner join
    {{ while_true(ref("fct_exit_coverage"), "missing_tp_sl_count > 0", "bot") }} as run using (
        as_of, bot
    )
where run.since <= coverage.as_of - interval '{{ var("loop_seconds") }} seconds'
