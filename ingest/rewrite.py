"""A log whose read lines changed in place: which lines are still the same."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.commit import Commit
from ingest.registry import Source
from ingest.store import COLUMNS_BY_KIND, literal
from ingest.vet import BadBytes, Line, Vetted

# (table, file id, offset): a row of the stream's own table or of the quarantine
Key = tuple[str, str, int]


@dataclass
class Change:
    """What rewriting did: keys that are no longer true, and the lines that are new.

    `is_prefix` says that nothing was rewritten: the content is the beginning of what was read.
    `is_in_place` says that lines which stayed the same stand where they stood.
    """

    superseded: list[Key]
    added: Vetted
    kept_count: int
    is_prefix: bool
    is_in_place: bool


def align(
    commit: Commit,
    source: Source,
    new: Vetted,
    lineage: list[str],
    enough: float,
    span: tuple[int, int] | None = None,
) -> Change | None:
    """Compare a content with the lines that were read under the ids of `lineage`, newest id first.

    With `span` the content is that of these bytes alone.
    None when fewer than half of the lines of the shorter one are equal: it is another file then,
    unless the first `enough` lines are equal.
    """
    commit.flush()  # rows of this very look count as read
    old: defaultdict[object, list[Key]] = defaultdict(list)
    total = 0
    for key, content in _lines(commit, source, lineage, span or (0, 2**62)):
        old[content].append(key)
        total += 1
    kept: list[tuple[Key, int]] = []
    added = Vetted(blank_bytes=new.blank_bytes)
    added.rows = [row for row in new.rows if not _keep(old, row, kept)]
    added.bad = [bad for bad in new.bad if not _keep(old, bad, kept)]
    count = len(new.rows) + len(new.bad)
    parts: list[Line | BadBytes] = [*added.rows, *added.bad]
    fresh = min((part.offset for part in parts), default=math.inf)
    leading = sum(offset < fresh for _, offset in kept)
    if len(kept) * 2 < min(count, total) and leading < enough:
        return None
    superseded = [key for keys in old.values() for key in keys]
    is_prefix = len(kept) == count and _is_prefix(kept, superseded, lineage[0])
    is_in_place = all(offset == place for (_, _, offset), place in kept)
    return Change(superseded, added, len(kept), is_prefix, is_in_place)


def _keep(
    old: defaultdict[object, list[Key]], part: Line | BadBytes, kept: list[tuple[Key, int]]
) -> bool:
    if keys := old.get(part.content):
        kept.append((keys.pop(0), part.offset))
        return True
    return False


def _is_prefix(kept: list[tuple[Key, int]], rest: list[Key], newest: str) -> bool:
    """What is not found stands behind what is: under each id, and no line has moved."""
    ends: dict[str, int] = {}
    for (_, file_id, offset), place in kept:
        if file_id == newest and offset != place:
            return False
        ends[file_id] = max(offset, ends.get(file_id, 0))
    return all(offset > ends.get(file_id, -1) for _, file_id, offset in rest)


def _lines(
    commit: Commit, source: Source, lineage: list[str], span: tuple[int, int]
) -> Iterator[tuple[Key, object]]:
    start, end = span
    which = f"_file_id in ({','.join(map(literal, lineage))}) and _superseded_at is null"
    which += f" and _offset >= {start} and _offset < {end}"
    values = [f'"{name}"' for name in list(COLUMNS_BY_KIND[source.kind])[8:]]
    rows = commit.connection.execute(
        f'select _file_id, _offset, _length, {", ".join(values)} from raw."{source.name}" '
        f"where _bot = ? and {which} order by _load_id, _offset",
        [commit.bot.name],
    ).fetchall()
    for file_id, offset, length, *rest in rows:
        yield (source.name, file_id, offset), (length, tuple(map(_hashable, rest)))
    bad = commit.connection.execute(
        f"select _file_id, _offset, _length, sha256 from raw.quarantine "
        f"where _bot = ? and stream = ? and {which}",
        [commit.bot.name, source.name],
    ).fetchall()
    for file_id, offset, length, sha256 in bad:
        yield ("quarantine", file_id, offset), (length, sha256)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
