"""What a check's file must say: header, needs, lines of the playbooks, proof."""

import csv
import re

import pytest
import yaml
from healthy_bot import ROOT, Built, Node

from watchhouse.header import parse_header
from watchhouse.playbook import PLAYBOOKS

FILES = sorted(ROOT.glob("checks/**/*.sql"), key=lambda file: file.stem)
NAMES = [file.stem for file in FILES]
# Flags that repeat what a file says, no judgement of ours.
FACTS = {"is_filled", "has_attempt", "is_reduce_only", "is_in_registry", "was_registered"}
HEADER = ["Means", "Look at", "Do", "Blind to"]


@pytest.fixture(params=NAMES)
def check(request: pytest.FixtureRequest, healthy: Built) -> Node:
    return healthy.checks[request.param]


def marts(healthy: Built) -> set[str]:
    return {name for name, node in healthy.models.items() if node["fqn"][1] == "marts"}


def sources() -> set[str]:
    registry = yaml.safe_load((ROOT / "models" / "staging" / "_sources.yml").read_text())
    raw = next(source for source in registry["sources"] if source["name"] == "raw")
    return {table["name"] for table in raw["tables"]}


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_header_has_its_four_lines_in_order(file: object) -> None:
    header = parse_header(file.read_text())  # type: ignore[attr-defined]
    assert list(header) == HEADER
    assert all(header.values()), "a line of the header says nothing"


def test_every_check_stands_in_the_folder_of_a_playbook() -> None:
    strangers = [str(f.relative_to(ROOT)) for f in FILES if f.parent.name not in PLAYBOOKS]
    assert strangers == []
    assert all(file.parent.parent == ROOT / "checks" for file in FILES)


def test_dbt_knows_every_file_as_a_check(healthy: Built) -> None:
    assert sorted(healthy.checks) == NAMES


def test_name_reads_as_a_sentence(check: Node) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", check["name"])


def test_needs_are_names_of_the_registry(check: Node) -> None:
    needs = check["config"]["meta"]["needs"]
    assert set(needs) - sources() == set(), "a need that no file satisfies"
    assert len(needs) == len(set(needs))


def test_needs_are_what_the_check_reads(check: Node, healthy: Built) -> None:
    if check["fqn"][1] == "telemetry_corruption":
        pytest.skip("its facts are the files' own state, whatever they hold")
    parents = healthy.manifest["parent_map"]
    seen: set[str] = set()
    todo = [check["unique_id"]]
    while todo:
        node = todo.pop()
        # Every check depends on every surface through this one: it proves nothing.
        if node not in seen and not node.endswith(".fct_surface_health"):
            seen.add(node)
            todo += parents.get(node, [])
    read = {node.split(".")[-1] for node in seen if node.startswith("source.")}
    assert set(check["config"]["meta"]["needs"]) <= read


def test_playbook_lines_exist(check: Node) -> None:
    with (ROOT / "docs" / "playbook-lines.csv").open() as rows:
        known = {row["line"] for row in csv.DictReader(rows)}
    assert set(check["config"]["meta"]["playbook_lines"]) - known == set()


def test_causes_are_other_checks(check: Node) -> None:
    causes = set(check["config"]["meta"].get("explained_by", []))
    assert causes <= {*NAMES} - {check["name"]}


def test_causes_run_in_no_circle(healthy: Built) -> None:
    causes = {
        name: set(node["config"]["meta"].get("explained_by", []))
        for name, node in healthy.checks.items()
    }
    while rootless := {name for name, above in causes.items() if not above & set(causes)}:
        for name in rootless:
            del causes[name]
    assert causes == {}, "each explains the other"


def test_meta_holds_nothing_that_nobody_reads(check: Node) -> None:
    known = {"needs", "playbook_lines", "explained_by", "on_silence"}
    known |= {"proof", "also", "tells", "spares"}
    assert set(check["config"]["meta"]) - known == set()


def test_proof_sets_no_column_that_is_itself_the_verdict(check: Node, healthy: Built) -> None:
    """A flag that somebody derived proves only that the check reads the flag."""
    columns = {
        name: column["data_type"]
        for mart in marts(healthy)
        for name, column in healthy.models[mart]["columns"].items()
    }
    written = re.findall(
        r"(?:\bset |, ?)(\w+) ?=|insert into \w+ \(([^)]*)\)", check["config"]["meta"]["proof"]
    )
    named = {word for pair in written for text in pair for word in re.findall(r"\w+", text)}
    flags = {name for name in named if columns.get(name) == "boolean"}
    assert {flag for flag in flags if not flag.startswith("published_")} <= FACTS


def test_proof_is_given_and_changes_marts_and_seeds_only(check: Node, healthy: Built) -> None:
    proof = check["config"]["meta"].get("proof") or ""
    assert proof.strip(), "no proof, no check"
    written = re.findall(r"(?:update|insert into|delete from)\s+([\w.]+)", proof)
    seeds = {f"seeds.{file.stem}" for file in ROOT.glob("seeds/*.csv")}
    assert written
    assert set(written) <= marts(healthy) | seeds
