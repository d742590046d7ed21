"""Symbols and their marks: a small mean-reverting random walk."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, floor
from random import Random

VOLATILITY = 0.0006  # per loop; stationary spread about 1 %
REVERSION = 0.002


@dataclass(frozen=True)
class Symbol:
    """A traded symbol: where its price starts, how it is rounded, how much of it is allowed."""

    name: str
    price: float
    tick_digits: int
    step_digits: int
    tier: str
    max_nav_pct: float


SYMBOLS: Mapping[str, Symbol] = {
    s.name: s
    for s in (
        Symbol("BTCUSDT", 97_250.0, 1, 3, "CORE", 0.15),
        Symbol("ETHUSDT", 3_412.5, 2, 3, "CORE", 0.08),
        Symbol("SOLUSDT", 188.4, 2, 2, "CORE", 0.10),
        Symbol("LINKUSDT", 18.62, 3, 2, "SATELLITE", 0.15),
        Symbol("LTCUSDT", 104.3, 2, 3, "SATELLITE", 0.08),
        Symbol("DOGEUSDT", 0.2231, 5, 0, "SATELLITE", 0.10),
        Symbol("SUIUSDT", 3.412, 4, 1, "TACTICAL", 0.08),
        Symbol("WIFUSDT", 1.187, 4, 1, "TACTICAL", 0.12),
    )
}
TRADED = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "LINKUSDT")
SMALL = ("DOGEUSDT", "SUIUSDT", "WIFUSDT")  # their intents come out below the minimum size


class Market:
    """Marks of all symbols, moved once per loop."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._shift = dict.fromkeys(SYMBOLS, 0.0)

    def step(self, pull: Mapping[str, float]) -> None:
        """Move every mark; `pull` is added to the relative change of the symbols it names."""
        for name, shift in self._shift.items():
            noise = self._rng.gauss(0.0, VOLATILITY)
            self._shift[name] = shift * (1 - REVERSION) + noise + pull.get(name, 0.0)

    def mark(self, symbol: str) -> float:
        """Mark price in USD, on the symbol's tick."""
        s = SYMBOLS[symbol]
        return round(s.price * exp(self._shift[symbol]), s.tick_digits)


def lot(symbol: str, quantity: float) -> float:
    """Quantity cut to the symbol's step."""
    steps = 10.0 ** SYMBOLS[symbol].step_digits
    return floor(quantity * steps) / steps
