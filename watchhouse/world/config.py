"""The bot's config folder: risk_limits.json, strategy_config.json, runtime.yaml."""

import copy
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from watchhouse.world.diagnostics import IDLE_SECONDS
from watchhouse.world.market import SYMBOLS

Overrides = Mapping[str, Mapping[str, object]]

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "risk_limits": {
        "global": {
            "daily_loss_limit_pct": 0.10,
            "drawdown_alert_pct": 0.03,
            "max_gross_exposure_pct": 1.5,
            "max_nav_drawdown_pct": 0.30,
            "max_concurrent_positions": 6,
            "max_leverage": 4,
            "min_notional_usdt": 25,
            "max_trade_nav_pct": 0.06,
            "trade_equity_nav_pct": 0.04,
            "tiers": {
                "CORE": {"per_symbol_nav_pct": 0.3},
                "SATELLITE": {"per_symbol_nav_pct": 0.2},
                "TACTICAL": {"per_symbol_nav_pct": 0.1},
            },
        },
        "nav_freshness_seconds": 150,
        "fail_closed_on_nav_stale": True,
        "reset_timezone": "UTC",
        "quote_symbols": ["USDT", "USDC"],
        "per_symbol": {
            s.name: {"min_notional": 25, "max_leverage": 3, "max_nav_pct": s.max_nav_pct}
            for s in SYMBOLS.values()
        },
        "circuit_breakers": {"max_portfolio_dd_nav_pct": 0.10},
        "nav_anomalies": {
            "enabled": True,
            "max_multiplier_intraday": 3.0,
            "max_gap_abs_usd": 20000.0,
        },
    },
    "strategy_config": {
        "version": "v6.4",
        "universe": list(SYMBOLS),
        "diagnostics": {
            "enabled": True,
            "veto_metrics": {"window_signals": 500, "window_seconds": 3600},
            "exit_pipeline": {
                "tp_sl_canary_enabled": True,
                "tp_sl_underwater_threshold_pct": -0.02,
            },
            "liveness": {
                "enabled": True,
                "max_idle_signals_seconds": int(IDLE_SECONDS["signals"]),
                "max_idle_orders_seconds": int(IDLE_SECONDS["orders"]),
                "max_idle_exits_seconds": int(IDLE_SECONDS["exits"]),
                "max_idle_router_events_seconds": int(IDLE_SECONDS["router"]),
            },
        },
        "sizing": {"default_leverage": 3, "slippage_bps": 3, "taker_fee_bps": 4},
    },
    "runtime": {
        "runtime": {"env": "production", "dry_run": False, "loop_sleep_seconds": 5},
        "router": {
            "twap": {
                "enabled": True,
                "min_notional_usd": 500.0,
                "slices": 4,
                "interval_seconds": 10,
            },
        },
        "offpeak": {"max_concurrent_orders": 2, "min_child_notional": 50},
        "priority": {"max_concurrent_orders": 6, "min_child_notional": 25},
        "risk": {"reset_peak_on_testnet": True, "peak_stale_seconds": 600},
    },
}


def settings(overrides: Overrides) -> dict[str, dict[str, Any]]:
    """The three documents by name, with dotted keys replaced.

    Raises ValueError for a document that is not one of the three.
    """
    documents = {name: copy.deepcopy(dict(document)) for name, document in DEFAULTS.items()}
    for name, values in overrides.items():
        if name not in documents:
            raise ValueError(f"no such config: {name}")
        for key, value in values.items():
            _set(documents[name], key.split("."), value)
    return documents


def write_config(
    folder: Path, at: datetime | None = None, **overrides: Mapping[str, object]
) -> None:
    """Write the config folder; `at` (UTC) becomes the files' mtime.

    Overrides are dotted keys per document:
    `write_config(folder, risk_limits={"circuit_breakers.max_portfolio_dd_nav_pct": 0.05})`.
    """
    documents = settings(overrides)
    texts = {
        "risk_limits.json": json.dumps(documents["risk_limits"], indent=2),
        "strategy_config.json": json.dumps(documents["strategy_config"], indent=2),
        "runtime.yaml": yaml.safe_dump(documents["runtime"], sort_keys=False),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        if at is not None:
            os.utime(folder / name, (at.timestamp(), at.timestamp()))


def _set(document: dict[str, Any], path: list[str], value: object) -> None:
    for part in path[:-1]:
        document = document.setdefault(part, {})
    document[path[-1]] = value
