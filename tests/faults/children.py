"""Ingests in children of another process, each killed when its time is up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from station import Station

SCRIPT = Path(__file__).with_name("nursery.py")


class Nursery:
    """Runs ingests in children of another process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, milliseconds: float = 0, *words: object) -> int:
        """One ingest, killed after so long (0: not at all); its exit code, -9 when killed."""
        assert self._process.stdin and self._process.stdout
        print(milliseconds, *words, file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@contextmanager
def nursery(station: Station, project: Path | None = None, limit: int = 0) -> Iterator[Nursery]:
    settings = station.settings
    command = [sys.executable, str(SCRIPT), str(settings.home),
               str(project or settings.project), str(station.logs), str(limit)]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Nursery(process)
        process.stdin.close() if process.stdin else None
