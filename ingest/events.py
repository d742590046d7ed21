"""Append-only logs through rotation, rewriting and truncation: every whole line once."""

# ruff: noqa: PLC0415  (a look with nothing new must not pay for pyarrow)

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from ingest.commit import Commit, Counts
from ingest.content import Content, UnsettledError, open_content
from ingest.copies import mend, read_on, shared_lines, take_change, take_copy
from ingest.identity import assign, moved
from ingest.log import Log
from ingest.memory import KnownFile
from ingest.registry import Source
from ingest.sweep import LOOK_BLOCKS, begin_blocks, block_count, changed_blocks
from ingest.tree import Seen, Tree
from ingest.vet import BadBytes, Vet, Vetted

# A shorter span costs less line by line than the statement that takes it in.
BULK_BYTES = 64 * 1024
# A content may be a copy of so many files that hold lines of it.
_ORIGINS = 8


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
    log = Log(commit, source, vet)
    stream = _Stream(log, tree, {seen.path: seen for seen in found})
    stream.load()
    return ("denied", None) if stream.is_denied else stream.oddity()


@dataclass
class _Stream:
    log: Log
    tree: Tree
    found: dict[str, Seen]
    is_denied: bool = False
    lineless: set[str] = field(default_factory=set)
    odd: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.commit, self.source, self.known = self.log.commit, self.log.source, self.log.known

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
            if self.commit.memory.copies.get(self._key(seen)) == seen.stamp:
                return None, "holds nothing but lines that were read before"
            if known and known.shrunk_bytes is not None:
                lines = f"{known.shrunk_bytes} of the {known.read_offset} bytes that were read"
                return None, f"shrank to {lines}; what was read stands"
            rest = known.size - known.read_offset if known else self._lineless(seen)
            if rest > 0 and self.source.append == "rewrite":
                return "torn", f"{rest} bytes after the last newline"
        return None, None

    def _lineless(self, seen: Seen) -> int:
        """The size of a file without a whole line; 0 of any other."""
        before = self.commit.memory.lineless.get(self._key(seen))
        return seen.size if seen.path in self.lineless or before == seen.stamp else 0

    def _is_idle(self, seen: Seen) -> bool:
        memory, key = self.commit.memory, self._key(seen)
        return seen.stamp in (memory.lineless.get(key), memory.copies.get(key))

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
        rest = self._to_load([c for c in contents if c not in taken], contents, held)
        taken |= assign(rest, set(free) - set(taken.values()))
        for content, known in taken.items():
            self._read(content, known, content.line_end(known.read_offset))
        busy = held | set(taken.values())
        here = {k.path: k for k in free if k.status == "live" and k not in busy}
        for content in (content for content in rest if content not in taken):
            if new := self._take_in(content, here.get(content.seen.path), busy):
                busy.add(new)
            else:
                self.commit.memory.copies[self._key(content.seen)] = content.seen.stamp
        opened = {content.seen.path for content in contents}
        for known in free:
            # A file that is there but could not be opened keeps its place.
            is_away = known.path in opened or known.path not in self.found
            if known.status in ("live", "missing") and known not in busy and is_away:
                self._let_go(known)

    def _to_load(
        self, some: list[Content], contents: list[Content], held: set[KnownFile]
    ) -> list[Content]:
        """Of some contents those that hold whole lines and are not on their way to rotation."""
        self.lineless = {content.seen.path for content in contents if not content.line_end()}
        alike, memory = defaultdict(list), self.commit.memory
        for content in contents:
            alike[content.head].append(content)
        rest = []
        for content in some:
            if not content.line_end():
                memory.lineless[self._key(content.seen)] = content.seen.stamp
            elif self._is_copy(content, alike[content.head], held):
                memory.copies[self._key(content.seen)] = content.seen.stamp
            else:
                rest.append(content)
        return rest

    def _take_in(
        self, content: Content, here: KnownFile | None, busy: set[KnownFile]
    ) -> KnownFile | None:
        """A content that goes on from no known file: a shrunk or rewritten file, or a new one.

        `here` is the file that was at its path. None when every line of it was read elsewhere.
        """
        end = content.line_end()
        for known in self._nearest(content, here, busy):
            # What a copy that is there has of a file is not superseded for another one.
            is_free = known is here or (_is_away(known, busy) and not self.log.is_borrowed(known))
            if is_free and (heir := take_change(self.log, content, end, known)):
                return heir
            is_copy, branch = take_copy(self.log, content, end, known)
            if is_copy:
                return branch
        begun = self.log.begin(content)
        self._read(content, begun, end)
        return begun

    def _nearest(
        self, content: Content, here: KnownFile | None, busy: set[KnownFile]
    ) -> list[KnownFile]:
        """Known files that the content may be, by the number of lines that it shares with them."""
        some = self.log.alike(content, _ORIGINS)
        if here and here.status != "rewritten":
            some = list(dict.fromkeys([here, *some]))
        if len(some) < 2:
            return some
        shared = shared_lines(self.log, content, content.line_end(), some)
        # Of equals the one whose place it took, then one that may have gone to this place.
        rank = {
            known: (count, known is here, _is_away(known, busy))
            for known, count in zip(some, shared, strict=True)
        }
        return sorted(some, key=rank.__getitem__, reverse=True)

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

    def _read(self, content: Content, known: KnownFile, end: int) -> None:
        """Load the whole lines between what was read and `end`."""
        start = known.read_offset
        known.path, known.status = content.seen.path, "live"
        known.shrunk_bytes = known.shrunk_sha256 = None
        counts = read_on(self.log, content, known, start, end)
        counts = counts or self._load(content, known, start, end)
        if content.seen.is_gzip and content.size > end:
            self._quarantine_tail(content, known, end, counts)
            end = content.size
        is_touched = known.stamp != content.seen.stamp
        self.log.note(content, known, end)
        if end > start:
            self.commit.record_load(self.source, known, content.size, start, counts)
        if is_touched:
            known.unswept_blocks = block_count(self.commit, known) if start else None
        if known.unswept_blocks:
            self._sweep(content, known)

    def _load(self, content: Content, known: KnownFile, start: int, end: int) -> Counts:
        if self.source.kind == "events" and end - start >= BULK_BYTES:
            from ingest.bulk import load_bulk

            begin_blocks(self.commit, content, known, end)
            return load_bulk(self.commit, self.source, known, content.blocks(start, end))
        counts = Counts()
        for part in self.log.vetted(content, start, end):
            self.commit.add_lines(self.source, known.file_id, known.path, part)
            counts.add(part)
        return counts

    def _quarantine_tail(
        self, content: Content, known: KnownFile, end: int, counts: Counts
    ) -> None:
        tail = content.read(end, content.size)
        part = Vetted(bad=[BadBytes.of(end, tail, "no newline at the end")])
        self.commit.add_lines(self.source, known.file_id, known.path, part)
        counts.add(part)

    def _seal(self, known: KnownFile) -> None:
        """A rotated file that rests with half a line at its end will not be finished."""
        seen = self.found[known.path]
        if seen.rank == 0 or seen.is_gzip or known.read_offset >= seen.size:
            return
        try:
            with open_content(self.tree, seen) as content:
                start, counts = known.read_offset, Counts()
                self._quarantine_tail(content, known, start, counts)
                self.log.note(content, known, content.size)
                self.commit.record_load(self.source, known, content.size, start, counts)
        except (OSError, UnsettledError):
            return

    def _sweep(self, content: Content, known: KnownFile) -> None:
        """Compare some blocks of a large log; lines that changed in them are superseded."""
        count = known.unswept_blocks or 0 if content.seen.is_gzip else LOOK_BLOCKS
        numbers = changed_blocks(self.commit, content, known, count)
        self.commit.remember(known)
        if not numbers or mend(self.log, content, known, numbers):
            return
        if not take_change(self.log, content, content.line_end(), known):
            self.odd[known.path] = f"bytes changed in place, their lines are not told: {numbers}"

    def _let_go(self, known: KnownFile) -> None:
        """The file is not found: it is gone at the second look, a rotation may hide it at one.

        Bytes that were seen in it and not read are lost then.
        """
        self.commit.memory.lineless.clear()
        self.commit.memory.copies.clear()
        self.commit.remember(known)
        if known.status == "live":
            known.status = "missing"
            return
        known.status = "gone"
        if known.read_offset < known.size and not known.path.endswith(".gz"):
            self.commit.lose(self.source, known, "gone before it was read to its end")


def _is_away(known: KnownFile, busy: set[KnownFile]) -> bool:
    """It is not where it was, and not gone for long."""
    return known not in busy and known.status != "gone"


def _is_younger_copy(other: Content, content: Content) -> bool:
    end = content.line_end()
    return (
        other.seen.rank < content.seen.rank
        and other.head == content.head
        and other.size >= end
        and other.prefix_digest(end) == content.prefix_digest(end)
    )
