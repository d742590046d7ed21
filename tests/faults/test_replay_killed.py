"""A recording replayed with a kill -9 every few frames ends with the same tables as without."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from children import nursery
from station import Station

from ingest import Settings, load_settings
from ingest.registry import load_registry
from ingest.replay import read_frames, replay
from ingest.store import tables

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "recordings"
SEED = int(os.environ.get("WATCHHOUSE_SOAK_SEED", "1"))
NAMES = ["telemetry_corruption"]
if "WATCHHOUSE_SOAK_SECONDS" in os.environ:
    NAMES += ["healthy", "nav_spike", "positions_stuck_veto_storm", "stalled_exits"]
# What differs by nature: the clock of the commit, inodes, the folder of the home, and when a file
# was last opened.
NOT_COMPARED = {"committed_at", "inode", "path", "mtime_ns", "last_seen_at"}


def contents(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with duckdb.connect(str(settings.live_file), read_only=True) as database:
        for table, columns in tables(load_registry(settings.registry_file)).items():
            names = ", ".join(f'"{name}"' for name in columns if name not in NOT_COMPARED)
            found[table] = database.sql(
                f'select {names} from raw."{table}" order by all'
            ).fetchall()
    return found


def frames_looked_at(settings: Settings) -> int:
    """Before the first commit there may be no table, or no file."""
    if not settings.live_file.exists():
        return 0
    with duckdb.connect(str(settings.live_file)) as database:
        try:
            return int(database.sql("select count(*) from raw.polls").fetchall()[0][0])
        except duckdb.CatalogException:
            return 0


@pytest.mark.parametrize("name", NAMES)
def test_kills_between_and_within_frames_change_no_table(station: Station, name: str) -> None:
    recording = RECORDINGS / name
    if not recording.is_dir():
        pytest.skip(f"no recordings at {RECORDINGS}")
    project = load_settings(station.folder).project
    plain = Settings(station.folder / "plain", project)
    killed = Settings(station.folder / "home", project)
    random, kills, start, frames = Random(SEED), 0, 0, read_frames(recording)
    if "WATCHHOUSE_SOAK_SECONDS" not in os.environ:
        frames = frames[:32]
    last = len(frames) - 1
    replay(plain, recording, bot="main", upto=last)
    patience = 200.0  # ms; longer after a kill that came before the first new frame
    with nursery(station, project) as children:
        while start < len(frames):
            code = children.run(random.uniform(0, patience), "replay", recording, start, last)
            assert code in (0, -9)
            kills += code == -9
            reached = frames_looked_at(killed)
            patience = 200.0 if reached > start else patience * 2
            start = reached
    print(f"{name}: {len(frames)} frames, {kills} kills, seed {SEED}")
    assert kills > 3
    expected, found = contents(plain), contents(killed)
    for table, rows in expected.items():
        assert found[table] == rows, table
