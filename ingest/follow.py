"""Following the bots: every version of a state file as it comes, a commit every few seconds."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

from watchfiles import watch

from ingest.errors import WatchhouseError
from ingest.lock import HeldError, may_write
from ingest.look import STATE_KINDS
from ingest.registry import load_registry
from ingest.session import LoadReport, keep_looks, run_once
from ingest.settings import Bot, Settings

_DEBOUNCE_MS = 200
_TURN_SECONDS = 0.2


def follow(
    settings: Settings,
    every_seconds: float,
    report: Callable[[LoadReport], None],
    stop: threading.Event | None = None,
) -> None:
    """Ingest until `stop` is set or SIGTERM or SIGINT comes; a commit that began is finished.

    Between commits the warehouse is closed; while another process holds it, looks at the state
    files go to the spool. Raises WatchhouseError when the first look fails; a later failure is
    said on stderr and the next look tries again.
    """
    stop = stop or threading.Event()
    follower = _Follower(settings, report)
    with stopped_by_signals(stop):
        follower.look(is_first=True)
        while not stop.is_set():
            follower.wait(time.monotonic() + every_seconds, stop)
            if not stop.is_set():
                follower.look()


class _Follower:
    def __init__(self, settings: Settings, report: Callable[[LoadReport], None]) -> None:
        self._settings = settings
        self._report = report
        self._roots = [path for bot in settings.bots for path in _roots(bot)]
        registry = load_registry(settings.registry_file)
        self._names = {PurePath(s.path).name for s in registry if s.kind in STATE_KINDS}
        self._watches = True
        self._is_refused = False
        self._said = ""

    def look(self, *, is_first: bool = False) -> None:
        """Commit what is new, or say once why that is not possible now."""
        self._is_refused = False
        try:
            self._report(run_once(self._settings))
            self._say("")
        except HeldError as error:
            self._is_refused = True
            self._say(f"{error.message}; the state files go to the spool meanwhile")
        except (WatchhouseError, OSError) as error:
            if is_first:
                raise
            self._say(str(error))

    def wait(self, until: float, stop: threading.Event) -> None:
        """Wait for the next commit, keeping each state file that changes before it."""
        while self._watches and not stop.is_set() and not self._is_time(until):
            try:
                for changes in self._changes(stop):
                    if changes:
                        keep_looks(self._settings, self._bots_of(changes))
                    if self._is_time(until):
                        break
            except (OSError, RuntimeError) as error:
                self._watches = False
                print(f"no notice of changed files ({error}): they are looked at in turn",
                      file=sys.stderr, flush=True)  # fmt: skip
            except WatchhouseError as error:
                self._say(str(error))
                break
        while not stop.is_set() and not self._is_time(until):
            stop.wait(min(_TURN_SECONDS, max(0.0, until - time.monotonic())))

    def _is_time(self, until: float) -> bool:
        """The next commit is due; after a refusal it is as soon as our turn has come."""
        return time.monotonic() >= until or (self._is_refused and may_write(self._settings))

    def _bots_of(self, changes: Iterable[tuple[Any, str]]) -> list[Bot]:
        """The bots of which a file has changed; all when a path has another name here."""
        paths = [PurePath(path) for _, path in changes]
        found = [
            bot for bot in self._settings.bots
            if any(path.is_relative_to(root) for root in _roots(bot) for path in paths)
        ]  # fmt: skip
        return found or [*self._settings.bots]

    def _changes(self, stop: threading.Event) -> Iterator[Any]:
        return watch(
            *self._roots, stop_event=stop, debounce=_DEBOUNCE_MS, rust_timeout=_DEBOUNCE_MS,
            yield_on_timeout=True, raise_interrupt=False, ignore_permission_denied=True,
            watch_filter=lambda _, path: PurePath(path).name in self._names,
        )  # fmt: skip

    def _say(self, sentence: str) -> None:
        if sentence and sentence != self._said:
            print(sentence, file=sys.stderr, flush=True)
        self._said = sentence


def _roots(bot: Bot) -> list[Path]:
    return [path for path in (bot.logs, bot.config) if path is not None]


@contextmanager
def stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop` instead of ending the process; only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
