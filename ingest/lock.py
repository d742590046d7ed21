"""One writer per home: an OS lock, released by the system when its holder dies."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ingest.errors import WatchhouseError
from ingest.settings import Settings
from ingest.turns import is_our_turn, leave

# For whoever waits: a build takes minutes on a busy machine, and `run` lets none take longer.
PATIENCE_SECONDS = 900
_POLL_SECONDS = 0.05


class HeldError(WatchhouseError):
    """Another process holds the warehouse."""


@contextmanager
def writer_lock(settings: Settings, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the home for writing; within one process it may be taken again.

    Those who wait for it get it in the order in which they came. When another process holds it, or
    came before: says so on stderr and waits up to `wait_seconds`, then raises WatchhouseError
    naming the holder's pid and command; who did not wait and asks again soon keeps its place.
    The same for a home not to be written. Who ends by an error leaves its name: see is_after_death.
    """
    lock = _lock(settings)
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
            myself = _myself() | {"is_after_death": sidecar.exists()}
            sidecar.write_text(json.dumps(myself), encoding="utf-8")
        yield
        if lock.lock_counter == 1:
            sidecar.unlink(missing_ok=True)
    finally:
        lock.release()


def is_after_death(settings: Settings) -> bool:
    """Whether the writer before this one, which holds the lock, was killed or ended by an error."""
    return bool(_read_sidecar(settings).get("is_after_death"))


def may_write(settings: Settings) -> bool:
    """Whether this process would get the lock now; if not it has a place among those who wait."""
    lock = _lock(settings)
    try:
        if is_taken := _try(lock, settings.folder("queue")):
            lock.release()
    except OSError:  # said by whoever wants to write
        return False
    return is_taken


def _lock(settings: Settings) -> FileLock:
    return FileLock(settings.lock_file, mode=0o600, thread_local=False, is_singleton=True)


def _acquire(lock: FileLock, settings: Settings, wait_seconds: float) -> None:
    if lock.is_locked:  # by this process
        lock.acquire(timeout=0)
        return
    queue, until, has_said = settings.folder("queue"), time.monotonic() + wait_seconds, False
    while not _try(lock, queue):
        if time.monotonic() >= until:
            if wait_seconds:
                leave(queue)
            raise HeldError(
                f"`{settings.home}` is being written by {_holder(settings)}",
                "wait for it to end, or use another home (--home, WATCHHOUSE_HOME)",
            )
        if not has_said:
            print(f"waiting for {_holder(settings)} to finish with `{settings.home}`",
                  file=sys.stderr, flush=True)  # fmt: skip
            has_said = True
        time.sleep(_POLL_SECONDS)
    leave(queue)


def _try(lock: FileLock, queue: Path) -> bool:
    """Take the lock if it is free and nobody waits who came before."""
    is_turn = True
    with suppress(OSError):  # on a full disk there is no place to take: the lock alone decides
        is_turn = is_our_turn(queue)
    try:
        if is_turn:
            lock.acquire(timeout=0)
    except Timeout:
        return False
    return is_turn


def _sidecar(settings: Settings) -> Path:
    return settings.lock_file.with_suffix(".json")


def _myself() -> dict[str, object]:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return {"pid": os.getpid(), "command": command[:200], "since": datetime.now(UTC).isoformat()}


def _holder(settings: Settings) -> str:
    try:
        holder = _read_sidecar(settings)
        return f"process {holder['pid']} (`{holder['command']}`, since {holder['since'][:19]}Z)"
    except (KeyError, TypeError):
        return "another process"  # it has the lock and has not written who it is yet


def _read_sidecar(settings: Settings) -> dict[str, Any]:
    try:
        found = json.loads(_sidecar(settings).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
