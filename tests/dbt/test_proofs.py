"""No proof, no check: each check is quiet on a healthy warehouse and fires once it is made sick."""

import shutil
from collections.abc import Iterator

import duckdb
import pytest
from healthy_bot import ROOT, Built

from ingest.settings import load_settings
from watchhouse.catalog import open_published, read_catalog
from watchhouse.check import Span, at_instants, run_checks, set_instants
from watchhouse.scratch import SCRATCH

FILES = {file.stem: file.read_text() for file in sorted(ROOT.glob("checks/*/*.sql"))}
ON_SILENCE = [name for name, text in FILES.items() if "watched()" in text]
TELLING = [name for name, text in FILES.items() if '"tells":' in text]
UNWATCHED = "update fct_surface_health set status = 'not polled'"


@pytest.fixture(scope="module")
def warehouse(
    healthy: Built, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy that may be made sick, with one instant to judge: the last look."""
    copy = tmp_path_factory.mktemp("copy") / "warehouse.duckdb"
    shutil.copyfile(healthy.home / "warehouse.duckdb", copy)
    with duckdb.connect(copy) as connection:
        connection.execute("set TimeZone = 'UTC'")
        set_instants(connection, healthy.looks[-1:])
        yield connection


@pytest.mark.parametrize("name", FILES)
def test_check_is_quiet_until_its_proof_makes_the_warehouse_sick(
    warehouse: duckdb.DuckDBPyConnection, healthy: Built, name: str
) -> None:
    """`spares` is what the check must take more lightly than its proofs: just within a limit."""
    meta = healthy.checks[name]["config"]["meta"]
    assert severities(warehouse, name) == []
    sick = [severities(warehouse, name, sql) for sql in (meta["proof"], *meta.get("also", []))]
    assert all(sick), f"{name} found nothing after its proof"
    spared = [severities(warehouse, name, sql) for sql in meta.get("spares", [])]
    assert max(map(worst, spared), default="") < min(map(worst, sick)), "not more lightly"


@pytest.mark.parametrize("name", ON_SILENCE)
def test_silence_to_which_nobody_listened_is_no_finding(
    warehouse: duckdb.DuckDBPyConnection, healthy: Built, name: str
) -> None:
    proof = healthy.checks[name]["config"]["meta"]["proof"]
    assert severities(warehouse, name, f"{proof}; {UNWATCHED}") == []


@pytest.mark.parametrize("name", TELLING)
def test_proof_makes_the_check_tell_of_these_subjects_and_no_others(
    warehouse: duckdb.DuckDBPyConnection, healthy: Built, name: str
) -> None:
    """`tells` holds the subjects after the proof, then those after each of `also`."""
    meta = healthy.checks[name]["config"]["meta"]
    proofs = (meta["proof"], *meta.get("also", []))
    told = [sorted(subject for subject, _ in found(warehouse, name, sql)) for sql in proofs]
    assert told == meta["tells"]


def worst(severities: list[str]) -> str:
    """The worst as a word that sorts: nothing, info, warn, crit."""
    return max((str(["info", "warn", "crit"].index(s) + 1) for s in severities), default="0")


def severities(connection: duckdb.DuckDBPyConnection, name: str, sql: str = "") -> list[str]:
    """What a check finds after some SQL: one severity per bot and subject."""
    return [severity for _, severity in found(connection, name, sql)]


def found(connection: duckdb.DuckDBPyConnection, name: str, sql: str = "") -> list[tuple[str, str]]:
    """The subjects that a check finds after some SQL, which is then undone, and how severe."""
    kept = "select compiled_sql from meta.checks where name = ?"
    [(compiled,)] = connection.execute(kept, [name]).fetchall()
    [(last,)] = connection.execute(f"select max(as_of) from {SCRATCH}.instants").fetchall()
    connection.execute("begin")
    try:
        connection.execute(sql or "select 1")
        columns = "bot, subject, severity, since <= as_of"
        rows = connection.execute(
            f"select {columns} from ({at_instants(compiled, Span(last, last))})"
        ).fetchall()
    finally:
        connection.execute("rollback")
    assert len({row[:2] for row in rows}) == len(rows), "two rows for one subject"
    assert all(row[3] for row in rows), "no since, or one that lies ahead"
    return [(row[1], row[2]) for row in rows]


def test_a_healthy_world_is_quiet_at_every_look(healthy: Built) -> None:
    with open_published(load_settings(healthy.home)) as connection:
        verdicts = run_checks(connection, read_catalog(connection), healthy.looks)
    cries = [(v.as_of, f.check, f.reason) for v in verdicts for f in v.findings]
    assert cries == []
