"""A disk without space, a warehouse that is gone, held or being written by another ingest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest
from children import nursery
from station import Station, assert_ledger_adds_up

from ingest import WatchhouseError, run_once
from ingest.lock import writer_lock
from ingest.verify import verify

WATCHHOUSE = Path(sys.executable).with_name("watchhouse")


def write_lines(station: Station, count: int, first: int = 0) -> None:
    station.events.parent.mkdir(exist_ok=True)
    with station.events.open("a") as handle:
        handle.writelines(
            f'{{"n": {n}, "pad": "{n * 7919:0100d}"}}\n' for n in range(first, first + count)
        )


def numbers(station: Station) -> list[int]:
    return sorted(json.loads(payload)["n"] for payload in station.payloads())


@pytest.mark.parametrize("megabytes", [1, 3])
def test_a_full_disk_is_a_clear_error_and_nothing_is_lost(station: Station, megabytes: int) -> None:
    write_lines(station, 10)
    run_once(station.settings)
    write_lines(station, 50_000, first=10)
    with nursery(station, limit=megabytes << 20) as full:
        assert full.run() == 1
        assert full.run() == 1
    assert numbers(station) == list(range(10))
    run_once(station.settings)
    assert numbers(station) == list(range(50_010))
    assert_ledger_adds_up(station)
    assert verify(station.settings).differences == []


def test_a_second_ingest_exits_at_once_naming_the_first(station: Station) -> None:
    write_lines(station, 10)
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    command = [WATCHHOUSE, "--home", station.settings.home, "ingest"]
    with writer_lock(station.settings):
        begun = time.monotonic()
        second = subprocess.run(
            [*command, "--bot", f"main={station.logs}"],
            env=os.environ | {"WATCHHOUSE_PROJECT": str(station.settings.project)},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert time.monotonic() - begun < 30, "it does not wait the minute that others wait"
    assert second.returncode == 1
    assert f"process {os.getpid()} (`" in second.stderr
    station.write("state/state.json", '{"nav": 2, "mode": 1}')
    run_once(station.settings)
    assert numbers(station) == list(range(10))
    assert len(station.column("select payload from raw.state")) == 2


def test_ingests_that_start_together_load_each_line_once(station: Station) -> None:
    write_lines(station, 20_000)
    with nursery(station) as one, nursery(station) as two:
        codes: list[int] = []
        threads = [
            threading.Thread(target=lambda child=child: codes.append(child.run()))
            for child in (one, two)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 0 in codes
    assert set(codes) <= {0, 1}
    assert numbers(station) == list(range(20_000))
    assert_ledger_adds_up(station)


def test_a_program_that_holds_the_live_file_is_told_and_loses_no_version(station: Station) -> None:
    run_once(station.settings)
    with nursery(station) as children:
        with duckdb.connect(str(station.settings.live_file)):
            for nav in (1, 2, 3):
                station.write("state/state.json", json.dumps({"nav": nav, "mode": 1}))
                assert children.run() == 1
        assert children.run() == 0
    states = station.column("select payload from raw.state order by _observed_at")
    assert [json.loads(state)["nav"] for state in states] == [1, 2, 3]


def test_a_log_left_behind_by_a_killed_ingest_is_taken_up(station: Station, tmp_path: Path) -> None:
    write_lines(station, 50)
    run_once(station.settings)
    with nursery(station) as children:
        for first in range(50, 2050, 100):
            write_lines(station, 100, first)
            children.run(60)
            time.sleep(0.01)
        assert children.run() == 0
    assert numbers(station) == list(range(2050))
    assert verify(station.settings).differences == []


def test_a_broken_warehouse_is_an_error_that_names_it(station: Station) -> None:
    run_once(station.settings)
    station.settings.live_file.write_bytes(b"\0" * 8192)
    with pytest.raises(WatchhouseError, match=r"warehouse\.duckdb"):
        run_once(station.settings)


def test_versions_seen_while_the_warehouse_is_broken_are_kept(station: Station) -> None:
    run_once(station.settings)
    station.settings.live_file.write_bytes(b"\0" * 8192)
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    with pytest.raises(WatchhouseError, match="does not open") as refused:
        run_once(station.settings)
    assert "kept in the spool until then" in str(refused.value.hint)
    station.write("state/state.json", '{"nav": 2, "mode": 1}')
    station.settings.live_file.unlink()
    run_once(station.settings)
    assert station.column("select payload->>'nav' from raw.state order by _observed_at") == [
        "1",
        "2",
    ]
