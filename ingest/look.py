"""One look at a bot: everything that is there, found before any of it is written."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ingest.capture import Capture, capture
from ingest.commit import from_ns
from ingest.documents import read_document
from ingest.events import find_stream
from ingest.registry import Source
from ingest.settings import Bot
from ingest.tree import Entry, Seen, Tree

STATE_KINDS = ("snapshot", "config", "series")
_PATIENCE_SECONDS = 1.0  # of a look, with all the files that it finds half written

# A content of a state file: its stamp, None when that is not known, and its hash.
Version = tuple[tuple[int, int, int] | None, str]
# What is known of the state files: source name -> path -> the last version.
Known = Mapping[str, Mapping[str, Version]]


@dataclass(eq=False)
class Look:
    """What a look found; `file` is where it waits in the spool, None when it does not.

    `states` are the state files that are not as they were known; `same` are those that are, and
    the hash of their content. Of a look that waited in the spool only `same_count` is left of them.
    """

    bot: Bot
    states: list[tuple[Source, Capture]] = field(default_factory=list)
    same: list[tuple[Source, str, str]] = field(default_factory=list)
    same_count: int = 0
    streams: list[tuple[Source, Tree, str, list[Seen]]] = field(default_factory=list)
    absent: list[Source] = field(default_factory=list)
    trees: dict[str, Tree] = field(default_factory=dict)
    at: datetime = datetime.min
    file: Path | None = None

    def newest(self) -> datetime | None:
        """The newest mtime of the registered files."""
        seen = [found.seen for _, found in self.states if found.seen]
        same = (self.trees[source.root].find(path) for source, path, _ in self.same)
        seen += [found for found in same if isinstance(found, Seen)]
        seen += [one for _, _, _, files in self.streams for one in files]
        return max((from_ns(one.mtime_ns) for one in seen), default=None)


def look_at(bot: Bot, registry: Iterable[Source], known: Known, *, is_live: bool) -> Look:
    """Read the state files that are not as they are known, and find the logs.

    `is_live` gives files that are being written a moment to become whole.
    """
    look = Look(bot)
    until = time.monotonic() + _PATIENCE_SECONDS if is_live else None
    for source in registry:
        root = bot.root(source.root)
        if root is None:
            look.absent.append(source)
            continue
        tree = look.trees.setdefault(source.root, Tree(root))
        pattern = bot.text.name if source.root == "text" and bot.text else source.path
        if source.kind in STATE_KINDS:
            found = tree.match(pattern)
            _read_states(look, source, found, known.get(source.name, {}), until)
        else:
            look.streams.append((source, tree, *find_stream(tree, pattern)))
    look.same_count = len(look.same)
    return look


def _read_states(
    look: Look,
    source: Source,
    found: list[tuple[str, Entry]],
    known: Mapping[str, Version],
    until: float | None,
) -> None:
    def is_whole(raw: bytes) -> bool:
        return read_document(source, raw).status == "ok"

    tree, same, rest = look.trees[source.root], len(look.same), []
    for path, entry in found:
        before = known.get(path)
        if before and before[0] == _stamp(entry):
            look.same.append((source, path, before[1]))
        else:
            rest.append(path)
    for path in sorted(rest):
        look.states.append((source, capture(tree, path, is_whole, until)))
    if len(look.same) - same < len(known):
        for path in sorted(known.keys() - {path for path, _ in found}):
            if isinstance(tree.find(path), str):  # a glob finds no more what is gone
                look.states.append((source, capture(tree, path)))


def _stamp(entry: Entry) -> tuple[int, ...]:
    return () if isinstance(entry, str) else (entry.st_ino, entry.st_size, entry.st_ctime_ns)
