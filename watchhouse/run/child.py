"""A command of ours as a child process: its deadline, its last words, its end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ingest.settings import Settings

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Ended:
    """How a child ended: `failed` or `hung` when it did not do its work, `said` its last line."""

    outcome: str
    exit_code: int
    seconds: float
    said: str


class Child:
    """`watchhouse WORDS` in a session of its own; what it says is kept in `log`."""

    def __init__(self, settings: Settings, words: Sequence[str], log: Path) -> None:
        self._log = log
        self._begun = time.monotonic()
        command = [sys.executable, "-m", "watchhouse.cli", "--home", str(settings.home), *words]
        with log.open("wb") as out:
            # `preexec_fn` may hang a process of many threads; the watch has one.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=_ends_with(os.getpid()),  # noqa: PLW1509
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ended(self, good: Sequence[int], deadline_seconds: float | None = None) -> Ended | None:
        """How it ended, None while it runs; past the deadline it is killed with its children."""
        code = self._process.poll()
        seconds = time.monotonic() - self._begun
        if code is not None:
            outcome = "ok" if code in good else "failed"
        elif deadline_seconds is not None and seconds > deadline_seconds:
            self._kill(signal.SIGKILL)
            code, outcome = self._process.wait(), "hung"
        else:
            return None
        was_killed = code < 0 and outcome == "failed"
        said = f"killed by signal {-code}" if was_killed else self.last_line()
        return Ended(outcome, code, round(seconds, 3), said)

    def stop(self, wait_seconds: float) -> int:
        """Ask it to end and wait, kill it when it does not; its exit code."""
        self._kill(signal.SIGTERM)
        try:
            return self._process.wait(wait_seconds)
        except subprocess.TimeoutExpired:
            self._kill(signal.SIGKILL)
            return self._process.wait()

    def last_line(self) -> str:
        """The last line it printed, at most 200 characters."""
        with self._log.open("rb") as said:
            said.seek(max(0, said.seek(0, os.SEEK_END) - 4096))
            lines = said.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")[:200]

    def _kill(self, number: int) -> None:
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.killpg(self._process.pid, number)


def _ends_with(parent: int) -> Callable[[], None] | None:
    """On Linux a child is told when the watch dies, also by kill -9: no reader is left behind."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(0)  # it died before the request

    return in_child
