from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import Bot, Settings, load_settings
from ingest.errors import UsageError
from ingest.settings import write_settings
from watchhouse.run.plan import Plan, last_due, read_plan


def plan_of(home: Path, text: str) -> Plan:
    (home / "settings.toml").write_text(text)
    return read_plan(load_settings(home))


def test_without_a_word_it_builds_each_minute_and_reports_at_night(tmp_path: Path) -> None:
    plan = read_plan(load_settings(tmp_path))
    assert plan == Plan() and plan.build == "* * * * *"
    assert set(plan.reports) == {"24h", "7d", "30d"}


def test_what_the_settings_say_counts(tmp_path: Path) -> None:
    text = '[run]\ncommit_seconds = 2\nbuild = "*/5 * * * *"\n[run.reports]\n7d = "0 6 * * 1"\n'
    plan = plan_of(tmp_path, text)
    assert (plan.commit_seconds, plan.build) == (2, "*/5 * * * *")
    assert plan.reports == {"7d": "0 6 * * 1"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[run]\nbuild = "* * * * *"\nbiuld = "x"\n', ["line 3", "biuld", "nothing reads it"]),
        ('[run]\n\nbuild = "every minute"\n', ["line 3", "every minute", "cron"]),
        ('[run]\nbuild = "61 * * * *"\n', ["line 2", "61"]),
        ("[run]\nbuild = 5\n", ["line 2", "cron"]),
        ('[run.reports]\n24h = "5 0 * * *"\n90d = "5 0 * * *"\n', ["line 3", "90d", "24h"]),
        ("[run]\nreports = 3\n", ["line 2", "no table"]),
        ("[run]\ncommit_seconds = 0\n", ["line 2", "seconds"]),
        ("[run]\ndeadline_seconds = true\n", ["line 2", "seconds"]),
        ("run = 3\n", ["line 1", "no table"]),
    ],
)
def test_what_it_cannot_follow_is_refused_with_the_line(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(UsageError) as refused:
        plan_of(tmp_path, text)
    said = f"{refused.value.message} {refused.value.hint}"
    assert all(word in said for word in words), said


def test_init_keeps_the_plan(tmp_path: Path) -> None:
    text = '[run]\nbuild = "*/5 * * * *"\n[run.reports]\n7d = "0 6 * * 1"\n'
    before = plan_of(tmp_path, text)
    kept = load_settings(tmp_path)
    write_settings(Settings(kept.home, kept.project, (Bot("a", tmp_path),), run=kept.run))
    assert read_plan(load_settings(tmp_path)) == before


@given(st.datetimes(datetime(2024, 1, 2), datetime(2030, 1, 1)), st.integers(0, 59))
def test_the_last_instant_is_never_in_the_future(now: datetime, minute: int) -> None:
    due = last_due(f"{minute} * * * *", now)
    assert due <= now < due + timedelta(hours=1)
    assert (due.minute, due.second) == (minute, 0)
    assert last_due(f"{minute} * * * *", due) == due
