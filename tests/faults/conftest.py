"""The stand-in bot of the ingest tests, and a nursery of ingests that are killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "ingest"))

from station import Station, make_station  # noqa: E402


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
    command = [sys.executable, str(HERE / "nursery.py"), str(settings.home),
               str(project or settings.project), str(station.logs), str(limit)]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield Nursery(process)
        process.stdin.close() if process.stdin else None


@pytest.fixture
def station(tmp_path: Path) -> Station:
    made = make_station(tmp_path)
    (made.logs / "state").mkdir()
    return made
