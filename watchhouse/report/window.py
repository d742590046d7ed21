"""The span of a report: what was asked for, and where the data begin."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from ingest.errors import UsageError, WatchhouseError
from watchhouse.catalog import BUILD_HINT, first_line
from watchhouse.instant import now, parse_instant
from watchhouse.report.words import duration

MOST_INSTANTS = 1000
_STEPS = (60, 90, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 14400, 28800, 86400)
_HOURS = {"h": 1, "d": 24}

# Whatever a panel may draw: the first look at a bot, or what an imported log tells of before it.
_EARLIEST = """
select min(begun_at) from (
    select first_read_at as begun_at from dim_bots where bot = coalesce($bot, bot)
    union all
    select occurred_at from fct_nav where bot = coalesce($bot, bot)
    union all
    select occurred_at from fct_vetoes where bot = coalesce($bot, bot)
    union all
    select minute from fct_pipeline_minutes
    where bot = coalesce($bot, bot) and signal_count + attempt_count + ack_count + fill_count > 0
)
"""


@dataclass(frozen=True)
class Window:
    """`(since, until]`, UTC; `asked_since` is earlier when the data begin inside what was asked."""

    label: str
    asked_since: datetime
    since: datetime
    until: datetime

    @property
    def before(self) -> "Window":
        """The window of the same length before it."""
        length = self.until - self.asked_since
        since = max(self.asked_since, datetime.min + length) - length
        return Window(self.label, since, since, self.asked_since)

    @property
    def step(self) -> timedelta:
        """The distance of the instants judged: at most 1,000 of them, never under a minute."""
        least = (self.until - self.since).total_seconds() / (MOST_INSTANTS - 1)
        step = next((step for step in _STEPS if step >= least), _STEPS[-1])
        return timedelta(seconds=max(step, int(least)))

    @property
    def pixel(self) -> timedelta:
        """What is shorter cannot be seen on a chart."""
        return (self.until - self.since) / 1000


def parse_span(text: str, until: datetime | None = None) -> tuple[datetime, datetime]:
    """Both ends of `24h`, `7d`, `30d` (up to `until`) or `FROM..TO`, UTC.

    Raises `UsageError` for anything else, and for an `until` beside FROM..TO.
    """
    start, dots, end = text.partition("..")
    if dots:
        since, last = parse_instant(start), parse_instant(end)
        if since >= last or until is not None:
            why = "--as-of says the end twice" if until else "it ends before it begins"
            raise UsageError(f"{text}: {why}", "watchhouse report 2025-10-17..2025-10-18")
        return since, last
    match = re.fullmatch(r"([1-9]\d{0,4})([hd])", text)
    if match is None:
        raise UsageError(f"not a span: {text!r}", "watchhouse report 24h, 7d, 30d or FROM..TO")
    last = until or now().replace(microsecond=0)
    try:
        return last - timedelta(hours=int(match[1]) * _HOURS[match[2]]), last
    except OverflowError:
        raise UsageError(f"{text} before {last:%Y-%m-%d} is no time", "a shorter span") from None


def find_window(
    connection: duckdb.DuckDBPyConnection, span: str, until: datetime | None, bot: str | None
) -> Window:
    """The window of a span as `parse_span` reads it, from the first data on if those are later.

    Raises `UsageError` for no span, `WatchhouseError` when the warehouse lacks what it asks for.
    """
    asked, last = parse_span(span, until)
    try:
        row = connection.execute(_EARLIEST, {"bot": bot}).fetchone()
    except duckdb.Error as error:
        raise WatchhouseError(f"no report from it: {first_line(error)}", BUILD_HINT) from error
    first = row[0].replace(second=0, microsecond=0) if row and row[0] else asked
    label = duration((last - asked).total_seconds()) if ".." in span else span
    return Window(label, asked, first if asked < first < last else asked, last)
