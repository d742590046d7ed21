"""python -m bench.build_cost --folder …: a build after one new minute, by days of history.

Each size is a home of `python -m bench.year`, built whole once, then after each of a few minutes.
Ratios are over dbt's own start-up, which is a build of a project without a model. What else the
machine does is in the seconds on the wall; those of CPU time are the ones to compare.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import duckdb

from ingest import load_settings
from ingest.settings import Settings
from watchhouse.world.year import live_a_minute, settings_of, write_days

_MARTS = (
    "select table_name from duckdb_tables() where database_name = 'live' and schema_name = 'main'"
)
_PROJECT = "name: nothing\nprofile: nothing\n"
_PROFILE = "nothing: {target: it, outputs: {it: {type: duckdb, path: ':memory:'}}}\n"


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds on the wall, of CPU time, and MiB of memory at most."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


@click.command()
@click.option("--days", multiple=True, default=(1, 30, 365), show_default=True, type=int)
@click.option("--minutes", default=3, show_default=True, help="New minutes, a build after each.")
@click.option("--folder", required=True, type=click.Path(path_type=Path), help="For the homes.")
@click.option("--pool", type=click.Path(path_type=Path), help="Lived days [FOLDER/pool]")
def main(days: tuple[int, ...], minutes: int, folder: Path, pool: Path | None) -> None:
    """One line per size, each beside the first."""
    folder = folder.resolve()
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start")
    idle = _cheapest([_nothing(folder / "nothing") for _ in range(3)])
    print(f"dbt's start-up: {idle.seconds:.1f} s, {idle.cpu_seconds:.1f} s CPU")
    print(
        f"\n{'days':>5}{'whole: s':>10}{'CPU s':>8}{'MiB':>7}"
        f"{'minute: s':>11}{'CPU s':>8}{'MiB':>7}"
        f"{'over start-up':>15}{'ratio':>8}{'marts, MB a bot-year':>22}"
    )
    first = 0.0
    for count in days:
        settings = _home(folder / f"{count}-days", count, pool or folder / "pool")
        whole = _build(settings, "--full-refresh")
        news = _cheapest([_minute(settings, number) for number in range(minutes)])
        over = news.cpu_seconds - idle.cpu_seconds
        first = first or over
        print(
            f"{count:5}{whole.seconds:10.1f}{whole.cpu_seconds:8.1f}{whole.peak_mib:7.0f}"
            f"{news.seconds:11.1f}{news.cpu_seconds:8.1f}{news.peak_mib:7.0f}"
            f"{over:15.1f}{over / first:8.2f}{_marts_mb(settings) / count * 365:22.0f}",
            flush=True,
        )
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _home(place: Path, days: int, pool: Path) -> Settings:
    """A home of that many days, made anew: a minute can be lived but once."""
    shutil.rmtree(place, ignore_errors=True)
    settings = settings_of(place, load_settings(place).project)
    write_days(settings, days, pool, progress=partial(print, file=sys.stderr))
    return settings


def _minute(settings: Settings, number: int) -> Cost:
    live_a_minute(settings, number)
    return _build(settings)


def _build(settings: Settings, *flags: str) -> Cost:
    """A build without publishing, whose copy is of the raw tables too."""
    words = ["-m", "watchhouse.cli", "--home", str(settings.home), "build", "--no-publish"]
    return _measured([*words, *flags], settings.project)


def _nothing(project: Path) -> Cost:
    project.mkdir(parents=True, exist_ok=True)
    (project / "dbt_project.yml").write_text(_PROJECT)
    (project / "profiles.yml").write_text(_PROFILE)
    return _measured(["-m", "dbt.cli.main", "build"], project)


def _measured(words: list[str], place: Path) -> Cost:
    """What a Python process took; RuntimeError with its last words when it failed."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([sys.executable, *words], stdout=said, stderr=said, cwd=place)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(said.read().decode()[-3000:])
    seconds = time.perf_counter() - begun
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _cheapest(costs: list[Cost]) -> Cost:
    """The least of each kind of seconds: what else ran only ever adds; the median of the memory."""
    return Cost(
        min(cost.seconds for cost in costs),
        min(cost.cpu_seconds for cost in costs),
        statistics.median(cost.peak_mib for cost in costs),
    )


def _marts_mb(settings: Settings) -> float:
    """MB of the marts alone, in a file of their own."""
    alone = settings.home / "marts.duckdb"
    alone.unlink(missing_ok=True)
    with duckdb.connect(str(alone)) as connection:
        connection.execute(f"attach '{settings.live_file}' as live (read_only)")
        for (name,) in connection.execute(_MARTS).fetchall():
            connection.execute(f"create table {name} as from live.main.{name}")
    return alone.stat().st_size / 1e6


if __name__ == "__main__":
    main()
