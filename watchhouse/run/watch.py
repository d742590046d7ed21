"""The watch: `ingest --follow` kept alive, each step a process of its own when it is due."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import WatchhouseError
from ingest.follow import stopped_by_signals
from ingest.settings import Settings
from watchhouse import journal
from watchhouse.instant import iso, now
from watchhouse.report.command import default_file
from watchhouse.run.child import Child, Ended
from watchhouse.run.plan import Plan, last_due

TICK_SECONDS = 0.5
CAPTURE, BUILD, CHECK, NOTIFY, ARCHIVE = "ingest", "build", "check", "notify", "archive"
_FIRST_PAUSE_SECONDS = 5.0
# What cannot wait is tried again each minute, a report or an archive each hour.
_LONGEST_PAUSE_SECONDS = {CAPTURE: 60.0, BUILD: 60.0, CHECK: 60.0, NOTIFY: 60.0}
_HOUR_SECONDS = 3600.0
_END_SECONDS = 60.0
# Capture has no end of its own; each exit code of `check` is a verdict, or a reason for none.
_GOOD: dict[str, tuple[int, ...]] = {CAPTURE: (), CHECK: (0, 1, 2, 3)}

Start = Callable[[Settings, Sequence[str], Path], Child]


def run(settings: Settings, plan: Plan, stop: threading.Event | None = None) -> None:
    """Watch until SIGTERM, SIGINT or `stop`; a step that runs then may end its work.

    Raises WatchhouseError when this home is watched already.
    """
    stop = stop or threading.Event()
    settings.make_home()
    lock = FileLock(settings.home / "run.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise WatchhouseError(
            f"`{settings.home}` is being watched by another process",
            "stop that one first, or use another home (--home, WATCHHOUSE_HOME)",
        ) from None
    except OSError as error:
        raise WatchhouseError(
            f"`{settings.home}` cannot be written: {error.strerror}", "watchhouse doctor"
        ) from error
    with lock, stopped_by_signals(stop):
        watch = Watch(settings, plan)
        try:
            while not stop.is_set():
                watch.tick(now(), time.monotonic())
                stop.wait(TICK_SECONDS)
        finally:
            watch.end()


@dataclass
class _Step:
    """One kind of work: what was asked for, what runs, and how often it failed in a row."""

    name: str
    due: datetime | None = None
    words: tuple[str, ...] | None = None
    running: tuple[str, ...] = ()
    child: Child | None = None
    failures: int = 0
    said: str = ""
    not_before: float = 0.0


class Watch:
    """What runs and what is due; `tick` does whatever there is to do and never waits."""

    def __init__(self, settings: Settings, plan: Plan, start: Start = Child) -> None:
        self._settings = settings
        self._plan = plan
        self._start = start
        names = (CAPTURE, BUILD, CHECK, NOTIFY, ARCHIVE, *plan.reports)
        self._steps = {name: _Step(name) for name in names}
        self._logs = settings.home / "run"
        self._logs.mkdir(mode=0o700, exist_ok=True)

    def tick(self, at: datetime, clock: float) -> None:
        """Look after the children, start what is due. `at` in UTC, `clock` in monotonic seconds."""
        self._ask_for_what_is_due(at)
        for step in self._steps.values():
            self._look_after(step, clock)
            if step.child is None and step.words is not None and clock >= step.not_before:
                self._begin(step, clock)

    def _begin(self, step: _Step, clock: float) -> None:
        step.running, step.words = step.words or (), None
        try:
            step.child = self._start(self._settings, step.running, self._logs / f"{step.name}.log")
        except OSError as error:  # a full disk, no process left
            self._has_ended(
                step, Ended("failed", -1, 0.0, f"cannot begin: {error.strerror}"), clock
            )

    def end(self) -> None:
        """Let each child finish what it began; one that takes too long is killed."""
        until = time.monotonic() + _END_SECONDS
        for step in self._steps.values():
            if step.child is not None:
                step.child.stop(max(0.0, until - time.monotonic()))
                step.child = None

    def _ask_for_what_is_due(self, at: datetime) -> None:
        capture = self._steps[CAPTURE]
        if capture.child is None:
            capture.words = ("ingest", "--follow", "--every", str(self._plan.commit_seconds))
        self._ask_for(BUILD, last_due(self._plan.build, at))
        if self._settings.live_file.exists():
            self._ask_for(ARCHIVE, last_due(self._plan.archive, at))
        if self._settings.published_file.exists():
            for span, expression in self._plan.reports.items():
                self._ask_for_report(span, last_due(expression, at))

    def _ask_for(self, name: str, due: datetime) -> None:
        """`!=`, not `>`: a clock that was set back must not stop the watch."""
        step = self._steps[name]
        if due != step.due:
            step.due, step.words = due, (name,)

    def _ask_for_report(self, span: str, due: datetime) -> None:
        """The file says whether it was made: a report missed while the watch was down is due."""
        step = self._steps[span]
        if due != step.due and not default_file(self._settings, span, due, None).exists():
            step.words = ("report", span, "--as-of", iso(due))
        step.due = due

    def _look_after(self, step: _Step, clock: float) -> None:
        if step.child is None:
            return
        deadline = None if step.name == CAPTURE else self._plan.deadline_seconds
        ended = step.child.ended(_GOOD.get(step.name, (0,)), deadline)
        if ended is not None:
            step.child = None
            self._has_ended(step, ended, clock)

    def _has_ended(self, step: _Step, ended: Ended, clock: float) -> None:
        self._tell(step, ended)
        if step.name == BUILD:
            self._steps[CHECK].words = ("check", "--catch-up")
        if step.name == CHECK and self._settings.notify:
            self._steps[NOTIFY].words = ("notify",)
        step.failures = 0 if ended.outcome == "ok" else step.failures + 1
        if step.failures:
            if step.name != BUILD:  # which is due again by itself
                step.words = step.words or step.running
            longest = _LONGEST_PAUSE_SECONDS.get(step.name, _HOUR_SECONDS)
            # So many doublings are an hour; a step may fail for weeks.
            pause = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(step.failures - 1, 10), longest)
            step.not_before = clock + pause

    def _tell(self, step: _Step, ended: Ended) -> None:
        """Each end is a line of the journal; a failure is said on stderr once, and its end."""
        said = "" if ended.outcome == "ok" else ended.said
        entry = {"what": "step", "step": step.name} | vars(ended) | {"said": said}
        try:
            journal.append(self._settings, "notices", entry)
        except OSError as error:  # the watch goes on, whatever becomes of its journal
            said = f"{said} (not kept in the journal: {error.strerror})".strip()
        if ended.outcome != "ok" and said != step.said:
            _say(f"{step.name} {ended.outcome} after {ended.seconds:.0f} s: {said}")
        elif ended.outcome == "ok" and step.failures:
            _say(f"{step.name} works again")
        step.said = said


def _say(sentence: str) -> None:
    with suppress(OSError):  # stderr may be a file on the disk that is full
        print(f"{iso(now())} {sentence}", file=sys.stderr, flush=True)
