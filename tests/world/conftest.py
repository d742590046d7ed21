import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from watchhouse.world import Incident, Look, World, play

State = dict[str, Any]
STATE_FILES = (
    "diagnostics",
    "positions_state",
    "positions_ledger",
    "position_tp_sl",
    "nav",
    "nav_state",
    "risk_snapshot",
    "kpis_v7",
    "router_health",
    "engine_metadata",
)


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


def played_out(world: World, logs: Path, watch: tuple[str, ...] = ()) -> Played:
    """Play a world to its end; `watch` names state files to keep from every look."""
    played = Played(logs, [], {name: [] for name in watch})
    for look in play(world, logs):
        played.looks.append(look)
        for name in watch:
            if (logs / name).exists():
                played.seen[name].append(json.loads((logs / name).read_text()))
    return played


@pytest.fixture
def play_world(tmp_path: Path) -> PlayWorld:
    """Play a world of 60 loops, or with other knobs, to its end."""

    def run(*incidents: Incident, watch: tuple[str, ...] = (), **knobs: Any) -> Played:
        settings: dict[str, Any] = {"loops": 60, "incidents": incidents} | knobs
        return played_out(World(**settings), tmp_path / "logs", watch)

    return run


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Two healthy hours, every state file kept from every look; not to be written to."""
    logs = tmp_path_factory.mktemp("healthy") / "logs"
    watch = tuple(f"state/{name}.json" for name in STATE_FILES)
    watch += ("cache/peak_state.json", "cache/nav_confirmed.json")
    return played_out(World(loops=120), logs, watch)


@pytest.fixture
def lay(tmp_path: Path) -> Callable[[World], Iterator[tuple[Look, Path]]]:
    """Play a world look by look, for tests that inspect the disk in between."""

    def run(world: World) -> Iterator[tuple[Look, Path]]:
        logs = tmp_path / "logs"
        for look in play(world, logs):
            yield look, logs

    return run
