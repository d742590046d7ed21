"""Contents of the state files about positions and NAV (telemetry contract, 2.5 to 2.8)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from watchhouse.world.account import Levels, Position, Registry

LEVERAGE = 3.0


def positions_state(
    positions: Iterable[Position], marks: Mapping[str, float], now: str
) -> dict[str, Any]:
    """positions_state.json: one row per open position, quantity signed."""
    rows = [_position(p, marks[p.symbol], now) for p in positions]
    return {"updated_at": now, "updated_ts": now, "positions": rows}


def _position(position: Position, mark: float, now: str) -> dict[str, Any]:
    return {
        "symbol": position.symbol,
        "side": position.side,
        "qty": position.quantity * position.sign,
        "entry_price": position.entry,
        "mark_price": mark,
        "unrealized_pnl": round(position.gain(mark), 8),
        "realized_pnl": None,
        "notional": position.quantity * mark,
        "leverage": LEVERAGE,
        "ts": now,
    }


def positions_ledger(
    positions: Iterable[Position], levels: Mapping[str, Levels], now: str
) -> dict[str, Any]:
    """positions_ledger.json: one entry per open position; levels of every registered key."""
    entries = [_entry(p, levels.get(p.key)) for p in positions]
    return {
        "updated_at": now,
        "updated_ts": now,
        "entries": entries,
        "tp_sl_levels": {
            key: {"tp": level.take_profit, "sl": level.stop_loss} for key, level in levels.items()
        },
        "metadata": {"version": "v1", "entry_count": len(entries)},
    }


def _entry(position: Position, level: Levels | None) -> dict[str, Any]:
    return {
        "position_key": position.key,
        "symbol": position.symbol,
        "side": position.side,
        "qty": position.quantity,
        "entry_price": position.entry,
        "tp": level.take_profit if level else None,
        "sl": level.stop_loss if level else None,
        "created_ts": None,
        "updated_ts": None,
    }


def position_tp_sl(registry: Registry) -> bytes:
    """position_tp_sl.json, pretty-printed as its writer does."""
    entries = {key: _registered(key, level) for key, level in registry.entries.items()}
    return json.dumps({"entries": entries, "updated_at": registry.updated_at}, indent=2).encode()


def _registered(key: str, level: Levels) -> dict[str, Any]:
    symbol, side = key.split(":")
    return {
        "symbol": symbol,
        "position_side": side,
        "take_profit_price": level.take_profit,
        "stop_loss_price": level.stop_loss,
        "strategy": "vol_target",
        "enable_tp_sl": True,
        "registered_at": level.registered_at,
        "entry_time": level.registered_at,
        "entry_price": level.entry,
        "entry_regime": "TREND_UP",
        "entry_regime_confidence": 0.8,
        "entry_head": "TREND",
    }


def nav_detail(nav: float) -> dict[str, Any]:
    """The `nav_detail` block; a NAV of 0 is one that could not be computed."""
    assets = {"USDT": nav, "USDC": 0.0}
    return {
        "breakdown": assets,
        "quote_breakdown": assets,
        "conversions": {},
        "futures_balances": {**assets, "BNB": 0.0},
        "fresh": nav > 0,
        "source": "live" if nav > 0 else "unavailable",
        "nav_mode": "live_wallet",
        "total_nav": nav,
        "nav": nav,
        "nav_usd": nav,
        "assets": assets,
        "asset_breakdown": assets,
    }


def nav_state(nav: float, now: str) -> dict[str, Any]:
    """nav.json, and the executor's shape of nav_state.json."""
    detail = nav_detail(nav)
    return {
        "nav": nav,
        "nav_usd": nav,
        "updated_ts": now,
        "nav_detail": detail,
        "assets": detail["assets"],
        "nav_mode": "live_wallet",
        "aum": {"futures": nav, "offexchange": {}, "total": nav},
    }


def nav_confirmed(nav: float, at: float) -> bytes:
    """cache/nav_confirmed.json: sorted keys, loose separators."""
    document = {
        "detail": nav_detail(nav),
        "nav": nav,
        "nav_usd": nav,
        "source_health": {"balances_ok": True},
        "sources_ok": True,
        "stale_flags": {"balances_ok": False},
        "ts": at,
    }
    return json.dumps(document, sort_keys=True).encode()
