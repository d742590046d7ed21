"""Two drawdowns, as the bot has them: from the peak file and from the newest 200 NAV points."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from watchhouse.world.clock import iso
from watchhouse.world.nav_log import NavPoint

CIRCUIT_POINTS = 200
MAX_MULTIPLIER = 3.0
MAX_GAP_USD = 20_000.0


def circuit_drawdown(points: Sequence[NavPoint]) -> float:
    """Fall from the peak of the newest 200 positive points, as a fraction."""
    navs = [p.nav for p in points[-CIRCUIT_POINTS:] if p.nav > 0]
    return (max(navs) - navs[-1]) / max(navs) if navs else 0.0


class Peaks:
    """The peak file: NAV, its peak and the day's peak. It never believes an absurd jump."""

    def __init__(self) -> None:
        self.nav = 0.0
        self.peak = 0.0
        self.daily_peak = 0.0
        self.at: datetime | None = None
        self.healed = False

    @property
    def dd_pct(self) -> float:
        """Drawdown in percent."""
        return self.dd_abs / self.peak * 100 if self.peak else 0.0

    @property
    def dd_abs(self) -> float:
        """Drawdown in USD."""
        return max(self.peak - self.nav, 0.0)

    @property
    def daily_loss_pct(self) -> float:
        """Fall from the day's peak, in percent."""
        return (
            max(self.daily_peak - self.nav, 0.0) / self.daily_peak * 100 if self.daily_peak else 0.0
        )

    def observe(self, nav: float, at: datetime) -> None:
        """A look of sync_state: raise the peak unless the anomaly guard trips."""
        nav = nav if nav > 0 else self.nav
        if self.at is not None and self.at.date() != at.date():
            self.daily_peak = 0.0
        absurd = self.peak > 0 and (
            nav > self.peak * MAX_MULTIPLIER or nav - self.peak > MAX_GAP_USD
        )
        if not absurd:
            self.peak = max(self.peak, nav)
            self.daily_peak = max(self.daily_peak, nav)
        self.nav, self.at, self.healed = nav, at, False

    def heal(self, points: Sequence[NavPoint], at: datetime) -> None:
        """The risk code's repair of a stale peak: regenerate it from the newest 200 points."""
        navs = [p.nav for p in points[-CIRCUIT_POINTS:] if p.nav > 0]
        if not navs:
            return
        self.peak = self.daily_peak = max(navs)
        self.nav, self.at, self.healed = navs[-1], at, True

    def document(self) -> dict[str, Any]:
        """Content of cache/peak_state.json; empty before the first observation."""
        if self.at is None:
            return {}
        epoch = self.at.timestamp()
        common = {
            "daily_peak": self.daily_peak,
            "daily_ts": epoch,
            "peak": self.peak,
            "peak_equity": self.peak,
            "peak_nav": self.peak,
            "peak_ts": epoch,
            "ts": epoch,
            "updated_at": iso(self.at),
        }
        return common | ({"stale_healed": True} if self.healed else self._observed())

    def _observed(self) -> dict[str, Any]:
        return {
            "day": f"{self.at:%Y-%m-%d}",
            "dd_abs": self.dd_abs,
            "dd_pct": self.dd_pct,
            "nav": self.nav,
            "nav_usd": self.nav,
            "realized_pnl_today": 0.0,
            "reset_timezone": "UTC",
        }
