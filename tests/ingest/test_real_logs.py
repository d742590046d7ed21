"""Five looks at the live bot's own logs, imported oldest first."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import Bot, WatchhouseError, load_settings, run_once

ARCHIVE = Path(__file__).parents[3] / "shared" / "data" / "real-2025-10.tar.xz"
LOGS = {
    "risk_vetoes": "execution/risk_vetoes.jsonl",
    "orders_attempted": "execution/orders_attempted.jsonl",
    "orders_executed": "execution/orders_executed.jsonl",
    "order_metrics": "execution/order_metrics.jsonl",
    "position_state": "execution/position_state.jsonl",
    "sync_heartbeats": "execution/sync_heartbeats.jsonl",
    "nav_points": "nav.jsonl",
}


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Path], Any]]:
    if not ARCHIVE.is_file():
        pytest.skip(f"no logs at {ARCHIVE}")
    folder = tmp_path_factory.mktemp("real")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    settings = load_settings(tmp_path_factory.mktemp("home"))
    places = sorted(folder.iterdir())
    for place in places:
        bots = (Bot("live", place / "logs"),)
        run_once(replace(settings, bots=bots), as_of_mtime=True)
    with duckdb.connect(str(settings.live_file), read_only=True) as database:
        yield places, lambda query: database.execute(query).fetchall()


def test_each_log_is_its_last_look_and_nothing_twice(looks: tuple[list[Path], Any]) -> None:
    places, rows = looks
    for name, path in LOGS.items():
        last = [place / "logs" / path for place in places if (place / "logs" / path).exists()][-1]
        expected = [json.loads(line) for line in last.read_bytes().splitlines()]
        stored = rows(f"select payload, _superseded_at from raw.{name} order by _offset")
        assert [json.loads(payload) for payload, _ in stored] == expected, name
        assert {gone for _, gone in stored} == {None}
        assert rows(f"select count(distinct _file_id) from raw.{name}") == [(1,)]
    assert rows("select * from raw.quarantine") == []


def test_the_refusals_are_told_to_be_absent_at_the_last_look(looks: tuple[list[Path], Any]) -> None:
    _, rows = looks
    query = "select status from raw.observations where source = 'risk_vetoes' order by observed_at"
    assert rows(query) == [("ok",), ("missing",)]
    assert rows("select status from raw.files where stream = 'risk_vetoes'") == [("missing",)]
    assert rows("select count(*), bool_and(is_import) from raw.polls") == [(5, True)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if not ARCHIVE.is_file():
        pytest.skip(f"no logs at {ARCHIVE}")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path / "looks", filter="data")
    return tmp_path


@pytest.mark.parametrize("is_stated", [False, True], ids=["as of mtime", "at stated times"])
def test_the_same_looks_over_the_same_path_once_more_add_nothing(
    folder: Path, is_stated: bool
) -> None:
    logs, later = folder / "logs", datetime(2025, 12, 1)
    settings = replace(load_settings(folder / "home"), bots=(Bot("live", logs),))
    tables = ("polls", *LOGS, "nav_log", "quarantine", "losses", "loads", "files")
    states = ("nav_confirmed", "peak_state")
    seen = []
    for again in (False, True):
        for number, place in enumerate(sorted((folder / "looks").iterdir())):
            shutil.rmtree(logs, ignore_errors=True)
            shutil.copytree(place / "logs", logs)
            if again and is_stated:
                run_once(settings, later + timedelta(hours=number))
            else:
                report = run_once(settings, as_of_mtime=True)
                assert bool(report.notices) == again
        with duckdb.connect(str(settings.live_file)) as database:
            # What was seen at another time is another look; versions of state follow each other.
            skip = ("polls", "files") if is_stated else ()
            kept = (*tables, *(() if is_stated else states))
            seen.append({t: database.sql(f"select * from raw.{t} order by all").fetchall()
                         for t in kept if t not in skip})  # fmt: skip
    assert seen[0] == seen[1]


def test_a_look_in_the_past_that_was_never_taken_is_refused(folder: Path) -> None:
    first, second = sorted((folder / "looks").iterdir())[:2]
    settings = load_settings(folder / "home")
    run_once(replace(settings, bots=(Bot("live", second / "logs"),)), as_of_mtime=True)
    with pytest.raises(WatchhouseError, match="comes too late"):
        run_once(replace(settings, bots=(Bot("live", first / "logs"),)), as_of_mtime=True)
