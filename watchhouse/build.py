"""`dbt build`, the checks' compiled text into the warehouse, publish."""

# ruff: noqa: PLC0415  (dbt takes seconds to import; the command line must not pay for it)

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import yaml

from ingest.errors import WatchhouseError
from ingest.lock import PATIENCE_SECONDS, writer_lock
from ingest.publish import publish
from ingest.session import commit_what_waits
from ingest.settings import Settings
from ingest.store import connect_live
from watchhouse.header import parse_header
from watchhouse.instant import now

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner

_DDL = """
create schema if not exists meta;
create or replace table meta.checks (
    name varchar, playbook varchar, compiled_sql varchar, means varchar, look_at varchar,
    do_text varchar, blind_to varchar, needs varchar[], explained_by varchar[],
    playbook_lines varchar[], for_seconds double, clear_seconds double, proof varchar,
    file varchar, fault varchar, project_commit varchar,
    built_at timestamp
);
create or replace table meta.templates (name varchar, compiled_sql varchar);
create or replace table meta.vars (name varchar, value varchar);
"""


@dataclass(frozen=True)
class Built:
    """What a build did: models that failed or were skipped, checks that read one of them."""

    not_built: tuple[str, ...]
    tests_ok: bool
    checks: int
    broken_checks: int
    published: bool

    @property
    def is_good(self) -> bool:
        """Every model built, every test of a model passed."""
        return not self.not_built and self.tests_ok


def build(
    settings: Settings,
    *,
    publish_it: bool = True,
    full_refresh: bool = False,
    is_scratch: bool = False,
) -> Built:
    """Build the models, store the checks and publish; dbt's own words go to stderr.

    One failed model does not blind the watch: the rest is published, and the checks that read
    the failed one are unknown. A scratch build runs no tests and says only what goes wrong.
    Raises `WatchhouseError` when dbt cannot run.
    """
    with _exported(settings), writer_lock(settings, wait_seconds=PATIENCE_SECONDS):
        _read_what_waits(settings)
        results, nodes = _run_dbt(settings, full_refresh, is_scratch)
        wrong = [result.node for result in results if result.status not in _GOOD]
        not_built = {n.unique_id: n.name for n in wrong if n.resource_type not in _TESTS}
        with connect_live(settings) as connection:
            broken = _store(connection, settings, nodes, not_built)
        if publish_it:
            publish(settings)
    tests_ok = len(wrong) == len(not_built)
    return Built(tuple(not_built.values()), tests_ok, len(broken), sum(broken), publish_it)


def _read_what_waits(settings: Settings) -> None:
    """`ingest` commits in pieces and may be behind: a build wants state files and logs alike."""
    try:
        commit_what_waits(settings)
    except WatchhouseError as error:  # said; the facts there are can be built all the same
        print(error.message, file=sys.stderr)


_GOOD = {"success", "pass", "warn", "no-op", "reused"}
_TESTS = {"test"}


@contextmanager
def _exported(settings: Settings) -> Iterator[None]:
    """`profiles.yml` finds the home in the environment; ours is left as it was."""
    before = os.environ.get("WATCHHOUSE_HOME")
    os.environ["WATCHHOUSE_HOME"] = str(settings.home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["WATCHHOUSE_HOME"]
        else:
            os.environ["WATCHHOUSE_HOME"] = before


def _run_dbt(
    settings: Settings, full_refresh: bool, is_scratch: bool
) -> tuple[list[Any], list[Any]]:
    """The results of the build; then the checks and analyses, compiled."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    from watchhouse import dbt_plugin

    runner = dbtRunner()
    try:
        with redirect_stdout(sys.stderr):
            # Unit tests are of the code, not of the data: they have their place in the test suite.
            flags = ["--exclude", "path:checks", "--exclude-resource-type", "unit_test"]
            flags += ["--full-refresh"] if full_refresh else []
            flags += ["--exclude-resource-type", "test", "--quiet"] if is_scratch else []
            built = _invoke(runner, settings, "build", *flags)
            select = ["--select", "path:checks", "path:analyses", "--quiet"]
            compiled = _invoke(runner, settings, "compile", *select)
            nodes = [result.node for result in compiled.results]
            return built.results, [n for n in nodes if not getattr(n, "test_metadata", None)]
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        dbt_plugin.release()


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


def _store(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    nodes: list[Any],
    not_built: dict[str, str],
) -> list[bool]:
    """Write schema meta whole; returns for each check whether it is broken."""
    commit, at = _commit(settings), now()
    tests = [node for node in nodes if node.resource_type == "test"]
    checks = [[*_check_row(node), _fault(node, not_built), commit, at] for node in tests]
    templates = [[n.name, n.compiled_code] for n in nodes if n.resource_type == "analysis"]
    variables = [[*item] for item in _variables(settings).items()]
    connection.execute("begin")
    connection.execute(_DDL)
    for table, rows in (("checks", checks), ("templates", templates), ("vars", variables)):
        for row in rows:
            marks = ", ".join("?" * len(row))
            connection.execute(f"insert into meta.{table} values ({marks})", row)
    connection.execute("commit")
    return [_fault(node, not_built) is not None for node in tests]


def _check_row(node: Any) -> list[Any]:
    header, meta = parse_header(node.raw_code), node.config.meta
    return [
        node.name,
        node.fqn[1],
        node.compiled_code,
        *(header.get(label) for label in ("Means", "Look at", "Do", "Blind to")),
        *([*map(str, meta.get(key) or [])] for key in ("needs", "explained_by", "playbook_lines")),
        *(meta.get(key) for key in ("for_seconds", "clear_seconds", "proof")),
        node.original_file_path,
    ]


def _fault(node: Any, not_built: dict[str, str]) -> str | None:
    """Why a check cannot be judged whatever the bot does; None for a sound one."""
    # What depends on a failed model was skipped, and is in `not_built` itself.
    lost = sorted(not_built[parent] for parent in node.depends_on.nodes if parent in not_built)
    return f"the last build failed at {', '.join(lost)}" if lost else None


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
