"""What `check` keeps of its verdicts, and what people see and say of incidents."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.settings import load_settings
from watchhouse.cli import main
from watchhouse.incidents import read_incidents, seen_before
from watchhouse.instant import now
from watchhouse.record import last_said

SICK = "2026-03-10T10:45:00Z"
INCIDENTS = """
create or replace table fct_incidents as
select
    incident_id, 'main' as bot, check_name, 'crit' as severity, 'it broke' as reason,
    ended_at is null as is_open, null::timestamp as since_at, opened_at,
    coalesce(ended_at, timestamp '2026-03-10 10:45') as last_seen_at, ended_at,
    minutes * 60.0 as lasted_seconds, false as is_late, earlier as seen_before_count,
    previous_id, previous_id is not null as is_reopened, acked_by, ack_reason,
    timestamp '9999-12-31' as acked_until, null as silenced_by, null as silence_reason,
    null::timestamp as silenced_until
from (values
    ('aa11', 'position_has_no_exit', timestamp '2026-03-09 08:00', timestamp '2026-03-09 08:14',
        14, 0, null, null, null),
    ('aa22', 'position_has_no_exit', timestamp '2026-03-09 09:00', timestamp '2026-03-09 09:31',
        31, 1, 'aa11', null, null),
    ('bb33', 'position_has_no_exit', timestamp '2026-03-10 10:00', null,
        45, 2, 'aa22', 'eve', 'exits are being seeded')
) as rows(
    incident_id, check_name, opened_at, ended_at, minutes, earlier, previous_id, acked_by,
    ack_reason
)
"""
Run = Callable[..., int]


@pytest.fixture
def run(home: Path) -> Run:
    with duckdb.connect(home / "warehouse.duckdb") as db:
        db.execute(INCIDENTS)
        db.execute("insert into meta.vars values ('poll_cycle_seconds', '60')")
    return lambda *words: main(["--home", str(home), *words])


def written(home: Path, stream: str) -> list[dict[str, Any]]:
    files = sorted((home / "journal").glob(f"{stream}-*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_a_check_of_now_is_kept_and_no_other(run: Run, home: Path) -> None:
    before = now()
    for words in (
        ["--as-of", SICK],
        ["--select", "nav_spike"],
        ["--bot", "main"],
        ["--no-journal"],
    ):
        run("check", *words)
    assert written(home, "verdicts") == []
    assert run("check") == 0
    [line] = written(home, "verdicts")
    assert (line["verdict"], line["late"], line["doubts"]) == ("ok", False, [])
    assert line["findings"][0]["check"] == "nav_is_new"
    assert "evidence" not in line["findings"][0]
    said = last_said(load_settings(home))
    assert said is not None
    assert before <= said <= now()


def test_minutes_that_nobody_asked_for_are_caught_up_once(run: Run, home: Path) -> None:
    (home / "journal").mkdir()
    last = now().replace(microsecond=0) - timedelta(minutes=30)
    earlier = home / "journal" / "verdicts-2026-03.jsonl"
    earlier.write_text(json.dumps({"at": last.isoformat() + "Z"}) + '\n{"at": "torn')
    assert run("check", "--catch-up") == 0
    first, end, plain = _whole(home)[1:]
    assert (first["late"], end["late"], plain["late"]) == (True, True, False)
    gap = datetime.fromisoformat(plain["at"]) - datetime.fromisoformat(first["at"])
    assert timedelta(minutes=28) < gap < timedelta(minutes=30)
    assert run("check", "--catch-up") == 0
    assert len(_whole(home)) == 5


def _whole(home: Path) -> list[dict[str, Any]]:
    files = sorted((home / "journal").glob("verdicts-*.jsonl"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    return [json.loads(line) for line in lines if line.endswith("}")]


def test_a_home_that_cannot_be_written_changes_no_verdict(
    run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "journal").write_text("in the way")
    assert run("check") == 0
    assert "the verdict is not kept in the journal" in capsys.readouterr().err


def test_a_finding_says_how_often_it_was_there_before(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("check", "--as-of", SICK)
    said = capsys.readouterr().out
    assert "  Seen before: 2 times, lasted 14 and 31 min\n" in said
    assert "  Incident bb33 is acknowledged by eve: exits are being seeded\n" in said
    run("check", "--as-of", "2026-03-10T10:00:00Z", "--format", "json")
    assert "Seen before" not in capsys.readouterr().out


def test_what_came_later_was_not_seen_before(run: Run, home: Path) -> None:
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as db:
        incidents = read_incidents(db)
    early = datetime(2026, 3, 9, 8, 30)
    told = seen_before(incidents, "main", "position_has_no_exit", early)
    assert told == ["Seen before: once, lasted 14 min"]
    assert seen_before(incidents, "spare", "position_has_no_exit", early) == []


def test_open_ones_come_first_and_name_the_one_before(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("incidents", "--open") == 0
    assert capsys.readouterr().out == (
        "CRIT bb33 main: position has no exit\n"
        "  2026-03-10 10:00Z still open, 45 min, reopened (2 earlier, last aa22)\n"
        "  it broke\n"
        "  acknowledged by eve: exits are being seeded\n"
    )
    assert run("incidents", "--all", "--format", "json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["incident_id"] for one in said] == ["bb33", "aa22", "aa11"]


def test_ack_and_silence_are_kept_with_author_reason_and_expiry(run: Run, home: Path) -> None:
    assert run("ack", "bb", "--reason", "seen", "--author", "eve", "--until", "2026-04-01") == 0
    words = [
        "--check",
        "position_has_no_exit",
        "--for",
        "2h",
        "--reason",
        "quiet",
        "--author",
        "bob",
    ]
    assert run("silence", *words) == 0
    ack, silence = written(home, "marks")
    assert {key: ack[key] for key in ("kind", "incident", "check", "bot", "author", "until")} == {
        "kind": "ack",
        "incident": "bb33",
        "check": "position_has_no_exit",
        "bot": "main",
        "author": "eve",
        "until": "2026-04-01T00:00:00Z",
    }
    assert (silence["kind"], silence["bot"], silence["author"]) == ("silence", None, "bob")
    assert silence["until"] > silence["at"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["ack", "aa", "--reason", "r"], 1, "several incidents are called `aa`"),
        (["ack", "zz", "--reason", "r"], 1, "no incident is called `zz`"),
        (["silence", "--for", "2h", "--reason", "r"], 2, "say what is to be silent"),
        (["silence", "--check", "nope", "--for", "2h", "--reason", "r"], 1, "no check or playbook"),
        (["silence", "--check", "nav_spike", "--for", "2h", "--reason", "r"], 2, "is a playbook"),
    ],
)
def test_what_nobody_can_mean_is_refused(
    run: Run,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    message: str,
) -> None:
    assert run(*words) == code
    assert message in capsys.readouterr().err
    assert written(home, "marks") == []
