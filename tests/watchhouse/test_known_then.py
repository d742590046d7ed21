"""`--known-then` starts from what a warehouse would hold that had been fed only that far."""

import os
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import duckdb
import pytest

from ingest.publish import publish
from ingest.registry import load_registry
from ingest.replay import read_frames, replay
from ingest.settings import Settings, load_settings
from ingest.store import tables
from watchhouse.cli import main
from watchhouse.known_then import fill

RECORDINGS = Path(__file__).parents[2].parent / "shared/data/recordings"
RECORDING = RECORDINGS / "telemetry_corruption"
SEED = int(os.environ.get("WATCHHOUSE_SOAK_SEED", "1"))
INSTANTS = 20
# What a later look changes in place (raw.files is ingest's memory, no model reads it), and clocks.
NOT_COMPARED = {"files", "builds"}
VOLATILE = {"committed_at", "path"}


def rows(settings: Settings, file: Path) -> dict[str, Counter[str]]:
    found = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        for table, columns in tables(load_registry(settings.registry_file)).items():
            if table not in NOT_COMPARED:
                names = ", ".join(f'"{name}"' for name in columns if name not in VOLATILE)
                result = connection.execute(f'select {names} from raw."{table}"')
                found[table] = Counter(map(repr, result.fetchall()))
    return found


@pytest.mark.parametrize("frame", [9, 27])
def test_rows_known_then_are_those_of_a_warehouse_fed_only_that_far(
    fed: Settings, tmp_path: Path, frame: int
) -> None:
    then = replace(fed, home=tmp_path / "then")
    fill(fed, then, at(frame))
    short = load_settings(tmp_path / "short")
    replay(short, RECORDING, upto=frame, bot="main")
    held, expected = rows(fed, then.live_file), rows(fed, short.live_file)
    assert {name for name in held if held[name] != expected[name]} == set()
    assert sum(counter.total() for counter in held.values()) > 50


@pytest.mark.skipif("WATCHHOUSE_SOAK_SECONDS" not in os.environ, reason="minutes: make soak")
@pytest.mark.parametrize("name", sorted(folder.name for folder in RECORDINGS.glob("*/")))
def test_rows_known_at_any_instant_are_those_of_a_warehouse_fed_that_far(
    tmp_path: Path, name: str
) -> None:
    """The models are a function of these rows, so verdicts are the same too."""
    recording = RECORDINGS / name
    whole, short = load_settings(tmp_path / "whole"), load_settings(tmp_path / "short")
    replay(whole, recording, bot="main")
    publish(whole)
    frames = read_frames(recording)
    start = 0
    for last in sorted(Random(SEED).sample(range(len(frames)), INSTANTS)):
        replay(short, recording, start=frames[start].number, upto=frames[last].number, bot="main")
        start = last + 1
        then = replace(whole, home=tmp_path / f"then-{last}")
        fill(whole, then, frames[last].at)
        held, expected = rows(whole, then.live_file), rows(whole, short.live_file)
        different = {table for table in held if held[table] != expected[table]}
        assert different == set(), f"{name}, seed {SEED}, frame {frames[last].number}"


def at(frame: int) -> datetime:
    return next(one.at for one in read_frames(RECORDING) if one.number == frame)


def test_without_an_instant_there_is_no_then(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(home), "check", "--known-then"]) == 3
    assert "hint: --as-of TIME" in capsys.readouterr().err
