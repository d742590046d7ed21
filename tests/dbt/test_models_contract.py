"""What holds for every model: leaves, grain in words, SQL that two engines read."""

from collections.abc import Callable

import duckdb
import pytest
import sqlglot
from healthy_bot import ROOT, Built, Node
from sqlglot import exp
from sqlglot.tokens import TokenType

from watchhouse.lineage import exposures, picture, within

PREFIXES = {"staging": "stg_", "intermediate": "int_", "marts": ("fct_", "dim_", "limits")}
# DuckDB has them; Spark has not, or means something else by them.
BANNED = {"QUALIFY", "EXCLUDE", "ASOF", "ARG_MAX", "ARG_MIN", "QUANTILE_CONT", "TIME_BUCKET"}
WALL_CLOCKS = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime, exp.CurrentDatetime)


def layer(node: Node) -> str:
    return str(node["fqn"][1])


def broken(healthy: Built, problem: Callable[[Node], object]) -> dict[str, object]:
    """Each model that has the problem, and what it is."""
    found = {name: problem(node) for name, node in healthy.models.items()}
    return {name: what for name, what in found.items() if what}


def test_build_is_good(healthy: Built) -> None:
    lines = healthy.run.stderr.splitlines()
    assert healthy.run.returncode == 0, "\n".join(lines[-60:])


def test_model_is_named_for_its_layer(healthy: Built) -> None:
    assert broken(healthy, lambda n: not n["name"].startswith(PREFIXES[layer(n)])) == {}


def test_description_says_the_grain(healthy: Built) -> None:
    assert broken(healthy, lambda n: not n["description"].startswith("One row per")) == {}


def test_marts_are_leaves(healthy: Built) -> None:
    """A failing test on a mart must never make a build skip another model."""
    marts = {node["unique_id"] for node in healthy.models.values() if layer(node) == "marts"}
    assert broken(healthy, lambda n: marts & {*n["depends_on"]["nodes"]}) == {}


def test_only_staging_reads_raw_tables(healthy: Built) -> None:
    def reads_raw(node: Node) -> list[str]:
        parents = node["depends_on"]["nodes"]
        return [p for p in parents if p.startswith("source.") and layer(node) != "staging"]

    assert broken(healthy, reads_raw) == {}


def test_no_join_meets_a_null_without_a_type(healthy: Built) -> None:
    """Such a null is a number: with few rows the other side's names are read as numbers too."""
    assert broken(healthy, lambda n: "(select null as" in healthy.compiled(n["name"])) == {}


def test_marts_are_tables_and_staging_is_views(healthy: Built) -> None:
    kinds = {(layer(node), node["config"]["materialized"]) for node in healthy.models.values()}
    assert not kinds & {("marts", "view"), ("staging", "table")}


def test_sql_uses_no_word_of_one_engine_only(healthy: Built) -> None:
    def words(node: Node) -> set[str]:
        tokens = sqlglot.tokenize(healthy.compiled(node["name"]), dialect="duckdb")
        return {t.text.upper() for t in tokens if t.token_type is not TokenType.STRING} & BANNED

    assert broken(healthy, words) == {}


def test_divisors_are_constants_or_guarded_against_zero(healthy: Built) -> None:
    """A division by zero is infinity on one engine and an error on another."""

    def unguarded(node: Node) -> list[str]:
        query = sqlglot.parse_one(healthy.compiled(node["name"]), dialect="duckdb")
        divisors = [division.expression for division in query.find_all(exp.Div)]
        while any(isinstance(divisor, exp.Paren | exp.Cast) for divisor in divisors):
            divisors = [d.this if isinstance(d, exp.Paren | exp.Cast) else d for d in divisors]
        return [d.sql() for d in divisors if not isinstance(d, exp.Literal | exp.Nullif)]

    assert broken(healthy, unguarded) == {}


def test_wall_clock_is_never_read(healthy: Built) -> None:
    def clocks(node: Node) -> list[exp.Expression]:
        query = sqlglot.parse_one(healthy.compiled(node["name"]), dialect="duckdb")
        return list(query.find_all(*WALL_CLOCKS))

    assert broken(healthy, clocks) == {}


@pytest.mark.parametrize("suffix", ["_ratio", "_usd", "_seconds"])
def test_unit_in_a_name_is_a_number(healthy: Built, suffix: str) -> None:
    """A column whose name ends in a unit holds a number of that unit."""
    numeric = {"double", "bigint", "integer", "decimal", "hugeint"}

    def odd(node: Node) -> list[str]:
        columns = node["columns"].values() if layer(node) == "marts" else []
        named = [column for column in columns if column["name"].endswith(suffix)]
        return [c["name"] for c in named if str(c["data_type"]).split("(")[0] not in numeric]

    assert broken(healthy, odd) == {}


def test_every_column_that_is_there_is_described(healthy: Built) -> None:
    with duckdb.connect(str(healthy.home / "warehouse.duckdb"), read_only=True) as warehouse:
        rows = warehouse.execute("select table_name, column_name from duckdb_columns()").fetchall()

    def silent(node: Node) -> list[str]:
        told = {name for name, column in node["columns"].items() if column["description"]}
        return [column for table, column in rows if table == node["name"] and column not in told]

    assert broken(healthy, silent) == {}


def test_sources_and_seeds_are_described(healthy: Built) -> None:
    ours = [
        *healthy.manifest["sources"].values(),
        *(n for n in healthy.manifest["nodes"].values() if n["resource_type"] == "seed"),
    ]
    assert [node["name"] for node in ours if not node["description"]] == []


def test_picture_and_exposures_are_current(healthy: Built) -> None:
    """hint: make lineage"""
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert within(page, picture(healthy.manifest)) == page
    written = (ROOT / "models" / "_exposures.yml").read_text()
    assert written == exposures(healthy.manifest, ROOT)
