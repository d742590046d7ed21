"""What the marts hold against what the producer knew, frame by frame and hour by hour."""

from collections import defaultdict
from typing import Any

from recorded import Recording, as_utc

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


WHILE = "valid_from <= frames.seen_at and frames.seen_at < valid_to"
STAMPS = {
    "last_signal": "last_signal_at",
    "last_order": "last_order_at",
    "last_exit_trigger": "last_exit_trigger_at",
    "last_router": "last_router_event_at",
    "last_scan": "last_exit_scan_at",
}


def at_frames(recording: Recording, columns: str, rest: str) -> dict[int, list[tuple[Any, ...]]]:
    """What a query on `frames` (frame, seen_at) answers, by frame, in the order of the columns."""
    rows = ", ".join(
        f"({truth['frame']}, timestamp '{recording.frames[truth['frame']]}')"
        for truth in recording.truth
    )
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    query = f"select frame, {columns} from (values {rows}) as frames(frame, seen_at) {rest}"
    for frame, *values in recording.rows(query):
        found[frame].append(tuple(values))
    return found


def damaged_frames(recording: Recording) -> set[int]:
    """Frames in which a file was damaged: it keeps what it last said, the truth goes on."""
    return {incident["first_frame"] for incident in recording.expected["incidents"]}


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


def test_counters_and_stamps_are_the_producers_at_every_frame(recording: Recording) -> None:
    counted = at_frames(recording, "counter, reason, value", f"inner join fct_counters on {WHILE}")
    stamped = at_frames(
        recording, ", ".join(STAMPS.values()), f"inner join fct_liveness on {WHILE}"
    )
    wrong = []
    for truth in recording.truth:
        if "total_signals" not in truth or truth["frame"] in damaged_frames(recording):
            continue
        held = {(counter, reason): value for counter, reason, value in counted[truth["frame"]]}
        totals = {(n, "all"): truth[n] for n in ("total_signals", "total_orders", "total_vetoes")}
        known = totals | {("by_reason", r): count for r, count in truth["by_reason"].items()}
        [stamps] = stamped[truth["frame"]]
        if held != known or stamps != tuple(truth[k] and as_utc(truth[k]) for k in STAMPS):
            wrong.append((truth["frame"], held, stamps))
    assert wrong == []


def test_nav_refusals_and_fills_are_the_accounts_at_every_frame(recording: Recording) -> None:
    joins = {
        "round(nav_usd, 2)": f"inner join fct_nav as nav on surface = 'nav' and {WHILE}",
        "count(veto_id)": "left join fct_vetoes on observed_at <= seen_at group by frame",
        "count(order_key)": "left join fct_orders on fill_seen_at <= seen_at group by frame",
    }
    held = [at_frames(recording, column, rest) for column, rest in joins.items()]
    wrong = []
    for truth in recording.truth:
        row = [answer[truth["frame"]] for answer in held]
        known = [round(truth["nav_wallet"], 2), truth["attempts_vetoed"], truth["fills"]]
        if row != [[(value,)] for value in known]:
            wrong.append((truth["frame"], row, known))
    assert [case for case in wrong if case[0] not in damaged_frames(recording)] == []


def test_published_exits_are_of_the_files_that_the_scan_saw(recording: Recording) -> None:
    columns = "scanned_open_count, scanned_covered_count, scanned_missing_count"
    held = at_frames(recording, columns, f"inner join fct_exit_coverage on {WHILE}")
    # the scan saw the files of the loop before, damaged ones too
    odd = {frame + lag for frame in damaged_frames(recording) for lag in (0, 1)}
    wrong = [
        (truth["frame"], held[truth["frame"]])
        for truth in recording.truth
        if "open" in truth
        and truth["frame"] not in odd
        and held[truth["frame"]] != [(truth["open"], truth["registered"], truth["missing"])]
    ]
    assert wrong == []


def test_idle_flags_are_the_producers_at_every_frame(recording: Recording) -> None:
    spans = recording.expected["truth"]["idle_flag_intervals"]
    columns = ", ".join(f"published_is_{flag}" for flag in spans)
    held = at_frames(recording, columns, f"inner join fct_liveness on {WHILE}")
    # the second writer's frames lie within the spans or not: it publishes no flags
    loops = {t["frame"] for t in recording.truth if "open" in t} - damaged_frames(recording)
    for number, flag in enumerate(spans):
        idle = {f for s in spans[flag] for f in range(s["first_frame"], s["last_frame"] + 1)}
        told = {frame for frame, [row] in held.items() if row[number]}
        assert told & loops == idle & loops, flag


def test_attempts_lines_and_signals_add_up(recording: Recording) -> None:
    told = recording.expected["truth"]
    written = told["jsonl_rows_written_by_JsonlLogger"]
    [held] = recording.rows(
        "select (select sum(attempt_count) from fct_orders),"
        " (select sum(line_count) from fct_vetoes) + torn.lines,"
        " (select sum(increment) from fct_counters where counter = 'total_signals'),"
        " (select coalesce(sum(difference_count), 0) from fct_veto_counts) - torn.lines"
        " from (select count(*) as lines from fct_quarantined_lines"
        "  where stream = 'risk_vetoes') as torn"
    )
    attempts = written["logs/execution/orders_attempted.jsonl"]
    lines = told["risk_vetoes_jsonl_rows_written"]
    assert held == (attempts, lines, told["signals_emitted"], 0)
