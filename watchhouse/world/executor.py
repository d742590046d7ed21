"""One life of the executor process: its loop, and what it publishes at the end of it."""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from watchhouse.world import exits, surfaces
from watchhouse.world.clock import Clock, iso, run_id
from watchhouse.world.desk import Desk
from watchhouse.world.diagnostics import Vitals
from watchhouse.world.events import HOST, Process, heartbeat
from watchhouse.world.gate import Gate
from watchhouse.world.nav_log import NavPoint
from watchhouse.world.orders import Orders
from watchhouse.world.risk import Confirmed, drawdown_block, enrichment, kpis, risk_snapshot
from watchhouse.world.router import Router
from watchhouse.world.screener import Wish
from watchhouse.world.textlog import TextLog

VERSION = "v7.6"
RISK_EVERY = timedelta(seconds=120)
HEARTBEAT_EVERY = timedelta(seconds=60)
PEAK_STALE = timedelta(seconds=600)


class Executor:
    """The executor from start to death: counters and stamps are lost with it."""

    def __init__(self, desk: Desk, limits: dict[str, Any], started: datetime) -> None:
        self.process = Process(run_id(desk.rng), desk.rng.randint(2_000, 60_000))
        self.vitals = Vitals()
        self._desk = desk
        self._limits = limits
        self._started = started
        self._clock_rng = Random(desk.rng.getrandbits(64))
        self._log = TextLog(desk.disk)
        self._router = Router()
        self._gate = Gate(desk, limits)
        self._orders = Orders(desk, self.process, self.vitals, self._router, self._gate, self._log)
        self._snapshot: dict[str, Any] = {}
        self._built_at: datetime | None = None
        self._kpis_at: datetime | None = None
        self._heartbeat_at: datetime | None = None
        self._last_pull = started

    def run(self, at: datetime) -> datetime:
        """One loop that begins at `at`; returns the time at which it is done."""
        clock = Clock(at, self._clock_rng)
        if at == self._started:
            self._say_hello(clock)
        clock.tick(30, 70)
        pulled_at = clock.now
        wishes = [*self._scan(pulled_at), *self._signals(pulled_at)]
        if self._is_due(self._built_at, RISK_EVERY, clock.now):
            self._build_risk(clock.now)
        clock.tick()
        self._confirm_nav(clock)
        clock.tick(30, 60)
        for left, wish in zip(range(len(wishes), 0, -1), wishes, strict=True):
            if self._orders.handle(wish, left, pulled_at, clock):
                self._build_risk(clock.now)
        self._say_screened(clock, len(wishes))
        self._orders.flush()
        self._publish(clock)
        self._beat(clock, len(wishes))
        return clock.now

    def run_beside(self, at: datetime) -> datetime:
        """A loop of a second executor on the same account: a refused crumb, then a publish."""
        clock = Clock(at, self._clock_rng)
        clock.tick(30, 70)
        self.vitals.scan = exits.scan(
            self._desk.published, self._desk.registry.entries, self._desk.marks
        )
        self.vitals.stamp("exit_scan", clock.now)
        if self._is_due(self._built_at, RISK_EVERY, clock.now):
            self._build_risk(clock.now)
        self._confirm_nav(clock)
        self._count_signals(1, clock.now)
        self._orders.handle(self._desk.screener.crumb(), 1, clock.now, clock)
        self._orders.flush()
        self._publish(clock)
        self._beat(clock, 1)
        return clock.now

    def _scan(self, at: datetime) -> list[Wish]:
        """The exit scan sees the positions of the previous publish."""
        desk = self._desk
        self.vitals.stamp("exit_scan", at)
        self.vitals.scan = exits.scan(desk.published, desk.registry.entries, desk.marks)
        if desk.on("exits_stalled"):
            return []
        open_now = [p for p in desk.published if p.key in desk.account.positions]
        wishes = list(exits.due(open_now, desk.registry.entries, desk.marks, desk.loop))
        if wishes:
            self.vitals.stamp("exit_trigger", at)
        return wishes

    def _signals(self, at: datetime) -> list[Wish]:
        desk = self._desk
        if desk.on("screener_stall"):
            return []
        avoid = desk.unmanaged
        positions = desk.account.positions.values()
        held = {p.symbol: p.side for p in positions if p.symbol not in avoid}
        wishes = desk.screener.signals(desk.loop, held, avoid)
        if desk.on("veto_storm"):
            wishes.append(desk.screener.entry(held, avoid))
        self._count_signals(len(wishes), at)
        return wishes

    def _count_signals(self, count: int, at: datetime) -> None:
        if count:
            self.vitals.signals += count
            self.vitals.stamp("signal", at)
            self._desk.tally.signals += count

    def _confirm_nav(self, clock: Clock) -> None:
        nav = self._desk.nav
        self._desk.confirmed = Confirmed(nav, clock.now)
        self._desk.disk.rewrite(
            "cache/nav_confirmed.json", surfaces.nav_confirmed(nav, clock.epoch)
        )
        self._log.say(clock, "nav", f"snapshot ts={clock.epoch:.0f} nav_usd={nav:.2f}")

    def _build_risk(self, now: datetime) -> None:
        """Due every 120 s and forced by each order; between that the old one is published again."""
        account = self._desk.account
        block = drawdown_block(self._desk.peaks, self._desk.confirmed, now)
        fills = self._router.orders.total()
        kpi = kpis(block, account.fees, account.realized, fills, now)
        if self._is_due(self._kpis_at, RISK_EVERY, now):
            self._desk.disk.put_json("state/kpis_v7.json", kpi)
            self._kpis_at = now
        self._snapshot = risk_snapshot(kpi, self._limits, now)
        self._built_at = now

    def _publish(self, clock: Clock) -> None:
        """All state files, in the producer's order; NAV and positions share one stamp."""
        desk, disk = self._desk, self._desk.disk
        clock.tick()
        self._append_nav_point(clock)
        if desk.registry.changed:
            disk.put("state/position_tp_sl.json", surfaces.position_tp_sl(desk.registry))
            desk.registry.changed = False
        clock.tick()
        now, nav = clock.iso, surfaces.nav_state(desk.nav, clock.iso)
        vanished = desk.on("positions_vanish")  # the exchange failed: [] is taken for flat
        desk.published = () if vanished else tuple(desk.account.positions.values())
        levels = desk.registry.entries
        ledger = surfaces.positions_ledger(desk.published, levels, now)
        disk.put_json("state/nav.json", nav)
        disk.put_json("state/nav_state.json", nav)
        disk.put_json(
            "state/positions_state.json", surfaces.positions_state(desk.published, desk.marks, now)
        )
        disk.put_json("state/positions_ledger.json", ledger)
        self._publish_risk()
        self._heal_peak(clock)
        if self._router.is_due(clock.now):
            disk.put_json("state/router_health.json", self._router.document(clock.now))
        disk.put_json("state/diagnostics.json", self.vitals.document(clock.now, VERSION))
        disk.put_json("state/engine_metadata.json", self._metadata(clock.now))
        self._log.say(clock, "v6-runtime", "state write complete state_dir=logs/state")
        self._log.flush()

    def _publish_risk(self) -> None:
        extra = enrichment(
            self._snapshot,
            self._gate.circuit_dd,
            self._gate.circuit_limit,
            len(self._desk.published),
            len(self._desk.registry.entries),
        )
        self._desk.disk.put_json("state/risk_snapshot.json", self._snapshot | extra)

    def _append_nav_point(self, clock: Clock) -> None:
        log, unrealized = self._desk.nav_log, round(self._desk.unrealized, 8)
        log.add(NavPoint(clock.epoch, self._desk.nav, unrealized))
        self._desk.disk.rewrite("nav_log.json", log.content())

    def _heal_peak(self, clock: Clock) -> None:
        """Without sync_state the risk code regenerates a stale peak from the newest points."""
        desk = self._desk
        if not desk.world.sync_state and self._is_due(desk.peaks.at, PEAK_STALE, clock.now):
            desk.peaks.heal(desk.nav_log.points, clock.now)
            content = json.dumps(desk.peaks.document(), sort_keys=True).encode()
            desk.disk.put("cache/peak_state.json", content)

    def _beat(self, clock: Clock, depth: int) -> None:
        if self._is_due(self._heartbeat_at, HEARTBEAT_EVERY, clock.now):
            row = heartbeat(self.process, clock.now, clock.now - self._last_pull, depth)
            self._desk.disk.append("execution/sync_heartbeats.jsonl", [row])
            self._heartbeat_at = clock.now

    def _metadata(self, now: datetime) -> dict[str, Any]:
        return {
            "engine_version": VERSION,
            "updated_ts": iso(now),
            "git_commit": "unknown",
            "run_id": self.process.run_id,
            "hostname": HOST,
            "env": "prod",
            "status": "running",
            "uptime_s": round((now - self._started).total_seconds(), 1),
            "last_cycle_s": 0.2,
        }

    def _say_hello(self, clock: Clock) -> None:
        self._log.say(clock, "executor", f"starting loop ENV=prod run_id={self.process.run_id}")
        self._log.say(clock, "startup-sync", "checking open positions")

    def _say_screened(self, clock: Clock, wishes: int) -> None:
        if self._desk.on("screener_stall"):
            failure = "universe fetch failed: HTTP 503; universe=0 symbols"
            self._log.say(clock, "screener", failure, "ERROR")
        said = f"attempted={wishes} emitted={wishes} submitted={wishes}"
        self._log.say(clock, "screener", said)

    @staticmethod
    def _is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
        return last is None or now - last >= every
