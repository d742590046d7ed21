"""Lines of risk_vetoes.jsonl: two or three per refused order (telemetry contract, 3.2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchhouse.world.clock import iso
from watchhouse.world.drawdown import Peaks
from watchhouse.world.events import HOST, Intent, Process
from watchhouse.world.market import SYMBOLS
from watchhouse.world.risk import CORRELATION_GROUPS, dd_state, drawdown_pair

# counted and logged once by their own gate and once more by the final one
COUNTED_TWICE = frozenset(
    {"portfolio_dd_circuit", "correlation_cap", "portfolio_var_limit", "position_cvar_limit"}
)
RAW: Mapping[str, str] = {
    "daily_loss": "day_loss_limit",
    "invalid_notional": "notional_non_positive",
    "kill_switch": "kill_switch_triggered",
    "leverage_cap": "exceeds_leverage_cap",
    "max_trade_nav": "trade_gt_max_trade_nav_pct",
    "open_notional_cap": "exceeds_open_notional_cap",
    "per_trade_cap": "exceeds_per_trade_cap",
    "portfolio_cap": "max_gross_nav_pct",
    "position_limit": "too_many_positions",
    "whitelist": "not_whitelisted",
}


@dataclass(frozen=True)
class Refusal:
    """A refused order and what the gate saw."""

    intent: Intent
    reason: str  # canonical
    thresholds: Mapping[str, float]
    nav: float
    gross: float  # USD open over all symbols
    held: float  # USD open in this symbol
    open_quantity: float
    open_positions: int
    circuit_dd: float
    circuit_limit: float

    @property
    def raw(self) -> str:
        """The gate's own word for the reason."""
        return RAW.get(self.reason, self.reason)

    @property
    def weight(self) -> int:
        """How often the counters count it, and how many lines the risk code writes."""
        return 2 if self.reason in COUNTED_TWICE else 1


def veto_lines(
    refusal: Refusal, peaks: Peaks, process: Process, at: datetime
) -> Iterator[dict[str, Any]]:
    """The lines of one refusal: of the risk code first, the executor's last."""
    detail = _detail(refusal, peaks)
    if refusal.weight == 2:
        yield _of_risk_code(refusal, _early_detail(refusal), process, at)
    yield _of_risk_code(refusal, detail, process, at)
    yield _of_executor(refusal, detail, process, at)


def _of_risk_code(
    refusal: Refusal, detail: dict[str, Any], process: Process, at: datetime
) -> dict[str, Any]:
    return {
        "symbol": refusal.intent.wish.symbol,
        "strategy": None,
        "source_head": "vol_target",
        "veto_reason": refusal.reason,
        "original_reason": refusal.raw,
        "veto_detail": detail,
        "signal_ts": None,
        "qty_req": refusal.intent.quantity,
        "context": _context(refusal, at),
        "thresholds": detail["thresholds"],
        "observations": detail["observations"],
        "gate": detail["gate"],
    } | process.event("risk_veto", at)


def _of_executor(
    refusal: Refusal, detail: dict[str, Any], process: Process, at: datetime
) -> dict[str, Any]:
    wish = refusal.intent.wish
    return {
        "symbol": wish.symbol,
        "side": wish.order_side,
        "position_side": wish.side,
        "run_id": process.run_id,
        "hostname": HOST,
        "veto_reason": refusal.raw,
        "veto_detail": {
            "reasons": [refusal.raw],
            "intent": _intent(refusal.intent),
            "nav_snapshot": {
                "nav_usd": refusal.nav,
                "nav_age_s": 0.011,
                "nav_sources_ok": True,
                "portfolio_gross_usd": refusal.gross,
                "symbol_open_qty": refusal.open_quantity,
            },
            "thresholds": detail["thresholds"],
            "diagnostics": detail,
        },
        "thresholds": detail["thresholds"],
        "observations": detail["observations"],
        "gate": detail["gate"],
        "ts": iso(at),
        "type": "risk_veto",
        "context": "executor",
        "event_type": "risk_veto",
        "pid": process.pid,
    }


def _intent(intent: Intent) -> dict[str, Any]:
    wish = intent.wish
    return {
        "symbol": wish.symbol,
        "signal": wish.order_side,
        "gross_usd": wish.gross_usd,
        "leverage": 1.0,
        "price": intent.price,
        "positionSide": wish.side,
        "reduceOnly": False,
        "strategy": "vol_target",
        "source": "legacy",
        "hybrid_score": 0.7,
        "metadata": intent.metadata,
        "generated_at": intent.pulled_at.timestamp(),
        "timestamp": intent.signalled_at.replace(tzinfo=None).isoformat(),
        "tf": "15m",
        "veto": [],
        **intent.ids,
    }


def _context(refusal: Refusal, at: datetime) -> dict[str, Any]:
    notional = refusal.intent.wish.gross_usd
    exposure = (refusal.gross + notional) / refusal.nav if refusal.nav > 0 else 0.0
    return {
        "nav": refusal.nav,
        "requested_notional": notional,
        "current_gross_notional": refusal.held,
        "open_qty": refusal.open_quantity,
        "lev": 1.0,
        "now": at.timestamp(),
        "open_positions_count": refusal.open_positions,
        "tier": SYMBOLS[refusal.intent.wish.symbol].tier,
        "current_tier_gross_notional": 0.0,
        "post_trade_exposure_pct": exposure,
    }


def _early_detail(refusal: Refusal) -> dict[str, Any]:
    return {
        "gate": refusal.reason,
        "reasons": [refusal.raw],
        "thresholds": {"max_portfolio_dd_nav_pct": refusal.circuit_limit},
        "observations": {"current_dd_pct": refusal.circuit_dd, "latest_nav_usd": refusal.nav},
    }


def _detail(refusal: Refusal, peaks: Peaks) -> dict[str, Any]:
    notional = refusal.intent.wish.gross_usd
    return {
        "gate": "risk_limits",
        "limit": refusal.raw,
        "reasons": [refusal.raw],
        "thresholds": {"nav_freshness_seconds": 150.0, **refusal.thresholds},
        "notional": notional,
        "peak_state": peaks.document(),
        **drawdown_pair(peaks),
        "min_notional_required": 25.0,
        "intended_notional": notional,
        "nav_total": refusal.nav,
        "dd_state": dd_state(peaks.dd_pct),
        "nav_fresh": True,
        "observations": {
            "notional": notional,
            "nav_age_s": 0,
            "nav_sources_ok": True,
            "circuit_breaker": {
                "max_portfolio_dd_nav_pct": refusal.circuit_limit,
                "active": refusal.circuit_dd >= refusal.circuit_limit,
                "current_dd_pct": refusal.circuit_dd,
            },
            "correlation_groups": CORRELATION_GROUPS,
            "drawdown_pct": peaks.dd_pct,
            "drawdown_peak": peaks.peak,
            "drawdown_nav": peaks.nav,
            "dd_state": dd_state(peaks.dd_pct),
            "daily_loss_pct": peaks.daily_loss_pct,
        },
    }
