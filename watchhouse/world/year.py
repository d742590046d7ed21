"""A busy bot's many days: some are lived loop by loop, the older ones are copies of one of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from ingest import Bot, Settings, open_session
from ingest.store import create_live
from watchhouse.world.days import copy_days
from watchhouse.world.knobs import Incident, World
from watchhouse.world.play import play

LOOPS_A_DAY = 1440
LIVED_DAYS = 4  # the first, the one that is copied, and two more: the last three are lived
LAST_DAY = datetime(2026, 3, 31, tzinfo=UTC)
# No entries before midnight, so that every day begins and ends with nothing open.
_PAUSE_LOOPS = 45
MINUTES_AFTER = 10
_LIVED = "lived"

Progress = Callable[[str], None]


def busy_days(days: int, seed: int = 7) -> World:
    """The last `days` days up to LAST_DAY and some minutes; a new process every midnight."""
    incidents = []
    for day in range(1, days + 1):
        midnight = day * LOOPS_A_DAY
        incidents.append(Incident("screener_stall", midnight - _PAUSE_LOOPS, midnight - 1))
        incidents.append(Incident("executor_restart", midnight))
    return World(
        seed=seed,
        start=LAST_DAY - timedelta(days=days - 1),
        loops=days * LOOPS_A_DAY + MINUTES_AFTER,
        nav=100_000.0,
        incidents=tuple(incidents),
        sync_state=False,  # its NAV series alone would be two thirds of all bytes
    )


def settings_of(home: Path, project: Path) -> Settings:
    """The home's settings: one bot, `main`, whose files lie in the home."""
    logs, config = home / "bot" / "logs", home / "bot" / "config"
    return Settings(home, project, (Bot("main", logs, config, logs / "exec.log"),))


def write_days(
    settings: Settings, days: int, pool: Path, seed: int = 7, progress: Progress | None = None
) -> None:
    """Fill a fresh home with a bot's last `days` days; the same rows for the same seed.

    The last three days (all, up to four) went through ingest; their home is kept in `pool`, as
    living them takes minutes. `<home>/next/NN` holds the bot's files of the minutes after them.
    Raises FileExistsError for a home that is there.
    """
    count = min(days, LIVED_DAYS)
    lived = pool / f"{count}-days-of-seed-{seed}"
    if not (lived / _LIVED).exists():
        _live(settings_of(lived, settings.project), busy_days(count, seed), progress)
    older = days - count
    ignore = shutil.ignore_patterns("warehouse.duckdb" if older else "", _LIVED)
    shutil.copytree(lived, settings.home, ignore=ignore)
    if older:
        create_live(settings)
    with duckdb.connect(str(settings.live_file)) as connection:
        if older:
            first = (LAST_DAY - timedelta(days=count - 1)).replace(tzinfo=None)
            source = settings_of(lived, settings.project).live_file
            copy_days(connection, source, settings, first, older, progress)
        moved = "update raw.bots set path = replace(path, ?, ?)"
        connection.execute(moved, [str(lived), str(settings.home)])


def live_a_minute(settings: Settings, number: int) -> datetime:
    """Put the bot's files as they were `number` minutes (from 0) after the last day, and read."""
    logs = settings.bots[0].logs
    shutil.copytree(settings.home / "next" / f"{number:02}", logs, dirs_exist_ok=True)
    at = datetime.fromtimestamp(max(p.stat().st_mtime for p in logs.rglob("*") if p.is_file()), UTC)
    with open_session(settings) as session:
        session.poll(at)
    return at


def _live(settings: Settings, world: World, progress: Progress | None) -> None:
    shutil.rmtree(settings.home, ignore_errors=True)
    bot = settings.bots[0]
    bot.logs.mkdir(parents=True)
    (settings.home / "bot" / "config").mkdir()
    with open_session(settings) as session:
        for look in play(world, bot.logs, bot.config):
            after = look.loop - (world.loops - MINUTES_AFTER)
            if after >= 0:
                shutil.copytree(bot.logs, settings.home / "next" / f"{after:02}")
                continue
            session.poll(look.at)
            if after == -1:
                shutil.copytree(bot.logs, settings.home / "last")
            if progress and look.loop % LOOPS_A_DAY == 0:
                progress(f"living {look.at:%Y-%m-%d}")
    shutil.rmtree(bot.logs)
    (settings.home / "last").rename(bot.logs)
    (settings.home / _LIVED).touch()
