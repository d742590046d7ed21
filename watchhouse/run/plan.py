"""When the watch does what: the table `[run]` of settings.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from cronsim import CronSim, CronSimError

from ingest.errors import UsageError
from ingest.settings import Settings, line_of

REPORTS = {"24h": "5 0 * * *", "7d": "10 0 * * 1", "30d": "15 0 1 * *"}
_HINT = "five fields: minute hour day month weekday, in UTC; every minute is * * * * *"


@dataclass(frozen=True)
class Plan:
    """Seconds between commits of `ingest`, and cron expressions (UTC) for the rest.

    `deadline_seconds`: a step that takes longer is killed.
    """

    commit_seconds: float = 5.0
    build: str = "* * * * *"
    archive: str = "30 3 * * *"
    reports: Mapping[str, str] = field(default_factory=lambda: dict(REPORTS))
    deadline_seconds: float = 900.0


def read_plan(settings: Settings) -> Plan:
    """The plan of the home's settings, defaults where they are silent.

    Raises UsageError, naming the line, for an unknown key, a bad number or no cron expression.
    """
    if not isinstance(settings.run, Mapping):
        raise _refused(settings, "run", "no table", '[run] with build = "* * * * *"')
    table = dict(settings.run)
    known = {one.name for one in fields(Plan)}
    for key in table:
        if key not in known:
            raise _refused(settings, key, "nothing reads it", f"known: {', '.join(sorted(known))}")
    for key in ("commit_seconds", "deadline_seconds"):
        if key in table and not _is_positive(table[key]):
            raise _refused(settings, key, "it is no number of seconds", f"{key} = 5")
    plan = Plan(**table)
    if not isinstance(plan.reports, Mapping):
        raise _refused(settings, "reports", "no table", '[run.reports] with 24h = "5 0 * * *"')
    crons = {"build": plan.build, "archive": plan.archive, **plan.reports}
    for key, expression in crons.items():
        _check_cron(settings, key, expression)
    return plan


def last_due(expression: str, now: datetime) -> datetime:
    """The latest instant of a cron expression up to `now` (UTC, no zone)."""
    # The search begins before its start, and this very minute may be an instant.
    start = now.replace(second=0, microsecond=0, tzinfo=UTC) + timedelta(minutes=1)
    return next(CronSim(expression, start, reverse=True)).replace(tzinfo=None)


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _check_cron(settings: Settings, key: str, expression: Any) -> None:
    if key not in ("build", "archive", *REPORTS):
        raise _refused(settings, key, "no such report", f"known: {', '.join(REPORTS)}")
    try:
        next(CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration, AttributeError, TypeError):
        raise _refused(settings, key, f"`{expression}` is no cron expression", _HINT) from None


def _refused(settings: Settings, key: str, why: str, hint: str) -> UsageError:
    file = settings.settings_file
    return UsageError(f"`{file}`{line_of(file, key)}: `{key}` of [run]: {why}", hint)
