import json
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ingest.errors import WatchhouseError
from watchhouse import check
from watchhouse.backtest import instants, parse_every
from watchhouse.cli import main

SPAN = ["--since", "2026-03-10T09:30:00Z", "--until", "2026-03-10T13:30:30Z"]


def run(home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    assert main(["--home", str(home), "backtest", *SPAN, "--format", "json", *words]) == 0
    said: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return said


def test_until_itself_is_always_judged() -> None:
    start = datetime(2026, 3, 10)
    grid = instants(start, start + timedelta(seconds=150), timedelta(seconds=60))
    assert [(at - start).seconds for at in grid] == [0, 60, 120, 150]
    assert instants(start, start, timedelta(seconds=60)) == [start]


def test_a_step_has_a_unit_or_means_seconds() -> None:
    assert [parse_every(text).total_seconds() for text in ("60s", "5m", "1h", "30")] == [
        60,
        300,
        3600,
        30,
    ]
    with pytest.raises(WatchhouseError, match="not a step"):
        parse_every("often")
    with pytest.raises(WatchhouseError, match="not a step"):
        parse_every("")


@pytest.mark.parametrize("every", ["0s", "-5s", "nan", "0.0001s"])
def test_a_step_that_leads_nowhere_is_refused(home: Path, every: str) -> None:
    assert main(["--home", str(home), "backtest", *SPAN, "--every", every]) == 1


def test_equal_neighbours_are_one_stretch(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(home, capsys, "--every", "60s")
    assert [(s["from_as_of"], s["to_as_of"], s["instants"], s["verdict"]) for s in said] == [
        ("2026-03-10T09:30:00Z", "2026-03-10T09:59:00Z", 30, "ok"),
        ("2026-03-10T10:00:00Z", "2026-03-10T10:29:00Z", 30, "crit"),
        ("2026-03-10T10:30:00Z", "2026-03-10T10:59:00Z", 30, "crit"),
        ("2026-03-10T11:00:00Z", "2026-03-10T11:59:00Z", 60, "ok"),
        ("2026-03-10T12:00:00Z", "2026-03-10T12:59:00Z", 60, "unknown"),
        ("2026-03-10T13:00:00Z", "2026-03-10T13:30:30Z", 32, "ok"),
    ]


def test_raw_is_what_check_says_at_each_instant(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "_PIECE", 5)
    said = run(home, capsys, "--every", "15m", "--raw")
    assert len(said) == 18
    for verdict in said:
        main(["--home", str(home), "check", "--format", "json", "--as-of", str(verdict["as_of"])])
        assert json.loads(capsys.readouterr().out) == verdict


def test_thousands_of_instants_take_seconds(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    said = run(home, capsys, "--every", "4s", "--raw")
    assert len(said) == 3609
    assert time.monotonic() - started < 10


def test_text_is_one_line_per_stretch(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "backtest", *SPAN]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[1].endswith("CRIT main: position has no exit since 10:00Z, 100% judged")
