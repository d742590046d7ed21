"""From a wish to an order: attempt, risk check, refusal or ack, fill and close."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from watchhouse.world import events
from watchhouse.world.account import TAKER_FEE, Position
from watchhouse.world.clock import Clock, short_id
from watchhouse.world.desk import Desk
from watchhouse.world.diagnostics import Vitals
from watchhouse.world.events import Fill, Intent, Process
from watchhouse.world.gate import Gate
from watchhouse.world.market import lot
from watchhouse.world.router import RoutedFill, Router
from watchhouse.world.screener import Wish
from watchhouse.world.textlog import TextLog
from watchhouse.world.vetoes import Refusal, veto_lines

HOLD_LOOPS = (15, 40)  # time stop; the bot's own idle limit for exits is an hour
FIRST_ORDER_ID = 8_389_765_988_000_000_000  # above 2^53: must not go through a double


@dataclass
class Orders:
    """Order handling of one process life; lines are kept until `flush`."""

    desk: Desk
    process: Process
    vitals: Vitals
    router: Router
    gate: Gate
    log: TextLog
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def handle(self, wish: Wish, depth: int, pulled_at: datetime, clock: Clock) -> bool:
        """Take one wish through the pipeline; whether an order went out."""
        intent = self._intent(wish, pulled_at, clock)
        self._write("signal_metrics", events.signal_metric(intent, depth))
        clock.tick()
        attempt = events.order_attempt(intent, self.desk.nav, self.process, clock.now)
        self._write("orders_attempted", attempt)
        self.log.say(
            clock,
            "executor",
            f"INTENT symbol={wish.symbol} side={wish.order_side} ps={wish.side} "
            f"gross={wish.gross_usd:.4f} reduceOnly={wish.reduce_only}",
        )
        self.desk.tally.attempts += 1
        clock.tick(12, 40)
        refusal = self.gate.refusal(intent)
        if refusal is not None:
            self._refuse(refusal, clock)
        else:
            self._send(intent, clock)
        return refusal is None

    def flush(self) -> None:
        """Append the lines to their files."""
        for name, rows in self.lines.items():
            self.desk.disk.append(f"execution/{name}.jsonl", rows)
        self.lines.clear()

    def _write(self, name: str, *rows: dict[str, Any]) -> None:
        self.lines[name].extend(rows)

    def _intent(self, wish: Wish, pulled_at: datetime, clock: Clock) -> Intent:
        price = self.desk.marks[wish.symbol]
        return Intent(
            wish=wish,
            attempt_id=short_id(self.desk.rng, "sig"),
            intent_id=short_id(self.desk.rng, "ord"),
            price=price,
            quantity=wish.gross_usd / price,
            pulled_at=pulled_at,
            signalled_at=clock.now,
        )

    def _refuse(self, refusal: Refusal, clock: Clock) -> None:
        lines = list(veto_lines(refusal, self.desk.peaks, self.process, clock.now))
        self._write("risk_vetoes", *lines)
        self.vitals.vetoes[refusal.reason] += refusal.weight
        self.vitals.stamp("veto", clock.now)
        self.desk.tally.refusals[refusal.reason] += 1
        self.desk.tally.veto_lines += len(lines)
        wish = refusal.intent.wish
        block = {"symbol": wish.symbol, "side": wish.order_side, "reason": refusal.raw}
        self.log.say(clock, "risk", f"block {block}", "WARNING")

    def _send(self, intent: Intent, clock: Clock) -> None:
        self.vitals.stamp("router_event", clock.now)
        clock.tick(8, 30)
        fill = self._fill(intent, clock.now)
        self._write("orders_executed", events.order_ack(intent, fill, self.process, clock.now))
        self.vitals.stamp("order", clock.now)
        self.vitals.orders += 1
        self.desk.tally.acks += 1
        clock.tick()
        self._book(intent, fill, clock.now)
        self.log.say(clock, "executor", f"ORDER_FILL id={fill.order_id} avgPrice={fill.price}")

    def _fill(self, intent: Intent, at: datetime) -> Fill:
        held = self.desk.account.positions.get(f"{intent.wish.symbol}:{intent.wish.side}")
        quantity = lot(intent.wish.symbol, intent.quantity)
        if intent.wish.reduce_only and held is not None:
            quantity = held.quantity
        trades = (self.desk.next_id(), self.desk.next_id())
        return Fill(
            order_id=FIRST_ORDER_ID + trades[1],
            trades=trades if self.desk.rng.random() < 0.2 else trades[:1],
            quantity=quantity,
            price=intent.price,
            fee=round(quantity * intent.price * TAKER_FEE, 8),
            at=at,
        )

    def _book(self, intent: Intent, fill: Fill, at: datetime) -> None:
        wish = intent.wish
        key = f"{wish.symbol}:{wish.side}"
        before = self.desk.account.positions.get(key)
        if len(fill.trades) > 1:  # one poll saw the first trade only
            first = events.partial(fill, lot(wish.symbol, fill.quantity / 2))
            self._write("orders_executed", events.order_fill(intent, first, self.process, at))
        self._write("orders_executed", events.order_fill(intent, fill, self.process, at))
        if wish.reduce_only:
            self._close(intent, fill, key, at)
        else:
            self._open(intent, fill, key, at)
        self._write("order_metrics", *events.order_metrics(intent, fill, at))
        snapshots = events.position_snapshots(wish.symbol, before, self.process, at)
        self._write("position_state", *snapshots)
        self.router.record(RoutedFill(wish.symbol, at, fill.quantity * fill.price, 34.2))
        self.desk.tally.fills += 1

    def _open(self, intent: Intent, fill: Fill, key: str, at: datetime) -> None:
        until = self.desk.loop + self.desk.rng.randint(*HOLD_LOOPS)
        position = Position(intent.wish.symbol, intent.wish.side, fill.quantity, fill.price, until)
        self.desk.account.open(position, fill.fee)
        entry = self.desk.account.positions[key].entry
        self.desk.registry.register(key, entry, at.timestamp())

    def _close(self, intent: Intent, fill: Fill, key: str, at: datetime) -> None:
        gain = self.desk.account.close(key, fill.price, fill.fee)
        self.desk.registry.forget(key, at.timestamp())
        close = events.order_close(intent, fill, gain, self.process, at)
        self._write("orders_executed", close)
        self.desk.tally.closes += 1
