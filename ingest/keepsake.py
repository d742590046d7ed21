"""What a home keeps beside its warehouse of what is in it: a deleted one is told as losses.

One small file per bot, replaced after each commit that had news. What it names and a warehouse made
anew cannot read again is gone.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from ingest.commit import Commit
from ingest.memory import KnownFile, Memory
from ingest.registry import Source

_NAME = "committed.json"
_WHY = "the warehouse was deleted"


@dataclass(frozen=True)
class Keepsake:
    """From when until when a warehouse read a bot, and what it held: state files with their number
    of versions and last hash, series with their number of points, logs with how far they were read.
    """

    since: datetime
    at: datetime
    versions: list[tuple[str, str, int, str | None]]
    points: list[tuple[str, str, int]]
    logs: list[tuple[str, str, str, str, int, str, str]]


def keep(place: Path, commit: Commit, registry: Iterable[Source]) -> None:
    """Note what the warehouse holds of the commit's bot now."""
    first = "select min(first_at) from raw.bots where _bot = ?"
    (since,) = commit.connection.execute(first, [commit.bot.name]).fetchall()[0]
    kinds = {source.name: source.kind for source in registry}
    seen = [(source, path, observed) for (bot, source, path), observed
            in commit.memory.observed.items() if bot == commit.bot.name]  # fmt: skip
    kept = {
        "since": since,
        "at": commit.at,
        "versions": [(source, path, observed.changes, observed.sha256)
                     for source, path, observed in seen
                     if kinds.get(source) in ("snapshot", "config")],
        "points": [(source, path, _points(commit, source, path))
                   for source, path, _ in seen if kinds.get(source) == "series"],
        "logs": list(_logs(commit.memory, commit.bot.name)),
    }  # fmt: skip
    # The look is committed: a disk without space for this must not make it a failure.
    with suppress(OSError):
        _replace(place / _NAME, orjson.dumps(kept))


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        handle.write(content)
    fresh.replace(file)


@dataclass(frozen=True)
class Gone:
    """A warehouse that was deleted, and the state of the one that stands in for it."""

    noted: Keepsake
    last_poll: datetime | None
    versions: dict[tuple[str, str], int]


def gone(place: Path, memory: Memory, bot: str) -> Gone | None:
    """What was noted, if it is later than all that this warehouse holds of the bot."""
    noted, last = _noted(place), memory.last_poll.get(bot)
    if noted is None or (last is not None and noted.at <= last):
        return None
    versions = {key[1:]: known.changes for key, known in memory.observed.items() if key[0] == bot}
    return Gone(noted, last, versions)


def tell_gone(commit: Commit, lost: Gone) -> None:
    """Losses of this commit: what the deleted warehouse held and this one, having looked, does not.

    A look of before, as a replay takes them, begins history anew and tells nothing.
    """
    noted = lost.noted
    if commit.at <= noted.at:
        return
    span = lost.last_poll or noted.since, noted.at
    for source, path, changes, sha256 in noted.versions:
        now = commit.memory.observed.get((commit.bot.name, source, path))
        is_there = now is not None and now.sha256 == sha256
        if (count := changes - lost.versions.get((source, path), 0) - is_there) > 0:
            _lose(commit, (source, None, path, None, None, *span), f"{count} versions")
    for source, path, points in noted.points:
        if (count := points - _points(commit, source, path)) > 0:
            _lose(commit, (source, None, path, None, None, *span), f"{count} points")
    for stream, file_id, path, read_from, read_to, first_at, last_at in _unread(commit, noted):
        where = (stream, file_id, path, read_from, read_to, first_at, last_at)
        _lose(commit, where, f"{read_to - read_from} bytes")


def _noted(place: Path) -> Keepsake | None:
    try:
        content: dict[str, Any] = orjson.loads((place / _NAME).read_bytes())
        since, at = (datetime.fromisoformat(content.pop(key)) for key in ("since", "at"))
        return Keepsake(since, at, **{k: [*map(tuple, v)] for k, v in content.items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _lose(commit: Commit, where: tuple[Any, ...], what: str) -> None:
    reason = f"{_WHY}: {what} are gone"
    commit.add("losses", (commit.bot.name, *where, reason, commit.at, commit.load_id))


def _logs(memory: Memory, bot: str) -> Iterator[tuple[Any, ...]]:
    for (owner, stream), files in memory.files.items():
        if owner == bot:
            for known in files:
                if known.head_sha256 and known.status != "rewritten":
                    yield (stream, known.file_id, known.path, known.head_sha256, known.read_offset,
                           known.first_seen_at, known.last_seen_at)  # fmt: skip


def _unread(commit: Commit, noted: Keepsake) -> Iterator[tuple[Any, ...]]:
    """Of each log the bytes that are not read again: twins are paired by how much there is."""
    found: defaultdict[tuple[str, str], list[KnownFile]] = defaultdict(list)
    for (bot, stream), files in commit.memory.files.items():
        for known in files if bot == commit.bot.name else ():
            found[stream, known.head_sha256].append(known)
    for twins in found.values():
        twins.sort(key=lambda known: known.read_offset)
    for stream, file_id, path, head, read_to, first_at, last_at in sorted(
        noted.logs, key=lambda log: -log[4]
    ):
        twins = found[stream, head]
        read_from = twins.pop().read_offset if twins else 0
        if read_from < read_to and not _is_denied(commit, stream):
            yield (stream, file_id, path, read_from, read_to,
                   datetime.fromisoformat(first_at), datetime.fromisoformat(last_at))  # fmt: skip


def _is_denied(commit: Commit, stream: str) -> bool:
    return any(
        observed.status == "denied"
        for (bot, source, _), observed in commit.memory.observed.items()
        if (bot, source) == (commit.bot.name, stream)
    )


def _points(commit: Commit, source: str, path: str) -> int:
    if (points := commit.memory.points.get((commit.bot.name, source, path))) is not None:
        return len(points)
    query = f'select count(*) from raw."{source}" where _bot = ? and _file = ?'
    (count,) = commit.connection.execute(query, [commit.bot.name, path]).fetchall()[0]
    return int(count)
