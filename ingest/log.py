"""One log of a bot: its files, as far as they are known, whatever their names are now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ingest.commit import Commit
from ingest.content import Content
from ingest.identity import mark_read
from ingest.memory import KnownFile, file_id
from ingest.registry import Source
from ingest.rewrite import Lineage, standing
from ingest.sweep import keep_blocks
from ingest.vet import BadBytes, Vet, Vetted


@dataclass
class Log:
    """The known files of one log, and the look that reads on in them."""

    commit: Commit
    source: Source
    vet: Vet

    def __post_init__(self) -> None:
        key = (self.commit.bot.name, self.source.name)
        self.known = self.commit.memory.files.setdefault(key, [])
        self._is_new = not self.known

    # A look that meets no new file asks for none of these, however many files are known.

    @cached_property
    def _by_id(self) -> dict[str, KnownFile]:
        return {known.file_id: known for known in self.known}

    @cached_property
    def _heirs(self) -> dict[str, KnownFile]:
        return {known.replaces: known for known in self.known if known.replaces}

    @cached_property
    def _by_head(self) -> defaultdict[str, list[KnownFile]]:
        found = defaultdict(list)
        for known in self.known:
            found[known.head_sha256].append(known)
        return found

    def begin(
        self, content: Content, replaces: str | None = None, copy_of: str | None = None
    ) -> KnownFile:
        """A file not seen before; its id comes from its first line and its place among twins."""
        bot, stream, at = self.commit.bot.name, self.source.name, self.commit.at
        sha256, length = content.head
        ordinals = [known.ordinal for known in self._by_head[sha256]]
        ordinal = max(ordinals, default=-1) + 1
        known = KnownFile(
            file_id(bot, stream, sha256, ordinal), bot, stream, content.seen.path,
            *content.seen.stamp, 0, sha256, length, "", 0, None, ordinal, "live", at, at,
            replaces=replaces, copy_of=copy_of,
        )  # fmt: skip
        self._by_head[sha256].append(known)
        self._by_id[known.file_id] = known
        if replaces is not None:
            self._heirs[replaces] = known
        self.known.append(known)
        return known

    def vetted(self, content: Content, start: int, end: int) -> Iterator[Vetted]:
        """What bytes [start, end) hold, block by block."""
        for block in content.blocks(start, end):
            yield Vetted(bad=[block]) if isinstance(block, BadBytes) else self.vet(*block)

    def note(self, content: Content, known: KnownFile, end: int) -> None:
        """Note on a known file that the content was read up to `end`."""
        if end != known.read_offset:
            mark_read(known, content, end)
            keep_blocks(self.commit, content, known)
        known.path, known.last_seen_at = content.seen.path, self.commit.at
        known.inode, known.size, known.mtime_ns = content.seen.stamp
        self.commit.remember(known)

    def alike(self, content: Content, most: int) -> list[KnownFile]:
        """At most so many files that begin or once began with the same line, or hold two lines of a
        sample of the content: as they are now, those of most lines first, then the newer ones.
        """
        held = self._held(content)
        begun = {self._now(known.file_id) for known in self._by_head[content.head[0]]}
        score = {known: self._count(known, held) for known in {*begun, *map(self._now, held)}}
        some = [known for known, count in score.items() if count > 1 or known in begun]
        some.sort(key=lambda known: (score[known], known.first_seen_at, known.ordinal))
        return some[: -most - 1 : -1]

    def _count(self, known: KnownFile, held: Counter[str]) -> int:
        lineage = self.lineage(known)
        return sum(held[one] for one in lineage.own + lineage.borrowed)

    def _held(self, content: Content) -> Counter[str]:
        """How many lines of a sample of the content stand under which ids."""
        with self.commit.mask.uncounted():
            rows = [row for block in content.sample() for row in self.vet(*block).rows]
        lines = {row.values for row in rows}
        waiting = self.commit.waiting[self.source.name]
        held = Counter(waiting[line] for line in lines & waiting.keys())
        if lines and (self.commit.has_written or not self._is_new):
            held.update(standing(self.commit, self.source, lines))
        return held

    def _now(self, file_id: str) -> KnownFile:
        """The file under whose id lines stand, or that which replaces it."""
        known = self._by_id[file_id]
        while known.status == "rewritten":
            known = self._heirs[known.file_id]
        return known

    def lineage(self, known: KnownFile) -> Lineage:
        """The ids under which lines of a known file stand."""
        own = self._chain(known.file_id)
        ids = list(own)
        for one in ids:  # grows while it is walked through: a copy of a copy
            origin = self._by_id[one].copy_of
            if origin is not None and origin not in ids:
                ids += self._chain(origin)
        return Lineage(tuple(own), tuple(ids[len(own) :]))

    def is_borrowed(self, known: KnownFile) -> bool:
        """Whether lines of a known file stand for a copy of it that is there."""
        return any(
            one.status == "live" and known.file_id in self.lineage(one).borrowed
            for one in self.known
        )

    def _chain(self, start: str) -> list[str]:
        ids = [start]
        while (before := self._by_id[ids[-1]].replaces) is not None:
            ids.append(before)
        return ids
