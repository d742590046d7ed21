"""State files are read whole, between two equal stats, and never while they are being written."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from ingest.tree import Seen, Tree

STATE_FILE_BYTES = 64 * 1024 * 1024
_TRIES = 3
_PAUSE_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Capture:
    """What reading a state file gave: its bytes, or the word why not."""

    path: str
    status: str
    raw: bytes = b""
    seen: Seen | None = None
    detail: str | None = None


def capture(
    tree: Tree,
    path: str,
    is_whole: Callable[[bytes], bool] = bool,
    until: float | None = None,
) -> Capture:
    """Read one state file.

    Status is read, torn, missing, denied or oversize. With `until` (live files) content that is not
    whole is looked at again for a tenth of a second, and on until the monotonic clock says so: it
    may be half written, and a producer on a busy machine rests between truncating and filling it.
    """
    found = tree.find(path)
    if isinstance(found, str):
        return Capture(path, found)
    if found.size > STATE_FILE_BYTES:
        return Capture(path, "oversize", seen=found)
    result = _read(tree, path)
    tries = 1
    while until is not None and not (result.status == "read" and is_whole(result.raw)):
        if tries >= _TRIES and (result.seen is None or time.monotonic() >= until):
            break
        time.sleep(_PAUSE_SECONDS * tries)
        tries, result = tries + 1, _read(tree, path)
    return Capture(path, "torn", result.raw, result.seen) if result.status == "moving" else result


def _read(tree: Tree, path: str) -> Capture:
    try:
        descriptor = tree.open(path)
    except PermissionError:
        return Capture(path, "denied")
    except OSError:
        return Capture(path, "missing")
    with open(descriptor, "rb") as handle:  # noqa: PTH123 - the descriptor is open already
        looked_ns, before = time.time_ns(), os.fstat(descriptor)
        raw = handle.read(STATE_FILE_BYTES + 1)
        after = os.fstat(descriptor)
    seen = Seen.of(path, after, looked_ns)
    still = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return Capture(path, "read" if still and len(raw) == after.st_size else "moving", raw, seen)
