"""What lies under a root of the bot: names and stats only, nothing is opened."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

_TICK_NS = 20_000_000
_GLOB = re.compile(r"[*?\[]")
_ROTATED = re.compile(r".+\.\d+(\.[^.]+)?(\.gz)?")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a look found it; `rank` is its place in the rotation, 0 for the live file.

    Equal stamps at the same path mean that the content was not touched. A file that was written
    within the clock tick of the look could be written again without a trace, so it gets a stamp
    that equals no other. The stamp of a log survives a rename, that of a state file nothing.
    """

    path: str
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    rank: int = 0

    @property
    def stamp(self) -> tuple[int, int, int]:
        """Inode, size, mtime."""
        return self.inode, self.size, _settled(self.mtime_ns)

    @property
    def state_stamp(self) -> tuple[int, int, int]:
        """Inode, size, ctime: a rewrite in place that keeps size and mtime changes it too."""
        return self.inode, self.size, _settled(self.ctime_ns)

    @classmethod
    def of(cls, path: str, found: os.stat_result) -> Seen:
        """From a stat taken now."""
        return cls(path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    @property
    def is_gzip(self) -> bool:
        """An archived file, known by its decompressed bytes."""
        return self.path.endswith(".gz")


@dataclass
class Tree:
    """One look at a root; each folder is listed once. `denied` names what could not be read."""

    root: Path
    _folders: dict[str, dict[str, Seen | str]] = field(default_factory=dict)

    def find(self, path: str) -> Seen | str:
        """The file at `path`, or in one word why not: missing or denied."""
        folder, _, name = path.rpartition("/")
        return self._list(folder).get(name, self._list(folder).get("", "missing"))

    def live_paths(self, pattern: str) -> list[str]:
        """The paths that a registry path stands for: itself, or what its glob finds."""
        if not _GLOB.search(pattern):
            return [pattern]
        found = (path.relative_to(self.root).as_posix() for path in self.root.glob(pattern))
        return sorted(path for path in found if not _is_temporary(path) and not _is_rotated(path))

    def rotated(self, path: str) -> Iterator[Seen]:
        """The rotated siblings of a live file: `x.N.jsonl`, `x.jsonl.N`, `archive/x.N.jsonl.gz`."""
        folder, _, name = path.rpartition("/")
        for place in (folder, f"{folder}/archive" if folder else "archive"):
            for other, seen in self._list(place).items():
                rank = _rank(other, name)
                if rank and isinstance(seen, Seen):
                    yield replace(seen, rank=rank)

    def open(self, path: str) -> int:
        """A descriptor of the file, read-only; the caller closes it. Raises OSError."""
        return os.open(self.root / path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)

    def _list(self, folder: str) -> dict[str, Seen | str]:
        if folder not in self._folders:
            self._folders[folder] = self._scan(folder)
        return self._folders[folder]

    def _scan(self, folder: str) -> dict[str, Seen | str]:
        place = self.root / folder
        try:
            if not _is_inside(place, self.root):
                return {"": "denied"}
            with os.scandir(place) as entries:
                return {e.name: self._look(folder, e) for e in entries if not _is_temporary(e.name)}
        except PermissionError:
            return {"": "denied"}
        except OSError:
            return {}

    def _look(self, folder: str, entry: os.DirEntry[str]) -> Seen | str:
        try:
            if entry.is_symlink() and not _is_inside(Path(entry.path), self.root):
                return "denied"
            found = entry.stat()
        except PermissionError:
            return "denied"
        except OSError:
            return "missing"
        if not stat.S_ISREG(found.st_mode):
            return "missing"
        path = f"{folder}/{entry.name}" if folder else entry.name
        return Seen.of(path, found)


def _settled(nanoseconds: int) -> int:
    now = time.time_ns()
    return nanoseconds if abs(now - nanoseconds) > _TICK_NS else -now


def _is_inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _is_temporary(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith(".tmp_") or name.endswith(".tmp")


def _is_rotated(path: str) -> bool:
    return _ROTATED.fullmatch(path.rpartition("/")[2]) is not None


def _rank(name: str, live: str) -> int:
    """The place of `name` in the rotation of `live`; 0 when it is no sibling of it."""
    stem, dot, suffix = live.rpartition(".")
    if not name.startswith(stem) or name == live:  # most names: spares them the patterns
        return 0
    plain = name.removesuffix(".gz")
    before, after = re.escape(stem), re.escape(dot + suffix)
    for pattern in (rf"{before}\.(\d+){after}", rf"{before}{after}\.(\d+)"):
        if match := re.fullmatch(pattern, plain):
            return int(match[1])
    return 0
