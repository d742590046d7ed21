"""What `explain` says of a check, on a bot with troubles."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sick_bot import SickBot

from watchhouse.cli import main
from watchhouse.instant import iso

Ask = Callable[..., str]


@pytest.fixture
def explain(sick: SickBot, capsys: pytest.CaptureFixture[str]) -> Ask:
    def run(*words: str) -> str:
        assert main(["--home", str(sick.home), "explain", *words]) == 0
        return capsys.readouterr().out

    return run


def test_a_check_that_fires_shows_its_numbers_its_proof_and_its_needs(
    explain: Ask, sick: SickBot
) -> None:
    said = explain("open_position_has_no_exit", "--as-of", iso(sick.last_at), "--bot", "main")
    for words in (
        "CRIT main: open position has no exit since",
        "Means:    an open position has neither take-profit nor stop-loss",
        "checks/stalled_exits/open_position_has_no_exit.sql",
        "values: open_positions=",
        "proof: state/positions_ledger.json, sha256",
        '{"updated_at"',
        "positions_ledger     met, ok; last good",
        "none: it fires as soon as what it means is seen",
        "still holds",
    ):
        assert words in said
    prose = said.split("\nSQL\n")[0]
    assert max(map(len, prose.splitlines())) <= 80


@pytest.mark.parametrize(("factor", "fires"), [(0.99, True), (1.01, False)])
def test_a_quiet_check_fires_beyond_the_value_it_names_and_not_before(
    explain: Ask,
    sick: SickBot,
    capsys: pytest.CaptureFixture[str],
    factor: float,
    fires: bool,
) -> None:
    said = explain("nav_jumped", "--as-of", iso(sick.gap[0]))
    found = re.search(r"nav_step_ratio = 0\.02 \(from var\): warn from (\S+) down", said)
    assert found, said
    chosen = float(found.group(1)) * factor
    words = ["--since", iso(sick.gap[0]), "--until", iso(sick.gap[0])]
    words += ["--select", "nav_jumped", "--set", f"nav_step_ratio={chosen}"]
    assert main(["--home", str(sick.home), "backtest", *words, "--format", "json"]) == 0
    assert ('"firings": 1' in capsys.readouterr().out) is fires


def test_a_firing_check_names_the_value_that_would_quiet_it(explain: Ask, sick: SickBot) -> None:
    said = explain("nav_jumped", "--as-of", iso(sick.last_at - timedelta(hours=1)))
    found = re.search(r"nav_step_ratio = 0\.02 \(from var\): quiet from (\S+) up", said)
    assert found, said
    assert float(found.group(1)) > 1  # NAV trebled


def test_its_sql_is_what_fires(
    explain: Ask, sick: SickBot, capsys: pytest.CaptureFixture[str]
) -> None:
    said = explain("nav_jumped", "--as-of", iso(sick.last_at - timedelta(hours=1)))
    query = said.split("\nSQL\n")[1]
    assert main(["--home", str(sick.home), "sql", f"select count(*) as n from ({query})"]) == 0
    assert re.search(r"\b2\b", capsys.readouterr().out)


def test_a_need_that_is_not_met_says_why(explain: Ask, sick: SickBot) -> None:
    middle = sick.gap[0] + (sick.gap[1] - sick.gap[0]) / 2
    said = explain("nav_jumped", "--as-of", iso(middle))
    assert "NOT met: not looked at since" in said
    assert "cannot be judged" in said


def test_a_playbook_is_not_one_check(sick: SickBot, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(sick.home), "explain", "nav_spike"]) == 1
    assert "is not one check" in capsys.readouterr().err
