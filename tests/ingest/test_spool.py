"""State files rest in the spool until they are committed, whoever holds the warehouse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from station import Station

from ingest import WatchhouseError, run_once
from ingest import spool as spooled
from ingest.capture import Capture
from ingest.lock import writer_lock
from ingest.session import commit_what_waits, keep_looks

HOLD = """
import sys
from pathlib import Path
from ingest.lock import writer_lock
from ingest.settings import Settings
with writer_lock(Settings(Path(sys.argv[1]), Path(sys.argv[2])), wait_seconds=30):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another(station: Station) -> Iterator[None]:
    settings = station.settings
    command = [sys.executable, "-c", HOLD, str(settings.home), str(settings.project)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        yield
        holder.communicate()


def navs(station: Station) -> list[int]:
    query = "select payload from raw.state order by _observed_at"
    return [json.loads(payload)["nav"] for payload in station.column(query)]


def waiting(station: Station) -> list[Path]:
    return sorted(station.settings.folder("spool").rglob("*.look"))


def test_versions_seen_while_the_warehouse_is_held_are_kept(station: Station) -> None:
    run_once(station.settings)
    with held_by_another(station):
        for nav in (1, 2, 1, 3):
            station.write("state/state.json", f'{{"nav": {nav}, "mode": 1}}')
            with pytest.raises(WatchhouseError, match="is being written by process"):
                run_once(station.settings)
        assert len(waiting(station)) == 4
    report = run_once(station.settings)
    assert navs(station) == [1, 2, 1, 3]
    assert report.rows == 4
    assert waiting(station) == []
    assert station.column("select count(*) from raw.polls") == [6]
    times = "select count(distinct _observed_at) from raw.state semi join raw.polls on polled_at = _observed_at"  # noqa: E501
    assert station.column(times) == [4]


def test_what_waits_is_committed_in_pieces_the_warehouse_free_between_them(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nav in (1, 2, 1, 2, 3):
        station.write("state/state.json", f'{{"nav": {nav}, "mode": 1}}')
        keep_looks(station.settings)
    station.write("execution/events.jsonl", '{"a": 1}\n')
    monkeypatch.setattr("ingest.session.COMMIT_SECONDS", 0)
    report = run_once(station.settings)
    assert navs(station) == [1, 2, 1, 2, 3]
    assert report.rows == 6
    assert waiting(station) == []
    (loads,) = station.column("select count(distinct load_id) from raw.polls")
    assert 2 < loads < 10


def test_a_build_commits_what_waits_with_the_logs_of_that_time(station: Station) -> None:
    run_once(station.settings)
    commit_what_waits(station.settings)
    (polls,) = station.column("select count(*) from raw.polls")
    assert polls == 1, "where nothing waits nobody looks"
    for nav in (1, 2):
        station.write("state/state.json", f'{{"nav": {nav}, "mode": 1}}')
        keep_looks(station.settings)
    station.write("execution/events.jsonl", '{"a": 1}\n')
    with writer_lock(station.settings):
        commit_what_waits(station.settings)
    assert (navs(station), len(station.payloads()), waiting(station)) == ([1, 2], 1, [])


def test_a_full_spool_is_emptied_in_pieces_and_its_loss_told_once(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nav in (1, 2):
        station.write("state/state.json", f'{{"nav": {nav}, "mode": 1}}')
        keep_looks(station.settings)
    monkeypatch.setattr("ingest.session.COMMIT_SECONDS", 0)
    monkeypatch.setattr(spooled, "SPOOL_BYTES", 50)
    station.write("state/state.json", '{"nav": 3, "mode": 1}')
    run_once(station.settings)
    assert navs(station) == [1, 2, 3]
    assert station.column("select reason from raw.losses") == ["1 looks: the spool was full"]


def test_a_crash_before_the_commit_loses_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    with monkeypatch.context() as broken:
        broken.setattr("ingest.session._tally", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_once(station.settings)
    station.write("state/state.json", '{"nav": 2, "mode": 1}')
    run_once(station.settings)
    assert navs(station) == [1, 2]


def test_a_crash_after_the_commit_doubles_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    with monkeypatch.context() as broken:
        broken.setattr(spooled.Spool, "drop", lambda *_: None)
        run_once(station.settings)
    assert len(waiting(station)) == 1
    run_once(station.settings)
    assert navs(station) == [1]
    assert station.column("select count(*) from raw.polls") == [2]
    assert waiting(station) == []


def test_a_stated_look_takes_in_what_waits(station: Station) -> None:
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    keep_looks(station.settings)
    station.write("state/state.json", '{"nav": 2, "mode": 1}')
    station.now = station.now.replace(year=2100)
    station.poll()
    assert navs(station) == [1, 2]


def test_a_full_spool_says_so_and_is_a_loss(
    station: Station, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(spooled, "SPOOL_BYTES", 50)
    for nav in range(4):
        station.write("state/state.json", f'{{"nav": {nav}, "mode": 1}}')
        keep_looks(station.settings)
    assert capsys.readouterr().err.count("the spool was full") == 1
    run_once(station.settings)
    assert navs(station) == [0, 3]
    assert station.rows("select stream, reason, from_at < to_at from raw.losses") == [
        ("spool", "3 looks: the spool was full", True)
    ]
    run_once(station.settings)
    assert station.column("select count(*) from raw.losses") == [1]


def test_a_damaged_look_is_dropped_with_a_word_and_a_loss(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    keep_looks(station.settings)
    (look,) = waiting(station)
    look.write_bytes(look.read_bytes()[:-3])
    station.write("state/state.json", '{"nav": 2, "mode": 1}')
    run_once(station.settings)
    assert "damaged" in capsys.readouterr().err
    assert navs(station) == [2]
    assert station.column("select reason from raw.losses") == [
        f"1 looks: `{look.name}` was damaged"
    ]


def test_a_look_that_must_wait_is_synced_to_the_disk(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd)),
    )
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    keep_looks(station.settings)
    (look,) = waiting(station)
    assert synced == [str(look), str(look.parent)]


def test_a_new_warehouse_gets_files_that_did_not_change_since(station: Station) -> None:
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    run_once(station.settings)
    station.settings.live_file.unlink()
    run_once(station.settings)
    assert navs(station) == [1]


def test_a_clock_set_back_leaves_the_looks_in_order(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_once(station.settings)
    monkeypatch.setattr(spooled, "utc_now", lambda: station.now)
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    run_once(station.settings)
    assert navs(station) == [1]


def test_a_kill_after_a_look_was_kept_and_a_clock_set_back_leave_the_looks_in_order(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooled, "utc_now", lambda: station.now)
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(spooled.Spool, "_remember", killed)
        keep_looks(station.settings)
    station.now = station.now.replace(hour=1)
    station.write("state/state.json", '{"nav": 2, "mode": 1}')
    run_once(station.settings)
    assert navs(station) == [1, 2]
    assert list(station.settings.folder("spool").rglob("*.look")) == []


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_did_not_change_is_not_read_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = (1_700_000_000, 1_700_000_000)
    os.utime(station.write("state/state.json", '{"nav": 1, "mode": 1}'), old)
    time.sleep(0.03)  # a file written within a tick of the clock is looked at once more
    run_once(station.settings)
    opened: list[str] = []

    def note(_: object, path: str, *_rest: object) -> Capture:
        opened.append(path)
        return Capture(path, "missing")

    monkeypatch.setattr("ingest.look.capture", note)
    run_once(station.settings)
    assert "state/state.json" not in opened
