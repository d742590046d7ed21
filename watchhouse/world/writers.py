"""How the bot's processes put bytes on the disk (telemetry contract, section 1)."""

import gzip
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

BACKUPS = 5


class Disk:
    """The logs folder. Every file that was written carries the simulated time after `stamp`."""

    def __init__(self, logs: Path, rotate_bytes: int) -> None:
        self.logs = logs
        self._rotate_bytes = rotate_bytes
        self._touched: set[Path] = set()

    def put(self, name: str, content: bytes) -> None:
        """Temp file and rename: a new inode, mode 0600, never torn."""
        path = self._path(name)
        temp = path.with_name(f".tmp_{path.name}")
        temp.write_bytes(content)
        temp.chmod(0o600)
        temp.replace(path)

    def put_json(self, name: str, document: Mapping[str, Any]) -> None:
        """A state file: compact JSON by temp file and rename."""
        self.put(name, json.dumps(document, separators=(",", ":")).encode())

    def rewrite(self, name: str, content: bytes) -> None:
        """Truncate and write in place: same inode, torn for whoever reads too early."""
        self._path(name).write_bytes(content)

    def extend(self, name: str, content: bytes) -> None:
        """A plain append."""
        with self._path(name).open("ab") as file:
            file.write(content)

    def append(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """The JSONL logger: rotate when a row would pass the limit, then write a whole new copy."""
        path, pending = self._path(name), b""
        size = path.stat().st_size if path.exists() else 0
        for row in rows:
            line = json.dumps(row).encode() + b"\n"
            if size and size + len(line) > self._rotate_bytes:
                self._copy_with(path, pending)
                self._rotate(path, is_fresh=bool(pending))
                pending, size = b"", 0
            pending, size = pending + line, size + len(line)
        self._copy_with(path, pending)

    def stamp(self, at: datetime) -> None:
        """Give everything written since the last stamp the mtime `at`."""
        when = at.timestamp()
        for path in self._touched:
            if path.exists():
                os.utime(path, (when, when))
        self._touched.clear()

    def read(self, name: str) -> bytes | None:
        """Content of a file, None when it does not exist."""
        path = self.logs / name
        return path.read_bytes() if path.exists() else None

    def delete(self, name: str) -> None:
        """Remove a file if it is there."""
        (self.logs / name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        path = self.logs / name
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
        self._touched.add(path)
        return path

    def _copy_with(self, path: Path, more: bytes) -> None:
        if not more:
            return
        temp = path.with_name(f"{path.name}.tmp")
        if path.exists():
            shutil.copyfile(path, temp)
        with temp.open("ab") as file:
            file.write(more)
        temp.chmod(0o600)
        temp.replace(path)

    def _rotate(self, path: Path, is_fresh: bool) -> None:
        """x.jsonl -> x.1.jsonl -> ... -> x.4.jsonl -> archive/x.5.jsonl.gz, always overwritten."""
        names = [path, *(path.with_name(f"{path.stem}.{n}.jsonl") for n in range(1, BACKUPS))]
        if names[-1].exists():
            archive = path.parent / "archive" / f"{path.stem}.{BACKUPS}.jsonl.gz"
            archive.parent.mkdir(exist_ok=True)
            archive.write_bytes(gzip.compress(names[-1].read_bytes(), compresslevel=6, mtime=0))
            self._touched.add(archive)
            names[-1].unlink()
        for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
            if newer.exists():
                newer.rename(older)
        if is_fresh:
            self._touched.add(names[1])
