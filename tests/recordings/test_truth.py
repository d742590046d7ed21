"""What the marts hold against what the producer knew, frame by frame and hour by hour."""

from collections import defaultdict

from recorded import Recording

EXITS = """
select open_count, published_open_count, published_registered_count, published_missing_count,
    published_underwater_count, published_coverage_ratio, published_is_mismatch
from fct_exit_coverage
where valid_from <= timestamp '{at}' and timestamp '{at}' < valid_to
"""
PUBLISHED = [
    "positions",
    "open",
    "registered",
    "missing",
    "underwater_no_tp_sl",
    "coverage",
    "mismatch",
]
HOUR = "strftime(occurred_at, '%Y-%m-%dT%H:00Z')"


def by_hour(rows: list[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    told: dict[str, dict[str, int]] = defaultdict(dict)
    for hour, reason, count in rows:
        told[hour][reason] = count
    return dict(told)


def test_exit_coverage_is_the_producers_at_every_frame(recording: Recording) -> None:
    wrong = []
    for truth in recording.truth:
        [row] = recording.rows(EXITS.format(at=recording.frames[truth["frame"]]))
        known = {key: truth[key] for key in PUBLISHED if key in truth}
        held = {key: value for key, value in zip(PUBLISHED, row, strict=True) if key in known}
        if held != known:
            wrong.append((truth["frame"], held, known))
    # A damaged diagnostics.json keeps what it last said; the truth goes on.
    damaged = {incident["first_frame"] for incident in recording.expected["incidents"]}
    assert [case for case in wrong if case[0] not in damaged] == []


def test_open_positions_are_the_accounts_at_every_frame(recording: Recording) -> None:
    if recording.name == "telemetry_corruption":
        return  # one file at a time is damaged there: the frame after tells the truth again
    for truth in recording.truth:
        [row] = recording.rows(EXITS.format(at=recording.frames[truth["frame"]]))
        assert row[0] == truth["positions"], f"frame {truth['frame']}"


def test_refusals_are_the_refused_orders_of_each_hour(recording: Recording) -> None:
    rows = recording.rows(
        f"select {HOUR}, reason, count(*) from fct_vetoes group by all having count(*) > 0"
    )
    assert by_hour(rows) == recording.expected["truth"]["vetoed_attempts_per_hour"]


def test_counters_rise_as_the_producers_did_each_hour(recording: Recording) -> None:
    rows = recording.rows(
        f"select {HOUR}, reason, cast(sum(increment) as bigint) from fct_counters"
        " where counter = 'by_reason' group by all having sum(increment) > 0"
    )
    assert by_hour(rows) == recording.expected["truth"]["diagnostics_increments_per_hour"]


def test_the_pipeline_counts_what_was_written(recording: Recording) -> None:
    told = recording.expected["truth"]
    [(refused, filled, closed)] = recording.rows(
        "select sum(refusal_count), sum(fill_count), sum(close_count) from fct_pipeline_minutes"
    )
    assert refused == told["vetoed_attempts_total"]
    assert filled == told["entry_fills"] + told["close_fills"]
    assert closed == told["close_fills"]


def test_every_attempt_has_an_outcome(recording: Recording) -> None:
    outcomes = dict(recording.rows("select outcome, count(*) from fct_orders group by outcome"))
    assert set(outcomes) <= {"refused", "filled", "closed"}
    written = recording.expected["truth"]["jsonl_rows_written_by_JsonlLogger"]
    assert sum(outcomes.values()) == written["logs/execution/orders_attempted.jsonl"]


def test_nav_is_the_producers_to_the_cent(recording: Recording) -> None:
    series = recording.expected["truth"].get("nav_series")
    if series is None:
        return
    rows = recording.rows("select nav_usd from fct_nav where surface = 'nav' order by occurred_at")
    assert [round(nav, 2) for (nav,) in rows] == [round(nav, 2) for _, nav in series]


def test_every_byte_read_is_accounted_for(recording: Recording) -> None:
    rows = recording.rows("select bot, stream from fct_loads where unaccounted_bytes <> 0")
    assert rows == []
