"""Following a bot: nothing between two commits is missed, and the end is orderly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from station import Station
from test_spool import held_by_another, navs

from ingest import WatchhouseError, write_settings
from ingest.follow import follow

PATIENCE_SECONDS = 30


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@contextmanager
def following(station: Station, every: float) -> Iterator[list[int]]:
    stop, rows = threading.Event(), list[int]()
    thread = threading.Thread(
        target=follow, args=(station.settings, every, lambda seen: rows.append(seen.rows), stop)
    )
    thread.start()
    try:
        wait_for(lambda: bool(rows))
        yield rows
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def put_nav(station: Station, nav: int) -> None:
    fresh = station.write("state/.tmp_state", json.dumps({"nav": nav, "mode": 1}))
    fresh.replace(station.logs / "state" / "state.json")


def test_versions_between_two_commits_are_kept(station: Station) -> None:
    put_nav(station, 0)
    with following(station, every=4) as rows:
        for nav in (1, 2, 1):
            put_nav(station, nav)
            time.sleep(0.7)
        wait_for(lambda: sum(rows) >= 4)
    assert navs(station) == [0, 1, 2, 1]


def test_without_notice_of_changes_it_looks_in_turn(
    station: Station, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no more watches")

    monkeypatch.setattr("ingest.follow.watch", refuse)
    with following(station, every=0.2) as rows:
        station.write("execution/events.jsonl", '{"a": 1}\n')
        wait_for(lambda: sum(rows) == 1)
    assert capsys.readouterr().err.count("no more watches") == 1


def test_it_waits_out_another_writer_and_says_so_once(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    with following(station, every=0.3) as rows:
        with held_by_another(station):
            looks = len(rows)
            put_nav(station, 1)
            time.sleep(1)
            put_nav(station, 2)
            time.sleep(1)
            assert len(rows) <= looks + 1
        wait_for(lambda: sum(rows) == 2)
    assert navs(station) == [1, 2]
    assert capsys.readouterr().err.count("go to the spool") == 1


def test_the_first_look_that_fails_ends_it(station: Station) -> None:
    station.logs.rename(station.folder / "away")
    with pytest.raises(WatchhouseError, match="no logs folder"):
        follow(station.settings, 1, lambda _: None)


def test_sigterm_finishes_the_commit_and_exits_0(station: Station) -> None:
    station.write("execution/events.jsonl", '{"a": 1}\n' * 20_000)
    write_settings(station.settings)
    command = [
        sys.executable,
        "-c",
        "import sys; from watchhouse.cli import main; sys.exit(main())",
    ]
    command += ["--home", str(station.settings.home), "ingest", "--follow", "--every", "0.2"]
    environment = os.environ | {"WATCHHOUSE_PROJECT": str(station.settings.project)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stderr and b"20000 new rows" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert station.column("select count(*) from raw.events") == [20_000]
