"""One writer per home: an OS lock, released by the system when its holder dies."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import WatchhouseError
from ingest.settings import Settings

# For whoever waits for a writer: a build, or many looks to commit, take minutes on a busy machine.
PATIENCE_SECONDS = 300


class HeldError(WatchhouseError):
    """Another process holds the warehouse."""


@contextmanager
def writer_lock(settings: Settings, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the home for writing; within one process it may be taken again.

    When another process holds it: says so on stderr and waits up to `wait_seconds`, then raises
    WatchhouseError naming the holder's pid and command. The same for a home not to be written.
    """
    lock = FileLock(settings.lock_file, mode=0o600, thread_local=False, is_singleton=True)
    try:
        settings.make_home()
        _acquire(lock, settings, wait_seconds)
    except OSError as error:
        raise WatchhouseError(
            f"`{settings.home}` cannot be written: {error.strerror}", "watchhouse doctor"
        ) from error
    sidecar = _sidecar(settings)
    try:
        if lock.lock_counter == 1:
            sidecar.write_text(json.dumps(_myself()), encoding="utf-8")
        yield
    finally:
        if lock.lock_counter == 1:
            sidecar.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, settings: Settings, wait_seconds: float) -> None:
    try:
        lock.acquire(timeout=0)
        return
    except Timeout:
        if wait_seconds > 0:
            print(f"waiting for {_holder(settings)} to finish with `{settings.home}`",
                  file=sys.stderr, flush=True)  # fmt: skip
    try:
        lock.acquire(timeout=wait_seconds, poll_interval=0.05)
    except Timeout:
        raise HeldError(
            f"`{settings.home}` is being written by {_holder(settings)}",
            "wait for it to end, or use another home (--home, WATCHHOUSE_HOME)",
        ) from None


def _sidecar(settings: Settings) -> Path:
    return settings.lock_file.with_suffix(".json")


def _myself() -> dict[str, object]:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return {"pid": os.getpid(), "command": command[:200], "since": datetime.now(UTC).isoformat()}


def _holder(settings: Settings) -> str:
    try:
        holder = json.loads(_sidecar(settings).read_text(encoding="utf-8"))
        return f"process {holder['pid']} (`{holder['command']}`, since {holder['since'][:19]}Z)"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # it has the lock and has not written who it is yet
