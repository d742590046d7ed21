"""State files on their way into the warehouse: each look rests here until it is committed.

A bot overwrites its state files while the warehouse is busy; what the spool holds is not lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock

from ingest.capture import Capture
from ingest.commit import utc_now
from ingest.look import Look, look_at
from ingest.registry import Source
from ingest.settings import Bot, Settings
from ingest.tree import Seen

SPOOL_BYTES = 256 * 1024 * 1024
_NAME = "%Y%m%dT%H%M%S.%f"


@dataclass(frozen=True)
class Lost:
    """Looks whose state files were not kept: from when until when, how many, and why."""

    from_at: datetime
    to_at: datetime
    looks: int
    why: str


class Spool:
    """The looks of a home that are not committed yet, one file each, in the order of time."""

    def __init__(self, settings: Settings, registry: Sequence[Source]) -> None:
        self._folder = settings.folder("spool")
        self._registry = registry
        self._sources = {source.name: source for source in registry}
        settings.make_home()

    def take(self, bot: Bot) -> Look:
        """Look at a bot now and keep in the spool what its state files hold.

        When the spool is full the look is returned all the same, with `file` None.
        """
        with self._locked(bot) as place:
            memory = _load(place / "seen.json")
            look = look_at(bot, self._registry, _known(memory), is_live=True)
            last = datetime.fromisoformat(memory.get("at", datetime.min.isoformat()))
            # A clock that was set back must not bring looks into another order.
            look.at = max(utc_now(), last + timedelta(microseconds=1))
            if self._has_room(look):
                look.file = place / f"{look.at.strftime(_NAME)}.look"
                _store(look.file, _lines(look))
                _store(place / "seen.json", [json.dumps(_memory(look)).encode()])
            return look

    def note_lost(self, look: Look, why: str) -> None:
        """Remember, to be told at the next commit, that a look could not be kept."""
        with self._locked(look.bot) as place:
            lost = _load(place / "lost.json")
            if not lost:
                print(f"bot `{look.bot.name}`: what its state files hold is not kept: {why}",
                      file=sys.stderr, flush=True)  # fmt: skip
            since, looks = lost.get("from", look.at.isoformat()), lost.get("looks", 0) + 1
            after = {"from": since, "to": look.at.isoformat(), "looks": looks, "why": why}
            _store(place / "lost.json", [json.dumps(after).encode()])

    def lost(self, bot: Bot) -> Iterator[Lost]:
        """Looks that were not kept and not told yet."""
        if lost := _load(self._folder / bot.name / "lost.json"):
            since, until = map(datetime.fromisoformat, (lost["from"], lost["to"]))
            yield Lost(since, until, lost["looks"], lost["why"])

    def tell_lost(self, bot: Bot) -> None:
        """What could not be kept stands in the ledger."""
        (self._folder / bot.name / "lost.json").unlink(missing_ok=True)

    def waiting(self, bot: Bot, before: datetime) -> Iterator[Look]:
        """The looks at a bot that were kept before a time, oldest first, without its logs.

        One that a power loss left damaged is dropped with a word on stderr.
        """
        place = self._folder / bot.name
        for file in sorted(place.glob("*.look")) if place.is_dir() else ():
            if datetime.strptime(file.stem, _NAME) >= before:
                return
            try:
                yield self._read(bot, file)
            except (ValueError, KeyError, TypeError):
                print(f"`{file}` is damaged and dropped: a look is lost", file=sys.stderr)
                file.unlink(missing_ok=True)

    def drop(self, looks: Sequence[Look]) -> None:
        """The looks are committed, or not to be."""
        for look in looks:
            if look.file:
                look.file.unlink(missing_ok=True)

    @contextmanager
    def _locked(self, bot: Bot) -> Iterator[Path]:
        place = self._folder / bot.name
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(place / ".lock", mode=0o600, thread_local=False, is_singleton=True):
            yield place

    def _has_room(self, look: Look) -> bool:
        held = sum(file.stat().st_size for file in self._folder.glob("*/*.look"))
        return held + sum(len(found.raw) for _, found in look.states) <= SPOOL_BYTES

    def _read(self, bot: Bot, file: Path) -> Look:
        content = file.read_bytes()
        end = content.index(b"\n")
        head = json.loads(content[:end])
        if len(content) != end + 1 + sum(entry["length"] for entry in head["states"]):
            raise ValueError("its length is wrong")
        look = Look(bot, at=datetime.fromisoformat(head["at"]), file=file)
        at = end + 1
        for entry in head["states"]:
            raw, at = content[at : at + entry["length"]], at + entry["length"]
            if source := self._sources.get(entry["source"]):
                look.states.append((source, _capture(entry, raw)))
        look.absent = [s for name in head["absent"] if (s := self._sources.get(name))]
        return look


def _capture(entry: dict[str, Any], raw: bytes) -> Capture:
    seen = entry["seen"] and Seen(**entry["seen"])
    return Capture(entry["path"], entry["status"], raw, seen, entry["detail"], entry["sha256"])


def _lines(look: Look) -> list[bytes]:
    states = [
        {"source": source.name, "path": found.path, "status": found.status, "detail": found.detail,
         "seen": found.seen and asdict(found.seen), "sha256": found.sha256,
         "length": len(found.raw)}
        for source, found in look.states
    ]  # fmt: skip
    head = {"at": look.at.isoformat(), "states": states, "absent": [s.name for s in look.absent]}
    return [json.dumps(head).encode(), b"\n", *(found.raw for _, found in look.states)]


def _memory(look: Look) -> dict[str, Any]:
    files = [
        (source.name, found.path, found.seen and found.seen.state_stamp,
         found.sha256 if found.status == "unchanged" else hashlib.sha256(found.raw).hexdigest())
        for source, found in look.states
        if found.status in ("read", "unchanged")
    ]  # fmt: skip
    return {"at": look.at.isoformat(), "files": files}


def _known(memory: dict[str, Any]) -> Any:
    files = {(source, path): (tuple(stamp), sha256)
             for source, path, stamp, sha256 in memory.get("files", ()) if stamp}  # fmt: skip
    return lambda source, path: files.get((source, path))


def _load(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _store(file: Path, parts: list[bytes]) -> None:
    fresh = file.with_suffix(".tmp")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as handle:  # noqa: PTH123 - is open already
        handle.writelines(parts)
    fresh.replace(file)
