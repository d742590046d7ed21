"""What outlives a process: the exchange, the disk and what the processes read back from it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random

from watchhouse.world.account import Account, Position, Registry
from watchhouse.world.drawdown import Peaks
from watchhouse.world.knobs import Incident, Kind, World
from watchhouse.world.market import SYMBOLS, Market, lot
from watchhouse.world.nav_log import NavLog
from watchhouse.world.risk import Confirmed
from watchhouse.world.screener import CLIP_USD, Screener
from watchhouse.world.writers import Disk

EDGE = (
    0.00003  # pull per loop in favour of what is held: pays the fees, so long worlds stay solvent
)
GAP_KEYS = ("ETHUSDT:LONG", "SOLUSDT:LONG", "LINKUSDT:LONG")


@dataclass
class Tally:
    """What happened since the start of the world, whichever process did it."""

    signals: int = 0
    attempts: int = 0
    acks: int = 0
    veto_lines: int = 0
    fills: int = 0
    closes: int = 0
    refusals: Counter[str] = field(default_factory=Counter)


class Desk:
    """Shared state of all processes of one world."""

    def __init__(self, world: World, logs: Path) -> None:
        self.world = world
        self.disk = Disk(logs, world.rotate_bytes)
        self.rng = Random(f"{world.seed}/desk")
        self.market = Market(Random(f"{world.seed}/market"))
        self.account = Account(world.nav, Random(f"{world.seed}/account"))
        self.screener = Screener(Random(f"{world.seed}/screener"))
        self.registry = Registry()
        self.peaks = Peaks()
        self.tally = Tally()
        self.loop = 0
        self.marks: dict[str, float] = {}
        self.nav_log = NavLog()
        self.confirmed: Confirmed | None = None
        self.published: tuple[Position, ...] = ()  # as positions_state.json says
        self._next_id = 1

    def begin(self, loop: int, at: datetime) -> None:
        """Move the market and let the incidents of this loop change what is open and known."""
        self.loop = loop
        self.account.drift()
        self.market.step(self._pull())
        self.marks = {name: self.market.mark(name) for name in SYMBOLS}
        for incident in self.world.incidents:
            if incident.kind == "registry_gap" and loop == incident.first_loop:
                self._tear_gap(incident, at)
            if incident.kind == "registry_gap" and incident.last_loop == loop - 1:
                self._seed_registry(incident, at)

    def on(self, kind: Kind) -> Incident | None:
        """The first incident of a kind that is on now."""
        return self.world.on(kind, self.loop)

    @property
    def nav(self) -> float:
        """The wallet as the exchange reports it, USD."""
        spike = self.on("nav_spike")
        return round(self.account.wallet * (spike.multiplier if spike else 1.0), 8)

    @property
    def unrealized(self) -> float:
        """Unrealized result of all open positions, USD."""
        return sum(p.gain(self.marks[p.symbol]) for p in self.account.positions.values())

    @property
    def unmanaged(self) -> set[str]:
        """Symbols of positions that nothing will close."""
        return {p.symbol for p in self.account.positions.values() if p.until_loop is None}

    def next_id(self) -> int:
        """The exchange's next number."""
        self._next_id += 1
        return self._next_id

    def _pull(self) -> Mapping[str, float]:
        """Relative change per loop that held symbols get on top of the random walk."""
        stalled = self.on("exits_stalled")
        pull = {}
        for p in self.account.positions.values():
            incident = self.on("registry_gap") if p.until_loop is None else stalled
            is_there = incident is None or abs(p.gain_ratio(self.marks[p.symbol])) >= incident.depth
            pull[p.symbol] = p.sign * (EDGE if incident is None or is_there else incident.pull)
        return pull

    def _tear_gap(self, incident: Incident, at: datetime) -> None:
        """Positions without levels, held or new on the account; and levels without a position."""
        for key in incident.keys or GAP_KEYS:
            symbol, side = key.split(":")
            mark = self.marks[symbol]
            held = self.account.positions.get(key)
            new = Position(symbol, side, lot(symbol, 1.4 * CLIP_USD / mark), mark, None)
            self.account.positions[key] = replace(held, until_loop=None) if held else new
            self.registry.forget(key, at.timestamp())
        if incident.stale_key is not None:
            symbol = incident.stale_key.split(":")[0]
            self.registry.register(incident.stale_key, self.marks[symbol], at.timestamp(), 0.1)

    def _seed_registry(self, incident: Incident, at: datetime) -> None:
        """The operator's seed script ran: levels for what is open, none for what is not."""
        for key in incident.keys or GAP_KEYS:
            if key in self.account.positions:
                position = replace(self.account.positions[key], until_loop=self.loop + 20)
                self.account.positions[key] = position
                self.registry.register(key, self.marks[position.symbol], at.timestamp())
        if incident.stale_key is not None:
            self.registry.forget(incident.stale_key, at.timestamp())
