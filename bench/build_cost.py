"""python -m bench.build_cost --folder …: a build after one new minute, by days of history.

Each size is a home of `python -m bench.year`, built whole once; then a few rounds, in each of which
every home gets a minute and is built, and dbt starts up for a project without a model. Ratios are
over that start-up and of one round: a machine is not as fast in every minute. What else it does is
in the seconds on the wall; those of CPU time are the ones to compare.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
import duckdb

from ingest import load_settings
from ingest.settings import Settings
from watchhouse.world.year import live_a_minute, settings_of

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
    print(f"\n{'days':>5}{'whole: s':>10}{'CPU s':>8}{'MiB':>7}{'marts, MB a bot-year':>22}")
    homes = {count: _home(folder / f"{count}-days", count, pool) for count in days}
    print(
        f"\n{'days':>5}{'a minute: s':>13}{'CPU s':>8}{'MiB':>7}{'over start-up':>15}"
        f"{'ratio, of each round':>28}"
    )
    rounds = [_round(folder, homes, number) for number in range(minutes)]
    for count in homes:
        costs = [costs[count] for _, costs in rounds]
        over = [costs[count].cpu_seconds - idle.cpu_seconds for idle, costs in rounds]
        first = [costs[days[0]].cpu_seconds - idle.cpu_seconds for idle, costs in rounds]
        ratios = [one / other for one, other in zip(over, first, strict=True)]
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(
            f"{count:5}{median(cost.seconds for cost in costs):13.1f}"
            f"{median(cost.cpu_seconds for cost in costs):8.1f}"
            f"{median(cost.peak_mib for cost in costs):7.0f}{median(over):15.1f}"
            f"{median(ratios):8.2f}  ({each})"
        )
    idle = median(idle.cpu_seconds for idle, _ in rounds)
    print(f"dbt's start-up: {idle:.1f} s CPU; load {os.getloadavg()[0]:.1f} at the end")


def _home(place: Path, days: int, pool: Path | None) -> Settings:
    """A home of that many days, built whole; made anew, as a minute can be lived but once."""
    shutil.rmtree(place, ignore_errors=True)
    # In a process of its own: what this one held at most would count as its children's memory.
    words = ["-m", "bench.year", "--days", str(days), "--home", str(place)]
    subprocess.run([sys.executable, *words, *(("--pool", str(pool)) if pool else ())], check=True)
    settings = settings_of(place, load_settings(place).project)
    whole, marts = _build(settings, "--full-refresh"), _marts_mb(settings) / days * 365
    print(
        f"{days:5}{whole.seconds:10.1f}{whole.cpu_seconds:8.1f}{whole.peak_mib:7.0f}{marts:22.0f}",
        flush=True,
    )
    return settings


def _round(folder: Path, homes: dict[int, Settings], number: int) -> tuple[Cost, dict[int, Cost]]:
    """What dbt's start-up and a build of each home after its next minute took."""
    idle = _nothing(folder / "nothing")
    return idle, {count: _minute(settings, number) for count, settings in homes.items()}


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
