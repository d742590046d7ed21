"""What the watch starts, and when: children that only note what they were asked for."""

import errno
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ingest import Settings, WatchhouseError, load_settings
from watchhouse.report.command import default_file
from watchhouse.run.child import Child, Ended
from watchhouse.run.plan import Plan
from watchhouse.run.watch import Watch, run

NOON = datetime(2026, 3, 10, 12, 0, 20)


class Noted(Child):
    """Ends at once, well or not, but for `ingest`, which goes on."""

    begun: list[tuple[str, ...]]
    failing: set[str]

    def __init__(self, settings: Settings, words: Sequence[str], log: Path) -> None:
        self.words = tuple(words)
        self.begun.append(self.words)

    def ended(self, good: Sequence[int], deadline_seconds: float | None = None) -> Ended | None:
        if self.words[0] == "ingest" and "ingest" not in self.failing:
            return None
        code = 9 if self.words[0] in self.failing else 0
        return Ended("ok" if code in good else "failed", code, 0.1, "its last words")


@pytest.fixture
def noted(tmp_path: Path) -> type[Noted]:
    return type("Fresh", (Noted,), {"begun": [], "failing": set()})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = load_settings(tmp_path / "a home")
    made.make_home()
    return made


def first_words(noted: type[Noted]) -> list[str]:
    return [words[0] for words in noted.begun]


def test_capture_goes_on_and_a_check_follows_each_build(
    settings: Settings, noted: type[Noted]
) -> None:
    watch = Watch(settings, Plan(commit_seconds=2), noted)
    for second in range(4):
        watch.tick(NOON + timedelta(seconds=second), second)
    follow, judge = ("ingest", "--follow", "--every", "2"), ("check", "--catch-up")
    assert noted.begun == [follow, ("build",), judge]
    watch.tick(NOON + timedelta(minutes=1), 60)
    watch.tick(NOON + timedelta(minutes=1), 61)
    assert first_words(noted) == ["ingest", "build", "check", "build", "check"]


def test_who_is_to_be_told_is_told_after_each_check(settings: Settings, noted: type[Noted]) -> None:
    watch = Watch(replace(settings, notify={"urls": []}), Plan(), noted)
    for second in range(4):
        watch.tick(NOON, second)
    assert first_words(noted) == ["ingest", "build", "check", "notify"]


def test_a_clock_set_back_an_hour_does_not_stop_it(settings: Settings, noted: type[Noted]) -> None:
    watch = Watch(settings, Plan(), noted)
    watch.tick(NOON, 0)
    watch.tick(NOON, 1)
    watch.tick(NOON - timedelta(hours=1), 2)
    assert first_words(noted).count("build") == 2


def test_a_step_that_fails_is_tried_again_later_and_later(
    settings: Settings, noted: type[Noted], capsys: pytest.CaptureFixture[str]
) -> None:
    noted.failing.add("ingest")
    watch = Watch(settings, Plan(), noted)
    begun_at = []
    for second in range(120):
        before = first_words(noted).count("ingest")
        watch.tick(NOON, second)
        if first_words(noted).count("ingest") > before:
            begun_at.append(second)
    pauses = [b - a for a, b in pairwise(begun_at)]
    assert pauses == sorted(pauses) and pauses[0] >= 5 and pauses[-1] >= 40
    assert first_words(noted).count("build") == 1, "a failing step stops no other"
    notices = next(settings.folder("journal").glob("notices-*.jsonl")).read_text()
    assert notices.count('"outcome": "failed"') >= len(pauses)
    noted.failing.clear()
    watch.tick(NOON, 1000)
    said = capsys.readouterr().err
    assert said.count("its last words") == 1, "said once, not each time"


def test_neither_a_journal_nor_a_child_that_fails_ends_the_watch(
    settings: Settings, noted: type[Noted], capsys: pytest.CaptureFixture[str]
) -> None:
    def start(settings: Settings, words: Sequence[str], log: Path) -> Child:
        if "build" in noted.failing and words[0] == "build":
            raise OSError(errno.ENOSPC, "No space left on device")
        return noted(settings, words, log)

    settings.folder("journal").rmdir()
    noted.failing.add("build")
    watch = Watch(settings, Plan(), start)
    watch.tick(NOON, 0)
    watch.tick(NOON, 1)
    settings.folder("journal").mkdir()
    noted.failing.clear()
    for minute in (1, 2):
        watch.tick(NOON + timedelta(minutes=minute), minute * 60)
    assert first_words(noted).count("build") == 2
    said = capsys.readouterr().err
    assert "build failed after 0 s: cannot begin: No space left" in said
    assert "not kept in the journal" in said and "build works again" in said


def test_a_report_is_made_once_also_one_that_was_missed(
    settings: Settings, noted: type[Noted]
) -> None:
    plan = Plan(reports={"24h": "5 0 * * *"})
    watch = Watch(settings, plan, noted)
    watch.tick(NOON, 0)
    assert "report" not in first_words(noted), "nothing is published yet"
    settings.published_file.touch()
    watch.tick(NOON, 1)
    watch.tick(NOON, 2)
    wanted = ("report", "24h", "--as-of", "2026-03-10T00:05:00Z")
    assert noted.begun.count(wanted) == 1
    default_file(settings, "24h", datetime(2026, 3, 10, 0, 5), None).touch()
    Watch(settings, plan, noted).tick(NOON, 0)
    assert noted.begun.count(wanted) == 1


def test_the_archive_is_asked_for_at_the_start_and_each_night(
    settings: Settings, noted: type[Noted]
) -> None:
    watch = Watch(settings, Plan(), noted)
    watch.tick(NOON, 0)
    assert "archive" not in first_words(noted), "there is nothing to archive yet"
    settings.live_file.touch()
    for hour in range(1, 30):
        watch.tick(NOON + timedelta(hours=hour), hour * 3600)
    assert first_words(noted).count("archive") == 2


def test_a_report_that_fails_is_not_tried_each_minute(
    settings: Settings, noted: type[Noted]
) -> None:
    noted.failing.add("report")
    settings.published_file.touch()
    watch = Watch(settings, Plan(reports={"24h": "5 0 * * *"}), noted)
    for minute in range(600):
        watch.tick(NOON, minute * 60)
    assert 10 < first_words(noted).count("report") < 25


def test_at_the_end_of_summer_time_each_hour_is_built(
    settings: Settings, noted: type[Noted], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of the plan is UTC, whatever zone the host has: no hour comes twice or never."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    watch = Watch(settings, Plan(build="0 * * * *"), noted)
    for minute in range(0, 6 * 60, 10):
        watch.tick(datetime(2026, 10, 24, 22, 0) + timedelta(minutes=minute), minute * 60)
    monkeypatch.undo()
    time.tzset()
    assert first_words(noted).count("build") == 6


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run.lock").mkdir()
    with pytest.raises(WatchhouseError, match="cannot be written"):
        run(load_settings(tmp_path), Plan())
