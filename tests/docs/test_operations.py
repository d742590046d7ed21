"""The units, the cron lines and the backup of docs/operations.md do what the page says."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from cronsim import CronSim

from ingest import Bot, load_settings, open_session
from ingest.publish import publish
from ingest.settings import Settings, write_settings
from ingest.store import connect_live
from ingest.verify import verify
from watchhouse.cli import cli
from watchhouse.notify import read_targets
from watchhouse.run.plan import read_plan
from watchhouse.world import Look, World, play

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")


@needs_systemd
def test_systemd_knows_every_line_of_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # Here the command lies elsewhere; every other line is as it is installed.
        (tmp_path / unit.name).write_text(
            re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", unit.read_text(), flags=re.M)
        )
    command = [ANALYZE, "verify", *map(str, sorted(tmp_path.iterdir()))]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in run.stderr.splitlines() if "watchhouse" in line]
    assert (run.returncode, told) == (0, [])


@needs_systemd
@pytest.mark.parametrize("unit", [u for u in UNITS if u.suffix == ".service"], ids=lambda u: u.name)
def test_services_are_hardened(unit: Path) -> None:
    # In tenths: 100 is a service without protection, 20 is what systemd calls OK.
    command = [ANALYZE, "security", "--offline=true", "--threshold=20", str(unit)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:]


def test_units_run_commands_that_exist() -> None:
    named = [name for u in UNITS for name in re.findall(r"bin/watchhouse ([a-z]+)", u.read_text())]
    assert len(named) == 2
    assert {*named} <= set(cli.commands)


def test_cron_lines_are_five_fields_a_user_and_a_command() -> None:
    lines = (DEPLOY / "watchhouse.cron").read_text().splitlines()
    jobs = [line for line in lines if re.match(r"[*\d]", line)]
    assert len(jobs) == 3
    for job in jobs:
        *fields, user, command = job.split(maxsplit=6)
        assert next(CronSim(" ".join(fields), datetime(2026, 1, 1, tzinfo=UTC)))
        assert user in ("watchhouse", "root")
        assert "%" not in command  # cron would end the line there
        assert {*re.findall(r"\bwatchhouse ([a-z]+)", command)} <= set(cli.commands)


def test_the_settings_of_the_page_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    (tmp_path / "settings.toml").write_text(text.split("```toml\n")[1].split("```")[0])
    for name in re.findall(r"\$\{(\w+)\}", text):
        monkeypatch.setenv(name, "x")
    settings = load_settings(tmp_path)
    assert read_plan(settings).reports == {"24h": "5 0 * * *"}
    assert read_targets(settings).urls == ("tgram://x/x",)


def test_what_was_backed_up_goes_on_in_another_home(tmp_path: Path) -> None:
    logs, config = tmp_path / "logs", tmp_path / "config"
    logs.mkdir()
    config.mkdir()
    first = Settings(tmp_path / "home", ROOT, (Bot("main", logs, config),))
    write_settings(first)
    world = play(World(loops=20), logs, config)
    poll(first, world, 10)
    publish(first)
    backup = ["bash", str(DEPLOY / "backup.sh"), str(first.home), str(tmp_path / "backups")]
    subprocess.run(backup, check=True)
    poll(first, world, 9)  # after the backup, and gone with the first home
    lines = count(first)
    shutil.rmtree(first.home)
    [day] = (tmp_path / "backups").iterdir()
    shutil.copytree(day, tmp_path / "other")
    restored = load_settings(tmp_path / "other")
    poll(restored, world, 1)
    assert count(restored) >= lines
    assert verify(restored).differences == []  # each line of the bot's files is there once


def poll(settings: Settings, world: Iterator[Look], loops: int) -> None:
    with open_session(settings) as session:
        for look in islice(world, loops):
            session.poll(look.at)


def count(settings: Settings) -> int:
    streams = ("risk_vetoes", "orders_attempted", "orders_executed", "order_metrics")
    with connect_live(settings) as db:
        each = [db.execute(f"select count(*) from raw.{name}").fetchall()[0][0] for name in streams]
    assert all(each)
    return sum(each)
