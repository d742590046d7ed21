"""When a check fired: its findings over the history, as stretches of time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb

from watchhouse.catalog import Catalog, Check
from watchhouse.check import in_pieces, read_frame, set_instants

_FIRED = """
select bot, as_of, bool_or(severity = 'crit') as is_crit, min(since) as since
from ({findings}
)
where severity in ('crit', 'warn')
group by bot, as_of
"""

_Row = tuple[str | None, datetime, bool, datetime | None]  # bot, as_of, is_crit, since


@dataclass(frozen=True)
class Firing:
    """An unbroken stretch of instants (UTC) at which a check found something for a bot."""

    check: str
    bot: str | None
    severity: str
    since: datetime | None
    first_at: datetime
    last_at: datetime
    instants: int
    is_open: bool  # it holds at the last instant asked for

    @property
    def minutes(self) -> float:
        """From when it held, as far as known, to the last instant at which it did."""
        start = min(self.since or self.first_at, self.first_at)
        return (self.last_at - start).total_seconds() / 60


def firings(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    check: Check,
    grid: Sequence[datetime],
) -> list[Firing]:
    """The stretches in which a check fired over a grid of instants, by bot and time.

    Raises duckdb.Error when its SQL fails.
    """
    alone = replace(catalog, checks=(check,))
    fired = [row for piece in in_pieces(grid) for row in _fired(connection, alone, piece)]
    following = dict(zip(grid, [*grid[1:], None], strict=True))
    runs: list[list[_Row]] = []
    for row in sorted(fired, key=lambda row: (row[0] or "", row[1])):
        if runs and runs[-1][-1][0] == row[0] and following[runs[-1][-1][1]] == row[1]:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [_firing(check, run, grid[-1]) for run in runs]


def _fired(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, piece: Sequence[datetime]
) -> list[_Row]:
    frame = read_frame(connection, catalog, set_instants(connection, piece))
    [check] = catalog.checks
    return connection.execute(_FIRED.format(findings=frame.text(check))).fetchall()


def _firing(check: Check, run: list[_Row], end: datetime) -> Firing:
    severity = "crit" if any(row[2] for row in run) else "warn"
    first, last = run[0], run[-1]
    return Firing(
        check.name, first[0], severity, first[3], first[1], last[1], len(run), last[1] == end
    )


def history(connection: duckdb.DuckDBPyConnection, until: datetime) -> list[datetime]:
    """A grid over all that was ever looked at: each minute of a month, else each five.

    Five minutes is how long a fault of one look is found, so nothing falls between two of them.
    """
    [(start,)] = connection.execute("select min(valid_from) from fct_surface_health").fetchall()
    if start is None or start > until:
        return [until]
    step = timedelta(minutes=1 if until - start <= timedelta(days=31) else 5)
    steps = (until - start) // step
    return [until - step * count for count in range(steps, -1, -1)]
