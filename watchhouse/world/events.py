"""Lines of the executor's JSONL logs (telemetry contract, 3), refusals excepted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from watchhouse.world.account import Position
from watchhouse.world.clock import iso, iso_ms
from watchhouse.world.screener import Wish
from watchhouse.world.surfaces import LEVERAGE

HOST = "bot-1"
POLICY = {"maker_first": True, "taker_bias": "prefer_maker", "quality": "ok"}


@dataclass(frozen=True)
class Process:
    """One life of the executor, as its lines name it."""

    run_id: str
    pid: int

    def event(self, kind: str, at: datetime) -> dict[str, Any]:
        """The stamp that the event logger adds last."""
        return {"ts": iso(at), "event_type": kind, "pid": self.pid, "hostname": HOST}


@dataclass(frozen=True)
class Intent:
    """A wish that reached the executor: with ids, price and quantity."""

    wish: Wish
    attempt_id: str
    intent_id: str
    price: float
    quantity: float
    pulled_at: datetime
    signalled_at: datetime

    @property
    def decision_ms(self) -> float:
        """From signal pull to attempt."""
        return (self.signalled_at - self.pulled_at).total_seconds() * 1000 + 250.0

    @property
    def metadata(self) -> dict[str, Any]:
        """The strategy's own words, carried into fills and closes."""
        if self.wish.exit_reason is not None:
            return {"strategy": "vol_target", "exit_reason": self.wish.exit_reason}
        return {
            "strategy": "vol_target",
            "entry_regime": "TREND_UP",
            "entry_regime_confidence": 0.8,
            "entry_head": "TREND",
        }

    @property
    def ids(self) -> dict[str, str]:
        """What joins the lines of one intent."""
        return {"attempt_id": self.attempt_id, "intent_id": self.intent_id}


@dataclass(frozen=True)
class Fill:
    """An order at the exchange and how much of it is filled."""

    order_id: int
    trades: tuple[int, ...]
    quantity: float
    price: float
    fee: float
    at: datetime
    status: str = "FILLED"


def signal_metric(intent: Intent, depth: int) -> dict[str, Any]:
    """One line of signal_metrics.jsonl."""
    confidence = 0.6 if intent.wish.reduce_only else 0.8
    return {
        "ts": intent.signalled_at.timestamp(),
        "attempt_id": intent.attempt_id,
        "symbol": intent.wish.symbol,
        "signal": intent.wish.order_side,
        "doctor": {"ok": True, "reasons": [], "confidence": confidence},
        "queue_depth": depth,
        "latency_ms": intent.decision_ms,
    }


def order_attempt(intent: Intent, nav: float, process: Process, at: datetime) -> dict[str, Any]:
    """One line of orders_attempted.jsonl, written before the risk check."""
    wish = intent.wish
    return {
        "symbol": wish.symbol,
        "side": wish.order_side,
        **intent.ids,
        "qty": intent.quantity,
        "strategy": "vol_target",
        "signal_ts": intent.signalled_at.replace(tzinfo=None).isoformat(),
        "local_ts": at.timestamp(),
        "nav_snapshot": {"nav_usd": nav, "nav_age_s": 0.011, "nav_sources_ok": True},
        "run_id": process.run_id,
        "hostname": HOST,
        "reduce_only": wish.reduce_only,
        "price_hint": intent.price,
        "decision_latency_ms": intent.decision_ms,
        "confidence": 0.25 if wish.reduce_only else 0.8,
        "expected_edge": 0.0 if wish.reduce_only else 0.02,
        "type": "order_attempt",
        "context": "executor",
    } | _executor_stamp(process, "order_attempt", at)


def order_ack(intent: Intent, fill: Fill, process: Process, at: datetime) -> dict[str, Any]:
    """The accepted order, in orders_executed.jsonl."""
    return {
        "symbol": intent.wish.symbol,
        "side": intent.wish.order_side,
        "ts_ack": iso(at),
        **_order(fill),
        "request_qty": fill.quantity,
        "order_type": "MARKET",
        "status": "NEW",
        **_position_side(intent.wish),
        "latency_ms": 34.2,
        **intent.ids,
    } | process.event("order_ack", at)


def order_fill(intent: Intent, fill: Fill, process: Process, at: datetime) -> dict[str, Any]:
    """The fill so far: cumulative per order."""
    return {
        "symbol": intent.wish.symbol,
        "side": intent.wish.order_side,
        "ts_fill_first": iso_ms(fill.at),
        "ts_fill_last": iso_ms(fill.at),
        **_order(fill),
        "executedQty": fill.quantity,
        "avgPrice": fill.price,
        "fee_total": fill.fee,
        "feeAsset": "USDT",
        "tradeIds": [str(trade) for trade in fill.trades],
        "status": fill.status,
        "strategy": "vol_target",
        "metadata": intent.metadata,
        **_position_side(intent.wish),
        **intent.ids,
    } | process.event("order_fill", at)


def partial(fill: Fill, quantity: float) -> Fill:
    """What an earlier poll saw of the same order."""
    share = quantity / fill.quantity
    return replace(
        fill,
        trades=fill.trades[:1],
        quantity=quantity,
        fee=round(fill.fee * share, 8),
        status="PARTIALLY_FILLED",
    )


def order_close(
    intent: Intent, fill: Fill, gain: float, process: Process, at: datetime
) -> dict[str, Any]:
    """The playbook's CLOSE event; `gain` in USD before fees."""
    return {
        "symbol": intent.wish.symbol,
        "ts_close": iso_ms(fill.at),
        **_order(fill),
        "realizedPnlUsd": gain,
        "fees_total": fill.fee,
        "position_size_before": fill.quantity,
        "position_size_after": 0.0,
        "strategy": "vol_target",
        "metadata": intent.metadata,
        "positionSide": intent.wish.side,
        "closed_qty": fill.quantity,
        **intent.ids,
    } | process.event("order_close", at)


def order_metrics(intent: Intent, fill: Fill, at: datetime) -> Iterator[dict[str, Any]]:
    """Lines of order_metrics.jsonl: the route, and the close if it was one."""
    wish = intent.wish
    tail = {"symbol": wish.symbol, "side": wish.order_side, "ts": at.timestamp()}
    yield {
        "attempt_id": intent.attempt_id,
        "venue": "binance_futures",
        "route": "market" if wish.reduce_only else "maker_first",
        "prices": {"mark": intent.price, "submitted": intent.price, "avg_fill": fill.price},
        "qty": {"contracts": fill.quantity, "notional_usd": fill.quantity * fill.price},
        "timing_ms": {"decision": intent.decision_ms, "submit": None, "ack": 34.2, "fill": 0.0},
        "result": {"status": fill.status, "retries": 0, "cancelled": False},
        "fees_usd": fill.fee,
        "slippage_bps": 0.0,
        "ack_latency_ms": 0.5,
        "maker_start": not wish.reduce_only,
        "is_maker_final": not wish.reduce_only,
        "used_fallback": False,
        "policy": POLICY,
        "autotune_applied": False,
        "policy_before": POLICY,
        "policy_after": POLICY,
        "decision": {"route": "taker" if wish.reduce_only else "maker", "reasons": []},
        "execution_style": "single",
        "intent_id": intent.intent_id,
    } | tail
    if wish.reduce_only:
        yield {"ts": at.timestamp(), "intent_id": intent.intent_id} | {
            "attempt_id": intent.attempt_id,
            "symbol": wish.symbol,
            "side": wish.order_side,
            "event": "position_close",
            "pnl_at_close_usd": None,
            "order_status": fill.status,
        }


def position_snapshots(
    symbol: str, before: Position | None, process: Process, at: datetime
) -> Iterator[dict[str, Any]]:
    """Two lines of position_state.jsonl per fill: both sides, as they were before it."""
    for side, sign in (("LONG", 1), ("SHORT", -1)):
        held = before if before is not None and before.side == side else None
        yield {
            "symbol": symbol,
            "pos_qty": sign * (held.quantity if held else 0.0),
            "entry_px": held.entry if held else 0.0,
            "unrealized_pnl": None,
            "leverage": LEVERAGE,
            "mode": side,
            "ts": iso(at),
            "run_id": process.run_id,
            "hostname": HOST,
            "type": "position_snapshot",
            "context": "executor",
        } | _executor_stamp(process, "position_snapshot", at)


def heartbeat(process: Process, at: datetime, lag: timedelta, depth: int) -> dict[str, Any]:
    """One line of sync_heartbeats.jsonl."""
    return {
        "service": "executor_live",
        "run_id": process.run_id,
        "hostname": HOST,
        "ts": iso(at),
        "lag_secs": lag.total_seconds(),
        "queue_depth": depth,
        "type": "heartbeat",
        "context": "executor",
    } | _executor_stamp(process, "heartbeat", at)


def _executor_stamp(process: Process, kind: str, at: datetime) -> dict[str, Any]:
    return {"ts": iso(at), "event_type": kind, "pid": process.pid}


def _order(fill: Fill) -> dict[str, Any]:
    return {"orderId": fill.order_id, "clientOrderId": f"web_{fill.order_id % 10**7}"}


def _position_side(wish: Wish) -> dict[str, Any]:
    return {"positionSide": wish.side} | ({"reduceOnly": True} if wish.reduce_only else {})
