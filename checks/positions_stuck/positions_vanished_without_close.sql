-- Means: positions are gone from positions_state.json and no order closed them: a
-- failed exchange call is written as an empty list with a fresh timestamp.
-- Look at: positions_state.json before and after; order_close and reduce-only fills in
-- orders_executed.jsonl.
-- Do: do not assume flat; verify on the exchange, then restart the executor.
-- Blind to: a position that the exchange liquidated.
{{
    config(
        meta={
            "needs": ["positions_state", "orders_executed"],
            "playbook_lines": ["P1-C2", "P1-S1"],
            "explained_by": ["state_file_is_damaged", "log_has_stopped"],
            "proof": "update fct_exit_coverage set vanished_count = 3, unexplained_vanished_count = 3",
        }
    )
}}
with
    losses as (
        select *, valid_from as occurred_at
        from {{ ref("fct_exit_coverage") }}
        where unexplained_vanished_count > 0
    )
select
    coverage.as_of,
    coverage.bot,
    'positions' as subject,
    'crit' as severity,
    max(coverage.valid_from) as since,
    format(
        '{} positions vanished at {} and {} of them without an order that closed them',
        max_by(vanished_count, coverage.valid_from),
        strftime(max(coverage.valid_from), '%H:%M:%S'),
        max_by(unexplained_vanished_count, coverage.valid_from)
    ) as reason,
    max_by(vanished_count, coverage.valid_from) as vanished_positions,
    max_by(unexplained_vanished_count, coverage.valid_from) as unexplained_positions,
    max_by(open_count, coverage.valid_from) as open_positions,
    'state/positions_state.json' as _file,
    max_by(positions_sha256, coverage.valid_from) as _sha256
from {{ at_clock("losses", within=var("event_recall_minutes") ~ " minutes") }} as coverage
group by coverage.as_of, coverage.bot
