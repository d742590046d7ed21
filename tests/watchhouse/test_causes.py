from datetime import datetime, timedelta

import pytest

from watchhouse.catalog import Check
from watchhouse.causes import families, family_of, root_cause, with_causes
from watchhouse.finding import Finding

AT = datetime(2026, 3, 10, 7)
LOOP = timedelta(seconds=60)
CHECKS = [
    Check("gate", "positions_stuck", None, None, (), ("drawdown", "nav")),
    Check("drawdown", "nav_spike", None, None, (), ("nav",)),
    Check("nav", "nav_spike", None, None, (), ()),
    Check("silent", "positions_stuck", None, None, (), ()),
]


def finding(
    check: str, minute: float | None = 0, severity: str = "crit", bot: str = "main"
) -> Finding:
    since = None if minute is None else AT + timedelta(minutes=minute)
    return Finding(check, "nav_spike", bot, check, severity, since, "because", {}, None)


def folded(*findings: Finding) -> dict[str, list[str]]:
    found = families(with_causes(findings, CHECKS, LOOP))
    return {f.root.top.check: [g.top.check for g in f.folded] for f in found}


def test_a_finding_comes_with_its_cause_and_all_that_follows_from_it() -> None:
    story = finding("gate", 9), finding("drawdown", 4), finding("nav", 0), finding("silent", 2)
    told = with_causes([*story, finding("nav", 1, bot="spare")], CHECKS, LOOP)
    assert {(f.check, f.bot) for f in family_of(told, "main", "drawdown")} == {
        ("gate", "main"),
        ("drawdown", "main"),
        ("nav", "main"),
    }
    assert family_of(told, "main", "exits") == []


def test_a_chain_of_causes_is_folded_under_its_first() -> None:
    story = finding("gate", 9), finding("drawdown", 4), finding("nav", 0)
    assert folded(*story) == {"nav": ["drawdown", "gate"]}
    assert [f.explained_by for f in with_causes(story, CHECKS, LOOP)] == [
        ("drawdown", "nav"),
        ("nav",),
        (),
    ]


@pytest.mark.parametrize(("minute", "fits"), [(0, True), (1, True), (1.1, False), (30, False)])
def test_a_cause_starts_before_its_effect_or_within_a_loop(minute: float, fits: bool) -> None:
    told = folded(finding("drawdown", 0), finding("nav", minute))
    assert told == ({"nav": ["drawdown"]} if fits else {"drawdown": [], "nav": []})


def test_a_start_that_nobody_knows_contradicts_nothing() -> None:
    assert folded(finding("drawdown", None), finding("nav", 5)) == {"nav": ["drawdown"]}
    assert folded(finding("drawdown", 0), finding("nav", None)) == {"nav": ["drawdown"]}


def test_another_bots_trouble_explains_nothing() -> None:
    assert folded(finding("drawdown"), finding("nav", bot="spare")) == {"drawdown": [], "nav": []}


def test_what_is_only_told_neither_explains_nor_follows() -> None:
    assert folded(finding("drawdown"), finding("nav", severity="info")) == {"drawdown": []}
    assert folded(finding("drawdown", severity="info"), finding("nav")) == {"nav": []}


def test_one_row_older_than_the_cause_keeps_the_check_by_itself() -> None:
    story = finding("drawdown", -30), finding("drawdown", 5), finding("nav", 0)
    assert folded(*story) == {"drawdown": [], "nav": []}


def test_the_root_of_the_worst_comes_first_although_it_is_only_a_warning() -> None:
    story = finding("silent", -60, "warn"), finding("drawdown", 9), finding("nav", 0, "warn")
    found = with_causes(story, CHECKS, LOOP)
    assert [*folded(*story)] == ["nav", "silent"]
    root = root_cause(found)
    assert root is not None
    assert root.check == "nav"


def test_checks_that_blame_each_other_are_both_roots() -> None:
    ring = [
        Check("a", "nav_spike", None, None, (), ("b",)),
        Check("b", "nav_spike", None, None, (), ("a",)),
    ]
    found = families(with_causes([finding("a"), finding("b")], ring, LOOP))
    assert [(f.root.top.check, f.folded) for f in found] == [("a", ()), ("b", ())]
