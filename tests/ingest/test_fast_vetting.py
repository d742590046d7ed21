"""The fast way for long spans gives what the way line by line gives."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from station import Station
from test_vetting import GOOD, ODD_LINES

from ingest import bulk
from ingest.conform import Conformity
from ingest.drift import Shape
from ingest.mask import Masker
from ingest.vet import Line, Vetted, vetter

SECRET = b'{"apiKey": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco"}'
PIECES = [
    GOOD, SECRET, SECRET.replace(b"K", "\u212a".encode()), b'{"paper": "bot123456:token"}',
    b"\n", b"\r", b" ", b"\t", b"\0", b"\x0b", b",", b"{", b"}", b"[", b'"', b"NaN", b"1e999",
    b"\xff", b"\xed\xa0\x80", b'"\\ud800"', b"9" * 400, *(line for line, _, _ in ODD_LINES[:17]),
]  # fmt: skip
objects = st.dictionaries(st.text(max_size=5), st.text() | st.floats() | st.integers(), max_size=3)
whole = objects.map(lambda value: json.dumps(value, ensure_ascii=False))
lines = whole.map(lambda text: text.encode("utf-8", "surrogatepass") + b"\n")
pieces = st.one_of(lines, st.binary(max_size=9), st.sampled_from(PIECES))
blocks = st.lists(pieces, max_size=30).map(lambda parts: b"".join(parts) + b"\n")


def rows_of(batches: list[pa.RecordBatch]) -> list[Line]:
    rows = [row for batch in batches for row in batch.to_pylist()]
    return [
        Line(row["_offset"], row["_length"], (tuple(row["_nonfinite_keys"]), row["payload"]))
        for row in sorted(rows, key=lambda row: row["_offset"])
    ]


def assert_same(block: bytes, *patterns: str) -> None:
    one = Masker(patterns)
    slow: Vetted = vetter("events", one)(block, 7)
    for shape in (Shape(), shape_of(slow.rows)):
        other = Masker(patterns)
        batches, rest, _ = bulk.judge(other, block, 7, Conformity(shape))
        for batch in batches:
            batch.validate(full=True)
        assert rows_of(batches) == slow.rows
        assert rest == Vetted([], slow.bad, slow.blank_bytes)
        assert one.count == other.count


def shape_of(rows: list[Line]) -> Shape:
    """What is known of a stream that had these lines before."""
    shape = Shape()
    for row in rows:
        list(shape.take_in(row.values[-1]))
    return shape


@given(blocks)
def test_both_ways_judge_the_same(block: bytes) -> None:
    assert_same(block)


@given(blocks)
def test_both_ways_mask_the_same_with_own_patterns(block: bytes) -> None:
    assert_same(block, r"\d{3,}", "a")


@pytest.mark.parametrize("line", [line for line, _, _ in ODD_LINES] + [SECRET])
@pytest.mark.parametrize("count", [0, 3])
def test_an_odd_line_alone_and_among_good_ones(line: bytes, count: int) -> None:
    good = (GOOD + b"\n") * count
    assert_same(good + line + b"\n" + good)


QUERIES: dict[str, Any] = {
    "events": "select * exclude (_file_id) from raw.events order by _offset",
    "quarantine": "select * exclude (_file_id) from raw.quarantine order by _offset",
    "loads": "select * exclude (_file_id, committed_at) from raw.loads",
    "masked": "select masked_count from raw.polls",
}


def test_a_warehouse_is_the_same_whichever_way_was_taken(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = b"".join(line + b"\n" for line, _, _ in ODD_LINES) + SECRET + b"\n"
    log = ((GOOD + b"\n") * 99 + odd) * 50
    station.write("execution/events.jsonl", log)
    monkeypatch.setattr(bulk, "_WAITING_BYTES", 300_000)  # several statements for one span
    fast = _load(station, monkeypatch, 1)
    slow = _load(station, monkeypatch, len(log) + 1)
    assert fast == slow
    assert len(fast["quarantine"]) > 500


def _load(station: Station, monkeypatch: pytest.MonkeyPatch, least: int) -> dict[str, Any]:
    monkeypatch.setattr("ingest.events.BULK_BYTES", least)
    station.settings.live_file.unlink(missing_ok=True)
    station.now = station.now.replace(hour=12, minute=0)
    station.poll()
    return {name: station.rows(query) for name, query in QUERIES.items()}


def test_an_error_while_a_span_is_read_is_raised_as_it_was_and_leaves_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OddError(Exception):
        pass

    def judge(*_: object) -> Any:
        raise OddError

    station.write("execution/events.jsonl", (GOOD + b"\n") * 10_000)
    monkeypatch.setattr(bulk, "judge", judge)
    with pytest.raises(OddError):
        station.poll()
    monkeypatch.undo()
    assert station.poll().rows == 10_000
