"""A bot with troubles and one that never wrote a file, read loop by loop and built once."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from ingest import Bot, load_settings, open_session
from ingest.settings import Settings
from watchhouse.world import Incident, World, play

ROOT = Path(__file__).parents[1]
TROUBLES = (
    Incident("damage", 40, file="state/positions_state.json", how="torn"),
    Incident("veto_storm", 50, 70),
    Incident("nav_spike", 75, 78),
    Incident("registry_gap", 90),
)


@dataclass(frozen=True)
class SickBot:
    """The home of `main` and `spare`; nobody looked within `gap`. Times are UTC, naive."""

    home: Path
    last_at: datetime
    gap: tuple[datetime, datetime]


def live_through(home: Path) -> SickBot:
    """Two and a half hours: a torn file, a refusing gate, a NAV that jumps, a lost registry."""
    logs, config, spare = home / "bot" / "logs", home / "bot" / "config", home / "spare"
    for folder in (logs, config, spare):
        folder.mkdir(parents=True)
    world = World(loops=150, incidents=TROUBLES, sync_state=False)
    looks = []
    with open_session(Settings(home, ROOT, (Bot("main", logs, config), Bot("spare", spare)))) as it:
        for look in play(world, logs, config):
            if not 20 < look.loop < 33:
                it.poll(look.at)
                looks.append(look.at.replace(tzinfo=None))
    gap = max(pairwise(looks), key=lambda pair: pair[1] - pair[0])
    assert gap[1] - gap[0] > timedelta(minutes=10)
    build(home)
    return SickBot(home, looks[-1], gap)


def build(home: Path) -> Path:
    """`watchhouse build` in a process of its own: dbt keeps state and leaves files open."""
    command = [sys.executable, "-m", "watchhouse.cli", "--home", str(home), "build"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    # A failed model is the failure of its own tests; here only the file counts.
    assert load_settings(home).published_file.exists(), run.stderr + run.stdout
    return home
