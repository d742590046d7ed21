"""The same verdict for other programs."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as Xml

import duckdb
import pytest

from watchhouse.cli import main

SICK, WELL, BLIND = "2026-03-10T10:45:00Z", "2026-03-10T09:30:00Z", "2026-03-10T12:30:00Z"
FINDING = {
    "check",
    "playbook",
    "bot",
    "subject",
    "severity",
    "since",
    "reason",
    "evidence",
    "do",
} | {"explained_by"}
# As the guidelines for plugins ask: one line, `label=value[unit];warn;crit;min;max` after the bar.
PLUGIN = re.compile(
    r"WATCHHOUSE (OK|WARNING|CRITICAL|UNKNOWN): [^|\n]+ \|( \w+=[\d.]+%?(;[\d.]*){3,4})+\n"
)
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(home: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(style: str, *words: str) -> tuple[int, str]:
        code = main(["--home", str(home), "check", "--format", style, *words])
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize("style", ["text", "json", "junit", "markdown", "nagios"])
def test_the_exit_code_is_the_same_in_every_format(say: Say, style: str) -> None:
    assert [say(style, "--as-of", at)[0] for at in (WELL, SICK, BLIND, "2026-03-01")] == [
        0,
        2,
        3,
        3,
    ]
    assert say(style, "--as-of", SICK, "--select", "position_is_underwater")[0] == 1


def test_junit_has_a_case_per_bot_and_check(say: Say) -> None:
    suite = Xml.fromstring(say("junit", "--as-of", SICK)[1])
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("6", "2", "0")
    failed = [(c.get("classname"), c.get("name")) for c in suite if c.find("failure") is not None]
    assert failed == [
        ("main.stalled_exits", "position_has_no_exit"),
        ("main.stalled_exits", "position_is_underwater"),
    ]
    assert suite.get("skipped") == "1"  # spare has no NAV


@pytest.mark.parametrize("at", [WELL, SICK, BLIND, "2026-03-01"])
def test_junit_keeps_to_its_schema(say: Say, at: str) -> None:
    text = say("junit", "--as-of", at)[1]
    suite = Xml.fromstring(text)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    assert {*suite.attrib} == {"name", "timestamp", "tests", "failures", "errors", "skipped"}
    outcomes = [[part.tag for part in case if part.tag != "system-out"] for case in suite]
    assert max(map(len, outcomes)) <= 1
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(count, "")) == outcomes.count([tag])
    assert all((case.tag, {*case.attrib}) == ("testcase", {"classname", "name"}) for case in suite)


@pytest.mark.parametrize("at", [WELL, SICK, BLIND, "2026-03-01"])
def test_json_has_the_published_keys_and_no_other(say: Say, at: str) -> None:
    said = json.loads(say("json", "--as-of", at)[1])
    assert [*said] == ["as_of", "verdict", "coverage", "bots", "findings", "unknown"]
    assert said["verdict"] in ("ok", "warn", "crit", "unknown")
    assert 0 <= said["coverage"] <= 1
    assert all({*bot} == {"verdict", "coverage"} for bot in said["bots"].values())
    assert all({*finding} == FINDING for finding in said["findings"])
    assert all({*unknown} == {"check", "bot", "why"} for unknown in said["unknown"])


def test_junit_calls_what_is_unknown_an_error(say: Say) -> None:
    suite = Xml.fromstring(say("junit", "--as-of", BLIND)[1])
    said = [error.get("message") for error in suite.iter("error")]
    assert said == ["it is torn", "it is torn"]
    nothing_read = Xml.fromstring(say("junit", "--as-of", "2026-03-01")[1])
    assert (nothing_read.get("tests"), nothing_read.get("errors")) == ("3", "3")


def test_junit_of_a_warehouse_without_checks_is_an_error(home: Path, say: Say) -> None:
    with duckdb.connect(home / "warehouse.duckdb") as db:
        db.execute("delete from meta.checks")
    suite = Xml.fromstring(say("junit", "--as-of", WELL)[1])
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")


def test_what_a_file_of_the_bot_says_breaks_no_format(home: Path, say: Say) -> None:
    with duckdb.connect(home / "warehouse.duckdb") as db:
        db.execute("update positions set symbol = 'A|B</x>\x01\n| c & `d`' where loss = 20")
    told = "".join(Xml.fromstring(say("junit", "--as-of", SICK)[1]).itertext())
    assert "A|B</x>\ufffd" in told
    rows = [line for line in say("markdown", "--as-of", SICK)[1].splitlines() if "crit" in line]
    assert rows[0].replace("\\|", "").count("|") == 7
    assert say("nagios", "--as-of", SICK)[1].count("\n") == 1


def test_markdown_folds_what_follows_under_its_root(say: Say) -> None:
    said = say("markdown", "--as-of", SICK)[1]
    assert said.startswith("### CRIT main: position has no exit since 10:00Z, 100% judged\n")
    assert "- **position has no exit**: Place the exit by hand." in said
    before, after = said.split("<details><summary>1 more follow from these</summary>")
    assert "underwater" not in before
    assert "| warn | main | position is underwater | BTCUSDT | 2026-03-10 10:00Z |" in after


def test_nagios_is_one_line_with_performance_data(say: Say) -> None:
    assert say("nagios", "--as-of", SICK)[1] == (
        "WATCHHOUSE CRITICAL: main: position has no exit since 10:00Z, 100% judged"
        " | crit=1;;;0 warn=2;;;0 info=1;;;0 unknown=0;;;0 judged=100%;;;0;100\n"
    )
    assert say("nagios", "--as-of", BLIND)[1].startswith("WATCHHOUSE UNKNOWN: it is torn")
    for at in (WELL, SICK, BLIND, "2026-03-01"):
        assert PLUGIN.fullmatch(say("nagios", "--as-of", at)[1])


def test_nagios_is_told_on_stdout_that_there_is_no_warehouse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path), "check", "--format", "nagios"]) == 3
    assert capsys.readouterr().out.startswith("WATCHHOUSE UNKNOWN: no warehouse at")
