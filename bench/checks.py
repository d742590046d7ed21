"""python -m bench.checks --home HOME: how fast a warehouse is judged.

`check` as a whole process beside a Python that only opens the file; a backtest of minutes up to the
last look beside the same `check` asked minute by minute; `dbt test` of the checks beside an empty
project with as many tests of nothing.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import click

from ingest.settings import Settings, load_settings
from watchhouse.backtest import instants
from watchhouse.catalog import open_published, read_catalog
from watchhouse.check import run_checks

_OPEN = "import sys, duckdb; duckdb.connect(sys.argv[1], read_only=True).execute('select 1')"
_DBT = "from dbt.cli.main import cli; cli()"
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
    _dbt(settings, rounds)
    _backtest(settings, days)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def _process(settings: Settings, rounds: int) -> None:
    last, count = _asked(settings)
    words = ["-m", "watchhouse.cli", "--home", str(settings.home), "check", "--as-of", str(last)]
    cases = {
        f"check of {count} checks, the whole process": words,
        "Python that opens the file": ["-c", _OPEN, str(settings.published_file)],
    }
    _tell(_in_turn(cases, settings, rounds))


def _asked(settings: Settings) -> tuple[datetime, int]:
    """The last look at any bot (UTC) and how many checks there are."""
    with open_published(settings) as connection:
        [(last,)] = connection.execute(_LAST).fetchall()
        return last, len(read_catalog(connection).checks)


def _dbt(settings: Settings, rounds: int) -> None:
    last, count = _asked(settings)
    with tempfile.TemporaryDirectory() as name:
        empty = _empty_project(Path(name) / "empty", count)
        # A folder each for what dbt has parsed: as at home, only the first run parses everything.
        cases = {
            "dbt test of the checks": ["--select", "path:checks", "--vars", f"as_of: '{last}'"],
            f"dbt test of {count} tests of nothing": ["--project-dir", str(empty)],
        }
        asked = ["-c", _DBT, "test", "--target", "published"]
        asked += ["--profiles-dir", str(settings.project)]
        for number, (what, words) in enumerate(cases.items()):
            places = ["--target-path", f"{name}/{number}", "--log-path", f"{name}/{number}"]
            cases[what] = [*asked, *words, *places]
            _run(cases[what], settings)
        _tell(_in_turn(cases, settings, rounds))


def _in_turn(
    cases: dict[str, list[str]], settings: Settings, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """What each took in each round, one after another: a machine is not always as fast."""
    runs: dict[str, list[tuple[float, float]]] = {what: [] for what in cases}
    for _ in range(rounds):
        for what, words in cases.items():
            runs[what].append(_run(words, settings))
    return runs


def _empty_project(folder: Path, count: int) -> Path:
    (folder / "tests").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("{name: empty, version: '1.0.0', profile: watchhouse}")
    for number in range(count):
        (folder / "tests" / f"nothing_{number}.sql").write_text("select 1 where false")
    return folder


def _run(words: list[str], settings: Settings) -> tuple[float, float]:
    """Seconds on the wall and of CPU time of a Python process, which must not fail."""
    before, start = os.times(), time.perf_counter()
    home = os.environ | {"WATCHHOUSE_HOME": str(settings.home)}
    command = [sys.executable, *words]
    run = subprocess.run(command, capture_output=True, cwd=settings.project, env=home, check=False)
    wall, after = time.perf_counter() - start, os.times()
    if b"Traceback" in run.stderr or b"Encountered an error" in run.stdout:
        raise click.ClickException((run.stdout + run.stderr).decode())
    used = after.children_user + after.children_system
    return wall, used - before.children_user - before.children_system


def _backtest(settings: Settings, days: int) -> None:
    last, _ = _asked(settings)
    with open_published(settings) as connection:
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


def _tell(cases: dict[str, list[tuple[float, float]]]) -> None:
    """The medians of each case, and that of the first over the last, round by round."""
    for what, runs in cases.items():
        wall, used = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{what:<44}{wall:8.2f} s, {used:.2f} s of CPU time")
    first, *_, last = cases.values()
    ratio = statistics.median(one[0] / other[0] for one, other in zip(first, last, strict=True))
    print(f"{'':<44}{ratio:8.2f} times")


if __name__ == "__main__":
    main()
