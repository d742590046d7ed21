"""The span of a report: what was asked for, and where the data begin."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from ingest.errors import UsageError, WatchhouseError
from watchhouse.catalog import BUILD_HINT, first_line

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
    def step(self) -> timedelta:
        """The distance of the instants judged: at most 1,000 of them, never under a minute."""
        least = (self.until - self.since).total_seconds() / (MOST_INSTANTS - 1)
        step = next((step for step in _STEPS if step >= least), _STEPS[-1])
        return timedelta(seconds=max(step, int(least)))

    @property
    def pixel(self) -> timedelta:
        """What is shorter cannot be seen on a chart."""
        return (self.until - self.since) / 1000


def parse_span(text: str) -> timedelta:
    """Read `24h`, `7d`, `30d`; raises `UsageError` for anything else."""
    match = re.fullmatch(r"([1-9]\d{0,4})([hd])", text)
    if match is None:
        raise UsageError(f"not a span: {text!r}", "watchhouse report 24h, 7d or 30d")
    return timedelta(hours=int(match[1]) * _HOURS[match[2]])


def find_window(
    connection: duckdb.DuckDBPyConnection, span: str, until: datetime, bot: str | None
) -> Window:
    """The window that ends at `until`; it begins at the first data when those are later."""
    length = parse_span(span)
    try:
        asked = until - length
    except OverflowError:
        raise UsageError(f"{span} before {until:%Y-%m-%d} is no time", "a shorter span") from None
    try:
        row = connection.execute(_EARLIEST, {"bot": bot}).fetchone()
    except duckdb.Error as error:
        raise WatchhouseError(f"no report from it: {first_line(error)}", BUILD_HINT) from error
    first = row[0].replace(second=0, microsecond=0) if row and row[0] else asked
    return Window(span, asked, first if asked < first < until else asked, until)
