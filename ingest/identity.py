"""Which known file a content is: decided by bytes, the inode being only a hint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ingest.content import Content
from ingest.memory import KnownFile
from ingest.sweep import is_large, tail_start

_TAIL_BYTES = 4096


def mark_read(known: KnownFile, content: Content, end: int) -> None:
    """Note on a known file that the first `end` bytes of the content were read."""
    known.read_offset = end
    known.tail_bytes = end - tail_start(end, _TAIL_BYTES)
    known.tail_sha256 = content.digest(end - known.tail_bytes, end)
    known.prefix_sha256 = None if is_large(end) else content.prefix_digest(end)


def extends(content: Content, known: KnownFile) -> bool:
    """The content begins with everything that was read of the known file."""
    end = known.read_offset
    if content.size < end or content.head != (known.head_sha256, known.head_bytes):
        return False
    if known.prefix_sha256 is not None:
        return content.prefix_digest(end) == known.prefix_sha256
    return content.digest(end - known.tail_bytes, end) == known.tail_sha256


def moved(contents: Iterable[Content], free: Iterable[KnownFile]) -> dict[Content, KnownFile]:
    """Contents that are a live file renamed and not touched: the same stamp, the same bytes."""
    by_stamp = {known.stamp: known for known in free if known.status == "live"}
    pairs = ((content, by_stamp.get(content.seen.stamp)) for content in contents)
    return {content: known for content, known in pairs if known and extends(content, known)}


def assign(contents: Iterable[Content], free: Iterable[KnownFile]) -> dict[Content, KnownFile]:
    """Pair contents with the known files that they go on from.

    Where several fit: a live entry before a gone one, then the same inode, the same path, the
    longest content, the entry of which more was read.
    """
    by_head = defaultdict(list)
    for known in free:
        by_head[known.head_sha256].append(known)
    pairs = [
        (_fit(content, known), content, known)
        for content in contents
        for known in by_head.get(content.head[0], ())
        if extends(content, known)
    ]
    taken: dict[Content, KnownFile] = {}
    used: set[KnownFile] = set()
    for _, content, known in sorted(pairs, key=lambda pair: pair[0], reverse=True):
        if content not in taken and known not in used:
            taken[content] = known
            used.add(known)
    return taken


def _fit(content: Content, known: KnownFile) -> tuple[bool, bool, bool, int, int]:
    seen = content.seen
    return (
        known.status == "live",
        seen.inode == known.inode,
        seen.path == known.path,
        content.size,
        known.read_offset,
    )
