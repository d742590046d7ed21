"""What each target was told, in the journal: a file per target, its last line says everything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from ingest.settings import Settings
from watchhouse import journal
from watchhouse.instant import iso, parse_instant

_READ_BACK_BYTES = 1 << 20
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Told:
    """The states last told, when messages went out within the hour, what waits to be sent."""

    states: Mapping[str, str] = field(default_factory=dict)
    first_at: datetime | None = None
    sent_at: tuple[datetime, ...] = ()
    queued: str | None = None


def last_told(settings: Settings, target: str) -> Told:
    """What a target was told last; nothing at all when it never was."""
    queued = None
    for entry in _backwards(settings, target):
        if entry.get("what") == "announced":
            sent = tuple(map(parse_instant, entry["sent_at"]))
            return Told(entry["states"], parse_instant(entry["first_at"]), sent, queued)
        queued = queued or entry.get("text")
    return Told(queued=queued)


def queue(settings: Settings, target: str, told: Told, text: str) -> None:
    """Keep a message before it is sent, so that none goes out that could not be remembered.

    Raises OSError when the journal cannot be written.
    """
    if told.queued != text:
        entry = {"what": "queued", "target": target, "text": text}
        journal.append(settings, _stream(target), entry)


def remember(
    settings: Settings,
    target: str,
    told: Told,
    states: Mapping[str, str],
    at: datetime,
    *,
    is_sent: bool,
) -> None:
    """Keep what a target has been told by now, with or without a message."""
    sent = [one for one in told.sent_at if one > at - _HOUR] + [at] * is_sent
    first = told.first_at or at
    entry = {
        "at": iso(at),
        "what": "announced",
        "target": target,
        "states": dict(states),
        "sent_at": [iso(one) for one in sent],
        "first_at": iso(first),
    }
    journal.append(settings, _stream(target), entry)


def _stream(target: str) -> str:
    return f"notices-told-{target}"


def _backwards(settings: Settings, target: str) -> list[dict[str, Any]]:
    """The last lines about a target, the latest first; torn ones are left out."""
    files = settings.folder("journal").glob(f"{_stream(target)}-*.jsonl")
    lines = [line for file in sorted(files)[-2:] for line in _tail(file)]
    return [entry for line in reversed(lines) if (entry := _parsed(line))]


def _tail(file: Path) -> list[bytes]:
    with file.open("rb") as lines:
        size = lines.seek(0, os.SEEK_END)
        lines.seek(max(0, size - _READ_BACK_BYTES))
        return lines.read().splitlines()


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}  # cut off by a full disk; ingest quarantines it
    return entry if isinstance(entry, dict) else {}
