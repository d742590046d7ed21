"""python -m bench.checks --home HOME: how fast a warehouse is judged.

`check` as a whole process beside a Python that only opens the file; a backtest of minutes up to the
last look beside the same `check` asked minute by minute.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import click

from ingest.settings import Settings, load_settings
from watchhouse.backtest import instants
from watchhouse.catalog import open_published, read_catalog
from watchhouse.check import run_checks

_OPEN = "import sys, duckdb; duckdb.connect(sys.argv[1], read_only=True).execute('select 1')"
_LAST = "select max(polled_at) from raw.polls"


@click.command()
@click.option("--home", required=True, type=click.Path(path_type=Path), help="A built home.")
@click.option("--days", default=30, show_default=True, help="Days of minutes to judge.")
@click.option("--rounds", default=5, show_default=True, help="Rounds of the whole process.")
def main(home: Path, days: int, rounds: int) -> None:
    """The figures of one home, with the load of the machine they were taken under."""
    settings = load_settings(home)
    size = settings.published_file.stat().st_size / 1e6
    print(f"{size:.0f} MB; {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start")
    _process(settings, rounds)
    _backtest(settings, days)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def _process(settings: Settings, rounds: int) -> None:
    with open_published(settings) as connection:
        [(last,)] = connection.execute(_LAST).fetchall()
        count = len(read_catalog(connection).checks)
    words = ["-m", "watchhouse.cli", "--home", str(settings.home), "check", "--as-of", str(last)]
    asked = [_run(words) for _ in range(rounds)]
    opened = [_run(["-c", _OPEN, str(settings.published_file)]) for _ in range(rounds)]
    _tell(f"check of {count} checks, the whole process", asked)
    _tell("Python that opens the file", opened)


def _run(words: list[str]) -> tuple[float, float]:
    """Seconds on the wall and of CPU time of a Python process."""
    before, start = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *words], capture_output=True, check=False)
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system
    return wall, used - before.children_user - before.children_system


def _backtest(settings: Settings, days: int) -> None:
    with open_published(settings) as connection:
        [(last,)] = connection.execute(_LAST).fetchall()
        catalog = read_catalog(connection)
        grid = instants(last - timedelta(days=days), last, timedelta(minutes=1))
        all_at_once = _timed(partial(run_checks, connection, catalog, grid))
        some = grid[:: max(1, len(grid) // 5)][:5]
        each = statistics.median(
            _timed(partial(run_checks, connection, catalog, [at])) for at in some
        )
    print(f"{'backtest of ' + str(len(grid)) + ' minutes':<44}{all_at_once:8.2f} s")
    factor = each * len(grid) / all_at_once
    print(
        f"{'the same asked one by one, in one process':<44}{each * len(grid):8.0f} s, x{factor:.0f}"
    )


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _tell(what: str, runs: list[tuple[float, float]]) -> None:
    wall, used = (statistics.median(column) for column in zip(*runs, strict=True))
    print(f"{what:<44}{wall:8.2f} s, {used:.2f} s of CPU time")


if __name__ == "__main__":
    main()
