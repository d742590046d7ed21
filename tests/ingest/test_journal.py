"""What the watch writes of itself comes through the same door as the bots' files."""

from __future__ import annotations

import json
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
