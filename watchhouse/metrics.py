"""What the doctor saw, in Prometheus' text format for node_exporter's textfile collector."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ingest.errors import WatchhouseError
from watchhouse.doctor import Examined

_STATES = {"ok": 0, "warn": 1, "bad": 2}
Sample = tuple[dict[str, str], float | None]


def metrics(examined: Examined, now: datetime) -> str:
    """The text; `now` is naive UTC. What is not known has no sample."""
    published = examined.published_at
    age = (now - published).total_seconds() if published else None
    files = [({"bot": file.bot, "file": file.file}, file) for file in examined.files]
    groups: list[tuple[str, str, Iterable[Sample]]] = [
        ("symptom_state", "0 ok, 1 warn, 2 bad",
         [({"what": one.what}, _STATES[one.state]) for one in examined.symptoms]),
        ("file_lag_seconds", "Since the last news of a file",
         [(labels, file.lag_seconds) for labels, file in files]),
        ("file_lost_bytes", "Known to be gone unread",
         [(labels, file.lost_bytes) for labels, file in files]),
        ("file_quarantined_lines", "Stretches of a log that are not JSON",
         [(labels, file.quarantined_count) for labels, file in files]),
        ("disk_free_bytes", "Where the home is", [({}, examined.disk_free_bytes)]),
        ("published_age_seconds", "Since the last publish", [({}, age)]),
        ("examined_timestamp_seconds", "When this was written",
         [({}, now.replace(tzinfo=UTC).timestamp())]),
    ]  # fmt: skip
    return "".join(line for group in groups for line in _gauge(*group))


def write_metrics(file: Path, text: str) -> None:
    """Write the file whole or leave it; raises `WatchhouseError` when it cannot be written."""
    part = file.with_name(f"{file.name}.{os.getpid()}")  # the collector reads *.prom only
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise WatchhouseError(f"cannot write {file}: {error.strerror}", "--metrics FILE") from error


def _gauge(name: str, means: str, samples: Iterable[Sample]) -> list[str]:
    name = f"watchhouse_{name}"
    lines = [f"{name}{_labels(labels)} {value}\n" for labels, value in samples if value is not None]
    return [f"# HELP {name} {means}\n", f"# TYPE {name} gauge\n", *lines] if lines else []


def _labels(labels: dict[str, str]) -> str:
    pairs = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
