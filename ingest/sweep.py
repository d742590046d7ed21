"""Large logs, block by block: lines that were read and changed since are found in stated time.

A log of up to WHOLE_FILE_BYTES is compared whole whenever it changed. Of a larger one the hash of
each block is kept; after each change all of them are compared, a few at each look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingest.commit import Commit, Counts
from ingest.content import WHOLE_FILE_BYTES, Content
from ingest.memory import KnownFile
from ingest.registry import Source
from ingest.rewrite import Span
from ingest.store import literal

BLOCK_BYTES = 4 * 1024 * 1024
LOOK_BLOCKS = 1  # more would make an append to a large log slower than one to a small one
_STEPS = 8

Ids = Sequence[str]


def is_large(size: int) -> bool:
    """A log of which so much was read is compared block by block."""
    return size > WHOLE_FILE_BYTES


def tail_start(end: int, least: int) -> int:
    """Where the tail begins that each look compares: after it come at least `least` bytes.

    What stands before is in whole blocks, or in a file that is compared whole.
    """
    start = max(0, end - least)
    return min(start, block_start(end)) if is_large(end) else start


def begin_blocks(commit: Commit, content: Content, known: KnownFile, end: int) -> None:
    """Begin to hash what `keep_blocks` will ask for once `end` is read, beside the load."""
    if is_large(end) and (numbers := range(len(_hashes(commit, known)), end // BLOCK_BYTES)):
        content.begin_digests(map(_block, numbers))


def keep_blocks(commit: Commit, content: Content, known: KnownFile) -> None:
    """Keep the hashes of the blocks that were read and are not kept yet."""
    if not is_large(known.read_offset):
        return
    hashes = _hashes(commit, known)
    for number in range(len(hashes), known.read_offset // BLOCK_BYTES):
        hashes.append(_digest(content, number))
        row = (known.bot, known.file_id, number, hashes[-1])
        commit.add("blocks", row)


def changed_blocks(commit: Commit, content: Content, known: KnownFile, count: int) -> list[int]:
    """Of the next `count` blocks that this round has not compared yet, those that changed."""
    hashes = _hashes(commit, known)
    count = min(count, known.unswept_blocks or 0, len(hashes))
    first = known.next_block or 0
    numbers = [(first + n) % len(hashes) for n in range(count)]
    known.unswept_blocks = (known.unswept_blocks or 0) - count
    known.next_block = (first + count) % max(1, len(hashes))
    return [n for n in numbers if _digest(content, n) != hashes[n]]


def all_changed_blocks(commit: Commit, content: Content, known: KnownFile) -> list[int] | None:
    """Every block that changed, as far as the content goes; None when most of them did."""
    hashes = _hashes(commit, known)[: content.size // BLOCK_BYTES]
    changed = [n for n, digest in enumerate(hashes) if _digest(content, n) != digest]
    return changed if len(changed) * 2 < len(hashes) else None


def block_count(commit: Commit, known: KnownFile) -> int:
    """How many blocks of a known file are kept."""
    return len(_hashes(commit, known))


def block_start(size: int) -> int:
    """Where the block begins that `size` bytes end in."""
    return size // BLOCK_BYTES * BLOCK_BYTES


def tail_block(commit: Commit, known: KnownFile) -> list[int]:
    """The block at the end that is not whole yet; none when the last one is."""
    number = block_count(commit, known)
    return [number] if number * BLOCK_BYTES < known.read_offset else []


def spans_of(numbers: list[int], more: Iterable[int] = ()) -> list[Span]:
    """The bytes of runs of blocks."""
    spans: list[Span] = []
    for number in [*numbers, *more]:
        start, end = _block(number)
        if spans and spans[-1][1] == start:
            spans[-1] = spans[-1][0], end
        else:
            spans.append((start, end))
    return spans


def hand_over(
    commit: Commit, content: Content, old: KnownFile, known: KnownFile, numbers: list[int]
) -> None:
    """The blocks of `old` are those of `known`, which replaces it; some of them changed."""
    hashes = commit.memory.blocks[known.file_id] = _hashes(commit, old)
    commit.memory.blocks[old.file_id] = []
    commit.flush()
    commit.connection.execute(
        f"update raw.blocks set _file_id = {literal(known.file_id)} where _file_id = ?",
        [old.file_id],
    )
    known.next_block, known.unswept_blocks = old.next_block, old.unswept_blocks
    for number in numbers:
        hashes[number] = _digest(content, number)
        commit.connection.execute(
            "update raw.blocks set sha256 = ? where _file_id = ? and number = ?",
            [hashes[number], known.file_id, number],
        )


def lines_of(
    commit: Commit, source: Source, content: Content, ids: Ids, spans: list[Span], read: int
) -> list[tuple[int, int, int]] | None:
    """The bytes of the lines that spans cut: where they begin, ended, and end now.

    Old and new lines begin and end alike, but for the end of the `read` bytes that were read.
    None when the rows and quarantine of those bytes do not lie one after another.
    """
    cut: list[tuple[int, int, int]] = []
    for span in spans:
        found = _line_span(commit, source, content, ids, span, read)
        if found is None:
            return None
        if cut and found[0] < cut[-1][1]:
            found = cut[-1][0], max(found[1], cut[-1][1]), max(found[2], cut[-1][2])
            cut.pop()
        cut.append(found)
    return cut


def _line_span(
    commit: Commit, source: Source, content: Content, ids: Ids, span: Span, read: int
) -> tuple[int, int, int] | None:
    start, end = span
    for _ in range(_STEPS):
        found = commit.connection.execute(
            _EXTENT.format(table=source.name, ids=",".join(map(literal, ids))),
            {"bot": commit.bot.name, "stream": source.name, "start": start, "end": end},
        ).fetchall()
        first, last, length, count, places = found[0]
        if first is None or last - first != length or count != places or first > content.size:
            return None
        is_begin = first == 0 or content.read(first - 1, first) == b"\n"
        stop = content.line_end(first) if last == read else last
        is_end = first < stop <= content.size and content.read(stop - 1, stop) == b"\n"
        if is_begin and is_end:
            return first, last, stop
        if last == read and not is_end:
            return None
        start = first if is_begin else max(0, first - 1)
        end = last if is_end else last + 1
    return None


def totals(commit: Commit, source: Source, ids: Ids, end: int) -> Counts:
    """What bytes [0, end) of a file are now, all its ids taken together."""
    commit.flush()
    found = commit.connection.execute(
        _TOTALS.format(table=source.name, ids=",".join(map(literal, ids))),
        {"bot": commit.bot.name, "stream": source.name},
    ).fetchall()
    rows, row_bytes, bad, bad_bytes = found[0]
    return Counts(rows, row_bytes, end - row_bytes - bad_bytes, bad, bad_bytes)


def _hashes(commit: Commit, known: KnownFile) -> list[str]:
    kept = commit.memory.blocks
    if known.file_id not in kept:
        rows = commit.connection.execute(
            "select sha256 from raw.blocks where _file_id = ? order by number", [known.file_id]
        ).fetchall()
        kept[known.file_id] = [sha256 for (sha256,) in rows]
    return kept[known.file_id]


def _digest(content: Content, number: int) -> str:
    return content.digest(*_block(number))


def _block(number: int) -> Span:
    return number * BLOCK_BYTES, (number + 1) * BLOCK_BYTES


_PARTS = """
with parts as (
    select _offset, _length, true as is_row from raw."{table}"
    where _bot = $bot and _file_id in ({ids}) and _superseded_at is null
    union all
    select _offset, _length, false from raw.quarantine
    where _bot = $bot and stream = $stream and _file_id in ({ids}) and _superseded_at is null
)
"""
_EXTENT = f"""{_PARTS}
select
    min(_offset), max(_offset + _length), sum(_length)::bigint, count(*), count(distinct _offset)
from parts where _offset < $end and _offset + _length > $start
"""
_TOTALS = f"""{_PARTS}
select
    count(*) filter (where is_row), coalesce(sum(_length) filter (where is_row), 0)::bigint,
    count(*) filter (where not is_row),
    coalesce(sum(_length) filter (where not is_row), 0)::bigint
from parts
"""
