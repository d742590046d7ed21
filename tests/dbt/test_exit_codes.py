"""What `watchhouse check` and `dbt test` exit with: the table of docs/operations.md, as run."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from healthy_bot import ROOT, Built

from ingest.lock import writer_lock
from ingest.settings import load_settings
from watchhouse.cli import main

NAV, EXPIRED = "nav_is_not_live", "exception_has_expired"


@dataclass(frozen=True)
class Case:
    """A question, and what is to come of it."""

    home: Path
    as_of: datetime
    check: int
    dbt: int
    select: str = NAV
    target: str = "published"

    def asked_of_check(self) -> int:
        words = ["check", "--as-of", str(self.as_of), "--select", self.select]
        return main(["--home", str(self.home), *words])

    def asked_of_dbt(self) -> tuple[str, list[str]]:
        words = ["--vars", f"as_of: '{self.as_of}'", "--target", self.target, "--no-write-json"]
        return str(self.home), ["test", "--select", self.select, *words]


@pytest.fixture
def cases(healthy: Built, tmp_path: Path) -> dict[str, Case]:
    last = healthy.looks[-1]
    sick, empty = copy_of(healthy, tmp_path / "sick"), copy_of(healthy, tmp_path / "empty")
    with duckdb.connect(sick / "warehouse.duckdb") as db:
        [(proof,)] = db.execute(f"select proof from meta.checks where name = '{NAV}'").fetchall()
        db.execute(proof)
        row = [NAV, None, "moved", last]
        db.execute("insert into seeds.check_exceptions values (?, ?, ?, ?)", row)
    with duckdb.connect(empty / "warehouse.duckdb") as db:
        kept = "schema_name <> 'meta' and not temporary"
        tables = db.execute(f"select schema_name, table_name from duckdb_tables() where {kept}")
        for schema, table in tables.fetchall():
            db.execute(f'delete from "{schema}"."{table}"')
    return {
        "well": Case(healthy.home, last, 0, 0),
        "a warning": Case(sick, last, 1, 0, EXPIRED),
        "something critical": Case(sick, last, 2, 1),
        "stale input": Case(healthy.home, last + timedelta(hours=1), 3, 1),
        "an empty warehouse": Case(empty, last, 3, 1),
        "no warehouse": Case(tmp_path / "none", last, 3, 2),
        "a writer holds the live file": Case(healthy.home, last, 0, 2, target="live"),
        "a selector that matches nothing": Case(healthy.home, last, 3, 2, "path:chekcs"),
    }


def copy_of(healthy: Built, home: Path) -> Path:
    home.mkdir()
    shutil.copyfile(healthy.home / "warehouse.duckdb", home / "warehouse.duckdb")
    return home


def test_each_situation_has_its_exit_code(healthy: Built, cases: dict[str, Case]) -> None:
    with writer_lock(load_settings(healthy.home)):
        of_check = {name: case.asked_of_check() for name, case in cases.items()}
        of_dbt = ask_dbt(healthy, [case.asked_of_dbt() for case in cases.values()])
    assert of_check == {name: case.check for name, case in cases.items()}
    assert dict(zip(cases, of_dbt, strict=True)) == {name: case.dbt for name, case in cases.items()}


def ask_dbt(healthy: Built, asked: list[tuple[str, list[str]]]) -> list[int]:
    places = ["--target-path", str(healthy.home / "dbt"), "--log-path", str(healthy.home / "dbt")]
    run = subprocess.run(
        [sys.executable, Path(__file__).with_name("ask_dbt.py"), json.dumps([asked, places])],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | {"WATCHHOUSE_LOCK_WAIT_SECONDS": "0"},
    )
    return [code for code, _ in json.loads(run.stdout)]
