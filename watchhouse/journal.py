"""What the watch says of itself, a JSON object a line; `ingest` reads it as the bot `_watch`."""

import json
import os
from collections.abc import Mapping

from ingest.settings import Settings
from watchhouse.instant import iso, now


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
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
