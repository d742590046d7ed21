"""What every check compiles to: one contract of rows, one clock, marts only."""

import re

import pytest
import sqlglot
from healthy_bot import ROOT, Built, Node
from sqlglot import exp

NAMES = sorted(file.stem for file in ROOT.glob("checks/*/*.sql"))
CONTRACT = ["as_of", "bot", "subject", "severity", "since", "reason"]
INSTANT = re.compile(
    r"\(select timestamp '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}' as as_of\)", re.ASCII
)
READABLE = ("marts",)
WALL_CLOCKS = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime, exp.CurrentDatetime)
WALL_CLOCK_NAMES = {"today", "get_current_timestamp", "get_current_time", "transaction_timestamp"}


@pytest.fixture(params=NAMES)
def check(request: pytest.FixtureRequest, healthy: Built) -> Node:
    return healthy.checks[request.param]


def parsed(check: Node) -> exp.Query:
    query = sqlglot.parse_one(check["compiled_code"], dialect="duckdb")
    assert isinstance(query, exp.Query)
    return query


def test_first_columns_are_the_contract(check: Node) -> None:
    assert parsed(check).named_selects[: len(CONTRACT)] == CONTRACT


def test_columns_are_named_one_by_one(check: Node) -> None:
    assert not any(column.is_star for column in parsed(check).selects), "select * at the top"


def test_columns_are_named_once(check: Node) -> None:
    names = parsed(check).named_selects
    assert len(names) == len(set(names))


def test_evidence_says_where_the_proof_lies(check: Node) -> None:
    names = set(parsed(check).named_selects)
    assert "_file" in names, "no file named"
    assert names & {"_offset", "_sha256"}, "no place in the file named"


@pytest.mark.parametrize("mark", ["clock", "limits", "since", "until", "shared"])
def test_marks_are_intact(check: Node, mark: str) -> None:
    parts = check["compiled_code"].split(f"/*{mark}*/")
    assert len(parts) % 2 == 1, f"a mark /*{mark}*/ is not closed"
    inside = [part.strip() for part in parts[1::2]]
    if mark == "clock":
        assert inside, "nothing here is tied to an instant"
        assert all(INSTANT.fullmatch(text) for text in inside)
    elif mark in ("since", "until"):
        assert all(f"(select {text} as as_of)" in check["compiled_code"] for text in inside)
    elif mark == "shared":
        assert all(INSTANT.search(text) for text in inside)
    else:
        assert all(re.fullmatch(r'"\w+"\."main"\."limits"', text) for text in inside)


def test_every_instant_of_a_run_is_the_same(check: Node) -> None:
    assert len(set(INSTANT.findall(check["compiled_code"]))) == 1


def test_wall_clock_is_never_read(check: Node) -> None:
    query = parsed(check)
    assert list(query.find_all(*WALL_CLOCKS)) == []
    assert {call.name.lower() for call in query.find_all(exp.Anonymous)} & WALL_CLOCK_NAMES == set()


def test_reads_marts_and_seeds_only(check: Node, healthy: Built) -> None:
    models = {node["unique_id"]: node["fqn"][1] for node in healthy.models.values()}
    read = check["depends_on"]["nodes"]
    strangers = [n for n in read if not n.startswith("seed.") and models.get(n) not in READABLE]
    assert strangers == []


def test_nothing_is_read_that_dbt_does_not_know(check: Node, healthy: Built) -> None:
    """A table named by hand would escape the manifest, and with it every lint above."""
    query = parsed(check)
    ctes = {cte.alias for cte in query.find_all(exp.CTE)}
    tables = {table.name for table in query.find_all(exp.Table) if table.name} - ctes
    known = {node.split(".")[-1] for node in check["depends_on"]["nodes"]}
    assert tables <= known
