"""What the watch says of itself, a JSON object a line; `ingest` reads it as the bot `_watch`."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ingest.settings import Settings
from watchhouse.instant import iso, now

_READ_BACK_BYTES = 1 << 20


def append(settings: Settings, stream: str, entry: Mapping[str, object]) -> None:
    """Add `entry`, stamped `at` (UTC) unless it says when, to a stream of `journal/`.

    `stream` is verdicts, marks or notices; each has a file a month. The line is on the disk when
    this returns. Raises OSError when it cannot be written.
    """
    at = now()
    line = json.dumps({"at": iso(at)} | dict(entry), ensure_ascii=False, allow_nan=False) + "\n"
    file = settings.folder("journal") / f"{stream}-{at:%Y-%m}.jsonl"
    # One write at the end of the file: two processes never mix their lines.
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = "\n" + line  # a line that a crash cut off stays by itself
        write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write(descriptor: int, content: bytes) -> None:
    """Write all of it: a full disk takes a part first and says nothing. Raises OSError."""
    while content:
        content = content[os.write(descriptor, content) :]


def latest(settings: Settings, stream: str) -> Iterator[dict[str, Any]]:
    """The last entries of a stream, the newest first: the last MiB of its last two months.

    Lines that a crash or a full disk cut off are left out. Raises OSError when it cannot be read.
    """
    files = sorted(settings.folder("journal").glob(f"{stream}-[0-9]*.jsonl"), reverse=True)
    for file in files[:2]:
        for line in reversed(_tail(file)):
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict):
                    yield entry


def _tail(file: Path) -> list[bytes]:
    with file.open("rb") as lines:
        lines.seek(max(0, lines.seek(0, os.SEEK_END) - _READ_BACK_BYTES))
        return lines.read().splitlines()
