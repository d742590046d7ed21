"""A log that comes back shorter: what was read of it stands, and nothing is read a second time."""

from __future__ import annotations

import gzip
import re

import pytest
from station import Station, assert_ledger_adds_up
from test_event_logs import lines, numbers

from ingest.verify import verify

NUMBER = re.compile(r"\d+")
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


def rotate(station: Station, text: str, looks: int = 1) -> None:
    """The log as it was read, renamed, with `text` in its place; a look before and after."""
    station.events.rename(station.events.with_name("events.1.jsonl"))
    station.write(LOG, text)
    for _ in range(looks):
        station.poll()


@pytest.mark.parametrize("is_archived", [False, True])
@pytest.mark.parametrize(
    "copy", [lines(1, 2), lines(1, 2, 3), lines(1, 2, 3, 4), lines(1, 2) + "{"]
)
def test_a_copy_beside_its_rotated_original_is_no_second_file(
    station: Station, copy: str, is_archived: bool
) -> None:
    station.write(LOG, lines(1, 2, 3, 4))
    station.poll()
    before = keys(station)
    if is_archived:
        archive = gzip.compress(station.events.read_bytes())
        station.write("execution/archive/events.1.jsonl.gz", archive)
        station.write(LOG, copy)
        station.poll()
        station.poll()
    else:
        rotate(station, copy, looks=2)
    assert keys(station) == before
    if not is_archived:  # there a whole copy is the log itself
        assert details(station)[-1] == ("ok", "holds nothing but lines that were read before")
    assert verify(station.settings).differences == []


@pytest.mark.parametrize("look_between", [True, False])
def test_a_copy_beside_its_original_gives_only_what_is_new(
    station: Station, look_between: bool
) -> None:
    station.write(LOG, lines(1, 2, 3, 4))
    station.poll()
    before = keys(station)
    rotate(station, lines(1, 2), looks=look_between)
    for text in (lines(1, 2, 10), lines(1, 2, 10, 11)):
        station.write(LOG, text)
        station.poll()
    assert numbers(station) == [1, 2, 3, 4, 10, 11]
    assert keys(station)[:4] == before, "nothing is superseded: the original is there"
    assert verify(station.settings).differences == []
    station.write(LOG, lines(1, 10, 11, 12))
    station.poll()
    assert numbers(station) == [1, 2, 3, 4, 10, 11, 12]
    assert verify(station.settings).differences == []


def test_a_copy_that_is_being_copied_beside_its_original_doubles_nothing(station: Station) -> None:
    station.write(LOG, lines(*range(20)))
    station.poll()
    rotate(station, "")
    whole = lines(*range(20))
    for end in range(30, len(whole) + 30, 30):
        station.write(LOG, whole[:end])
        station.poll()
    assert numbers(station) == list(range(20))


@pytest.mark.parametrize("copy", [lines(1, 2), lines(1, 2, *range(10, 30))])
def test_a_copy_of_a_log_that_is_gone_for_long_gives_only_what_is_new(
    station: Station, copy: str
) -> None:
    station.write(LOG, lines(*range(1, 9)))
    station.poll()
    before = keys(station)
    station.events.unlink()
    for _ in range(3):
        station.poll()
    station.write(LOG, copy)
    station.poll()
    assert numbers(station) == sorted({*range(1, 9), *(int(n) for n in NUMBER.findall(copy))})
    assert keys(station)[: len(before)] == before
    assert verify(station.settings).differences == []


def test_a_copy_of_a_copy_gives_only_what_is_new(station: Station) -> None:
    station.write(LOG, lines(1, 2, 3))
    station.poll()
    rotate(station, lines(1, 2, 10, 11))
    station.events.with_name("events.1.jsonl").rename(station.events.with_name("events.2.jsonl"))
    rotate(station, lines(1, 2, 10, 20))
    assert numbers(station) == [1, 2, 3, 10, 11, 20]
    station.write(LOG, lines(1, 2, 99, 20))
    station.poll()
    assert numbers(station) == [1, 2, 3, 10, 11, 20, 99]
    assert verify(station.settings).differences == []


@pytest.mark.parametrize("begins", [(1, 2, 3, 10, 11, 12), (1, 2, 99, 10, 11, 12)])
def test_a_copy_of_a_copy_is_not_taken_for_the_first_file_that_went(
    station: Station, begins: tuple[int, ...]
) -> None:
    station.write(LOG, lines(1, 2, 3, 4))
    station.poll()
    rotate(station, lines(1, 2, 3, 10, 11, 12, 13))
    rotate(station, lines(*begins, 20))
    assert numbers(station) == sorted({1, 2, 3, 4, 10, 11, 12, 13, 20, *begins})
    assert verify(station.settings).differences == []


def test_two_files_that_begin_with_one_equal_line_grow_as_two(station: Station) -> None:
    for end in (2, 3, 5):
        station.write("execution/events.1.jsonl", lines(0, *range(10, 10 + end)))
        station.write(LOG, lines(0, *range(20, 20 + end)))
        station.poll()
    assert numbers(station) == [0, 0, *range(10, 15), *range(20, 25)]


def test_a_copy_and_its_original_are_known_in_an_empty_warehouse_too(station: Station) -> None:
    station.write("execution/events.1.jsonl", lines(1, 2, 3, 4))
    station.write(LOG, lines(1, 2, 10))
    station.poll()
    assert numbers(station) == [1, 2, 3, 4, 10]


def test_a_copy_cut_before_its_last_newline_says_its_last_line_no_second_time(
    station: Station,
) -> None:
    station.write(LOG, lines(1, 2, 3))
    station.poll()
    rotate(station, lines(1, 2, 3)[:-1] + " \r\n" + lines(4))
    assert numbers(station) == [1, 2, 3, 4]
    assert verify(station.settings).differences == []


@pytest.mark.parametrize("begun_anew", [None, "", lines(7, 8)])
def test_a_log_rotated_after_its_first_line_changed(
    station: Station, begun_anew: str | None
) -> None:
    station.write(LOG, lines(1, 2, 3, 4))
    station.poll()
    station.write("execution/events.1.jsonl", "{x\n" + lines(2, 3, 4))
    if begun_anew is None:
        (station.logs / LOG).unlink()
    else:
        station.write(LOG, begun_anew)
    station.poll()
    now = station.rows("select payload from raw.events where _superseded_at is null")
    assert sorted(int(NUMBER.findall(one)[0]) for (one,) in now) == [
        *[2, 3, 4],
        *map(int, NUMBER.findall(begun_anew or "")),
    ]
    assert len(station.rows("select * from raw.quarantine")) == 1


@pytest.mark.parametrize("looks", [1, 2])
def test_a_copy_of_a_log_that_went_is_known_by_any_of_its_lines(
    station: Station, looks: int
) -> None:
    station.write(LOG, lines(*range(1, 9)))
    station.poll()
    station.events.unlink()
    for _ in range(looks):
        station.poll()
    station.write(LOG, "{x\n" + lines(*range(2, 9), 20))
    station.poll()
    assert set(numbers(station)) - {1} == {*range(2, 9), 20}
    assert len(station.payloads()) == len(set(station.payloads()))
    assert verify(station.settings).differences == []


@pytest.mark.parametrize("is_new", [True, False])
def test_a_copy_whose_first_line_changed_beside_its_original(
    station: Station, is_new: bool
) -> None:
    station.write(LOG, lines(*range(1, 9)))
    if not is_new:
        station.poll()
    rotate(station, "{x\n" + lines(*range(2, 9), 20))
    assert sorted(station.payloads()) == sorted(lines(*range(1, 9), 20).splitlines())
    assert verify(station.settings).differences == []


def test_a_log_that_repeats_one_line_of_another_is_a_log_of_its_own(station: Station) -> None:
    station.write(LOG, lines(1, 2, 3, 4))
    station.poll()
    station.events.unlink()
    station.poll()
    station.write(LOG, lines(7, 3, 8, 9, 10))
    station.poll()
    assert numbers(station) == [1, 2, 3, 3, 4, 7, 8, 9, 10]


def test_of_two_copies_the_one_with_more_of_its_lines_is_meant(station: Station) -> None:
    common = range(1, 9)
    station.write(LOG, lines(*common, 10))
    station.poll()
    rotate(station, lines(*common, 20))
    station.events.with_name("events.1.jsonl").rename(station.events.with_name("events.2.jsonl"))
    rotate(station, "{x\n" + lines(*list(common)[1:], 20, 30))
    assert numbers(station) == [*common, 10, 20, 30]
    assert verify(station.settings).differences == []


def test_a_copy_with_a_line_of_its_own_that_grows_like_its_original_doubles_none(
    station: Station,
) -> None:
    station.write(LOG, lines(*range(1, 11)))
    station.poll()
    rotate(station, lines(1, 2, 3, 99, 5, 6))
    station.write(LOG, lines(1, 2, 3, 99, 5, 6, 7, 8))
    station.poll()
    assert numbers(station) == [*range(1, 11), 99]
    station.write(LOG, lines(1, 2, 3, 99, 5, 6, 7, 8, 8, 9, 20))
    station.poll()
    assert numbers(station) == [*range(1, 9), *[8, 9, 10, 20, 99]]
    assert_ledger_adds_up(station)
    assert verify(station.settings).differences == []


def test_a_second_copy_supersedes_nothing_that_the_first_one_has_of_their_original(
    station: Station,
) -> None:
    station.write(LOG, lines(*range(1, 9)))
    station.poll()
    rotate(station, lines(1, 2, 3, 4, 5, 99, 7))
    station.events.with_name("events.1.jsonl").unlink()
    station.events.rename(station.events.with_name("events.2.jsonl"))
    station.write(LOG, lines(1, 2, 98, 4, 5, 6, 7, 8, 20))
    station.poll()
    assert numbers(station) == [*range(1, 9), 20, 98, 99]
    assert verify(station.settings).differences == []
