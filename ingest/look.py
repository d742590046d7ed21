"""One look at a bot: everything that is there, found before any of it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ingest.capture import Capture, capture
from ingest.commit import from_ns
from ingest.documents import read_document
from ingest.events import find_stream
from ingest.registry import Source
from ingest.settings import Bot
from ingest.tree import Seen, Tree

STATE_KINDS = ("snapshot", "config", "series")

# Stamp and content hash that are known of a state file: (source name, path) -> both, or None.
Known = Callable[[str, str], tuple[tuple[int, int, int] | None, str] | None]


@dataclass(eq=False)
class Look:
    """What a look found; `file` is where it waits in the spool, None when it does not."""

    bot: Bot
    states: list[tuple[Source, Capture]] = field(default_factory=list)
    streams: list[tuple[Source, Tree, str, list[Seen]]] = field(default_factory=list)
    absent: list[Source] = field(default_factory=list)
    at: datetime = datetime.min
    file: Path | None = None

    def newest(self) -> datetime | None:
        """The newest mtime of the registered files."""
        seen = [found.seen for _, found in self.states if found.seen]
        seen += [one for _, _, _, files in self.streams for one in files]
        return max((from_ns(one.mtime_ns) for one in seen), default=None)


def look_at(bot: Bot, registry: Iterable[Source], known: Known, *, is_live: bool) -> Look:
    """Read the state files that are not as they are known, and find the logs.

    `is_live` gives a file that is being written a moment to become whole.
    """
    look = Look(bot)
    trees: dict[str, Tree] = {}
    for source in registry:
        root = bot.root(source.root)
        if root is None:
            look.absent.append(source)
            continue
        tree = trees.setdefault(source.root, Tree(root))
        pattern = bot.text.name if source.root == "text" and bot.text else source.path
        if source.kind in STATE_KINDS:
            look.states += _read_states(source, tree, pattern, known, is_live)
        else:
            look.streams.append((source, tree, *find_stream(tree, pattern)))
    return look


def _read_states(
    source: Source, tree: Tree, pattern: str, known: Known, is_live: bool
) -> Iterator[tuple[Source, Capture]]:
    def is_whole(raw: bytes) -> bool:
        return read_document(source, raw).status == "ok"

    for path in tree.live_paths(pattern):
        before, found = known(source.name, path), tree.find(path)
        if before and before[0] and isinstance(found, Seen) and found.state_stamp == before[0]:
            yield source, Capture(path, "unchanged", seen=found, sha256=before[1])
        else:
            yield source, capture(tree, path, is_whole if is_live else None)
