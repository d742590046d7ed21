"""A disk of a few megabytes that fills up while ingest loads, commits or checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from children import nursery
from small_disk import leave, small_disk
from station import Station, assert_ledger_adds_up

from ingest import WatchhouseError, run_once
from ingest.lock import writer_lock
from ingest.session import keep_looks
from ingest.verify import verify

MEGABYTES = 64
LINES = 2000
# Free space at a look: too little for the spool, the load, the commit, the checkpoint; enough.
FREE_KIB = (0, 64, 320, 400, 480, 560, 700, 1000, 1500, 4000)
# A long load writes no log: its commit is the checkpoint.
UNLOGGED_FREE_KIB = (64, 400, 560, 1000)


@pytest.fixture
def disk(station: Station) -> Iterator[Path]:
    with small_disk(station.settings.home, MEGABYTES):
        yield station.settings.home


def test_a_full_disk_is_a_clear_error_while_another_holds_the_warehouse_too(
    station: Station, disk: Path
) -> None:
    run_once(station.settings)
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    with nursery(station) as children, writer_lock(station.settings):
        leave(disk, 0)
        assert children.run() == 1
        with pytest.raises(WatchhouseError, match="No space left"):
            keep_looks(station.settings)


def test_a_full_disk_at_any_moment_of_a_look_loses_and_doubles_nothing(
    station: Station, disk: Path
) -> None:
    run_once(station.settings)
    codes, unsettled = [], 0
    looks = [(free, "") for free in FREE_KIB] + [(free, "unlogged") for free in UNLOGGED_FREE_KIB]
    log = station.settings.live_file.with_name("warehouse.duckdb.wal")
    with nursery(station) as children:
        for round_, (free_kib, how) in enumerate(looks):
            write(station, round_)
            leave(disk, free_kib)
            codes.append(children.run(0, how))
            unsettled += codes[-1] == 0 and log.exists()
            with duckdb.connect(str(station.settings.live_file)) as warehouse:
                (count,) = warehouse.execute("select count(*) from raw.events").fetchall()[0]
            assert count in (round_ * LINES, (round_ + 1) * LINES), "all of a look or nothing"
            (disk / "filler").unlink()
            assert children.run() == 0
    print(f"free KiB and exit code: {list(zip(looks, codes, strict=True))}; {unsettled=}")
    assert set(codes) == {0, 1}, "a full disk is a clear error, no crash"
    assert 1 in codes[len(FREE_KIB) :]
    assert unsettled, "no look was committed and could not be checkpointed"
    numbers = sorted(json.loads(payload)["n"] for payload in station.payloads())
    assert numbers == list(range(len(looks) * LINES))
    assert_ledger_adds_up(station)
    assert verify(station.settings).differences == []
    states = station.column("select payload from raw.state order by _observed_at")
    assert [json.loads(state)["nav"] for state in states] == list(range(len(looks)))


def write(station: Station, round_: int) -> None:
    with station.events.open("a") as handle:
        for n in range(round_ * LINES, (round_ + 1) * LINES):
            handle.write(f'{{"n": {n}, "pad": "{n**30 % 10**97:0100d}"}}\n')
    station.write("state/state.json", json.dumps({"nav": round_, "mode": 1}))
