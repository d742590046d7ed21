"""What each target was told, in the journal: a file per target, its last line says everything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from ingest.settings import Settings
from watchhouse import journal
from watchhouse.instant import iso, parse_instant

_HOUR = timedelta(hours=1)
_RESERVED_BYTES = 1 << 18


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
    for entry in journal.latest(settings, _stream(target)):
        if entry.get("what") == "announced":
            sent = tuple(map(parse_instant, entry["sent_at"]))
            return Told(entry["states"], parse_instant(entry["first_at"]), sent, queued)
        queued = queued or entry.get("text")
    return Told(queued=queued)


def queue(settings: Settings, target: str, told: Told, text: str) -> None:
    """Keep a message before it is sent, and room on the disk to remember that it was.

    Raises OSError when there is none: what could not be remembered would go out again.
    """
    _reserve(settings)
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
    try:
        journal.append(settings, _stream(target), entry)
    except OSError:  # the disk has become full meanwhile
        _reserved(settings).unlink(missing_ok=True)
        journal.append(settings, _stream(target), entry)


def _reserved(settings: Settings) -> Path:
    return settings.folder("journal") / "reserved"


def _reserve(settings: Settings) -> None:
    """Bytes that nothing reads; random, since zeros may take no room. Half of them is made anew."""
    place = _reserved(settings)
    if not place.exists() or place.stat().st_size < _RESERVED_BYTES:
        with place.open("wb", buffering=0) as room:
            journal.write(room.fileno(), os.urandom(_RESERVED_BYTES))
            os.fsync(room.fileno())


def _stream(target: str) -> str:
    return f"notices-told-{target}"
