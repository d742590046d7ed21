"""What the watch writes of itself comes through the same door as the bots' files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from station import REGISTRY, Station, make_station

from ingest import Bot, UsageError
from ingest.verify import verify

JOURNAL = """
      - {name: verdicts, config: {meta: {root: journal, path: "verdicts*.jsonl", kind: events}}}
"""


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return make_station(tmp_path, REGISTRY + JOURNAL)


def say(station: Station, verdict: str, month: str = "2026-11") -> None:
    station.settings.make_home()
    file = station.settings.folder("journal") / f"verdicts-{month}.jsonl"
    with file.open("a") as handle:
        handle.write(json.dumps({"at": "2026-11-22T19:00:00Z", "verdict": verdict}) + "\n")


def test_each_line_is_a_row_of_the_watch_once_and_without_any_setting(station: Station) -> None:
    say(station, "ok")
    station.poll()
    say(station, "crit")
    say(station, "warn", "2026-12")
    station.poll()
    station.poll()
    assert station.rows(
        "select _bot, payload->>'verdict' from raw.verdicts order by _load_id, payload->>'verdict'"
    ) == [("_watch", "ok"), ("_watch", "crit"), ("_watch", "warn")]
    found = verify(station.settings)
    assert (found.files, found.differences) == (2, [])


def test_the_watch_is_no_bot_and_has_no_files_to_miss(station: Station) -> None:
    say(station, "ok")
    station.poll()
    for table in ("bots", "polls", "observations"):
        assert station.column(f"select distinct _bot from raw.{table}") == ["main"], table
    assert "verdicts" not in station.column("select source from raw.observations")


def test_a_journal_alone_makes_no_poll_and_its_loads_are_told_apart(station: Station) -> None:
    say(station, "ok")
    station.poll()
    say(station, "crit")
    with pytest.raises(Exception, match="comes too late"):
        station.now = station.now.replace(year=2020)
        station.poll()
    station.now = station.now.replace(year=2027)
    station.write("execution/events.jsonl", '{"n": 1}\n')
    station.poll()
    loads = station.column("select load_id from raw.loads order by committed_at")
    assert len(loads) == len(set(loads)) == 3
    assert len(station.column("select polled_at from raw.polls")) == 2


def test_no_bot_may_have_the_name_of_the_watch() -> None:
    with pytest.raises(UsageError, match="_watch"):
        Bot.parse("_watch=/logs")


def test_of_a_home_of_which_the_journal_alone_is_left_the_same_rows_come_back(
    station: Station,
) -> None:
    keys = "select _bot, _file_id, _offset, payload from raw.verdicts order by all"
    for verdict in ("ok", "crit", "warn"):
        say(station, verdict)
        say(station, f"{verdict} later", "2026-12")
        station.poll()
    before = station.rows(keys)
    for place in station.settings.home.iterdir():
        if place.is_dir() and place.name != "journal":
            shutil.rmtree(place)
        elif place.is_file():
            place.unlink()
    station.poll()
    assert station.rows(keys) == before
    assert len(before) == 6
    found = verify(station.settings)
    assert (found.files, found.differences) == (2, [])
