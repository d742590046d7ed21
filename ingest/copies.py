"""A content that is an older copy of a known file, or a known file whose read lines changed.

Equal lines keep their key, new ones are added, those that went are superseded; of a copy that
stands beside its original only what is new is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ingest.commit import Counts
from ingest.content import Content
from ingest.log import Log
from ingest.memory import KnownFile
from ingest.rewrite import Change, Comparison, Lineage, Span, comparison
from ingest.sweep import (
    all_changed_blocks,
    hand_over,
    is_large,
    lines_of,
    spans_of,
    tail_block,
    totals,
)  # fmt: skip


def mend(log: Log, content: Content, old: KnownFile, numbers: list[int]) -> KnownFile | None:
    """Lines changed in these blocks alone, and the others stand where they stood; else None."""
    lineage = log.lineage(old)
    tail = tail_block(log.commit, old) if content.line_end() > old.read_offset else []
    spans = spans_of(numbers, tail)
    cut = lines_of(log.commit, log.source, content, lineage.own, spans, old.read_offset)
    if lineage.borrowed or not cut:
        return None
    last, end = cut[-1][1:]
    end = end if last == old.read_offset else old.read_offset
    now = [(start, stop) for start, _, stop in cut]
    with _compared(log, content, now, old.read_offset) as lines:
        change = lines.pair(lineage, [(start, stop) for start, stop, _ in cut])
        is_told = change.is_in_place and change.is_same_file(math.inf)
        if len(lineage.own) > 1 and not is_told:
            return None
        known = _follow(log, content, old, lines, now)
        hand_over(log.commit, content, old, known, numbers)
        log.note(content, known, end)
        counts = totals(log.commit, log.source, log.lineage(known).own, end)
        _record(log, content, known, counts, change)
        return known


def take_change(log: Log, content: Content, end: int, old: KnownFile) -> KnownFile | None:
    """The content is an older copy of a known file, or that file rewritten; else None."""
    if is_large(old.read_offset) and end >= old.read_offset:
        numbers = all_changed_blocks(log.commit, content, old)
        if numbers is not None and (known := mend(log, content, old, numbers)):
            return known
    is_same = (
        old.shrunk_bytes is not None
        and end >= old.shrunk_bytes
        and content.prefix_digest(old.shrunk_bytes) == old.shrunk_sha256
    )
    with _compared(log, content, [(0, end)], old.read_offset) as lines:
        change = lines.pair(log.lineage(old))
        if not change.is_same_file(0 if is_same else 2):
            return None
        if change.is_prefix and end < old.read_offset:
            seen = content.seen
            is_it = seen.path == old.path or seen.inode == old.inode
            return _shrink(log, content, end, old) if is_it else None
        if change.is_chance(is_away=old.status != "live"):
            return None
        known = _follow(log, content, old, lines, [(0, end)])
        log.note(content, known, end)
        _record(log, content, known, lines.counts, change)
        return known


def take_copy(
    log: Log, content: Content, end: int, origin: KnownFile
) -> tuple[bool, KnownFile | None]:
    """Whether the content is a copy of a file that stands elsewhere or is gone.

    With the file that it has become since, if it holds a line which that one has not. What was
    read of the other stands.
    """
    size = origin.read_offset
    with _compared(log, content, [(0, end)], size, is_by_length=False) as lines:
        change = lines.pair(log.lineage(origin))
        if change.kept < 2 or not change.is_same_file(2):
            return False, None
        if not change.added:
            return True, None
        known = log.begin(content, copy_of=origin.file_id)
        _add(log, content, known, lines, [(0, end)])
        log.note(content, known, end)
        _record(log, content, known, lines.counts, replace(change, superseded=0))
        return True, known


def read_on(log: Log, content: Content, known: KnownFile, start: int, end: int) -> Counts | None:
    """A copy grows from `start` to `end` by lines of the file that it copies: only the others are
    read. None when it does not, as usual: all of them are new.
    """
    lineage = log.lineage(known)
    if not lineage.borrowed or start == end:
        return None
    size = known.read_offset
    with _compared(log, content, [(start, end)], size, is_by_length=False) as lines:
        if not lines.pair(Lineage(lineage.borrowed)).kept:
            return None
        counts = lines.counts
    with _compared(log, content, [(0, end)], size, is_by_length=False) as lines:
        lines.pair(lineage)
        counts.kept = counts.rows - _add(log, content, known, lines, [(start, end)])
    return counts


def shared_lines(log: Log, content: Content, end: int, some: list[KnownFile]) -> list[int]:
    """How many lines the content shares with each of some known files."""
    size = max(known.read_offset for known in some)
    with _compared(log, content, [(0, end)], size, is_by_length=False) as lines:
        return [lines.pair(log.lineage(known)).kept for known in some]


@contextmanager
def _compared(
    log: Log,
    content: Content,
    spans: list[Span],
    size: int,
    *,
    is_by_length: bool = True,
) -> Iterator[Comparison]:
    size = max(size, content.size)
    with comparison(
        log.commit, log.source, is_large=is_large(size), is_by_length=is_by_length
    ) as lines:
        with log.commit.mask.uncounted():
            for start, end in spans:
                for part in log.vetted(content, start, end):
                    lines.take_in(part)
        yield lines


def _follow(
    log: Log, content: Content, old: KnownFile, lines: Comparison, spans: list[Span]
) -> KnownFile:
    """Bytes that were read have changed: equal lines keep their key, the others go."""
    known = log.begin(content, replaces=old.file_id)
    old.status = "rewritten"
    log.commit.remember(old)
    lines.supersede()
    _add(log, content, known, lines, spans)
    return known


def _add(log: Log, content: Content, known: KnownFile, lines: Comparison, spans: list[Span]) -> int:
    count = 0
    for start, end in spans:
        for part in log.vetted(content, start, end):
            new = lines.added(part)
            log.commit.add_lines(log.source, known.file_id, known.path, new)
            count += len(new.rows)
    return count


def _record(log: Log, content: Content, known: KnownFile, counts: Counts, change: Change) -> None:
    counts.kept = counts.rows - change.added_rows
    counts.superseded = change.superseded
    log.commit.record_load(log.source, known, content.size, 0, counts)


def _shrink(log: Log, content: Content, end: int, known: KnownFile) -> KnownFile:
    """An older copy of the file stands in its place: what was read of it stays as it is."""
    if known.status == "live" and known.shrunk_bytes is None and known.read_offset < known.size:
        log.commit.lose(log.source, known, "shrank before it was read to its end")
    known.status = "live"
    known.shrunk_bytes, known.shrunk_sha256 = end, content.prefix_digest(end)
    log.note(content, known, known.read_offset)
    return known
