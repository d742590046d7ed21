"""A bot in a folder of its own and the home that reads it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

import ingest.session
from ingest import Bot, Settings
from ingest.mask import Masker

REGISTRY = """
sources:
  - name: raw
    tables:
      - {name: risk_vetoes, config: {meta: {root: logs, path: risk_vetoes.jsonl, kind: events}}}
      - {name: states, config: {meta: {root: logs, path: "state/*.json", kind: snapshot}}}
"""


class Unmasked(Masker):
    """Leaves everything as it is: what masking costs is the difference."""

    def __call__(self, text: str) -> str:
        """The text."""
        return text

    def suspects(self, texts: pa.StringArray) -> pa.BooleanArray:
        """None."""
        return pa.repeat(False, len(texts))


def make_station(folder: Path) -> Settings:
    """An empty home, and a bot without files."""
    shutil.rmtree(folder, ignore_errors=True)
    registry = folder / "project" / "models" / "staging" / "_sources.yml"
    registry.parent.mkdir(parents=True)
    registry.write_text(REGISTRY, encoding="utf-8")
    logs = folder / "logs"
    (logs / "state").mkdir(parents=True)
    return Settings(folder / "home", folder / "project", (Bot("main", logs),))


def log_of(settings: Settings) -> Path:
    """The bot's one log."""
    return settings.bots[0].logs / "risk_vetoes.jsonl"


@contextmanager
def masking(is_on: bool) -> Iterator[None]:
    """With the project's masking, or with none."""
    if not is_on:
        vars(ingest.session)["Masker"] = Unmasked
    try:
        yield
    finally:
        vars(ingest.session)["Masker"] = Masker
