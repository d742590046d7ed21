"""A simulated bot that writes its loops as their time comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watchhouse.world import Incident, World, play

_LOOP_LASTS = timedelta(seconds=1)


def live(
    folder: Path,
    loop_seconds: float,
    incidents: tuple[Incident, ...] = (),
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[tuple[int, float]]:
    """Write loop after loop under `folder`, from now on.

    Gives, of each loop, its files' mtime in ms and when they were really written (epoch seconds);
    `wait` lets the seconds until the next one pass; what it returns is whether to end.
    """
    start = datetime.now(UTC).replace(microsecond=0)
    world = World(
        start=start - _LOOP_LASTS,  # a loop is written at once: its last stamp must not lie ahead
        loops=10**6,
        loop_seconds=loop_seconds,
        sync_state=False,
        incidents=incidents,
    )
    for part in ("logs", "config"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, look in enumerate(play(world, folder / "logs", folder / "config")):
        yield round(look.at.timestamp() * 1000), time.time()
        due = start + timedelta(seconds=(number + 1) * loop_seconds)
        if wait(max(0.0, (due - datetime.now(UTC)).total_seconds())):
            return
