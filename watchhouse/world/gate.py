"""The risk check: whether an entry is refused, and by which rule."""

from collections.abc import Mapping
from typing import Any

from watchhouse.world.desk import Desk
from watchhouse.world.drawdown import circuit_drawdown
from watchhouse.world.events import Intent
from watchhouse.world.vetoes import Refusal

ALWAYS_SHOWN = (
    "drawdown_alert_pct",
    "max_nav_drawdown_pct",
    "trade_equity_nav_pct",
    "max_trade_nav_pct",
)


class Gate:
    """Rules with the limits that the process read when it started."""

    def __init__(self, desk: Desk, limits: Mapping[str, Any]) -> None:
        self._desk = desk
        self._limits = limits

    @property
    def circuit_dd(self) -> float:
        """Drawdown over the newest 200 NAV points, as a fraction."""
        return circuit_drawdown(self._desk.nav_log.points)

    @property
    def circuit_limit(self) -> float:
        """Drawdown from which every entry is refused."""
        incident = self._desk.on("dd_circuit")
        if incident is not None:
            return incident.limit
        return float(self._limits["circuit_breakers"]["max_portfolio_dd_nav_pct"])

    def refusal(self, intent: Intent) -> Refusal | None:
        """Why the entry is refused; None when it may go."""
        reason = None if intent.wish.reduce_only else self._reason(intent)
        if reason is None:
            return None
        desk, symbol = self._desk, intent.wish.symbol
        positions = desk.account.positions.values()
        return Refusal(
            intent=intent,
            reason=reason,
            thresholds=self._thresholds(reason, symbol),
            nav=desk.nav,
            gross=sum(p.quantity * desk.marks[p.symbol] for p in positions),
            held=self._held(symbol),
            open_quantity=sum(p.quantity for p in positions if p.symbol == symbol),
            open_positions=len(positions),
            circuit_dd=self.circuit_dd,
            circuit_limit=self.circuit_limit,
        )

    def _reason(self, intent: Intent) -> str | None:
        desk, wish = self._desk, intent.wish
        storm = desk.on("veto_storm")
        if desk.nav_log.points and self.circuit_dd >= self.circuit_limit:
            return "portfolio_dd_circuit"
        if desk.nav <= 0:
            return "max_trade_nav"
        if wish.gross_usd < self._limits["global"]["min_notional_usdt"]:
            return "min_notional"
        if storm is not None and desk.rng.random() < storm.share:
            return storm.reason
        if self._held(wish.symbol) + wish.gross_usd > self._cap(wish.symbol):
            return "symbol_cap"
        return None

    def _held(self, symbol: str) -> float:
        positions = self._desk.account.positions.values()
        mark = self._desk.marks[symbol]
        return sum(p.quantity * mark for p in positions if p.symbol == symbol)

    def _cap(self, symbol: str) -> float:
        return float(self._limits["per_symbol"][symbol]["max_nav_pct"]) * self._desk.nav

    def _thresholds(self, reason: str, symbol: str) -> dict[str, float]:
        general = self._limits["global"]
        thresholds = {name: float(general[name]) for name in ALWAYS_SHOWN}
        if reason == "min_notional":
            thresholds["min_notional"] = float(general["min_notional_usdt"])
        if reason == "symbol_cap":
            thresholds["symbol_notional_cap"] = self._cap(symbol)
        if reason == "portfolio_dd_circuit":
            thresholds["max_portfolio_dd_nav_pct"] = self.circuit_limit
        return thresholds
