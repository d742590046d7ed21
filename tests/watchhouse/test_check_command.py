import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from watchhouse.cli import main

SICK, WELL, BLIND = "2026-03-10T10:45:00Z", "2026-03-10T09:30:00Z", "2026-03-10T12:30:00Z"
Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(home: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def run(*words: str, command: str = "check") -> tuple[int, Any]:
        code = main(["--home", str(home), command, "--format", "json", *words])
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def screen(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    def run(*words: str) -> list[str]:
        main(["--home", str(home), "check", *words])
        return capsys.readouterr().out.splitlines()

    return run


def test_a_sick_instant_is_crit_worst_and_earliest_first(ask: Ask) -> None:
    code, said = ask("--as-of", SICK)
    assert (code, said["verdict"], said["as_of"]) == (2, "crit", "2026-03-10T10:45:00Z")
    assert [(f["check"], f["subject"], f["severity"]) for f in said["findings"]] == [
        ("position_has_no_exit", "BTCUSDT", "crit"),
        ("position_is_underwater", "BTCUSDT", "warn"),
        ("position_is_underwater", "ETHUSDT", "warn"),
        ("nav_is_new", "nav", "info"),
    ]
    assert said["bots"]["main"] == {"verdict": "crit", "coverage": 1.0}


def test_a_finding_carries_plain_json_and_the_playbook_action(ask: Ask) -> None:
    finding = ask("--as-of", SICK)[1]["findings"][0]
    assert finding["since"] == "2026-03-10T10:00:00Z"
    assert finding["do"] == "Place the exit by hand."
    assert finding["evidence"] == {
        "loss_usd": 20.0,
        "ratio": None,
        "price": 1.5,
        "seen_at": "2026-03-10T10:00:00Z",
        "parts": [20.0],
    }


def test_info_alone_is_ok(ask: Ask) -> None:
    code, said = ask("--as-of", WELL)
    assert (code, said["verdict"], said["coverage"]) == (0, "ok", 1.0)
    assert [f["severity"] for f in said["findings"]] == ["info"]


def test_only_warnings_exit_1(ask: Ask) -> None:
    assert ask("--as-of", SICK, "--select", "position_is_underwater")[0] == 1


def test_an_unmet_need_is_unknown_and_lowers_coverage(ask: Ask) -> None:
    code, said = ask("--as-of", BLIND)
    assert (code, said["verdict"]) == (3, "unknown")
    assert said["unknown"][0] == {
        "check": "position_has_no_exit",
        "bot": "main",
        "why": "it is torn",
    }
    # main: one of three judged; spare: two of the two that apply to it.
    assert said["bots"]["main"] == {"verdict": "unknown", "coverage": 0.3333}
    assert said["bots"]["spare"] == {"verdict": "ok", "coverage": 1.0}
    assert said["coverage"] == 0.6


def test_a_finding_wins_over_an_unmet_need(home: Path, ask: Ask) -> None:
    with duckdb.connect(home / "warehouse.duckdb") as db:
        db.execute("update positions set loss = 20 where valid_to = '9999-12-31'")
    code, said = ask("--as-of", BLIND)
    assert (code, said["unknown"], said["bots"]["main"]["coverage"]) == (2, [], 1.0)


def test_before_the_first_look_everything_is_unknown(ask: Ask) -> None:
    code, said = ask("--as-of", "2026-03-01")
    assert (code, said["verdict"], said["coverage"], said["bots"]) == (3, "unknown", 0.0, {})
    assert {u["why"] for u in said["unknown"]} == {"no bot had been read by then"}


def test_a_check_whose_sql_fails_is_unknown_and_stops_nobody(home: Path, ask: Ask) -> None:
    with duckdb.connect(home / "warehouse.duckdb") as db:
        db.execute(
            "update meta.checks set compiled_sql = 'select nothing' where name = 'nav_is_new'"
        )
    code, said = ask("--as-of", WELL)
    assert (code, said["coverage"]) == (3, 0.6667)
    assert said["unknown"][0]["check"] == "nav_is_new"
    assert "the SQL of the check failed" in said["unknown"][0]["why"]
    assert ask("--as-of", SICK)[0] == 2


def test_a_warehouse_without_checks_is_unknown(home: Path, ask: Ask) -> None:
    with duckdb.connect(home / "warehouse.duckdb") as db:
        db.execute("delete from meta.checks")
    code, said = ask("--as-of", WELL)
    assert (code, said["unknown"][0]["why"]) == (3, "the warehouse holds no checks")


def test_one_bot_leaves_out_the_others(ask: Ask) -> None:
    code, said = ask("--as-of", SICK, "--bot", "spare")
    assert (code, list(said["bots"])) == (0, ["spare"])


def test_a_bot_nobody_knows_is_never_green(ask: Ask) -> None:
    code, said = ask("--as-of", WELL, "--bot", "mian")
    assert code == 3
    assert "no bot `mian` had been read" in said["unknown"][0]["why"]


def test_a_bot_to_which_no_check_applies_is_unknown(ask: Ask) -> None:
    code, said = ask("--as-of", WELL, "--bot", "spare", "--select", "nav_spike")
    assert (code, said["coverage"]) == (3, 0.0)


def test_the_first_line_fits_80_columns_and_names_the_cause(
    screen: Callable[..., list[str]],
) -> None:
    lines = screen("--as-of", SICK)
    assert lines[0] == "CRIT main: position has no exit since 10:00Z, 100% judged"
    assert max(map(len, lines)) <= 80 or any("warehouse.duckdb" in line for line in lines)


def test_the_screen_tells_what_to_do_and_what_follows_from_what(
    screen: Callable[..., list[str]],
) -> None:
    lines = screen("--as-of", SICK)
    assert "  Do: Place the exit by hand." in lines
    assert "  Explains 1 more (--all): position is underwater (warn)" in lines
    assert not any(line.startswith("WARN") for line in lines)
    assert "  Follows from: position has no exit" in screen("--as-of", SICK, "--all")
    assert "NOT APPLICABLE spare has no nav configured [nav_is_new]" in lines


def test_unknowns_of_one_reason_are_one_line(screen: Callable[..., list[str]]) -> None:
    lines = screen("--as-of", BLIND)
    assert lines[0] == "UNKNOWN it is torn, 60% judged"
    assert [line for line in lines if line.startswith("UNKNOWN main")] == [
        "UNKNOWN main: it is torn [2 checks]"
    ]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--as-of", "1760000000"], "a bare number is not a time", "write 2025-10-09T08:53:20Z"),
        (["--as-of", "1760000000000"], "a bare number is not a time", "2025-10-18T03:20:00Z"),
        (["--as-of", "yesterday"], "not a time: 'yesterday'", "2025-10-18T03:20:00Z"),
        (["--select", "position_has_no_exits"], "no check or playbook", "`position_has_no_exit`"),
        (["--select", "underwater"], "no check or playbook", "`position_is_underwater`"),
        (["--select", ""], "the selection is empty", "name a check"),
        (["--bogus"], "No such option", ""),
    ],
)
def test_what_is_no_verdict_exits_3_with_a_hint(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str, hint: str
) -> None:
    assert main(["--home", str(home), "check", *words]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert hint in err
    assert "Traceback" not in err


def test_no_warehouse_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path), "check"]) == 3
    assert main(["--home", str(tmp_path), "sql", "select 1"]) == 1
    err = capsys.readouterr().err
    assert f"error: no warehouse at {tmp_path / 'warehouse.duckdb'}" in err
    assert "hint: watchhouse build" in err


def test_a_file_that_is_no_warehouse_is_one_sentence(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "warehouse.duckdb").write_text("not a database, but long enough to look like a file")
    assert main(["--home", str(home), "check"]) == 3
    assert "cannot open" in capsys.readouterr().err


def test_an_error_nobody_foresaw_does_not_look_like_a_warning(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("watchhouse.commands.judge.run_checks", lambda *_: [])
    assert main(["--home", str(home), "check", "--as-of", WELL]) == 3
    assert "IndexError" in capsys.readouterr().err


def test_a_time_with_a_zone_is_turned_to_utc(ask: Ask) -> None:
    assert ask("--as-of", "2026-03-10T12:45:00+02:00")[1]["as_of"] == SICK
    assert ask("--as-of", "2026-03-10 10:45")[1]["as_of"] == SICK
