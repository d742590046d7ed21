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
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock

from ingest.capture import Capture
from ingest.commit import utc_now
from ingest.look import Look, Version, look_at
from ingest.registry import Source
from ingest.settings import Bot, Settings
from ingest.tree import Seen

SPOOL_BYTES = 256 * 1024 * 1024
_NAME = "%Y%m%dT%H%M%S.%f"
_NEVER = datetime.min.isoformat()
_Files = dict[str, dict[str, Version]]


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
        # Of each bot what `seen.json` holds, and the stamp of that file.
        self._known: dict[str, tuple[object, _Files]] = {}
        settings.make_home()

    def take(self, bot: Bot) -> Look:
        """Look at a bot now and keep in the spool what its state files hold.

        When the spool is full the look is returned all the same, with `file` None.
        """
        with self._locked(bot) as place:
            known = self._recall(bot, place)
            look = look_at(bot, self._registry, known, is_live=True)
            # A clock that was set back must not bring looks into another order.
            look.at = max(utc_now(), _last(place) + timedelta(microseconds=1))
            if self._has_room(look):
                look.file = place / f"{look.at.strftime(_NAME)}.look"
                _store(look.file, _lines(look))
                self._remember(place, look, known)
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

        One that a power loss left damaged is dropped, and a loss to be told.
        """
        place = self._folder / bot.name
        for file in sorted(place.glob("*.look")) if place.is_dir() else ():
            at = datetime.strptime(file.stem, _NAME)
            if at >= before:
                return
            try:
                yield self._read(bot, file)
            except (ValueError, KeyError, TypeError):
                self.note_lost(Look(bot, at=at), f"`{file.name}` was damaged")
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

    def _recall(self, bot: Bot, place: Path) -> _Files:
        """What is known of the state files; another process may have looked since."""
        stamp = _stamp(place / "seen.json")
        if bot.name not in self._known or self._known[bot.name][0] != stamp:
            files = _load(place / "seen.json").get("files", {})
            self._known[bot.name] = (
                stamp,
                {
                    source: {
                        path: (tuple(stamp), sha256) for path, (stamp, sha256) in found.items()
                    }
                    for source, found in files.items()
                },
            )
        return self._known[bot.name][1]

    def _remember(self, place: Path, look: Look, known: _Files) -> None:
        is_same = len(look.same) == sum(map(len, known.values()))
        if not is_same or any(found.status == "read" for _, found in look.states):
            now = _files(look, known)
            _store(place / "seen.json", [json.dumps({"files": now}).encode()])
            self._known[look.bot.name] = _stamp(place / "seen.json"), now
        _store(place / "last.json", [json.dumps({"at": look.at.isoformat()}).encode()])

    def _has_room(self, look: Look) -> bool:
        held = sum(file.stat().st_size for file in self._folder.glob("*/*.look"))
        return held + sum(len(found.raw) for _, found in look.states) <= SPOOL_BYTES

    def _read(self, bot: Bot, file: Path) -> Look:
        content = file.read_bytes()
        end = content.index(b"\n")
        head = json.loads(content[:end])
        if len(content) != end + 1 + sum(entry["length"] for entry in head["states"]):
            raise ValueError("its length is wrong")
        look = Look(bot, at=datetime.fromisoformat(head["at"]), file=file, same_count=head["same"])
        at = end + 1
        for entry in head["states"]:
            raw, at = content[at : at + entry["length"]], at + entry["length"]
            if source := self._sources.get(entry["source"]):
                look.states.append((source, _capture(entry, raw)))
        look.absent = [s for name in head["absent"] if (s := self._sources.get(name))]
        return look


def _capture(entry: dict[str, Any], raw: bytes) -> Capture:
    seen = entry["seen"] and Seen(*entry["seen"])
    return Capture(entry["path"], entry["status"], raw, seen, entry["detail"])


def _lines(look: Look) -> list[bytes]:
    states = [
        {"source": source.name, "path": found.path, "status": found.status, "detail": found.detail,
         "seen": found.seen, "length": len(found.raw)}
        for source, found in look.states
    ]  # fmt: skip
    head = {
        "at": look.at.isoformat(),
        "states": states,
        "same": look.same_count,
        "absent": [source.name for source in look.absent],
    }
    return [json.dumps(head).encode(), b"\n", *(found.raw for _, found in look.states)]


def _last(place: Path) -> datetime:
    """When the last look was taken; one that was killed may have left its file and no note."""
    noted = datetime.fromisoformat(_load(place / "last.json").get("at", _NEVER))
    kept = (datetime.strptime(file.stem, _NAME) for file in place.glob("*.look"))
    return max([noted, *kept])


def _files(look: Look, known: _Files) -> _Files:
    """The state files as this look leaves them known: those that it could read."""
    now: _Files = {}
    for source, path, _ in look.same:
        now.setdefault(source.name, {})[path] = known[source.name][path]
    for source, found in look.states:
        if found.status == "read" and found.seen:
            version = found.seen.state_stamp, hashlib.sha256(found.raw).hexdigest()
            now.setdefault(source.name, {})[found.path] = version
    return now


def _stamp(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _load(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def sync(path: Path) -> None:
    """Have a file or folder written to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _store(file: Path, parts: list[bytes]) -> None:
    fresh = file.with_suffix(".tmp")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as handle:  # noqa: PTH123 - is open already
        handle.writelines(parts)
    fresh.replace(file)
