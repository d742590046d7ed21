"""What `check` said, into the journal: the verdict of now, and of minutes that nobody asked for."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import duckdb

from ingest.settings import Settings
from watchhouse.backtest import likeness
from watchhouse.catalog import Catalog
from watchhouse.check import run_checks
from watchhouse.instant import iso, now, parse_instant
from watchhouse.journal import append, latest
from watchhouse.verdict import Verdict, plain

_MOST = 1440  # instants that are caught up at once: a day of minutes
_KEPT = ("check", "playbook", "bot", "subject", "severity", "since", "reason", "explained_by")


def record(
    settings: Settings, verdict: Verdict, catalog: Catalog, commit: str | None, late: bool = False
) -> None:
    """Append a verdict to the journal; raises OSError when it cannot be written."""
    settings.folder("journal").mkdir(mode=0o700, parents=True, exist_ok=True)
    append(settings, "verdicts", entry(verdict, catalog, commit, late))


def entry(verdict: Verdict, catalog: Catalog, commit: str | None, late: bool) -> dict[str, object]:
    """The line of a verdict: what was said, without the evidence, which is in the warehouse."""
    waits = {c.name: dict(_waits(c.for_seconds, c.clear_seconds)) for c in catalog.checks}
    findings = [
        {key: plain(getattr(finding, key)) for key in _KEPT} | waits[finding.check]
        for finding in verdict.findings
    ]
    return {
        "at": iso(verdict.as_of),
        "said_at": iso(now()),
        "verdict": verdict.verdict,
        "coverage": verdict.coverage,
        "late": late,
        "commit": commit,
        "findings": findings,
        "doubts": [vars(unknown) for unknown in verdict.unknown],
    }


def _waits(for_seconds: float | None, clear_seconds: float | None) -> Iterator[tuple[str, float]]:
    if for_seconds is not None:
        yield "for_seconds", for_seconds
    if clear_seconds is not None:
        yield "clear_seconds", clear_seconds


def catch_up(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    settings: Settings,
    until: datetime,
    commit: str | None,
) -> int:
    """Judge what was not asked since the last verdict in the journal; returns the lines added.

    One instant per cycle of looks, the latest day of them; of equal neighbours the first and last.
    """
    missed = _missed(settings, until, catalog)
    verdicts = run_checks(connection, catalog, missed) if missed else []
    told = 0
    for _, group in groupby(verdicts, key=likeness):
        stretch = [*group]
        for verdict in stretch[:1] + stretch[1:][-1:]:
            record(settings, verdict, catalog, commit, late=True)
            told += 1
    return told


def _missed(settings: Settings, until: datetime, catalog: Catalog) -> Sequence[datetime]:
    last = last_said(settings)
    cycle = timedelta(seconds=float(catalog.variables["poll_cycle_seconds"]))
    if last is None or until - last < 2 * cycle:
        return []
    count = min(int((until - last) / cycle) - 1, _MOST)
    return [until - cycle * step for step in range(count, 0, -1)]


def last_said(settings: Settings) -> datetime | None:
    """The instant of the last verdict in the journal (UTC)."""
    said = next(latest(settings, "verdicts"), None)
    return parse_instant(said["at"]) if said else None
