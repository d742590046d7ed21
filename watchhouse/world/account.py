"""The account at the exchange: wallet, positions, fills; and the TP/SL registry beside it."""

from dataclasses import dataclass, replace
from random import Random

TAKER_FEE = 0.0004
DUST_REVERSION = 0.05


@dataclass(frozen=True)
class Position:
    """An open position; `quantity` is positive, the side says its sign."""

    symbol: str
    side: str  # LONG | SHORT
    quantity: float
    entry: float
    until_loop: int | None  # loop of its time stop; None: nothing manages it

    @property
    def key(self) -> str:
        """The registry's and the ledger's key."""
        return f"{self.symbol}:{self.side}"

    @property
    def sign(self) -> int:
        """1 for LONG, -1 for SHORT."""
        return 1 if self.side == "LONG" else -1

    def gain(self, mark: float) -> float:
        """Unrealized result in USD."""
        return (mark - self.entry) * self.quantity * self.sign

    def gain_ratio(self, mark: float) -> float:
        """Unrealized result as a fraction of the entry."""
        return (mark - self.entry) / self.entry * self.sign


class Account:
    """Wallet and positions; the wallet moves with fills, fees and a few cents of dust."""

    def __init__(self, wallet: float, rng: Random) -> None:
        self.positions: dict[str, Position] = {}
        self.fees = 0.0
        self.realized = 0.0
        self._deposit = wallet
        self._rng = rng
        self._dust = 0.0

    @property
    def wallet(self) -> float:
        """USD without unrealized result."""
        return round(self._deposit + self.realized - self.fees + self._dust, 8)

    def drift(self) -> None:
        """Quote assets are never exactly worth a dollar: the wallet moves by cents every loop."""
        self._dust = self._dust * (1 - DUST_REVERSION) + self._rng.gauss(0.0, 0.4)

    def open(self, position: Position, fee: float) -> None:
        """Take a position, or add to the one held."""
        held = self.positions.get(position.key)
        self.fees += fee
        self.positions[position.key] = position if held is None else _merged(held, position)

    def close(self, key: str, price: float, fee: float) -> float:
        """Close a whole position at a price; returns the realized result in USD before fees."""
        gain = self.positions.pop(key).gain(price)
        self.realized += gain
        self.fees += fee
        return gain


def _merged(held: Position, more: Position) -> Position:
    quantity = held.quantity + more.quantity
    cost = held.entry * held.quantity + more.entry * more.quantity
    return replace(
        held, quantity=round(quantity, 8), entry=cost / quantity, until_loop=more.until_loop
    )


@dataclass(frozen=True)
class Levels:
    """A registry entry: prices at which a position is to be closed."""

    take_profit: float
    stop_loss: float
    entry: float
    registered_at: float  # epoch seconds

    def crossed(self, side: str, mark: float) -> str | None:
        """The exit reason when the mark is beyond a level."""
        sign = 1 if side == "LONG" else -1
        if (mark - self.take_profit) * sign >= 0:
            return "TAKE_PROFIT"
        return "STOP_LOSS" if (self.stop_loss - mark) * sign >= 0 else None


class Registry:
    """TP/SL levels by position key; written to its file only when it changes."""

    def __init__(self) -> None:
        self.entries: dict[str, Levels] = {}
        self.updated_at = 0.0
        self.changed = False

    def register(self, key: str, entry: float, at: float, reward: float = 0.002) -> None:
        """Set the levels of a position: a near target, a far stop."""
        sign = 1 if key.endswith(":LONG") else -1
        target, stop = entry * (1 + sign * reward), entry * (1 - sign * 0.06)
        self.entries[key] = Levels(target, stop, entry, at)
        self._touch(at)

    def forget(self, key: str, at: float) -> None:
        """Drop the levels of a position, if there are any."""
        if self.entries.pop(key, None) is not None:
            self._touch(at)

    def _touch(self, at: float) -> None:
        self.updated_at = at
        self.changed = True
