"""One home under two versions of DuckDB: what one writes, the other reads and goes on with."""

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import duckdb
import pytest
from sick_bot import SickBot

from watchhouse.world import World, play

ROOT = Path(__file__).parents[2]
FIRST = Path(sys.executable)
SECOND = ROOT / ".venv" / "second" / "bin" / "python"
pytestmark = pytest.mark.skipif(not SECOND.exists(), reason="no second DuckDB here: make second")


def watchhouse(python: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [python, "-m", "watchhouse.cli", "--home", home, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def verdict(python: Path, home: Path, as_of: str) -> dict[str, object]:
    run = watchhouse(python, home, "check", "--as-of", as_of, "--format", "json")
    told: dict[str, object] = json.loads(run.stdout)
    return told


def test_the_second_is_another_version() -> None:
    ask = [SECOND, "-c", "import duckdb; print(duckdb.__version__)"]
    version = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    assert version.split(".")[0] != duckdb.__version__.split(".")[0]


def test_both_take_turns_at_one_home(tmp_path: Path) -> None:
    home, logs, config = (tmp_path / name for name in ("home", "logs", "config"))
    logs.mkdir()
    config.mkdir()
    bot = f"main={logs},config={config}"
    world = play(World(loops=12), logs, config)
    for python, other in ((FIRST, SECOND), (SECOND, FIRST), (FIRST, SECOND)):
        *_, last = islice(world, 4)
        run = watchhouse(python, home, "ingest", "--bot", bot, "--observed-at", last.at.isoformat())
        assert run.returncode == 0, run.stderr
        run = watchhouse(other, home, "archive")  # files of one version, merged by the other
        assert "diagnostics\tmain\tmonth=" in run.stdout, run.stderr
    for python in (FIRST, SECOND):
        run = watchhouse(python, home, "ingest", "--verify", "--bot", bot)
        assert (run.returncode, run.stdout) == (0, ""), run.stderr
    built = watchhouse(SECOND, home, "build")
    assert built.returncode == 0, built.stderr
    by_second = verdict(SECOND, home, last.at.isoformat())
    assert by_second["coverage"]
    assert by_second == verdict(FIRST, home, last.at.isoformat())
    assert watchhouse(FIRST, home, "publish").returncode == 0
    assert by_second == verdict(SECOND, home, last.at.isoformat())


def test_the_second_judges_what_the_first_built(sick: SickBot) -> None:
    at = sick.last_at.isoformat()
    found = verdict(FIRST, sick.home, at)
    assert found["verdict"] == "crit"
    assert found == verdict(SECOND, sick.home, at)
