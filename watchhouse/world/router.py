"""router_health.json in its two shapes: A when the window holds fills, B when it holds none."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watchhouse.world.clock import iso
from watchhouse.world.market import SYMBOLS

WINDOW = timedelta(seconds=900)


@dataclass(frozen=True)
class RoutedFill:
    """A fill as the router remembers it."""

    symbol: str
    at: datetime
    notional: float
    latency_ms: float


@dataclass
class Router:
    """What the router of one process life has seen."""

    fills: deque[RoutedFill] = field(default_factory=deque)
    orders: Counter[str] = field(default_factory=Counter)
    changed: bool = False
    written_at: datetime | None = None

    def record(self, fill: RoutedFill) -> None:
        """Note a fill; router_health.json is due after it."""
        self.fills.append(fill)
        self.orders[fill.symbol] += 1
        self.changed = True

    def is_due(self, now: datetime) -> bool:
        """Every 60 s and after each routed order."""
        return self.changed or self.written_at is None or now - self.written_at >= WINDOW / 15

    def document(self, now: datetime) -> dict[str, Any]:
        """Content of router_health.json now."""
        while self.fills and now - self.fills[0].at > WINDOW:
            self.fills.popleft()
        self.changed, self.written_at = False, now
        return self._shape_a(now) if self.fills else self._shape_b(now)

    def _shape_a(self, now: datetime) -> dict[str, Any]:
        stamp = iso(now)
        names = sorted({f.symbol for f in self.fills})
        latency = sum(f.latency_ms for f in self.fills) / len(self.fills)
        overall = _quality(latency) | {"updated_ts": stamp}
        rows = [_row_a(name, [f for f in self.fills if f.symbol == name]) for name in names]
        return {
            "updated_ts": stamp,
            "router_health_score": overall["quality_score"],
            "router_health": {
                "global": overall,
                "per_symbol": {row["symbol"]: row for row in rows},
                "meta": {
                    "window_seconds": WINDOW.total_seconds(),
                    "min_events": 1,
                    "updated_ts": stamp,
                },
            },
            "global": overall,
            "summary": {"updated_ts": stamp} | _summary(len(rows)),
            "symbols": rows,
            "per_symbol": rows,
            "symbol_stats": {
                row["symbol"]: {
                    "maker_reliability": row["quality_score"],
                    "avg_slippage_bps": row["avg_slippage_bps"],
                    "last_ts": row["last_fill_ts"],
                }
                for row in rows
            },
        }

    def _shape_b(self, now: datetime) -> dict[str, Any]:
        epoch = now.timestamp()
        rows = [_row_b(name, self.orders[name], epoch) for name in sorted(SYMBOLS)]
        return {
            "updated_ts": epoch,
            "summary": {"updated_ts": epoch} | _summary(len(rows)) | {"maker_first_enabled": 8},
            "symbols": rows,
            "per_symbol": rows,
            "symbol_stats": {name: _stats_b(self.orders[name], epoch) for name in sorted(SYMBOLS)},
            "global": {"router_health_score": 0.0, "last_update_ts": epoch},
            "router_health_score": 0.0,
        }


def _summary(count: int) -> dict[str, Any]:
    quality = {"good": 0, "ok": count, "degraded": 0, "broken": 0}
    return {"count": count, "quality_counts": quality}


def _quality(latency: float) -> dict[str, Any]:
    return {
        "quality_score": 0.72,
        "avg_slippage_bps": 0.8,
        "slippage_drift_bps": 0.3,
        "slippage_drift_bucket": "GREEN",
        "avg_latency_ms": round(latency, 3),
        "latency_bucket": "FAST",
        "twap_usage_ratio": 0.0,
        "router_bucket": "A_HIGH",
    }


def _row_a(symbol: str, fills: list[RoutedFill]) -> dict[str, Any]:
    latency = sum(f.latency_ms for f in fills) / len(fills)
    return (
        {"symbol": symbol}
        | _quality(latency)
        | {
            "last_order_ts": iso(fills[-1].at),
            "last_fill_ts": iso(fills[-1].at),
            "child_orders": {"count": 0, "fill_ratio": 0.0},
            "total_notional": sum(f.notional for f in fills),
            "event_count": len(fills),
        }
    )


def _row_b(symbol: str, orders: int, epoch: float) -> dict[str, Any]:
    policy = {"maker_first": True, "taker_bias": "prefer_maker", "quality": "ok"}
    return {
        "symbol": symbol,
        "maker_fill_rate": 1.0 if orders else None,
        "fallback_rate": 0.0 if orders else None,
        "slippage_p50": 0.0 if orders else None,
        "slippage_p95": 0.0 if orders else None,
        "ack_latency_ms": None,
        "policy": policy,
        "quality": "ok",
        "updated_ts": epoch,
        "autotune": {"adaptive_offset_bps": 1.0, "risk_mode": "OK"},
    }


def _stats_b(orders: int, epoch: float) -> dict[str, Any]:
    return {
        "maker_count": 0,
        "taker_count": orders,
        "fallback_count": 0,
        "reject_count": 0,
        "order_count": orders,
        "avg_slippage_bps": 0.0,
        "last_ts": epoch,
    }
