"""A bot's day with an incident in it, from its files to a verdict: all of it simulated."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest import Bot, Settings, WatchhouseError, open_session
from watchhouse.build import build
from watchhouse.world import Incident, World, play

LOOPS = 1440
INCIDENT_LOOP = 1260
START = datetime(2026, 2, 3, tzinfo=UTC)
STORY = (
    "A simulated bot's day: at 21:00 its TP/SL registry loses the open positions, and they fall."
)
MARKER = "simulated"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Demo:
    """Where the simulated bot's warehouse is, and the last instant of its day (UTC, naive)."""

    settings: Settings
    last_at: datetime


def day() -> World:
    """24 hours of one-minute loops with the exits lost for the last three."""
    lost = Incident(kind="registry_gap", first_loop=INCIDENT_LOOP)
    return World(start=START, loops=LOOPS, incidents=(lost,), sync_state=False)


def run_demo(settings: Settings, world: World, progress: Progress | None = None) -> Demo:
    """Play a world, read it loop by loop as a live bot is read, build and publish.

    The demo has a home of its own, `<home>/demo`, made afresh each time. WatchhouseError when
    that folder holds something else, or when the models do not build.
    """
    home = _fresh(settings.home / "demo")
    logs, config = home / "bot" / "logs", home / "bot" / "config"
    logs.mkdir(parents=True)
    config.mkdir()
    bot = Bot("demo", logs, config, None)
    own = Settings(home, settings.project, (bot,))
    last_at = world.start.replace(tzinfo=None)
    with open_session(own) as session:
        for look in play(world, logs, config):
            session.poll(look.at)
            last_at = look.at.astimezone(UTC).replace(tzinfo=None)
            if progress:
                progress(min(look.loop + 1, world.loops), world.loops)
    if not build(own).is_good:
        raise WatchhouseError("the models did not build", "see dbt's words above")
    return Demo(own, last_at)


def _fresh(home: Path) -> Path:
    marker = home / MARKER
    if home.exists() and not marker.exists():
        raise WatchhouseError(f"{home} is not a demo's home; left as it is", "another --home")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o700)
    marker.touch()
    return home
