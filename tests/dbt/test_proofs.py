"""No proof, no check: each check is quiet on a healthy warehouse and fires once it is made sick."""

import shutil
from collections.abc import Iterator

import duckdb
import pytest
from healthy_bot import ROOT, Built

from ingest.settings import load_settings
from watchhouse.catalog import open_published, read_catalog
from watchhouse.check import at_instants, run_checks

CHECKS = sorted(file.stem for file in ROOT.glob("checks/*/*.sql"))


@pytest.fixture(scope="module")
def warehouse(
    healthy: Built, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy that may be made sick, with one instant to judge: the last look."""
    copy = tmp_path_factory.mktemp("copy") / "warehouse.duckdb"
    shutil.copyfile(healthy.home / "warehouse.duckdb", copy)
    with duckdb.connect(copy) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create temp table instants (as_of timestamp)")
        connection.execute("insert into instants values (?)", [healthy.looks[-1]])
        yield connection


@pytest.mark.parametrize("name", CHECKS)
def test_check_is_quiet_until_its_proof_makes_the_warehouse_sick(
    warehouse: duckdb.DuckDBPyConnection, name: str
) -> None:
    kept = "select compiled_sql, proof from meta.checks where name = ?"
    compiled, proof = warehouse.execute(kept, [name]).fetchall()[0]
    assert severities(warehouse, compiled) == []
    warehouse.execute("begin")
    try:
        warehouse.execute(proof)
        found = severities(warehouse, compiled)
    finally:
        warehouse.execute("rollback")
    assert found, f"{name} found nothing after its proof"
    assert set(found) <= {"crit", "warn", "info"}


def severities(connection: duckdb.DuckDBPyConnection, compiled: str) -> list[str]:
    findings = f"select severity from ({at_instants(compiled)}) as findings"
    return [severity for (severity,) in connection.execute(findings).fetchall()]


def test_a_healthy_world_is_quiet_at_every_look(healthy: Built) -> None:
    with open_published(load_settings(healthy.home)) as connection:
        verdicts = run_checks(connection, read_catalog(connection), healthy.looks)
    cries = [(v.as_of, f.check, f.reason) for v in verdicts for f in v.findings]
    assert cries == []
