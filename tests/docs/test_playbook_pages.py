"""The playbooks' pages: the generated one is current, and no line of the playbooks is forgotten."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchhouse.playbook import checks_of, page, read_lines

ROOT = Path(__file__).parents[2]
LINES = read_lines(ROOT / "docs" / "playbook-lines.csv")
PAGE = (ROOT / "docs" / "not-decidable.md").read_text()


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The checks as dbt parses them, without any warehouse."""
    scratch = tmp_path_factory.mktemp("parsed")
    dbt = Path(sys.executable).parent / "dbt"
    words = [dbt, "parse", "--quiet", "--target-path", scratch, "--log-path", scratch]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    return checks_of(json.loads((scratch / "manifest.json").read_text()))


def listed(heading: str) -> list[str]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (P\d-\w+) \|", section, re.MULTILINE)


def covered(checks: list[Any]) -> set[str]:
    return {line for check in checks for line in check["config"]["meta"]["playbook_lines"]}


def test_playbook_page_is_current(checks: list[Any]) -> None:
    limits = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]
    current = page(checks, LINES, limits) == (ROOT / "docs" / "playbook.md").read_text()
    assert current, "docs/playbook.md is not what the headers say; run: make playbook"


def test_every_line_has_a_check_or_a_reason_why_not(checks: list[Any]) -> None:
    assert set(LINES) == covered(checks) | {*listed("Lines without a check")}


def test_a_line_with_a_check_is_not_listed_as_without(checks: list[Any]) -> None:
    assert covered(checks) & {*listed("Lines without a check")} == set()


def test_only_lines_with_a_check_are_listed_as_seen_in_part(checks: list[Any]) -> None:
    assert {*listed("Lines with a check that sees a part")} <= covered(checks)


def test_every_row_says_why_and_where_to_look() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| P")]
    assert rows
    assert all(len([c for c in row.strip("|").split("|") if c.strip()]) == 3 for row in rows)


def test_line_ids_count_from_one_in_each_section() -> None:
    numbers: dict[str, list[int]] = {}
    for line in LINES:
        section, number = re.fullmatch(r"(P0-|P[1-5]-[SCA])(\d+)", line).groups()  # type: ignore[union-attr]
        numbers.setdefault(section, []).append(int(number))
    assert all(ns == [*range(1, len(ns) + 1)] for ns in numbers.values())


def test_names_in_the_page_exist(checks: list[Any]) -> None:
    words = {word for code in re.findall(r"`([^`]+)`", PAGE) for word in re.findall(r"\w+", code)}
    models = {file.stem for file in ROOT.glob("models/*/*.sql")}
    assert {w for w in words if w.startswith(("fct_", "dim_"))} <= models
    selected = re.findall(r"--select ([\w,]+)", PAGE)
    assert {n for s in selected for n in s.split(",")} <= {check["name"] for check in checks}
