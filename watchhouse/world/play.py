"""The world's clock: which process works when, and what is seen in between."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from watchhouse.world.config import settings, write_config
from watchhouse.world.damage import Damages
from watchhouse.world.desk import Desk
from watchhouse.world.executor import Executor
from watchhouse.world.knobs import Look, Truth, World
from watchhouse.world.sync_state import SyncState

SYNC_AFTER_SECONDS = 20.0
SECOND_AFTER_SECONDS = 30.0


def play(world: World, logs: Path, config: Path | None = None) -> Iterator[Look]:
    """Write the world into `logs` loop by loop; yields after each loop and each other writer.

    `config` is the bot's config folder: written at the start and by config_change. At a look
    all writers are at rest and everything written since the last one has its time as mtime.
    """
    stage = _Stage(world, logs, config)
    for loop in range(world.loops):
        at = world.start + timedelta(seconds=loop * world.loop_seconds)
        yield stage.loop(loop, at)
        yield from stage.others(loop, at)


def overrides(world: World, loop: int) -> dict[str, dict[str, object]]:
    """What config_change incidents have changed up to this loop, as `write_config` takes it."""
    merged: dict[str, dict[str, object]] = {}
    for incident in world.incidents:
        if incident.kind == "config_change" and incident.first_loop <= loop:
            for name, values in incident.config.items():
                merged.setdefault(name, {}).update(values)
    return merged


class _Stage:
    """All processes of a world."""

    def __init__(self, world: World, logs: Path, config: Path | None) -> None:
        self._world = world
        self._config = config
        self._desk = Desk(world, logs)
        self._damages = Damages(self._desk)
        self._sync = SyncState(self._desk)
        self._last: Executor | None = None
        self._executor: Executor | None = None
        self._second: Executor | None = None
        self._at = world.start

    def loop(self, loop: int, at: datetime) -> Look:
        """One loop of the executor, if it lives, and the damage after it."""
        self._write_config(loop, at)
        self._desk.begin(loop, at)
        notes = self._cast(at)
        end = self._executor.run(at) if self._executor else at
        self._damages.heal()
        notes += self._damages.strike(loop)
        return self._look(end, "; ".join(notes) or None)

    def others(self, loop: int, at: datetime) -> Iterator[Look]:
        """sync_state every other loop, then a second executor if there is one."""
        seconds = self._world.loop_seconds
        if self._world.sync_state and loop % 2 == 1:
            after = timedelta(seconds=min(SYNC_AFTER_SECONDS, seconds / 3))
            yield self._look(self._sync.run(at + after), "sync_state wrote its mirrors")
        if self._second is not None:
            after = timedelta(seconds=min(SECOND_AFTER_SECONDS, seconds / 2))
            yield self._look(self._second.run_beside(at + after), "second executor")

    def _write_config(self, loop: int, at: datetime) -> None:
        if self._config is not None and (loop == 0 or self._desk.world.on("config_change", loop)):
            write_config(self._config, at, **overrides(self._world, loop))

    def _cast(self, at: datetime) -> list[str]:
        """Start and end processes as the incidents of this loop say."""
        desk = self._desk
        if desk.on("executor_dies"):
            self._executor = self._second = None
            return ["executor is dead"]
        is_restart = self._last is not None and self._executor is None
        if self._executor is None or desk.on("executor_restart"):
            is_restart = self._last is not None
            self._executor = self._last = self._new_executor(at)
        if not desk.on("two_writers"):
            self._second = None
        elif self._second is None:
            self._second = self._new_executor(at)
        return ["executor started anew"] if is_restart else []

    def _new_executor(self, at: datetime) -> Executor:
        limits = settings(overrides(self._world, self._desk.loop))["risk_limits"]
        return Executor(self._desk, limits, at)

    def _look(self, at: datetime, note: str | None) -> Look:
        self._desk.disk.stamp(at)
        return Look(at, self._desk.loop, note, self._truth())

    def _truth(self) -> Truth:
        desk, tally, life = self._desk, self._desk.tally, self._last
        assert life is not None
        positions = desk.account.positions.values()
        return Truth(
            nav=desk.nav,
            wallet=desk.account.wallet,
            equity=round(desk.account.wallet + desk.unrealized, 8),
            positions={p.key: p.quantity * p.sign for p in positions},
            registered=frozenset(desk.registry.entries),
            signals=tally.signals,
            attempts=tally.attempts,
            acks=tally.acks,
            refusals=dict(tally.refusals),
            veto_lines=tally.veto_lines,
            fills=tally.fills,
            closes=tally.closes,
            counters=dict(life.vitals.vetoes),
            run_id=life.process.run_id,
            pid=life.process.pid,
            alive=self._executor is not None,
        )
