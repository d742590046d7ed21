"""What diagnostics.json says: counters of one process life, the exit scan, liveness."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from watchhouse.world.clock import iso

IDLE_SECONDS = {"signals": 900.0, "orders": 1800.0, "exits": 3600.0, "router": 1800.0}


@dataclass(frozen=True)
class Scan:
    """Numbers of the last exit scan, which sees the previous publish."""

    open: int = 0
    registered: int = 0
    missing: int = 0
    stale: int = 0
    underwater: int = 0

    def document(self) -> dict[str, Any]:
        """The counting half of exit_pipeline; coverage is a fraction, 0.0 when nothing is open."""
        return {
            "open_positions_count": self.open,
            "tp_sl_registered_count": self.registered,
            "tp_sl_missing_count": self.missing,
            "underwater_without_tp_sl_count": self.underwater,
            "tp_sl_coverage_pct": self.registered / self.open if self.open else 0.0,
            "ledger_registry_mismatch": bool(self.missing or self.stale),
            "mismatch_breakdown": {
                "missing_ledger_positions": 0,  # the scan rebuilds the ledger from the positions
                "ghost_ledger_entries": 0,
                "missing_tp_sl_entries": self.missing,
                "stale_tp_sl_entries": self.stale,
            },
        }


@dataclass
class Vitals:
    """Counters and stamps that live and die with the process."""

    vetoes: Counter[str] = field(default_factory=Counter)
    signals: int = 0
    orders: int = 0
    last: dict[str, datetime] = field(default_factory=dict)  # signal, order, veto, scan, ...
    scan: Scan = field(default_factory=Scan)

    def stamp(self, what: str, at: datetime) -> None:
        """Remember when something last happened."""
        self.last[what] = at

    def document(self, now: datetime, version: str) -> dict[str, Any]:
        """The whole of diagnostics.json."""
        return {
            "runtime_diagnostics": {
                "veto_counters": self._counters(),
                "exit_pipeline": self._stamps("exit_scan", "exit_trigger", "router_event")
                | self.scan.document(),
                "liveness": self._liveness(now),
            },
            "engine_version": version,
            "updated_ts": iso(now),
        }

    def _counters(self) -> dict[str, Any]:
        return {
            "by_reason": dict(self.vetoes),
            "total_signals": self.signals,
            "total_orders": self.orders,
            "total_vetoes": self.vetoes.total(),
        } | self._stamps("signal", "order", "veto")

    def _stamps(self, *names: str) -> dict[str, str | None]:
        return {f"last_{n}_ts": iso(self.last[n]) if n in self.last else None for n in names}

    def _liveness(self, now: datetime) -> dict[str, Any]:
        events = {
            "signals": "signal",
            "orders": "order",
            "exits": "exit_trigger",
            "router": "router_event",
        }
        missing = {f"{n}_idle_seconds": True for n, e in events.items() if e not in self.last}
        idle = {
            # never seen is published as threshold + 1, which is no duration
            n: round(max((now - self.last[e]).total_seconds(), 0.0), 6)
            if e in self.last
            else IDLE_SECONDS[n] + 1.0
            for n, e in events.items()
        }
        flags = {f"idle_{n}": seconds > IDLE_SECONDS[n] for n, seconds in idle.items()}
        details = {f"{n}_idle_seconds": seconds for n, seconds in idle.items()}
        return flags | {"details": details, "missing": missing}
