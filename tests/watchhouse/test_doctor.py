"""`watchhouse doctor`: what is wrong is said with its fix, and nothing is changed by looking."""

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sick_bot import SickBot

from ingest import Bot, load_settings
from ingest.lock import writer_lock
from watchhouse import journal
from watchhouse.cli import main
from watchhouse.doctor import Symptom, examine
from watchhouse.instant import iso
from watchhouse.metrics import metrics
from watchhouse.report.command import default_file

NOW = datetime(2026, 3, 10, 12, 0)


def symptoms(home: Path, now: datetime = NOW, **settings: object) -> dict[str, Symptom]:
    examined = examine(replace(load_settings(home), **settings), now)  # type: ignore[arg-type]
    return {symptom.what: symptom for symptom in examined.symptoms}


def test_nothing_there_is_said_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path / "none"), "doctor"]) == 1
    told = capsys.readouterr().out
    assert "BAD  home: there is no" in told
    assert "fix: watchhouse init --bot name=LOGS" in told
    assert not (tmp_path / "none").exists()


def test_json_is_a_list_of_symptoms(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--home", str(home), "doctor", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert {"what": "home", "state": "ok", "says": str(home), "fix": None} in told
    [published] = [one for one in told if one["what"] == "published"]
    assert (published["state"], published["fix"]) == ("bad", "watchhouse build")  # an older one


def test_files_that_cannot_be_read_are_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "logs" / "state"
    state.mkdir(parents=True)
    for name in ("nav.json", "diagnostics.json"):
        (state / name).write_text("{}")
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: not str(path).endswith("nav.json") and access(path, mode)
    )
    found = symptoms(home, bots=(Bot("main", tmp_path / "logs"),))["bot main"]
    assert (found.state, found.says) == ("bad", "1 files cannot be read: state/nav.json")
    assert found.fix
    assert "CAP_DAC_READ_SEARCH" in found.fix


def test_a_stamp_in_the_future_is_a_clock(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "logs" / "state" / "nav.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    bots = (Bot("main", tmp_path / "logs"),)
    late = datetime.fromtimestamp(file.stat().st_mtime).astimezone().replace(tzinfo=None)
    assert "bot main clock" in symptoms(home, datetime(2020, 1, 1), bots=bots)
    assert "bot main clock" not in symptoms(home, late + timedelta(days=1), bots=bots)


def test_who_writes_is_named_and_is_not_disturbed(home: Path) -> None:
    with writer_lock(load_settings(home)):
        assert f"process {os.getpid()}" in symptoms(home)["lock"].says
    assert symptoms(home)["lock"].says == "nobody is writing"


def test_the_last_end_of_each_step_counts(home: Path) -> None:
    settings = load_settings(home)
    settings.make_home()
    for step, outcome in (("build", "failed"), ("build", "ok"), ("check", "hung")):
        end = {"what": "step", "step": step, "outcome": outcome, "said": "no reply"}
        journal.append(settings, "notices", end)
    found = symptoms(home)
    assert found["step build"].state == "ok"
    assert found["step check"].state == "bad"
    assert "no reply" in found["step check"].says


def test_a_capture_that_goes_on_since_it_failed_is_well(home: Path) -> None:
    settings = load_settings(home)
    settings.make_home()
    for minutes, state in ((30, "ok"), (5, "bad")):
        at = iso(NOW - timedelta(minutes=minutes))
        end = {"at": at, "what": "step", "step": "ingest", "outcome": "failed", "said": "killed"}
        journal.append(settings, "notices", end)
        assert symptoms(home)["step ingest"].state == state


def test_a_warehouse_read_lately_has_no_lag_and_every_file_a_sample(sick: SickBot) -> None:
    examined = examine(load_settings(sick.home), sick.last_at + timedelta(seconds=30))
    found = {symptom.what: symptom for symptom in examined.symptoms}
    assert found["bot main lag"].state == "ok"
    assert found["published"].says.startswith("in the future")  # the bot's day is simulated
    late = symptoms(sick.home, sick.last_at + timedelta(hours=1))
    assert late["bot main lag"].state == "warn"
    text = metrics(examined, sick.last_at)
    assert 'watchhouse_symptom_state{what="bot main lag"} 0\n' in text
    assert 'watchhouse_file_lag_seconds{bot="main",file="state/nav.json"} ' in text
    assert all(line.startswith("#") or len(line.rsplit(" ", 1)) == 2 for line in text.splitlines())


def test_metrics_are_written_whole_or_not_at_all(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "watchhouse.prom"
    main(["--home", str(home), "doctor", "--metrics", str(file)])
    assert "# TYPE watchhouse_disk_free_bytes gauge\n" in file.read_text()
    assert [one.name for one in tmp_path.glob("*.prom*")] == ["watchhouse.prom"]
    capsys.readouterr()
    assert main(["--home", str(home), "doctor", "--metrics", str(tmp_path / "no" / "f.prom")]) == 1
    assert "error: cannot write" in capsys.readouterr().err


def test_the_schedule_is_held_against_the_reports_that_are_there(home: Path) -> None:
    run = {"reports": {"24h": "5 0 * * *"}}
    due = datetime(2026, 3, 10, 0, 5)
    found = symptoms(home, run=run)
    assert (found["schedule"].state, found["report 24h"].state) == ("ok", "warn")
    assert "last due 2026-03-10T00:05:00Z, not made" in found["report 24h"].says
    file = default_file(load_settings(home), "24h", due, None)
    file.parent.mkdir(exist_ok=True)
    file.touch()
    assert symptoms(home, run=run)["report 24h"].state == "ok"
    assert "61" in symptoms(home, run={"build": "61 * * * *"})["schedule"].says
