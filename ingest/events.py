"""Append-only logs through rotation, rewriting and truncation: every whole line once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from ingest.bulk import BULK_BYTES, load_bulk
from ingest.commit import Commit, Counts
from ingest.content import Content, UnsettledError, open_content
from ingest.identity import assign, mark_read, moved
from ingest.memory import KnownFile, file_id
from ingest.registry import Source
from ingest.rewrite import Change, align
from ingest.sweep import (
    ALIGN_BYTES,
    LOOK_BLOCKS,
    Span,
    all_changed_blocks,
    block_count,
    block_start,
    changed_blocks,
    hand_over,
    is_large,
    keep_blocks,
    line_span,
    spans_of,
    tail_block,
    totals,
)  # fmt: skip
from ingest.tree import Seen, Tree
from ingest.vet import BadBytes, Vet, Vetted


def find_stream(tree: Tree, pattern: str) -> tuple[str, list[Seen]]:
    """The status of a log's live file (ok, missing, denied), and all its files, oldest first."""
    status, files = "missing", []
    for path, _ in sorted(tree.match(pattern)):
        live = tree.find(path)
        if isinstance(live, Seen):
            status = "ok"
            files.append(live)
        elif status == "missing":
            status = live
        files += tree.rotated(path)
    return status, sorted(files, key=lambda seen: -seen.rank)


def load_stream(
    commit: Commit, source: Source, tree: Tree, found: list[Seen], vet: Vet
) -> tuple[str | None, str | None]:
    """Load what a look found of one log.

    Returns what is to be said of it: a status, if it is not that of the live file (denied, torn),
    and in words what is odd about the live file.
    """
    stream = _Stream(commit, source, tree, vet, {seen.path: seen for seen in found})
    stream.load()
    return ("denied", None) if stream.is_denied else stream.oddity()


@dataclass
class _Stream:
    commit: Commit
    source: Source
    tree: Tree
    vet: Vet
    found: dict[str, Seen]
    is_denied: bool = False
    lineless: set[str] = field(default_factory=set)
    odd: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = (self.commit.bot.name, self.source.name)
        self.known = self.commit.memory.files.setdefault(key, [])
        self.by_head: defaultdict[str, list[KnownFile]] = defaultdict(list)
        for known in self.known:
            self.by_head[known.head_sha256].append(known)

    def load(self) -> None:
        live = [known for known in self.known if known.status == "live"]
        held = {k for k in live if k.path in self.found and self.found[k.path].stamp == k.stamp}
        paths = {known.path for known in held}
        loose = [seen for path, seen in self.found.items() if path not in paths]
        missed = any(known.status == "missing" for known in self.known)
        if missed or len(held) < len(live) or any(not self._is_idle(seen) for seen in loose):
            with ExitStack() as stack:
                self._match(self._open(stack, loose), held)
        for known in held:
            self._seal(known)
            if known.unswept_blocks:
                with suppress(OSError, UnsettledError), ExitStack() as stack:
                    seen = self.found[known.path]
                    self._sweep(stack.enter_context(open_content(self.tree, seen)), known)

    def oddity(self) -> tuple[str | None, str | None]:
        """Of the live files: that one shrank, or ends with half a line that no append leaves."""
        at = {known.path: known for known in self.known if known.status == "live"}
        for seen in (seen for seen in self.found.values() if seen.rank == 0):
            known = at.get(seen.path)
            if seen.path in self.odd:
                return None, self.odd[seen.path]
            if known and known.shrunk_bytes is not None:
                lines = f"{known.shrunk_bytes} of the {known.read_offset} bytes that were read"
                return None, f"shrank to {lines}; what was read stands"
            rest = known.size - known.read_offset if known else self._lineless(seen)
            if rest > 0 and self.source.append == "rewrite":
                return "torn", f"{rest} bytes after the last newline"
        return None, None

    def _lineless(self, seen: Seen) -> int:
        """The size of a file without a whole line; 0 of any other."""
        return seen.size if seen.path in self.lineless or self._is_idle(seen) else 0

    def _is_idle(self, seen: Seen) -> bool:
        return self.commit.memory.idle.get(self._key(seen)) == seen.stamp

    def _key(self, seen: Seen) -> tuple[str, str, str]:
        return self.commit.bot.name, self.source.name, seen.path

    def _open(self, stack: ExitStack, loose: Iterable[Seen]) -> list[Content]:
        contents = []
        for seen in loose:
            try:
                contents.append(stack.enter_context(open_content(self.tree, seen)))
            except PermissionError:
                self.is_denied = True
            except (OSError, UnsettledError):
                continue  # it went away or is still being written: the next look decides
        return contents

    def _match(self, contents: list[Content], held: set[KnownFile]) -> None:
        free = [k for k in self.known if k.status != "rewritten" and k not in held]
        taken = moved(contents, free)
        self.lineless = {content.seen.path for content in contents if not content.line_end()}
        alike = defaultdict(list)
        for content in contents:
            alike[content.head].append(content)
        rest = []
        for content in contents:
            if content.line_end() and not self._is_copy(content, alike[content.head], held):
                rest.append(content)
            elif content not in taken:
                self.commit.memory.idle[self._key(content.seen)] = content.seen.stamp
        taken |= assign([c for c in rest if c not in taken], set(free) - set(taken.values()))
        for content, known in taken.items():
            self._read(content, known, content.line_end(known.read_offset))
        busy = held | set(taken.values())
        here = {k.path: k for k in free if k.status == "live" and k not in busy}
        for content in rest:
            if content not in taken:
                busy.add(self._take_in(content, here.get(content.seen.path), busy))
        opened = {content.seen.path for content in contents}
        for known in free:
            # A file that is there but could not be opened keeps its place.
            is_away = known.path in opened or known.path not in self.found
            if known.status in ("live", "missing") and known not in busy and is_away:
                self._let_go(known)

    def _take_in(self, content: Content, here: KnownFile | None, busy: set[KnownFile]) -> KnownFile:
        """A content that goes on from no known file: a shrunk or rewritten file, or a new one.

        `here` is the file that was at its path.
        """
        twins = [k for k in self.by_head[content.head[0]] if k is not here]
        old = [here, *twins] if here else twins
        for known in (k for k in old if k.status != "rewritten" and k not in busy):
            if changed := self._change(content, content.line_end(), known):
                return changed
        begun = self._begin(content)
        self._read(content, begun, content.line_end())
        return begun

    def _is_copy(self, content: Content, others: list[Content], held: set[KnownFile]) -> bool:
        """The same lines are in a younger place of the rotation: a copy on its way here."""
        if content.seen.rank == 0:
            return False
        if any(_is_younger_copy(other, content) for other in others):
            return True
        for known in held:
            younger = self.found[known.path]
            if known.head_sha256 == content.head[0] and younger.rank < content.seen.rank:
                with suppress(OSError, UnsettledError), open_content(self.tree, younger) as other:
                    if _is_younger_copy(other, content):
                        return True
        return False

    def _begin(self, content: Content, replaces: str | None = None) -> KnownFile:
        """A file not seen before; its id comes from its first line and its place among twins."""
        bot, stream, at = self.commit.bot.name, self.source.name, self.commit.at
        sha256, length = content.head
        ordinals = [known.ordinal for known in self.by_head[sha256]]
        ordinal = max(ordinals, default=-1) + 1
        known = KnownFile(
            file_id(bot, stream, sha256, ordinal), bot, stream, content.seen.path,
            *content.seen.stamp, 0, sha256, length, "", 0, None, ordinal, "live", at, at,
            replaces=replaces,
        )  # fmt: skip
        self.known.append(known)
        self.by_head[sha256].append(known)
        return known

    def _read(self, content: Content, known: KnownFile, end: int) -> None:
        """Load the whole lines between what was read and `end`."""
        start = known.read_offset
        known.path, known.status = content.seen.path, "live"
        known.shrunk_bytes = known.shrunk_sha256 = None
        counts = self._load(content, known, start, end)
        if content.seen.is_gzip and content.size > end:
            self._quarantine_tail(content, known, end, counts)
            end = content.size
        is_touched = known.stamp != content.seen.stamp
        self._note(content, known, end)
        if end > start:
            self.commit.record_load(self.source, known, content.size, start, counts)
        if is_touched:
            known.unswept_blocks = block_count(self.commit, known) if start else None
        if known.unswept_blocks:
            self._sweep(content, known)

    def _load(self, content: Content, known: KnownFile, start: int, end: int) -> Counts:
        if self.source.kind == "events" and end - start >= BULK_BYTES:
            return load_bulk(self.commit, self.source, known, content.blocks(start, end))
        counts = Counts()
        for part in self._vetted(content, start, end):
            self.commit.add_lines(self.source, known.file_id, known.path, part)
            counts.add(part)
        return counts

    def _vetted(self, content: Content, start: int, end: int) -> Iterator[Vetted]:
        for block in content.blocks(start, end):
            yield Vetted(bad=[block]) if isinstance(block, BadBytes) else self.vet(*block)

    def _quarantine_tail(
        self, content: Content, known: KnownFile, end: int, counts: Counts
    ) -> None:
        tail = content.read(end, content.size)
        part = Vetted(bad=[BadBytes.of(end, tail, "no newline at the end")])
        self.commit.add_lines(self.source, known.file_id, known.path, part)
        counts.add(part)

    def _note(self, content: Content, known: KnownFile, end: int) -> None:
        if end != known.read_offset:
            mark_read(known, content, end)
            keep_blocks(self.commit, content, known)
        known.path, known.last_seen_at = content.seen.path, self.commit.at
        known.inode, known.size, known.mtime_ns = content.seen.stamp
        self.commit.remember(known)

    def _seal(self, known: KnownFile) -> None:
        """A rotated file that rests with half a line at its end will not be finished."""
        seen = self.found[known.path]
        if seen.rank == 0 or seen.is_gzip or known.read_offset >= seen.size:
            return
        try:
            with open_content(self.tree, seen) as content:
                start, counts = known.read_offset, Counts()
                self._quarantine_tail(content, known, start, counts)
                self._note(content, known, content.size)
                self.commit.record_load(self.source, known, content.size, start, counts)
        except (OSError, UnsettledError):
            return

    def _sweep(self, content: Content, known: KnownFile) -> None:
        """Compare some blocks of a large log; lines that changed in them are superseded."""
        count = known.unswept_blocks or 0 if content.seen.is_gzip else LOOK_BLOCKS
        numbers = changed_blocks(self.commit, content, known, count)
        self.commit.remember(known)
        if not numbers or self._mend(content, known, numbers, spans_of(numbers)):
            return
        if not self._change(content, content.line_end(), known):
            self.odd[known.path] = f"bytes changed in place, their lines are not told: {numbers}"

    def _mend(
        self, content: Content, old: KnownFile, numbers: list[int], spans: list[Span]
    ) -> KnownFile | None:
        """Lines changed in these spans alone, and the others stand where they stood; else None."""
        lineage, end = self._lineage(old), old.read_offset
        changes: list[Change] = []
        for span in spans:
            lines = line_span(self.commit, self.source, content, lineage, span, old.read_offset)
            if lines is None or lines[2] - lines[0] > ALIGN_BYTES:
                return None
            start, stop, now = lines
            vetted = self._vet_all(content, start, now)
            enough = 0 if len(lineage) == 1 else math.inf
            change = align(self.commit, self.source, vetted, lineage, enough, (start, stop))
            if change is None or not (change.is_in_place or len(lineage) == 1):
                return None
            changes.append(change)
            end = now if stop == old.read_offset else end
        return self._replace(content, old, numbers, changes, end)

    def _replace(
        self,
        content: Content,
        old: KnownFile,
        numbers: list[int],
        changes: list[Change],
        end: int,
    ) -> KnownFile:
        known = self._begin(content, old.file_id)
        old.status = "rewritten"
        self.commit.remember(old)
        for change in changes:
            self.commit.supersede(self.source, change.superseded)
            self.commit.add_lines(self.source, known.file_id, known.path, change.added)
        hand_over(self.commit, content, old, known, numbers)
        self._note(content, known, end)
        counts = totals(self.commit, self.source, self._lineage(known), end)
        counts.kept = counts.rows - sum(len(change.added.rows) for change in changes)
        counts.superseded = sum(
            table == self.source.name for change in changes for table, *_ in change.superseded
        )
        self.commit.record_load(self.source, known, content.size, 0, counts)
        return known

    def _vet_all(self, content: Content, start: int, end: int) -> Vetted:
        vetted = Vetted()
        for part in self._vetted(content, start, end):
            vetted.add(part)
        return vetted

    def _change_large(self, content: Content, end: int, old: KnownFile) -> KnownFile | None:
        """A large log of which some blocks changed, the end among them, or an older copy of it."""
        numbers = all_changed_blocks(self.commit, content, old)
        if numbers is None:
            return None
        if end < old.read_offset and not numbers and self._is_prefix(content, end, old):
            return self._shrink(content, end, old)
        if end < block_start(old.read_offset):
            return None
        return self._mend(content, old, numbers, spans_of(numbers, tail_block(self.commit, old)))

    def _is_prefix(self, content: Content, end: int, old: KnownFile) -> bool:
        """After blocks that are the same, the lines up to `end` are those that were read too."""
        lineage, start = self._lineage(old), block_start(content.size)
        found = line_span(self.commit, self.source, content, lineage, (start, end), old.read_offset)
        if found is None or found[1] != end:
            return start >= end
        vetted = self._vet_all(content, found[0], end)
        change = align(self.commit, self.source, vetted, lineage, 0, (found[0], end))
        return change is not None and not (change.superseded or change.added)

    def _change(self, content: Content, end: int, old: KnownFile) -> KnownFile | None:
        """The content is an older copy of a known file, or that file rewritten; else None."""
        if is_large(old.read_offset):
            if mended := self._change_large(content, end, old):
                return mended
            if max(end, old.read_offset) > ALIGN_BYTES:
                return None  # another file by all that can be compared
        is_same = (
            old.shrunk_bytes is not None
            and end >= old.shrunk_bytes
            and content.prefix_digest(old.shrunk_bytes) == old.shrunk_sha256
        )
        vetted = self._vet_all(content, 0, end)
        enough = 0 if is_same else math.inf if old.status == "gone" else 2
        change = align(self.commit, self.source, vetted, self._lineage(old), enough)
        # One equal line does not make a new file the old one, when that is gone for long.
        if change is None or (old.status == "gone" and change.kept_count < 2):
            return None
        if change.is_prefix and end < old.read_offset:
            return self._shrink(content, end, old)
        if old.status != "live" and change.kept_count < 2:
            return None
        return self._rewrite(content, end, old, vetted, change)

    def _shrink(self, content: Content, end: int, known: KnownFile) -> KnownFile:
        """An older copy of the file stands in its place: what was read of it stays as it is."""
        if known.status == "live" and known.shrunk_bytes is None and known.read_offset < known.size:
            self.commit.lose(self.source, known, "shrank before it was read to its end")
        known.status = "live"
        known.shrunk_bytes, known.shrunk_sha256 = end, content.prefix_digest(end)
        self._note(content, known, known.read_offset)
        return known

    def _rewrite(
        self, content: Content, end: int, old: KnownFile, vetted: Vetted, change: Change
    ) -> KnownFile:
        """Bytes that were read have changed: equal lines keep their key, the others go."""
        known = self._begin(content, old.file_id)
        old.status = "rewritten"
        self.commit.remember(old)
        self.commit.supersede(self.source, change.superseded)
        self.commit.add_lines(self.source, known.file_id, known.path, change.added)
        self._note(content, known, end)
        counts = Counts(
            kept=len(vetted.rows) - len(change.added.rows),
            superseded=sum(table == self.source.name for table, *_ in change.superseded),
        )
        counts.add(vetted)
        self.commit.record_load(self.source, known, content.size, 0, counts)
        return known

    def _lineage(self, known: KnownFile) -> list[str]:
        by_id = {file.file_id: file for file in self.known}
        ids = [known.file_id]
        while (before := by_id[ids[-1]].replaces) is not None:
            ids.append(before)
        return ids

    def _let_go(self, known: KnownFile) -> None:
        """The file is not found: it is gone at the second look, a rotation may hide it at one.

        Bytes that were seen in it and not read are lost then.
        """
        self.commit.memory.idle.clear()
        self.commit.remember(known)
        if known.status == "live":
            known.status = "missing"
            return
        known.status = "gone"
        if known.read_offset < known.size and not known.path.endswith(".gz"):
            self.commit.lose(self.source, known, "gone before it was read to its end")


def _is_younger_copy(other: Content, content: Content) -> bool:
    end = content.line_end()
    return (
        other.seen.rank < content.seen.rank
        and other.head == content.head
        and other.size >= end
        and other.prefix_digest(end) == content.prefix_digest(end)
    )
