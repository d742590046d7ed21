"""What a simulated world is made of: its size, its clock and what goes wrong in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

Kind = Literal[
    "veto_storm",
    "dd_circuit",
    "nav_spike",
    "registry_gap",
    "exits_stalled",
    "screener_stall",
    "executor_dies",
    "executor_restart",
    "damage",
    "positions_vanish",
    "two_writers",
    "config_change",
]
How = Literal[
    "torn",
    "empty",
    "nan",
    "missing_keys",
    "older",
    "nul",
    "garbage",
    "vanished",
    "zero_mark",
    "partial_line",
    "torn_middle_line",
    "invalid_utf8",
]
ONE_LOOP: frozenset[Kind] = frozenset({"damage", "executor_restart", "config_change"})
DRIFT: Mapping[Kind, float] = {"registry_gap": -0.0015, "exits_stalled": 0.0004}


@dataclass(frozen=True)
class Incident:
    """Something that goes wrong from `first_loop` to `last_loop`, both included.

    `last_loop` None means to the end of the world (damage, executor_restart and
    config_change: that loop only). Each further knob is read by the kinds named beside it.
    """

    kind: Kind
    first_loop: int
    last_loop: int | None = None
    reason: str = "symbol_cap"  # veto_storm: canonical reason of the refusals
    share: float = 1.0  # veto_storm: part of the full-size entries that is refused
    limit: float = 0.0003  # dd_circuit: drawdown (0-1) from which every entry is refused
    multiplier: float = 3.05  # nav_spike: reported wallet / real wallet; 0 = no NAV at all
    keys: tuple[str, ...] = ()  # registry_gap: positions; damage nan, missing_keys: dotted keys
    stale_key: str | None = "LTCUSDT:LONG"  # registry_gap: registered though not held
    drift: float | None = None  # registry_gap, exits_stalled: pull on held marks per loop (0-1)
    depth: float = 0.045  # registry_gap, exits_stalled: the pull ends this far from entry (0-1)
    file: str = ""  # damage: path under logs/
    how: How = "torn"  # damage
    back: int = 16  # damage older: loops between the old content and now
    config: Mapping[str, Mapping[str, object]] = field(
        default_factory=dict, hash=False
    )  # config_change: as the overrides of `write_config`

    def __post_init__(self) -> None:
        """Raise ValueError for a kind or damage that does not exist, or damage to no file."""
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown incident kind: {self.kind}")
        if self.how not in get_args(How):
            raise ValueError(f"unknown damage: {self.how}")
        if self.kind == "damage" and not self.file:
            raise ValueError("damage needs a file")

    def holds(self, loop: int) -> bool:
        """Whether the incident is on in this loop."""
        last = self.first_loop if self.kind in ONE_LOOP else self.last_loop
        return self.first_loop <= loop and (last is None or loop <= last)

    @property
    def pull(self) -> float:
        """Relative change of the held marks per loop."""
        return DRIFT.get(self.kind, 0.0) if self.drift is None else self.drift


@dataclass(frozen=True)
class World:
    """One bot's run: `loops` loops of `loop_seconds` from `start` (UTC), same bytes per seed."""

    seed: int = 7
    start: datetime = datetime(2026, 2, 3, 4, 0, tzinfo=UTC)
    loops: int = 240
    loop_seconds: float = 60.0
    incidents: tuple[Incident, ...] = ()
    sync_state: bool = True  # the second writer of nav_state and peak_state
    rotate_bytes: int = 10_000_000  # size at which a log under execution/ is rotated away
    nav: float = 12_400.0  # USD in the wallet at the start

    def on(self, kind: Kind, loop: int) -> Incident | None:
        """The first incident of a kind that is on in this loop."""
        return next((i for i in self.incidents if i.kind == kind and i.holds(loop)), None)


@dataclass(frozen=True)
class Truth:
    """What really was so after a look; counts run from the start of the world."""

    nav: float  # as the bot reports it, USD
    wallet: float  # as it is, USD
    equity: float  # wallet and unrealized result, USD
    positions: Mapping[str, float]  # SYMBOL:SIDE -> signed quantity
    registered: frozenset[str]  # SYMBOL:SIDE with TP/SL levels
    signals: int
    attempts: int
    acks: int
    refusals: Mapping[str, int]  # canonical reason -> refused orders
    veto_lines: int  # lines in risk_vetoes.jsonl: two or three per refusal
    fills: int  # orders filled
    closes: int  # orders that closed a position
    counters: Mapping[str, int]  # by_reason of the living process
    run_id: str
    pid: int
    alive: bool


@dataclass(frozen=True)
class Look:
    """A moment at which every writer is done: `at` (UTC) is also the mtime of what it wrote."""

    at: datetime
    loop: int
    note: str | None
    truth: Truth
