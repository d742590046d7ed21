"""A build of what newer loads touched leaves the tables that a build of everything leaves."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from ingest import Bot, Settings, open_session
from tests.dbt.healthy_bot import ROOT, Built
from tests.dbt.same_tables import differing


def run_models(home: Path, *flags: str) -> None:
    """dbt's models on a home, without their tests, in a process of its own."""
    folders = ["--target-path", str(home / "dbt"), "--log-path", str(home / "dbt")]
    command = [sys.executable, "-m", "dbt.cli.main", "run", "-q", *folders, *flags]
    environment = os.environ | {"WATCHHOUSE_HOME": str(home)}
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )
    assert run.returncode == 0, run.stdout + run.stderr


def read_again(home: Path, at: datetime) -> None:
    """A look after: a refusal logged two hours late, a changed line, state files written anew."""
    logs = home / "bot" / "logs"
    vetoes = logs / "execution" / "risk_vetoes.jsonl"
    lines = vetoes.read_text().splitlines()
    late = json.loads(lines[-1]) | {"ts": (at - timedelta(hours=2)).isoformat()}
    orders = logs / "execution" / "orders_executed.jsonl"
    first, *rest = orders.read_text().splitlines()
    changed = [line.replace('"latency_ms": 34.2', '"latency_ms": 43.2') for line in rest[:20]]
    assert changed != rest[:20]
    vetoes.write_text("\n".join([*lines, json.dumps(late)]) + "\n")
    orders.write_text("\n".join([first, *changed, *rest[20:]]) + "\n")
    for name in ("nav", "diagnostics", "positions_state"):
        state = logs / "state" / f"{name}.json"
        stamp = {"updated_ts": at.isoformat()}
        state.write_text(json.dumps(json.loads(state.read_text()) | stamp))
    bot = Bot("main", logs, home / "bot" / "config", logs / "exec.log")
    with open_session(Settings(home, ROOT, (bot,))) as session:
        session.poll(at)


@pytest.fixture(scope="module")
def homes(healthy: Built, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home built before and after another look, and one built anew after it."""
    home, other = (tmp_path_factory.mktemp(name) / "home" for name in ("touched", "whole"))
    shutil.copytree(healthy.home, home)
    read_again(home, healthy.looks[-1].replace(tzinfo=UTC) + timedelta(minutes=1))
    shutil.copytree(home, other)
    run_models(home)
    run_models(other, "--full-refresh")
    return home, other


def test_touched_rows_are_replaced_as_if_all_were_built(homes: tuple[Path, Path]) -> None:
    assert differing(*homes) == []


def test_both_builds_know_what_they_hold(homes: tuple[Path, Path]) -> None:
    """Without the first build's watermark the second one would have built everything."""
    with duckdb.connect(homes[0] / "live" / "warehouse.duckdb", read_only=True) as connection:
        loads = "select watermark from raw.builds where model = 'fct_surface_health' order by 1"
        marks = [mark for (mark,) in connection.execute(loads).fetchall()]
        (last,) = connection.execute("select max(load_id) from raw.polls").fetchall()[0]
        assert marks == [last - 1, last]
