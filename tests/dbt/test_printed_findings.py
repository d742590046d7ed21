"""What `dbt test` prints folds under its root causes as `watchhouse check` does."""

from datetime import datetime, timedelta
from typing import Any

import jinja2
from healthy_bot import ROOT

from watchhouse.catalog import Check
from watchhouse.causes import families, with_causes
from watchhouse.finding import Finding

EIGHT = datetime(2026, 3, 10, 8)
LOOP = timedelta(seconds=60)
CAUSES = {
    "nav_jumped": (),
    "published_drawdown_is_wrong": ("nav_jumped",),
    "drawdown_circuit_chatters": ("nav_jumped", "published_drawdown_is_wrong"),
    "one_gate_refuses_most_orders": ("drawdown_circuit_chatters",),
}
FOUND = [  # bot, check, subject, minutes after eight
    ("main", "nav_jumped", "up", 0),
    ("main", "nav_jumped", "down", 4),
    ("main", "published_drawdown_is_wrong", "drawdown", 4),
    ("main", "drawdown_circuit_chatters", "circuit", 6),
    ("main", "one_gate_refuses_most_orders", "circuit", 6),
    ("spare", "one_gate_refuses_most_orders", "cap", 7),  # its cause is another bot's
    ("third", "nav_jumped", "up", 10),
    ("third", "drawdown_circuit_chatters", "circuit", 5),  # before its cause
    ("third", "published_drawdown_is_wrong", "drawdown", 9),  # by one loop: may be
]


def printed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the macro keeps of its rows."""
    kept: list[list[dict[str, Any]]] = []
    text = (ROOT / "macros" / "print_findings.sql").read_text()
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    macros: Any = environment.from_string(text).make_module({"return": kept.append})
    macros.roots_of(rows)
    return kept[0]


def row(bot: str, check: str, minutes: int) -> dict[str, Any]:
    since = EIGHT + timedelta(minutes=minutes)
    return {
        "bot": bot,
        "check": check,
        "key": f"{bot}:{check}",
        "rank": f"0{since}{check}",
        "since": str(since),
        "cause_by": str(since + LOOP),
        "causes": list(CAUSES[check]),
        "explains": [],
    }


def test_roots_and_what_they_explain_are_those_of_check() -> None:
    findings = [
        Finding(check, "", bot, subject, "crit", EIGHT + timedelta(minutes=late), "", {}, "")
        for bot, check, subject, late in FOUND
    ]
    checks = [Check(name, "", None, None, (), causes) for name, causes in CAUSES.items()]
    said = {
        family.root.key: {group.top.check for group in family.folded}
        for family in families(with_causes(findings, checks, LOOP))
    }
    shown = printed([row(bot, check, late) for bot, check, _, late in FOUND])
    told: dict[tuple[str, str], set[str]] = {}
    for root in shown:
        told.setdefault((root["bot"], root["check"]), set()).update(root["explains"])
    assert told == said
    assert told["main", "nav_jumped"] == {*CAUSES} - {"nav_jumped"}
    assert ("third", "drawdown_circuit_chatters") in told
