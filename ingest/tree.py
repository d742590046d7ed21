"""What lies under a root of the bot: names and stats only, nothing is opened."""

from __future__ import annotations

import os
import re
import stat
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path
from typing import NamedTuple

_TICK_NS = 20_000_000
_LOOK_NS = 10_000_000_000  # longer than the listing of a folder takes
_GLOB = re.compile(r"[*?\[]")
# `x.N.jsonl` and `x.jsonl.N`, without `.gz`
_ROTATED = (re.compile(r"(.+)\.(\d+)(\.[^.]+)"), re.compile(r"(.+)\.(\d+)()"))
_NUMBER = re.compile(r"\.\d")
_FOLDER = "folder"

# What a listing holds of a name: the stat of a regular file, or in one word why there is none.
Entry = os.stat_result | str


class Seen(NamedTuple):
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
    looked_ns: int
    rank: int = 0

    @property
    def stamp(self) -> tuple[int, int, int]:
        """Inode, size, mtime."""
        return self.inode, self.size, _settled(self.mtime_ns, self.looked_ns)

    @property
    def state_stamp(self) -> tuple[int, int, int]:
        """Inode, size, ctime: a rewrite in place that keeps size and mtime changes it too."""
        return self.inode, self.size, _settled(self.ctime_ns, self.looked_ns)

    @classmethod
    def of(cls, path: str, found: os.stat_result, looked_ns: int) -> Seen:
        """From a stat that was taken at `looked_ns` or later."""
        return cls(
            path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, looked_ns
        )

    @property
    def is_gzip(self) -> bool:
        """An archived file, known by its decompressed bytes."""
        return self.path.endswith(".gz")


@dataclass
class Tree:
    """One look at a root; each folder is listed once."""

    root: Path
    _folders: dict[str, dict[str, Entry]] = field(default_factory=dict)
    _listed_ns: dict[str, int] = field(default_factory=dict)
    _rotated: dict[str, dict[str, list[tuple[int, str]]]] = field(default_factory=dict)

    def find(self, path: str) -> Seen | str:
        """The file at `path`, or in one word why not: missing or denied."""
        found = self._entry(path)
        if isinstance(found, str):
            return "missing" if found is _FOLDER else found
        return Seen.of(path, found, self._listed_ns[path.rpartition("/")[0]])

    def match(self, pattern: str) -> list[tuple[str, Entry]]:
        """The paths that a registry path stands for: itself, or what its glob finds, unordered.

        A glob finds neither temporary nor rotated files.
        """
        if not is_glob(pattern):
            return [(pattern, self._entry(pattern))]
        folders = [""]
        *steps, last = pattern.split("/")
        for step in steps:
            folders = [below for folder in folders for below in self._below(folder, step)]
        fits = re.compile(translate(last)).match
        return [
            (f"{folder}/{name}" if folder else name, entry)
            for folder in folders
            for name, entry in self._list(folder).items()
            if fits(name) and entry is not _FOLDER and name and not _places(name)
        ]

    def rotated(self, path: str) -> Iterator[Seen]:
        """The rotated siblings of a live file: `x.N.jsonl`, `x.jsonl.N`, `archive/x.N.jsonl.gz`."""
        folder, _, name = path.rpartition("/")
        for place in (folder, f"{folder}/archive" if folder else "archive"):
            for rank, other in self._siblings(place).get(name, ()):
                seen = self.find(f"{place}/{other}" if place else other)
                if rank and isinstance(seen, Seen):
                    yield seen._replace(rank=rank)

    def open(self, path: str) -> int:
        """A descriptor of the file, read-only; the caller closes it. Raises OSError."""
        return os.open(self.root / path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)

    def _entry(self, path: str) -> Entry:
        folder, _, name = path.rpartition("/")
        return self._list(folder).get(name) or self._list(folder).get("", "missing")

    def _list(self, folder: str) -> dict[str, Entry]:
        if folder not in self._folders:
            self._listed_ns[folder] = time.time_ns()
            self._folders[folder] = self._scan(folder)
        return self._folders[folder]

    def _below(self, folder: str, step: str) -> list[str]:
        if not is_glob(step):
            return [f"{folder}/{step}" if folder else step]
        fits = re.compile(translate(step)).match
        inside = [f"{folder}/{name}" if folder else name
                  for name, entry in self._list(folder).items()
                  if entry is _FOLDER and (step == "**" or fits(name))]  # fmt: skip
        if step != "**":
            return inside
        return [folder, *(below for one in inside for below in self._below(one, step))]

    def _siblings(self, folder: str) -> dict[str, list[tuple[int, str]]]:
        """Of each live name the ranks and names of its rotated siblings in a folder."""
        if folder not in self._rotated:
            found = self._rotated[folder] = defaultdict(list)
            for name in self._list(folder):
                for live, rank in _places(name):
                    found[live].append((rank, name))
        return self._rotated[folder]

    def _scan(self, folder: str) -> dict[str, Entry]:
        place = self.root / folder
        found: dict[str, Entry] = {}
        try:
            if not _is_inside(place, self.root):
                return {"": "denied"}
            with os.scandir(place) as entries:
                for entry in entries:
                    name = entry.name
                    if not (name.startswith(".tmp_") or name.endswith(".tmp")):
                        found[name] = self._look(entry)
        except PermissionError:
            return {"": "denied"}
        except OSError:
            return {}
        return found

    def _look(self, entry: os.DirEntry[str]) -> Entry:
        try:
            if entry.is_symlink() and not _is_inside(Path(entry.path), self.root):
                return "denied"
            if entry.is_dir(follow_symlinks=False):
                return _FOLDER
            found = entry.stat()
        except PermissionError:
            return "denied"
        except OSError:
            return "missing"
        return found if stat.S_ISREG(found.st_mode) else "missing"


def is_glob(pattern: str) -> bool:
    """The path stands for what it matches, not for itself."""
    return _GLOB.search(pattern) is not None


def _settled(nanoseconds: int, looked_ns: int) -> int:
    is_fresh = -_TICK_NS <= nanoseconds - looked_ns <= _LOOK_NS
    return -looked_ns if is_fresh else nanoseconds


def _is_inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _places(name: str) -> list[tuple[str, int]]:
    """The live names that `name` may be the rotated sibling of, and its rank there."""
    if not _NUMBER.search(name):  # most names: spares them the patterns
        return []
    plain = name.removesuffix(".gz")
    matches = (pattern.fullmatch(plain) for pattern in _ROTATED)
    return [(match[1] + match[3], int(match[2])) for match in matches if match]
