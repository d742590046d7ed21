"""The published file: a whole copy or the one before."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import duckdb
import pytest
from dying import killed_at, moments, told_without_room
from station import Station, make_station

from ingest import WatchhouseError
from ingest.publish import publish


def read(station: Station, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(station.settings.published_file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_readers_get_what_was_committed(station: Station) -> None:
    station.write("execution/events.jsonl", '{"n": 1}\n')
    station.poll()
    done = publish(station.settings)
    assert (done.file, done.commit_id) == (station.settings.published_file, 1)
    assert done.file.stat().st_mode & 0o777 == 0o444
    assert read(station, "select payload from raw.events") == [('{"n": 1}',)]
    assert read(
        station, "select distinct published_at, commit_id from meta.published"
    ) == [(done.published_at, 1)]  # fmt: skip
    assert read(station, "select read_to from meta.published where stream = 'events'") == [
        (station.now,)
    ]
    assert not (station.settings.home / ".publishing").exists()


def test_a_reader_of_the_file_before_keeps_it(station: Station) -> None:
    station.poll()
    publish(station.settings)
    with duckdb.connect(str(station.settings.published_file), read_only=True) as reader:
        station.write("execution/events.jsonl", '{"n": 1}\n')
        station.poll()
        publish(station.settings)
        assert reader.execute("select count(*) from raw.events").fetchall() == [(0,)]


def test_an_empty_warehouse_is_published_with_its_time(station: Station) -> None:
    with pytest.raises(WatchhouseError, match="nothing to publish"):
        publish(station.settings)
    station.settings.make_home()
    duckdb.connect(str(station.settings.live_file)).close()
    assert publish(station.settings).commit_id is None
    assert read(station, "select published_at is not null, _bot from meta.published") == [
        (True, None)
    ]


def test_a_copy_that_is_not_whole_is_not_published(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.poll()
    before = publish(station.settings)
    left = station.settings.home / ".publishing"
    left.mkdir()
    (left / "warehouse.duckdb").write_bytes(b"what a crash left")

    def half(source: os.PathLike[str], target: os.PathLike[str]) -> None:
        whole = Path(source).read_bytes()
        Path(target).write_bytes(whole[: len(whole) // 2])

    monkeypatch.setattr(shutil, "copyfile", half)
    with pytest.raises(WatchhouseError, match="not right"):
        publish(station.settings)
    assert read(station, "select max(published_at) from meta.published") == [(before.published_at,)]
    assert not left.exists()


def test_a_ledger_that_does_not_add_up_is_not_published(station: Station) -> None:
    station.write("execution/events.jsonl", '{"n": 1}\n')
    station.poll()
    station.rows("update hot.loads set row_bytes = row_bytes + 1")
    with pytest.raises(WatchhouseError, match="account for every byte"):
        publish(station.settings)
    station.rows("update hot.loads set row_bytes = row_bytes - 1")


def test_a_full_disk_leaves_the_file_before(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.poll()
    publish(station.settings)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(WatchhouseError, match="No space left"):
        publish(station.settings)
    assert station.settings.published_file.exists()


def test_killed_at_any_step_readers_have_a_whole_file(station: Station) -> None:
    station.poll()
    first = publish(station.settings).published_at
    station.write("execution/events.jsonl", '{"n": 1}\n')
    station.poll()
    status, calls = killed_at(0, lambda: publish(station.settings))
    assert status == 0
    for moment in moments(calls, 6):
        status, _ = killed_at(moment, lambda: publish(station.settings))
        assert status == signal.SIGKILL
        assert read(station, "select count(*) from raw.events") == [(1,)]
        publish(station.settings)
        assert not (station.settings.home / ".publishing").exists()
    assert read(station, "select max(published_at) from meta.published") > [(first,)]


def test_a_disk_without_room_for_the_copy_is_one_sentence(station: Station) -> None:
    station.poll()
    before = publish(station.settings)
    room = station.settings.live_file.stat().st_size - 4096
    told = told_without_room(room, lambda: publish(station.settings))
    assert "could not be" in told
    assert read(station, "select max(published_at) from meta.published") == [(before.published_at,)]
    assert not (station.settings.home / ".publishing").exists()


def test_a_file_of_another_home_is_replaced(station: Station, tmp_path: Path) -> None:
    other = make_station(tmp_path / "other")
    other.write("execution/events.jsonl", '{"n": "other"}\n')
    other.poll()
    publish(other.settings)
    station.write("execution/events.jsonl", '{"n": 1}\n')
    station.poll()
    shutil.copy(other.settings.published_file, station.settings.published_file)
    publish(station.settings)
    assert read(station, "select payload from raw.events") == [('{"n": 1}',)]
