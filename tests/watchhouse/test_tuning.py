"""What a threshold would have cost, and which thresholds nothing ever tripped."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sick_bot import SickBot

from ingest.errors import UsageError
from ingest.settings import load_settings
from watchhouse.catalog import open_published, read_catalog
from watchhouse.cli import main
from watchhouse.instant import iso
from watchhouse.limits import limit_names
from watchhouse.tuning import parse_sets, readers

Try = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def tried(sick: SickBot, capsys: pytest.CaptureFixture[str]) -> Try:
    def run(*words: str) -> list[dict[str, Any]]:
        span = ["--since", iso(sick.last_at - timedelta(minutes=148)), "--until", iso(sick.last_at)]
        command = ["--home", str(sick.home), "backtest", *span, *words, "--format", "json"]
        assert main(command) == 0
        said: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return said

    return run


def test_every_combination_of_values_is_tried() -> None:
    assert parse_sets(["a=1,2", "b=-3"]) == [{"a": 1, "b": -3}, {"a": 2, "b": -3}]
    for text in ("a", "a=", "a=b", "a=1,"):
        with pytest.raises(UsageError):
            parse_sets([text])


def test_a_value_costs_its_firings_and_the_delay_to_known_incidents(
    tried: Try, sick: SickBot, tmp_path: Path
) -> None:
    loops = sick.last_at - timedelta(minutes=149)
    jump = loops + timedelta(minutes=75)
    labels = tmp_path / "labels.csv"
    labels.write_text(
        f"check,from,until\nnav_jumped,{iso(jump)},{iso(jump + timedelta(minutes=5))}\n"
    )
    words = ("--set", "nav_step_ratio=0.5,9", "--labels", str(labels), "--select", "nav_jumped")
    as_was, high, blind = tried(*words)
    assert (as_was["values"], as_was["firings"], as_was["found"]) == ({}, 1, 1)
    assert (high["values"], high["found"], high["false_firings"]) == ({"nav_step_ratio": 0.5}, 1, 0)
    assert 0 <= high["delays_seconds"][0] <= 120
    assert (blind["firings"], blind["found"], blind["labelled"]) == (0, 0, 1)


def test_a_value_wins_over_the_bots_config(tried: Try) -> None:
    as_was, low = tried("--set", "exits_idle_seconds=600")
    assert 40 <= low["minutes"] - as_was["minutes"] <= 50  # the bot's own limit is an hour


def test_only_checks_that_read_the_limit_are_tried(sick: SickBot) -> None:
    with open_published(load_settings(sick.home)) as connection:
        catalog = read_catalog(connection)
    chosen = readers(catalog, [{"nav_step_ratio": 0.02}]).checks
    assert "nav_jumped" in {check.name for check in chosen}
    assert all("nav_step_ratio" in limit_names(check) for check in chosen)
    assert len(chosen) < len(catalog.checks)


def test_a_threshold_that_nothing_tripped_is_named_with_the_value_that_would(tried: Try) -> None:
    found = tried("--dead", "--select", "nav_jumped,executor_is_silent", "--bot", "main")
    dead = {(one["bot"], one["limit"]): one for one in found}
    assert ("main", "nav_step_ratio") not in dead
    silent = dead["main", "silent_seconds"]
    assert 0 < silent["would_trip_at"] < silent["value"]


def test_a_limit_that_no_check_reads_is_refused(
    sick: SickBot, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--since", iso(sick.last_at), "--until", iso(sick.last_at), "--set", "nav_step=1"]
    assert main(["--home", str(sick.home), "backtest", *words]) == 2
    assert "nav_step_ratio" in capsys.readouterr().err
