"""sync_state, the second writer: it overwrites nav_state.json in its own shape."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any

from watchhouse.world.clock import Clock, iso
from watchhouse.world.desk import Desk
from watchhouse.world.nav_log import NavPoint
from watchhouse.world.textlog import TextLog

SERIES_POINTS = 500


class SyncState:
    """A process of its own: it goes on when the executor is dead."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rng = Random(f"{desk.world.seed}/sync_state")

    def run(self, at: datetime) -> datetime:
        """Write the mirrors from the tail of the NAV log; returns the time when done."""
        clock = Clock(at, self._rng)
        clock.tick(120, 260)
        if self._desk.nav_log.points:
            peaks = self._desk.peaks
            peaks.observe(self._desk.nav_log.points[-1].nav, clock.now)
            content = json.dumps(peaks.document(), sort_keys=True).encode()
            self._desk.disk.put("cache/peak_state.json", content)
            self._desk.disk.put_json("state/nav_state.json", self._mirror(clock))
        self._talk()
        return clock.now

    def _mirror(self, clock: Clock) -> dict[str, Any]:
        desk, peaks = self._desk, self._desk.peaks
        sizes = [p.quantity * desk.marks[p.symbol] * p.sign for p in desk.published]
        last = desk.nav_log.points[-1]
        return {
            "series": [_point(p) for p in desk.nav_log.points[-SERIES_POINTS:]],
            "peak_equity": peaks.peak,
            "updated_at": clock.epoch,
            "total_equity": last.nav,
            "realized_pnl": 0.0,
            "unrealized_pnl": last.unrealized,
            "drawdown": peaks.dd_pct,
            "gross_exposure": sum(map(abs, sizes)),
            "net_exposure": sum(sizes),
            "largest_position_value": max(map(abs, sizes), default=0.0),
            "drawdown_pct": peaks.dd_pct,
            "drawdown_abs": peaks.dd_abs,
            "realized_pnl_today": 0.0,
            "drawdown_snapshot_at": clock.iso,
            "age_s": 0.0,
        }

    def _talk(self) -> None:
        log = TextLog(self._desk.disk)
        log.bare("[sync] executing _sync_once_with_db")
        log.bare(f"[sync] upsert ok: points={len(self._desk.nav_log.points)}")
        log.bare("[sync] cache written (nav_state)")
        log.flush()


@lru_cache(maxsize=2 * SERIES_POINTS)
def _point(point: NavPoint) -> dict[str, Any]:
    at = iso(datetime.fromtimestamp(point.t, UTC))
    values = {"nav": point.nav, "t": at, "unrealized_pnl": point.unrealized}
    return values | {"equity": point.nav, "total_equity": point.nav}
