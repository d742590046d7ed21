"""What a long load holds in memory is bounded, whatever the size of the log or of its lines."""

from __future__ import annotations

import pyarrow as pa
import pytest
from station import Station

from ingest import commit, open_session
from ingest.arrow import run_over
from ingest.store import connect_live


def test_what_was_handed_over_is_not_held_until_the_transaction_ends(station: Station) -> None:
    station.poll()
    with connect_live(station.settings) as connection:
        connection.execute("begin")
        before = pa.total_allocated_bytes()
        for _ in range(3):
            run_over(connection, pa.table({"n": range(100_000)}), "create or replace temp table t "
                     "as select * from _batch")  # fmt: skip
        assert connection.execute("select count(*) from t").fetchall() == [(100_000,)]
        assert pa.total_allocated_bytes() - before < 100_000
        connection.execute("rollback")


@pytest.mark.parametrize("pad", [100, 40_000])
def test_a_long_load_leaves_no_log_and_the_next_short_one_does(
    station: Station, monkeypatch: pytest.MonkeyPatch, pad: int
) -> None:
    monkeypatch.setattr(commit, "_LOG_BYTES", 1_000_000)
    lines = [f'{{"n": {n}, "pad": "{"x" * pad}"}}\n' for n in range(2_000_000 // pad)]
    log = station.settings.live_file.with_name("warehouse.duckdb.wal")
    with open_session(station.settings) as station.session:
        station.write("execution/events.jsonl", "".join(lines))
        assert station.poll().rows == len(lines)
        assert not log.exists() or log.stat().st_size == 0
        station.write("execution/events.jsonl", "".join([*lines, '{"n": -1}\n']))
        assert station.poll().rows == 1
        assert log.stat().st_size > 0
    station.session = None
    assert len(station.payloads()) == len(lines) + 1
