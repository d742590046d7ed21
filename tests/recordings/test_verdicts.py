"""What the checks say of each recording, condition by condition, at every instant of it."""

import math
from datetime import datetime, timedelta
from typing import Any

import pytest
from recorded import Recording, as_utc

from watchhouse.verdict import Finding

# Which check is to find a condition, by what part of its evidence names the damaged file.
FOUND_BY = {
    "ledger_registry_mismatch": "open_position_has_no_exit",
    "underwater_without_tp_sl": "underwater_position_has_no_exit",
    "idle_exits": "exits_idle_while_one_is_due",
    "no_recent_close": "no_close_while_one_is_due",
    "nav_jump_up": "nav_jumped",
    "nav_jump_down": "nav_jumped",
    "nav_vs_nav_state_divergence": "nav_surfaces_disagree",
    "drawdown_circuit_chatter": "drawdown_circuit_chatters",
    "veto_dominant_gate": "one_gate_refuses_most_orders",
    "truncated_json": "state_file_is_damaged",
    "empty_file": "state_file_is_damaged",
    "non_finite_number": "state_file_is_damaged",
    "missing_required_fields": "state_file_is_damaged",
    "nul_bytes": "state_file_is_damaged",
    "trailing_garbage": "state_file_is_damaged",
    "file_vanished": "state_file_is_damaged",
    "older_data_overwrites_newer": "older_state_overwrote_newer",
    "partial_last_line": "log_ends_in_torn_line",
    "torn_line_in_middle": "log_line_is_not_json",
    "invalid_utf8": "log_line_is_not_json",
    "zero_mark_price": "open_position_has_no_price",
}
WITHIN = timedelta(minutes=15)  # of the first frame; a dominant gate needs its twenty refusals
LOOP = timedelta(seconds=61)


def findings(recording: Recording, check: str, path: str | None) -> list[tuple[datetime, Finding]]:
    return [
        (verdict.as_of, finding)
        for verdict in recording.verdicts
        for finding in verdict.findings
        if finding.check == check
        and finding.severity in ("crit", "warn")
        and (path is None or finding.evidence.get("path") == path)
    ]


def carries(value: Any, found: list[tuple[datetime, Finding]]) -> bool:
    """Whether some finding's evidence holds a number of expected.json (1 cent, 1 second)."""
    return any(same(value, held) for _, finding in found for held in finding.evidence.values())


def same(value: Any, held: Any) -> bool:
    if isinstance(value, bool) or held is None:
        return False
    if isinstance(value, int | float) and isinstance(held, int | float):
        return math.isclose(value, held, abs_tol=0.01 if abs(value) < 9000 else 1.0)
    if isinstance(held, datetime) and isinstance(value, str):
        try:
            return abs(held - as_utc(value)) <= timedelta(seconds=1)
        except ValueError:
            return False
    return bool(value == held)


def test_every_condition_is_found_soon_and_dated_right(recording: Recording) -> None:
    late = []
    for condition in recording.expected["incidents"]:
        first = recording.frames[condition["first_frame"]]
        path = condition["numbers"].get("path")
        found = [
            (at, finding)
            for at, finding in findings(recording, FOUND_BY[condition["condition"]], path)
            if finding.since is not None and abs(finding.since - first) <= LOOP
        ]
        allowed = LOOP * 3 if path else 2 * WITHIN if "gate" in condition["condition"] else WITHIN
        if not found or found[0][0] - first > allowed:
            late.append((condition["condition"], condition["first_frame"], found[:1]))
    assert late == []


MEASURES = [
    ("stalled_exits", "ledger_registry_mismatch", "missing_tp_sl_entries"),
    ("stalled_exits", "ledger_registry_mismatch", "stale_tp_sl_entries"),
    ("stalled_exits", "ledger_registry_mismatch", "open_positions_at_start"),
    ("stalled_exits", "ledger_registry_mismatch", "registered"),
    ("stalled_exits", "ledger_registry_mismatch", "coverage_at_start"),
    ("stalled_exits", "ledger_registry_mismatch", "coverage_at_end"),
    ("stalled_exits", "underwater_without_tp_sl", "count_at_end"),
    ("stalled_exits", "idle_exits", "last_exit_trigger_ts"),
    ("stalled_exits", "idle_exits", "idle_seconds_at_end"),
    ("stalled_exits", "no_recent_close", "order_close_rows"),
    ("nav_spike", "nav_jump_up", "nav_before"),
    ("nav_spike", "nav_jump_up", "nav_after"),
    ("nav_spike", "nav_jump_up", "gap_usd"),
    ("nav_spike", "nav_jump_up", "multiplier"),
    ("nav_spike", "nav_jump_up", "at"),
    ("nav_spike", "nav_jump_down", "nav_after"),
    ("nav_spike", "nav_jump_down", "gap_usd"),
    ("nav_spike", "nav_vs_nav_state_divergence", "nav"),
    ("nav_spike", "nav_vs_nav_state_divergence", "nav_state_total_equity"),
    ("nav_spike", "nav_vs_nav_state_divergence", "gap_usd"),
    ("nav_spike", "drawdown_circuit_chatter", "vetoed_attempts"),
    ("nav_spike", "drawdown_circuit_chatter", "diagnostics_increments"),
    ("nav_spike", "drawdown_circuit_chatter", "first"),
    ("nav_spike", "drawdown_circuit_chatter", "last"),
    ("positions_stuck_veto_storm", "veto_dominant_gate", "dominant_gate"),
    ("positions_stuck_veto_storm", "veto_dominant_gate", "vetoed_attempts"),
    ("positions_stuck_veto_storm", "veto_dominant_gate", "fills_since_storm"),
    ("positions_stuck_veto_storm", "veto_dominant_gate", "open_positions"),
    ("positions_stuck_veto_storm", "veto_dominant_gate", "last_order_ts"),
    ("positions_stuck_veto_storm", "veto_dominant_gate", "storm_start"),
]


def test_findings_carry_the_numbers_of_the_incident(recording: Recording) -> None:
    wanted = [(name, number) for story, name, number in MEASURES if story == recording.name]
    absent = []
    for name, number in wanted:
        [condition] = [c for c in recording.expected["incidents"] if c["condition"] == name]
        found = findings(recording, FOUND_BY[name], None)
        instants = {"_at_start": found[0][0], "_at_end": found[-1][0]}
        at = next((t for end, t in instants.items() if number.endswith(end)), None)
        spoken = [pair for pair in found if at is None or pair[0] == at]
        if not carries(condition["numbers"][number], spoken):
            absent.append((name, number, condition["numbers"][number]))
    assert absent == []


def test_nothing_fires_that_must_not(recording: Recording) -> None:
    forbidden = recording.expected["must_not_fire"]
    cried = {
        (finding.check, finding.subject)
        for verdict in recording.verdicts
        for finding in verdict.findings
        if finding.severity in ("crit", "warn") and finding.playbook in forbidden
    }
    assert cried == set()


def test_almost_everything_can_be_judged(recording: Recording) -> None:
    settled = recording.frames[0] + timedelta(minutes=5)
    shares = [verdict.coverage for verdict in recording.verdicts if verdict.as_of >= settled]
    assert sum(shares) / len(shares) >= 0.98


@pytest.mark.parametrize("number", [0, 1])
def test_same_measures_differ_when_they_are_apart(number: int) -> None:
    assert same(4, 4.004) is True
    assert same([0.25, "symbol_cap"][number], [0.27, "tier_cap"][number]) is False
