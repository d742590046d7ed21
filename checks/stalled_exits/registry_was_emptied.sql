-- Means: the TP/SL registry lost its entries while positions were open, as a restart does it.
-- Look at: position_tp_sl.json before and after; restarts in fct_executor_lives.
-- Do: run scripts/seed_exit_registry_from_open_positions.py and rebuild the ledger; note the
-- restart.
-- Blind to: a registry that never had the entries; see open_position_has_no_exit.
{{
    config(
        meta={
            "needs": ["position_tp_sl", "positions_state"],
            "playbook_lines": ["P1-C4", "P3-C2"],
            "proof": "update fct_exit_coverage set previous_registry_count = 5, registry_count = 0, open_count = 3",
        }
    )
}}
with
    drops as (
        select *, valid_from as occurred_at
        from {{ ref("fct_exit_coverage") }}
        where
            previous_registry_count >= 2
            and registry_count <= 0.5 * previous_registry_count
            and registry_count < open_count
    )
select
    coverage.as_of,
    coverage.bot,
    'registry' as subject,
    'crit' as severity,
    max(coverage.valid_from) as since,
    format(
        'the registry went from {} entries to {} with {} positions open',
        max_by(previous_registry_count, coverage.valid_from),
        max_by(registry_count, coverage.valid_from),
        max_by(open_count, coverage.valid_from)
    ) as reason,
    max_by(previous_registry_count, coverage.valid_from) as entries_before,
    max_by(registry_count, coverage.valid_from) as entries_after,
    max_by(open_count, coverage.valid_from) as open_positions,
    'state/position_tp_sl.json' as _file,
    cast(null as varchar) as _sha256
from {{ at_clock("drops", within=var("event_recall_minutes") ~ " minutes") }} as coverage
group by coverage.as_of, coverage.bot
