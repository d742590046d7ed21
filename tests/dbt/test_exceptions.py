"""What a person has decided to live with, and for how long: the seeds around every check."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from healthy_bot import Built

from watchhouse.catalog import read_catalog
from watchhouse.check import run_checks

NAV, IDLE = "nav_is_not_live", "no_signals"


@pytest.fixture
def sick(healthy: Built, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy in which NAV is dead and the screener silent."""
    copy = shutil.copyfile(healthy.home / "warehouse.duckdb", tmp_path / "warehouse.duckdb")
    with duckdb.connect(copy) as connection:
        connection.execute("set TimeZone = 'UTC'")
        proofs = "select proof from meta.checks where name in (?, ?)"
        for (proof,) in connection.execute(proofs, [NAV, IDLE]).fetchall():
            connection.execute(proof)
        yield connection


def said(sick: duckdb.DuckDBPyConnection, healthy: Built) -> dict[str, tuple[str, str]]:
    catalog = read_catalog(sick, [NAV, IDLE, "exception_has_expired"])
    [verdict] = run_checks(sick, catalog, healthy.looks[-1:])
    return {f.check: (f.severity, f.reason) for f in verdict.findings}


def except_nav(sick: duckdb.DuckDBPyConnection, subject: str | None, until: object) -> None:
    row = [NAV, subject, "moved to another account", until]
    sick.execute("insert into seeds.check_exceptions values (?, ?, ?, ?)", row)


def test_without_exceptions_both_are_found(sick: duckdb.DuckDBPyConnection, healthy: Built) -> None:
    assert {name: severity for name, (severity, _) in said(sick, healthy).items()} == {
        NAV: "crit",
        IDLE: "crit",
    }


@pytest.mark.parametrize("subject", [None, "NAV"])
def test_excepted_finding_is_info_and_says_why(
    sick: duckdb.DuckDBPyConnection, healthy: Built, subject: str | None
) -> None:
    except_nav(sick, subject, "2999-01-01")
    severity, reason = said(sick, healthy)[NAV]
    assert severity == "info"
    assert reason.endswith("(excepted: moved to another account)")
    assert said(sick, healthy)[IDLE][0] == "crit"


def test_exception_for_another_subject_excepts_nothing(
    sick: duckdb.DuckDBPyConnection, healthy: Built
) -> None:
    except_nav(sick, "another subject", "2999-01-01")
    assert said(sick, healthy)[NAV][0] == "crit"


def test_exception_ends_and_is_then_a_finding_itself(
    sick: duckdb.DuckDBPyConnection, healthy: Built
) -> None:
    except_nav(sick, None, healthy.looks[-1])
    found = said(sick, healthy)
    assert found[NAV][0] == "crit"
    assert found["exception_has_expired"][0] == "warn"


@pytest.mark.parametrize("bot", [None, "main"])
def test_planned_quiet_silences_checks_on_silence_only(
    sick: duckdb.DuckDBPyConnection, healthy: Built, bot: str | None
) -> None:
    row = [bot, healthy.looks[0], "2999-01-01", "exchange maintenance"]
    sick.execute("insert into seeds.expected_quiet values (?, ?, ?, ?)", row)
    found = said(sick, healthy)
    assert found[IDLE][0] == "info"
    assert found[NAV][0] == "crit"


def test_quiet_of_another_bot_or_another_time_silences_nothing(
    sick: duckdb.DuckDBPyConnection, healthy: Built
) -> None:
    rows = [
        ["another", healthy.looks[0], "2999-01-01", "maintenance"],
        ["main", healthy.looks[0], healthy.looks[-1], "over by now"],
    ]
    sick.executemany("insert into seeds.expected_quiet values (?, ?, ?, ?)", rows)
    assert said(sick, healthy)[IDLE][0] == "crit"
