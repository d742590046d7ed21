"""A log that comes back shorter: what was read of it stands, and nothing is read a second time."""

from __future__ import annotations

import pytest
from station import Station
from test_event_logs import lines, numbers

LOG = "execution/events.jsonl"


def keys(station: Station) -> list[tuple[object, ...]]:
    return station.rows("select _file_id, _offset, payload, _superseded_at from raw.events")


def details(station: Station) -> list[tuple[str, str | None]]:
    return station.rows(
        "select status, detail from raw.observations where source = 'events' order by observed_at"
    )


@pytest.mark.parametrize(
    "older", [lines(1), lines(1, 2), lines(1, 2) + '{"n"', lines(1, 2) + '{"n": 9']
)
def test_an_older_copy_changes_nothing(station: Station, older: str) -> None:
    station.write(LOG, lines(1, 2, 3, 4))
    station.poll()
    before = keys(station)
    station.write(LOG, older)
    station.poll()
    station.poll()
    assert keys(station) == before
    assert station.rows("select * from raw.losses") == []
    assert [status for status, _ in details(station)] == ["ok", "ok"]
    assert "of the 36 bytes that were read" in (details(station)[1][1] or "")


def test_an_older_copy_that_grows_again_gives_only_what_is_new(station: Station) -> None:
    station.write(LOG, lines(1, 2, 3, 4))
    station.poll()
    before = keys(station)
    for text in (lines(1), lines(1, 2, 3), lines(1, 2, 3, 4)):
        station.write(LOG, text)
        station.poll()
        assert keys(station) == before
    station.write(LOG, lines(1, 2, 3, 4, 5))
    station.poll()
    assert numbers(station) == [1, 2, 3, 4, 5]
    assert keys(station)[:4] == before
    assert details(station)[-1] == ("ok", None)


def test_an_older_copy_that_grows_another_way_supersedes_what_it_replaced(station: Station) -> None:
    station.write(LOG, lines(*range(1, 11)))
    station.poll()
    before = set(keys(station))
    station.write(LOG, lines(1, 2))
    station.poll()
    station.write(LOG, lines(1, 2, *range(100, 109)))
    station.poll()
    assert numbers(station) == [1, 2, *range(100, 109)]
    assert len(before & set(keys(station))) == 2
    gone = "select count(*) from raw.events where _superseded_at is not null"
    assert station.column(gone) == [8]


def test_a_line_taken_out_of_the_middle_is_no_older_copy(station: Station) -> None:
    station.write(LOG, lines(1, 2, 3))
    station.poll()
    station.write(LOG, lines(1, 3))
    station.poll()
    assert numbers(station) == [1, 3]


def test_a_repaired_file_that_shrinks_is_an_older_copy_too(station: Station) -> None:
    for text in (lines(1, 2, 3, 4), '{"n": 1}\n{"n"\n' + lines(3, 4), lines(1, 2, 3, 4)):
        station.write(LOG, text)
        station.poll()
    before = keys(station)
    station.write(LOG, lines(1, 2))
    station.poll()
    assert keys(station) == before
    station.write(LOG, lines(1, 2, 3, 4, 5))
    station.poll()
    assert numbers(station) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("looks", [1, 2])
@pytest.mark.parametrize("back", [lines(1, 2), lines(1, 2, 3), lines(1, 2, 3, 4)])
def test_a_deleted_file_that_comes_back_is_the_same_file(
    station: Station, looks: int, back: str
) -> None:
    station.write(LOG, lines(1, 2, 3))
    station.poll()
    before = keys(station)
    station.events.unlink()
    for _ in range(looks):
        station.poll()
    station.write(LOG, back)
    station.poll()
    assert keys(station)[:3] == before
    assert len(numbers(station)) == max(3, back.count("\n"))
    assert station.column("select count(distinct _file_id) from raw.events") == [1]


@pytest.mark.parametrize("look_between", [True, False])
def test_new_lines_after_a_truncation_are_another_file(
    station: Station, look_between: bool
) -> None:
    station.write(LOG, lines(1, 2, 3, 4))
    station.poll()
    before = keys(station)
    if look_between:
        station.write(LOG, "")
        station.poll()
    station.write(LOG, lines(11, 12))
    for _ in range(3):
        station.poll()
    assert keys(station)[:4] == before
    assert numbers(station) == [1, 2, 3, 4, 11, 12]
    assert station.column("select count(distinct _file_id) from raw.events") == [2]
    assert station.rows("select * from raw.losses") == []


def test_an_older_copy_is_known_after_a_restart_and_a_rotation(station: Station) -> None:
    station.write(LOG, lines(1, 2, 3))
    station.poll()
    station.write(LOG, lines(1))
    station.poll()
    station.events.rename(station.events.with_name("events.1.jsonl"))
    station.write(LOG, lines(7))
    station.poll()
    station.poll()
    assert numbers(station) == [1, 2, 3, 7]
    assert station.rows("select * from raw.losses") == []


def test_an_early_copy_that_grew_before_it_was_seen_doubles_no_line(station: Station) -> None:
    station.write(LOG, lines(*range(1, 41)))
    station.poll()
    station.write(LOG, lines(1, 2, *range(100, 140)))
    station.poll()
    assert numbers(station) == [1, 2, *range(100, 140)]
