"""Looks: their order in time, their ledger, and what stops one before anything is written."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest
from station import Station

from ingest import Bot, WatchhouseError, open_session, run_once
from ingest.registry import load_registry
from ingest.schema import create_raw
from ingest.session import Session
from ingest.store import connect_live


def test_a_look_is_one_row_per_bot(station: Station) -> None:
    other = station.folder / "other"
    other.mkdir()
    station.settings = replace(station.settings, bots=(*station.settings.bots, Bot("two", other)))
    station.write("execution/events.jsonl", '{"a": 1}\n')
    station.poll()
    station.poll()
    looks = "select _bot, files, unreadable, is_import, load_id from raw.polls order by all"
    assert station.rows(looks) == [
        ("main", 1, 0, False, 1),
        ("main", 1, 0, False, 2),
        ("two", 0, 0, False, 1),
        ("two", 0, 0, False, 2),
    ]
    assert station.rows("select _bot, root from raw.bots order by all") == [
        ("main", "config"), ("main", "logs"), ("main", "text"), ("two", "logs"),
    ]  # fmt: skip
    unconfigured = "select source from raw.observations where status = 'not configured' order by 1"
    assert station.column(unconfigured) == ["limits", "talk"]


def test_a_look_before_the_last_one_is_refused(station: Station) -> None:
    station.poll()
    with pytest.raises(WatchhouseError, match="main"):
        run_once(station.settings, station.now - timedelta(seconds=1))
    assert station.column("select count(*) from raw.polls") == [1]


def test_a_look_that_was_taken_is_not_repeated(station: Station) -> None:
    station.poll()
    again = run_once(station.settings, station.now)
    assert again.load_id is None
    assert "taken before" in again.notices[0]
    assert station.column("select count(*) from raw.polls") == [1]


def test_times_are_kept_in_utc(station: Station) -> None:
    run_once(station.settings, datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2))))
    assert station.column("select polled_at from raw.polls") == [datetime(2026, 3, 1, 12)]


def test_a_live_look_stands_after_what_it_read(station: Station) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    station.write("state/state.json", "{}")
    run_once(station.settings)
    ((observed, mtime),) = station.rows("select _observed_at, _mtime from raw.state")
    assert before <= observed
    assert mtime <= observed


def test_an_import_stands_at_the_newest_file_time(station: Station) -> None:
    os.utime(station.write("execution/events.jsonl", '{"a": 1}\n'), (1_700_000_000, 1_700_000_000))
    os.utime(station.write("state/state.json", "{}"), (1_700_000_900, 1_700_000_900))
    os.utime(station.write("unregistered.json", "{}"), (1_800_000_000, 1_800_000_000))
    first = run_once(station.settings, as_of_mtime=True)
    again = run_once(station.settings, as_of_mtime=True)
    assert first.bots[0].observed_at == datetime(2023, 11, 14, 22, 28, 20)
    assert again.load_id is None
    assert station.rows("select is_import, polled_at from raw.polls") == [
        (True, datetime(2023, 11, 14, 22, 28, 20))
    ]


@pytest.mark.parametrize("root", ["logs", "config"])
def test_a_missing_folder_stops_before_anything_is_written(station: Station, root: str) -> None:
    folder = getattr(station.settings.bots[0], root)
    folder.rename(station.folder / "away")
    with pytest.raises(WatchhouseError, match=f"no {root} folder"):
        station.poll()
    assert not station.settings.home.exists()


def test_no_bot_is_an_error_with_the_way_out(station: Station) -> None:
    with pytest.raises(WatchhouseError) as error:
        run_once(replace(station.settings, bots=()))
    assert "init" in (error.value.hint or "")


def test_a_look_that_fails_leaves_nothing_and_the_next_one_has_it_all(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.write("execution/events.jsonl", '{"a": 1}\n')
    station.write("state/state.json", "{}")
    with open_session(station.settings) as session:
        with monkeypatch.context() as broken:
            broken.setattr("ingest.session._tally", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                session.poll(station.now)
        session.poll(station.now)
    assert station.payloads() == ['{"a": 1}']
    assert station.column("select count(*) from raw.state") == [1]
    assert station.column("select count(*) from raw.loads") == [1]


def test_a_file_that_is_no_warehouse_is_named(station: Station) -> None:
    station.settings.make_home()
    station.settings.live_file.write_bytes(b"not a database" * 100)
    with pytest.raises(WatchhouseError, match=r"warehouse\.duckdb"):
        station.poll()
    station.settings.live_file.unlink()


def test_an_older_warehouse_gains_the_new_columns(station: Station) -> None:
    registry = load_registry(station.settings.registry_file)
    with connect_live(station.settings) as connection:
        create_raw(connection, registry)
        connection.execute("alter table hot.polls drop column masked_count")
        connection.execute("alter table hot.loads drop column row_bytes")
    station.write("execution/events.jsonl", '{"a": 1}\n')
    station.poll()
    assert station.column("select masked_count from raw.polls") == [0]


def test_a_session_sees_what_happened_in_another(station: Station) -> None:
    station.write("execution/events.jsonl", '{"a": 1}\n')
    with connect_live(station.settings) as connection:
        Session(station.settings, connection).poll(station.now)
    station.write("execution/events.jsonl", '{"a": 1}\n{"a": 2}\n')
    with duckdb.connect(":memory:"):
        station.poll()
    assert station.payloads() == ['{"a": 1}', '{"a": 2}']


def test_payloads_are_stored_compressed(station: Station) -> None:
    station.write("execution/events.jsonl", '{"a": "long enough to be worth it"}\n' * 10_000)
    station.poll()
    assert station.column(
        "select distinct compression from pragma_storage_info('hot.events')"
        " where column_name = 'payload' and segment_type = 'VARCHAR'"
    ) == ["ZSTD"]
