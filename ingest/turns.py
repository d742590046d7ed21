"""Whose turn it is to write: those who wait for the lock of a home stand in a queue.

A place is a file, named by when it was taken, that its process touches while it waits. It gives no
right to write, the lock does; it keeps whoever came later from trying. The place of a process that
is gone holds up nobody, nor does one that nobody touches any more.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FORSAKEN_SECONDS = 3.0


def is_our_turn(queue: Path) -> bool:
    """Take a place in the queue or keep it; whether nobody who still waits came before."""
    queue.mkdir(mode=0o700, exist_ok=True)
    place = _ours(queue) or queue / f"{time.time_ns():020d}-{os.getpid()}"
    place.touch(mode=0o600)
    return min(_waiting(queue), default=place.name) >= place.name


def leave(queue: Path) -> None:
    """Give up the place of this process, if it has one."""
    if place := _ours(queue):
        place.unlink(missing_ok=True)


def _ours(queue: Path) -> Path | None:
    return next(queue.glob(f"*-{os.getpid()}"), None)


def _waiting(queue: Path) -> Iterator[str]:
    """The places that are still waited at; the others are removed."""
    for place in queue.iterdir():
        with suppress(FileNotFoundError):  # it was its turn
            # A clock that was set back makes a place no younger.
            is_kept = abs(time.time() - place.stat().st_mtime) < _FORSAKEN_SECONDS
            if is_kept and _is_running(int(place.name.rpartition("-")[2])):
                yield place.name
            else:
                place.unlink()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True
