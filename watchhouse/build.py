"""`dbt build`, the checks' compiled text into the warehouse, publish."""

# ruff: noqa: PLC0415  (dbt takes seconds to import; the command line must not pay for it)

import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import yaml
from ingest.publish import publish

from ingest.errors import WatchhouseError
from ingest.lock import writer_lock
from ingest.settings import Settings
from ingest.store import connect_live
from watchhouse.header import parse_header
from watchhouse.instant import now

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner

LOCK_WAIT_SECONDS = 60
_DDL = """
create schema if not exists meta;
create or replace table meta.checks (
    name varchar, playbook varchar, compiled_sql varchar, means varchar, look_at varchar,
    do_text varchar, blind_to varchar, needs varchar[], explained_by varchar[],
    playbook_lines varchar[], proof varchar, file varchar, project_commit varchar,
    built_at timestamp
);
create or replace table meta.templates (name varchar, compiled_sql varchar);
create or replace table meta.vars (name varchar, value varchar);
"""


@dataclass(frozen=True)
class Built:
    """What a build did: whether all models are there, whether all their tests passed."""

    models_ok: bool
    tests_ok: bool
    checks: int
    published: bool


def build(settings: Settings, *, publish_it: bool = True, full_refresh: bool = False) -> Built:
    """Build every model, store the checks and publish; dbt's own words go to stderr.

    A failed model leaves the published file as it was: its neighbours would be of another load.
    A failed test of a model is told, and published. Raises `WatchhouseError` when dbt cannot run.
    """
    os.environ["WATCHHOUSE_HOME"] = str(settings.home)
    with writer_lock(settings, wait_seconds=LOCK_WAIT_SECONDS):
        models_ok, tests_ok, nodes = _run_dbt(settings, full_refresh)
        if not models_ok:
            return Built(False, tests_ok, 0, False)
        with connect_live(settings) as connection:
            checks = _store(connection, settings, nodes)
        if publish_it:
            publish(settings)
    return Built(True, tests_ok, checks, publish_it)


def _run_dbt(settings: Settings, full_refresh: bool) -> tuple[bool, bool, list[Any]]:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    from watchhouse import dbt_plugin

    runner = dbtRunner()
    try:
        with redirect_stdout(sys.stderr):
            flags = ["--full-refresh"] if full_refresh else []
            built = _invoke(runner, settings, "build", "--exclude", "path:checks", *flags)
            wrong = {r.node.resource_type for r in built.results if r.status not in _GOOD}
            if wrong - _TESTS:
                return False, not wrong & _TESTS, []
            select = ["--select", "path:checks", "path:analyses", "--quiet"]
            compiled = _invoke(runner, settings, "compile", *select)
            return True, not wrong, [r.node for r in compiled.results if _is_ours(r.node)]
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        dbt_plugin.release()


_GOOD = {"success", "pass", "warn", "no-op", "reused"}
_TESTS = {"test", "unit_test"}


def _invoke(runner: "dbtRunner", settings: Settings, *words: str) -> Any:
    folders = ["--project-dir", settings.project, "--profiles-dir", settings.project]
    kept = ["--target-path", settings.home / "dbt", "--log-path", settings.home / "dbt"]
    plain = not sys.stderr.isatty() or "NO_COLOR" in os.environ
    flags = ["--target", "live", "--no-use-colors" if plain else "--use-colors"]
    result = runner.invoke([*words, *flags, *map(str, folders + kept)])
    if result.exception is not None:
        # dbt has printed the reason; a second copy of it would bury the hint.
        raise WatchhouseError(f"dbt {words[0]} stopped; nothing published", "dbt's words above")
    return result.result


def _is_ours(node: Any) -> bool:
    return not getattr(node, "test_metadata", None)


def _store(connection: duckdb.DuckDBPyConnection, settings: Settings, nodes: list[Any]) -> int:
    commit, at = _commit(settings), now()
    checks = [[*_check_row(node), commit, at] for node in nodes if node.resource_type == "test"]
    templates = [[n.name, n.compiled_code] for n in nodes if n.resource_type == "analysis"]
    variables = [[*item] for item in _variables(settings).items()]
    connection.execute("begin")
    connection.execute(_DDL)
    for table, rows in (("checks", checks), ("templates", templates), ("vars", variables)):
        for row in rows:
            marks = ", ".join("?" * len(row))
            connection.execute(f"insert into meta.{table} values ({marks})", row)
    connection.execute("commit")
    return len(checks)


def _check_row(node: Any) -> list[Any]:
    header, meta = parse_header(node.raw_code), node.config.meta
    return [
        node.name,
        node.fqn[1],
        node.compiled_code,
        *(header.get(label) for label in ("Means", "Look at", "Do", "Blind to")),
        *([*map(str, meta.get(key) or [])] for key in ("needs", "explained_by", "playbook_lines")),
        meta.get("proof"),
        node.original_file_path,
    ]


def _variables(settings: Settings) -> dict[str, str]:
    project = yaml.safe_load((settings.project / "dbt_project.yml").read_text())
    return {name: json.dumps(value) for name, value in (project.get("vars") or {}).items()}


def _commit(settings: Settings) -> str | None:
    command = ["git", "-C", str(settings.project), "rev-parse", "HEAD"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return run.stdout.strip() or None
