import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from watchhouse.world import Incident, Look, World, play

State = dict[str, Any]


@dataclass
class Played:
    """A world on disk, its looks, and state files as they were at each look."""

    logs: Path
    looks: list[Look]
    seen: dict[str, list[State]] = field(default_factory=dict)

    @property
    def end(self) -> Look:
        return self.looks[-1]

    def rows(self, name: str) -> list[State]:
        path = self.logs / "execution" / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def at_loop(self, name: str, loop: int) -> State:
        """A state file as the executor left it in this loop."""
        return next(
            state
            for state, look in zip(self.seen[name], self.looks, strict=True)
            if look.loop == loop
        )


PlayWorld = Callable[..., Played]


@pytest.fixture
def play_world(tmp_path: Path) -> PlayWorld:
    """Play a world to its end; `watch` names state files to keep from every look."""

    def run(*incidents: Incident, watch: tuple[str, ...] = (), **knobs: Any) -> Played:
        played = Played(tmp_path / "logs", [], {name: [] for name in watch})
        settings: dict[str, Any] = {"loops": 60, "incidents": incidents} | knobs
        world = World(**settings)
        for look in play(world, played.logs):
            played.looks.append(look)
            for name in watch:
                played.seen[name].append(json.loads((played.logs / name).read_text()))
        return played

    return run


@pytest.fixture
def lay(tmp_path: Path) -> Callable[[World], Iterator[tuple[Look, Path]]]:
    """Play a world look by look, for tests that inspect the disk in between."""

    def run(world: World) -> Iterator[tuple[Look, Path]]:
        logs = tmp_path / "logs"
        for look in play(world, logs):
            yield look, logs

    return run
