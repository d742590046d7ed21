"""risk_snapshot.json and kpis_v7.json, with the bot's own mix of percent and fraction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchhouse.world.clock import iso
from watchhouse.world.drawdown import Peaks
from watchhouse.world.market import SYMBOLS

NAV_STALE_SECONDS = 90.0
CORRELATION_GROUPS = {
    "L1_bluechips": {"gross_nav_pct": 0.0, "max_group_nav_pct": 0.35},
    "L2_alts": {"gross_nav_pct": 0.0, "max_group_nav_pct": 0.25},
}
NO_ATR = {"atr_now": 0.0, "atr_med": 0.0, "atr_ratio": None, "atr_regime": "unknown"}


@dataclass(frozen=True)
class Confirmed:
    """The last NAV that the executor confirmed."""

    nav: float
    at: datetime

    def age(self, now: datetime) -> float:
        """Seconds since it was confirmed."""
        return (now - self.at).total_seconds()


def nav_health(confirmed: Confirmed | None, now: datetime) -> dict[str, Any]:
    """The `nav_health` block."""
    age = confirmed.age(now) if confirmed else None
    return {
        "age_s": age,
        "sources_ok": True,
        "stale_flags": {"balances_ok": False} if confirmed else {},
        "fresh": age is not None and age <= NAV_STALE_SECONDS,
        "threshold_s": NAV_STALE_SECONDS,
        "cache_ts": confirmed.at.timestamp() if confirmed else None,
        "cache_path": "logs/cache/nav_confirmed.json",
        "nav_total": confirmed.nav if confirmed else 0.0,
    }


def dd_state(dd_pct: float) -> str:
    """The published word: percent compared with limits meant as fractions."""
    if dd_pct < 0.03:
        return "normal"
    return "cautious" if dd_pct < 0.30 else "defensive"


def drawdown_block(peaks: Peaks, confirmed: Confirmed | None, now: datetime) -> dict[str, Any]:
    """The nested drawdown snapshot: NAV and peak of the peak file, all in percent and USD."""
    health = nav_health(confirmed, now)
    return {
        "dd_pct": peaks.dd_pct,
        "dd_abs": peaks.dd_abs,
        "peak": peaks.peak,
        "nav": peaks.nav,
        "realized_today": 0.0,
        "nav_cache_ts": health["cache_ts"] or 0.0,
        "nav_cache_age": health["age_s"],
        "peak_state_age": (now - peaks.at).total_seconds() if peaks.at else None,
        "stale_flags": {} if confirmed else {"nav_missing": True, "nav_cache_stale": True},
        "usable": confirmed is not None,
        "nav_health": health,
        "peak_state": peaks.document(),
        **drawdown_pair(peaks),
        "assets": {"USDC": 0.0, "USDT": health["nav_total"]} if confirmed else {},
    }


def drawdown_pair(peaks: Peaks) -> dict[str, Any]:
    """`drawdown` and `daily_loss`, in percent."""
    return {
        "drawdown": {
            "pct": peaks.dd_pct,
            "abs": peaks.dd_abs,
            "peak_nav": peaks.peak,
            "nav": peaks.nav,
        },
        "daily_loss": {
            "pct": peaks.daily_loss_pct,
            "daily_peak": peaks.daily_peak,
            "nav": peaks.nav,
        },
    }


def fee_pnl(fees: float, gain: float, days: int) -> dict[str, Any]:
    """Fees against result, USD."""
    ratio = fees / gain if gain > 0 else None
    return {"fee_pnl_ratio": ratio, "fees": fees, "pnl": gain, "window_days": days}


def kpis(block: dict[str, Any], fees: float, gain: float, fills: int, now: datetime) -> Any:
    """kpis_v7.json."""
    costs = fee_pnl(fees, gain, 3)
    return {
        "ts": now.timestamp(),
        "atr_regime": "unknown",
        "atr": _atr(),
        "dd_state": dd_state(block["dd_pct"]),
        "drawdown": block,
        "fee_pnl_ratio": costs["fee_pnl_ratio"],
        "fees": fees,
        "pnl": gain,
        "fee_pnl": costs,
        "router_quality": "good" if fills else "ok",
        "router_stats": {
            "maker_fill_ratio": 1.0 if fills else None,
            "fallback_ratio": 0.0 if fills else None,
            "slip_q25": 0.0 if fills else None,
            "slip_q50": 0.0 if fills else None,
            "slip_q75": 0.0 if fills else None,
            "sample_count": fills,
        },
        "updated_at": iso(now),
    }


def risk_snapshot(kpi: dict[str, Any], limits: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The builder's part of risk_snapshot.json; `enrichment` is added at every publish."""
    block = kpi["drawdown"]
    return {
        "updated_ts": now.timestamp(),
        "symbols": [_symbol_health(name, now) for name in sorted(SYMBOLS)],
        "dd_state": {"dd_state": kpi["dd_state"], "drawdown": block},
        "atr_regime": "unknown",
        "atr": kpi["atr"],
        "fee_pnl_ratio": kpi["fee_pnl_ratio"],
        "fee_pnl": kpi["fee_pnl"] | {"window_days": 7},
        "nav_health": block["nav_health"],
        "risk_config_meta": {
            "testnet_overrides_active": False,
            "max_nav_drawdown_pct": limits["global"]["max_nav_drawdown_pct"],
            "daily_loss_limit_pct": limits["global"]["daily_loss_limit_pct"],
        },
        "kpis_v7": kpi,
    }


def enrichment(
    snapshot: dict[str, Any], circuit_dd: float, circuit_limit: float, positions: int, entries: int
) -> dict[str, Any]:
    """What is recomputed at every publish, also over an unchanged snapshot."""
    block = snapshot["dd_state"]["drawdown"]
    dd_frac, loss_frac = _to_frac(block["dd_pct"]), _to_frac(block["daily_loss"]["pct"])
    mode, reason, score = _risk_mode(dd_frac, loss_frac, block["nav_health"]["age_s"])
    return {
        "dd_frac": dd_frac,
        "daily_loss_frac": loss_frac,
        "portfolio_dd_pct": circuit_dd,
        "circuit_breaker": {
            "max_portfolio_dd_nav_pct": circuit_limit,
            "active": circuit_dd >= circuit_limit,
        },
        "correlation_groups": CORRELATION_GROUPS,
        "risk_mode": mode,
        "risk_mode_reason": reason,
        "risk_mode_score": score,
        "tp_sl_registry": {
            "num_positions": positions,
            "num_registry_entries": entries,
            "registry_mismatch": positions > 0 and entries == 0,
        },
        "anomalies": {},
    }


def _to_frac(value: float) -> float:
    # the bot's defect: what is at most 1 is taken for a fraction, though it is always percent
    return value if value <= 1 else value / 100


def _risk_mode(dd: float, loss: float, nav_age: float | None) -> tuple[str, str, float]:
    if nav_age is not None and nav_age > NAV_STALE_SECONDS:
        return "HALTED", f"nav_stale_age={nav_age:.0f}s", 1.0
    if dd >= 0.30:
        return "DEFENSIVE", f"drawdown_high_frac={dd:.4f}", min(dd / 0.30, 1.0)
    if loss >= 0.10:
        return "DEFENSIVE", f"daily_loss_high_frac={loss:.4f}", min(loss / 0.10, 1.0)
    return "OK", "all_systems_healthy", 0.0


def _atr() -> dict[str, Any]:
    symbols = [NO_ATR | {"symbol": name} for name in sorted(SYMBOLS)]
    return {"atr_regime": "unknown", "median_ratio": None, "symbols": symbols}


def _symbol_health(name: str, now: datetime) -> dict[str, Any]:
    return {
        "schema": "execution_health_v1",
        "symbol": name,
        "router": {"router_warnings": [], "policy_quality": "ok", "policy_maker_first": True},
        "risk": {"dd_today_pct": 0.0, "dd_state": "normal", "risk_flags": []},
        "vol": NO_ATR,
        "sizing": {"sharpe_7d": 0.0, "size_mult_combined": 1.0, "final_size_factor": 1.0},
        "errors": {},
        "events": {"risk_gates": []},
        "updated_ts": now.timestamp(),
    }
