"""A warehouse of an older Watchhouse is brought up to date, one of a newer is refused untouched."""

from __future__ import annotations

import duckdb
import pytest
from station import Station

from ingest import WatchhouseError
from ingest.schema import SCHEMA_VERSION


def change(station: Station, statement: str) -> None:
    with duckdb.connect(str(station.settings.live_file)) as connection:
        connection.execute(statement)


def test_a_new_warehouse_says_its_version(station: Station) -> None:
    station.poll()
    assert station.rows("from meta.home") == [(SCHEMA_VERSION,)]


def test_an_older_warehouse_is_migrated_and_keeps_its_rows(station: Station) -> None:
    station.write("execution/events.jsonl", '{"n": 1}\n')
    station.poll()
    change(station, "drop table meta.home; alter table hot.events drop column _superseded_at")
    station.write("execution/events.jsonl", '{"n": 1}\n{"n": 2}\n')
    station.poll()
    assert station.rows("from meta.home") == [(SCHEMA_VERSION,)]
    assert station.rows("select payload, _superseded_at from raw.events order by _offset") == [
        ('{"n": 1}', None),
        ('{"n": 2}', None),
    ]


def test_a_column_that_nothing_writes_any_more_is_left(station: Station) -> None:
    station.poll()
    change(station, "alter table hot.events add column gone bigint")
    station.write("execution/events.jsonl", '{"n": 1}\n')
    station.poll()
    assert station.rows("select payload, gone from hot.events") == [('{"n": 1}', None)]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("update meta.home set schema_version = 99", "newer Watchhouse .* version 99"),
        ("alter table hot.events alter _offset type varchar", "raw.events._offset .* is varchar"),
    ],
)
def test_what_would_be_misread_is_refused_and_left_as_it_was(
    station: Station, statement: str, told: str
) -> None:
    station.write("execution/events.jsonl", '{"n": 1}\n')
    station.poll()
    change(station, statement)
    station.write("execution/events.jsonl", '{"n": 1}\n{"n": 2}\n')
    with pytest.raises(WatchhouseError, match=told) as refused:
        station.poll()
    assert "nothing was changed" in refused.value.message
    assert refused.value.hint
    assert station.rows("select count(*) from raw.events") == [(1,)]


def test_rows_of_before_there_were_landing_files_are_moved_once(station: Station) -> None:
    station.write("execution/events.jsonl", '{"n": 1}\n')
    station.poll()
    for statement in (
        "create table kept as from raw.events; drop view raw.events; drop table hot.events",
        "create table raw.events as from kept; drop table kept",
        "update meta.home set schema_version = 1; drop table meta.views",
    ):
        change(station, statement)
    station.write("execution/events.jsonl", '{"n": 1}\n{"n": 2}\n')
    station.poll()
    assert station.rows("from meta.home") == [(SCHEMA_VERSION,)]
    assert station.payloads() == ['{"n": 1}', '{"n": 2}']
    assert station.rows("select count(*) from hot.events") == [(2,)]
