"""A recording's warehouse, verdicts and truth, side by side."""

import json
import lzma
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from watchhouse.catalog import read_catalog
from watchhouse.check import run_checks
from watchhouse.verdict import Verdict

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT.parent / "shared" / "data" / "recordings"
CONFIG = RECORDINGS.parent / "config-v7.6"


def as_utc(text: str) -> datetime:
    """An ISO stamp as naive UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Recording:
    """A recording's warehouse, its frames' times and the truth told with it."""

    name: str
    warehouse: duckdb.DuckDBPyConnection

    @cached_property
    def frames(self) -> list[datetime]:
        """The time of each frame, to the microsecond as the frame states it."""
        with lzma.open(RECORDINGS / self.name / "frames.jsonl.xz", "rt") as lines:
            stamps = [json.loads(line)["ts"] for line in lines]
        epoch = datetime(1970, 1, 1)
        return [epoch + timedelta(microseconds=round(stamp * 1e6)) for stamp in stamps]

    @cached_property
    def expected(self) -> dict[str, Any]:
        """expected.json."""
        return dict(json.loads((RECORDINGS / self.name / "expected.json").read_text()))

    @cached_property
    def truth(self) -> list[dict[str, Any]]:
        """truth.jsonl: the producer's inner state per frame."""
        with lzma.open(RECORDINGS / self.name / "truth.jsonl.xz", "rt") as lines:
            return [json.loads(line) for line in lines]

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """A verdict at every frame and, between frames, at least every minute."""
        first, last = self.frames[0], self.frames[-1]
        minutes = range(int((last - first).total_seconds() // 60) + 1)
        grid = {first + timedelta(minutes=minute) for minute in minutes} | set(self.frames)
        return run_checks(self.warehouse, read_catalog(self.warehouse), sorted(grid))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query on the published warehouse answers."""
        return self.warehouse.execute(sql).fetchall()
