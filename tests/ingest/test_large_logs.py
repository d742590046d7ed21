"""Logs too large to be compared whole: what changes in them is found block by block."""

from __future__ import annotations

import gzip

import pytest
from station import Station

from ingest import content, open_session, sweep
from ingest.verify import verify

LOG = "execution/events.jsonl"
LINES = 200
LOOKS = 20  # so many the sweep takes, a block each


def line(number: int, word: str = "was") -> str:
    return f'{{"n": {100_000 + number}, "is": "{word}", "pad": "{"x" * (number % 40)}"}}\n'


def log(**changed: str) -> str:
    words = {int(name[1:]): word for name, word in changed.items()}
    return "".join(line(n, words.get(n, "was")) for n in range(LINES))


@pytest.fixture
def large(station: Station, monkeypatch: pytest.MonkeyPatch) -> Station:
    monkeypatch.setattr(content, "WHOLE_FILE_BYTES", 2000)
    monkeypatch.setattr(sweep, "WHOLE_FILE_BYTES", 2000)
    monkeypatch.setattr(sweep, "BLOCK_BYTES", 600)
    station.write(LOG, log())
    station.poll()
    return station


def look(station: Station) -> None:
    with open_session(station.settings) as station.session:
        for _ in range(LOOKS):
            station.poll()
    station.session = None


def standing(station: Station) -> list[str]:
    return sorted(station.payloads())


def superseded(station: Station) -> int:
    (count,) = station.column("select count(*) from raw.events where _superseded_at is not null")
    return int(count)


def assert_as_written(station: Station, text: str) -> None:
    assert standing(station) == sorted(text.splitlines())
    assert verify(station.settings).differences == []


@pytest.mark.parametrize("number", [0, 1, 100, LINES - 1])
def test_a_line_changed_in_place_is_found_wherever_it_is(large: Station, number: int) -> None:
    before = large.rows("select _file_id, _offset, payload from raw.events")
    text = log().replace(line(number), line(number, "not"))
    large.write(LOG, text)
    look(large)
    assert superseded(large) == 1
    after = large.rows(
        "select _file_id, _offset, payload from raw.events where _superseded_at is null"
    )
    assert len(set(after) & set(before)) == LINES - 1
    assert_as_written(large, text)


def test_a_change_is_found_while_the_log_grows(large: Station) -> None:
    text = log(n20="not")
    with open_session(large.settings) as large.session:
        for number in range(LINES, LINES + LOOKS):
            text += line(number)
            large.write(LOG, text)
            large.poll()
    large.session = None
    assert superseded(large) == 1
    assert_as_written(large, text)


def test_a_log_that_rests_is_compared_once_and_then_left_alone(large: Station) -> None:
    large.write(LOG, log(n20="not"))
    look(large)
    left = "select unswept_blocks from raw.files where status = 'live'"
    assert large.column(left) == [0]


def test_changes_in_several_places_and_at_the_end_are_told_apart(large: Station) -> None:
    changed = log(n20="not", n21="not", n120="not")
    changed = changed.replace(line(LINES - 1), line(LINES - 1, "longer")) + line(LINES)
    large.write(LOG, changed)
    large.poll()
    assert superseded(large) == 4
    assert_as_written(large, changed)


def test_a_line_damaged_in_place_goes_to_quarantine(large: Station) -> None:
    damaged = log().replace(line(77), "#" * (len(line(77)) - 1) + "\n")
    large.write(LOG, damaged)
    look(large)
    assert superseded(large) == 1
    assert len(large.reasons()) == 1
    assert verify(large.settings).differences == []


def test_two_lines_become_one_across_a_block(large: Station) -> None:
    text = log()
    for number in (50, 51, 52, 53):
        text = text.replace(line(number), line(number)[:-2] + ",}", 1)
        large.write(LOG, text)
        look(large)
    assert verify(large.settings).differences == []


def test_a_second_change_is_found_like_the_first(large: Station) -> None:
    for changed in (log(n20="not"), log(n20="yes"), log(n20="yes", n130="yes"), log()):
        large.write(LOG, changed)
        look(large)
        assert_as_written(large, changed)


def test_an_older_copy_changes_nothing_and_grows_on(large: Station) -> None:
    large.write(LOG, log()[: len(log()) // 2])
    large.poll()
    large.poll()
    assert len(standing(large)) == LINES
    text = log() + line(LINES)
    large.write(LOG, text)
    large.poll()
    assert superseded(large) == 0
    assert_as_written(large, text)


def test_a_new_content_in_its_place_is_another_file(large: Station) -> None:
    large.write(LOG, line(7, "new"))
    large.poll()
    assert len(standing(large)) == LINES + 1
    assert large.column("select count(distinct _file_id) from raw.events") == [2]


def test_an_archived_log_is_compared_at_once(large: Station) -> None:
    large.write(LOG, log(n20="not"))
    large.events.rename(large.events.with_name("events.1.jsonl"))
    archive = large.events.parent / "archive"
    archive.mkdir()
    (archive / "events.1.jsonl.gz").write_bytes(gzip.compress(log(n20="not").encode()))
    large.events.with_name("events.1.jsonl").unlink()
    large.poll()
    assert superseded(large) == 1
