"""Work in a process of its own that is killed at its n-th call, or has little room on the disk."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from types import FrameType

from ingest import WatchhouseError


def killed_at(call: int, work: Callable[[], object]) -> tuple[int, int]:
    """Do it in a child that kills itself with -9 at a call made by ingest; 0 lets it live.

    Returns the child's status and, when it lived, how many calls there were.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - dies
        calls = 0

        def count(frame: FrameType, event: str, _: object) -> None:
            nonlocal calls
            if event in ("call", "c_call") and "ingest/" in frame.f_code.co_filename:
                calls += 1
                if calls == call:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        work()
        sys.setprofile(None)
        os.write(writer, str(calls).encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader) as said:
        return status, int(said.read() or 0)


def moments(calls: int, count: int) -> range:
    """So many of the calls, evenly; as many as WATCHHOUSE_KILLS says, if it is set."""
    count = int(os.environ.get("WATCHHOUSE_KILLS", count))
    return range(1, calls, max(1, calls // count))


def told_without_room(limit: int, work: Callable[[], object]) -> str:
    """Do it in a child that may write no file beyond `limit` bytes; what the error said."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            work()
        except WatchhouseError as error:
            os.write(writer, error.message.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as said:
        return said.read()
