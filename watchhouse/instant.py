"""Instants as people type them and as the warehouse keeps them: UTC, without zone."""

import re
from datetime import UTC, datetime

from ingest.errors import WatchhouseError

_EPOCH = re.compile(r"[-+]?\d+(\.\d*)?")
_HINT = "write it like 2025-10-18T03:20:00Z or 2025-10-18T05:20:00+02:00 (no zone means UTC)"


def parse_instant(text: str) -> datetime:
    """Read an ISO-8601 time, with or without zone, as UTC without zone.

    Raises `WatchhouseError` for anything else; epoch numbers are refused, because
    seconds, milliseconds and a date without dashes look alike.
    """
    if _EPOCH.fullmatch(text.strip()):
        raise WatchhouseError(f"a bare number is not a time: {text}", _epoch_hint(text))
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise WatchhouseError(f"not a time: {text!r}", _HINT) from None
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _epoch_hint(text: str) -> str:
    try:
        moment = datetime.fromtimestamp(float(text), UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return _HINT
    return f"if it is epoch seconds, write {iso(moment)}"


def now() -> datetime:
    """The current time, UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def iso(moment: datetime) -> str:
    """ISO-8601 with `Z`; fractions only where there are any."""
    return moment.isoformat() + "Z"


def short(moment: datetime | None, beside: datetime | None = None) -> str:
    """For the eye: minutes (seconds where not zero), the date only if not the day of `beside`."""
    if moment is None:
        return "an unknown time"
    day = "" if beside is not None and moment.date() == beside.date() else f"{moment:%Y-%m-%d} "
    clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return f"{day}{clock}Z"
