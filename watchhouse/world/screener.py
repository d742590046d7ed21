"""Where intents come from: entries and crumbs now and then."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from random import Random

from watchhouse.world.market import SMALL, TRADED

CLIP_USD = 330.0  # size of an entry
CRUMB_USD = 9.6  # an intent below the minimum size
LONGEST_QUIET_LOOPS = 12  # then the next signal is an entry: a healthy bot must not look idle


@dataclass(frozen=True)
class Wish:
    """What the screener, or the exit scan, would like to see done."""

    symbol: str
    side: str  # LONG | SHORT: of the position
    gross_usd: float
    exit_reason: str | None = None

    @property
    def reduce_only(self) -> bool:
        """Whether it closes a position."""
        return self.exit_reason is not None

    @property
    def order_side(self) -> str:
        """BUY or SELL."""
        return "BUY" if (self.side == "LONG") != self.reduce_only else "SELL"


class Screener:
    """Signals about every four loops; about half of them are crumbs that the risk code refuses."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._next_loop = 2
        self._last_entry = 0

    def signals(self, loop: int, held: Mapping[str, str], avoid: Collection[str]) -> list[Wish]:
        """Signals of this loop; `held` maps symbols to the side held, `avoid` are left alone."""
        if loop < self._next_loop:
            return []
        self._next_loop = loop + self._rng.choice((3, 4, 4, 5))
        is_modest = self._rng.random() < 0.5 or all(s in held for s in TRADED)
        if is_modest and loop - self._last_entry < LONGEST_QUIET_LOOPS:
            return [self.crumb()]
        self._last_entry = loop
        return [self.entry(held, avoid)]

    def entry(self, held: Mapping[str, str], avoid: Collection[str]) -> Wish:
        """A full-size entry: a free symbol if there is one, else more of one that is held."""
        possible = [s for s in TRADED if s not in avoid]
        if not possible:
            return self.crumb()
        symbol = self._rng.choice([s for s in possible if s not in held] or possible)
        side = held.get(symbol) or ("SHORT" if self._rng.random() < 0.25 else "LONG")
        return Wish(symbol, side, CLIP_USD)

    def crumb(self) -> Wish:
        """An intent too small to route."""
        return Wish(self._rng.choice(SMALL), "LONG", CRUMB_USD)
