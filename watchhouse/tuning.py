"""What a threshold would have cost: firings, minutes and delays per value; and dead thresholds."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import duckdb

from ingest.errors import UsageError, WatchhouseError
from watchhouse.catalog import Catalog
from watchhouse.check import Progress, set_instants
from watchhouse.firings import Firing, firings
from watchhouse.instant import parse_instant
from watchhouse.limits import Said, limit_names, turning_point, with_limits

_IN_FORCE = "select bot, limit_name, value from limits where valid_from <= $at and $at < valid_to"


@dataclass(frozen=True)
class Label:
    """An incident that people know of: the check that is to find it, from when until when (UTC)."""

    check: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Price:
    """What the checks say over a span with some limits set; with none set, as they were."""

    values: dict[str, float]
    firings: int
    minutes: float
    labelled: int
    found: int
    delays_seconds: tuple[float, ...]
    false_firings: int | None  # firings within no labelled incident; None without labels

    def as_json(self) -> dict[str, object]:
        """The fields as plain JSON."""
        return {**asdict(self), "delays_seconds": list(self.delays_seconds)}


@dataclass(frozen=True)
class Dead:
    """A limit of a check that nothing in the span has tripped, and the value that would have."""

    bot: str
    check: str
    limit: str
    value: float
    would_trip_at: float | None

    def as_json(self) -> dict[str, object]:
        """The fields as plain JSON."""
        return asdict(self)


def parse_sets(texts: Sequence[str]) -> list[dict[str, float]]:
    """`limit=value,value` of each text, every combination of their values.

    Raises UsageError for anything else.
    """
    options: list[list[tuple[str, float]]] = []
    for text in texts:
        name, _, values = text.partition("=")
        try:
            options.append([(name.strip(), float(value)) for value in values.split(",")])
        except ValueError:
            hint = "--set nav_step_ratio=0.01,0.02"
            raise UsageError(f"not values of a limit: `{text}`", hint) from None
    return [dict(combination) for combination in product(*options)]


def read_labels(file: Path, catalog: Catalog) -> list[Label]:
    """Labelled incidents from a CSV with the columns check, from, until.

    Raises WatchhouseError when it does not read or names a check that was not selected.
    """
    try:
        with file.open(encoding="utf-8", newline="") as rows:
            found = [
                Label(row["check"], parse_instant(row["from"]), parse_instant(row["until"]))
                for row in csv.DictReader(rows)
            ]
    except (OSError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise WatchhouseError(f"{file} holds no labels: {error!r}", "check,from,until") from error
    for label in found:
        if catalog.check(label.check) is None:
            hint = ", ".join(check.name for check in catalog.checks)
            raise WatchhouseError(f"{file}: `{label.check}` is not among the checks", hint)
    return found


def prices(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    grid: Sequence[datetime],
    sets: Sequence[Mapping[str, float]],
    labels: Sequence[Label] | None,
    bot: str | None = None,
) -> Iterator[Price]:
    """The price of the limits in force, then of each set of values, over a grid of instants."""
    for values in ({}, *sets):
        tried = with_limits(connection, catalog, values)
        found = [f for check in tried.checks for f in firings(connection, tried, check, grid)]
        kept = [firing for firing in found if bot in (None, firing.bot)]
        yield _price(dict(values), kept, labels)


def readers(catalog: Catalog, sets: Sequence[Mapping[str, float]]) -> Catalog:
    """The catalog with only the checks that read one of the limits, if there are any such."""
    names = {name for values in sets for name in values}
    checks = tuple(check for check in catalog.checks if names & {*limit_names(check)})
    return Catalog(checks or catalog.checks, catalog.templates, catalog.variables)


def _price(values: dict[str, float], found: list[Firing], labels: Sequence[Label] | None) -> Price:
    delays = [_delay(label, found) for label in labels or ()]
    seen = [delay for delay in delays if delay is not None]
    false = [f for f in found if not any(_meets(f, label) for label in labels or ())]
    minutes = round(sum(firing.minutes for firing in found), 2)
    told = len(false) if labels is not None else None
    return Price(values, len(found), minutes, len(delays), len(seen), tuple(seen), told)


def _meets(firing: Firing, label: Label) -> bool:
    return (
        firing.check == label.check
        and firing.first_at <= label.end
        and firing.last_at >= label.start
    )


def _delay(label: Label, found: Sequence[Firing]) -> float | None:
    """Seconds from the label's start to the first instant that found it; 0 if it fired already."""
    starts = [max(f.first_at, label.start) for f in found if _meets(f, label)]
    return (min(starts) - label.start) / timedelta(seconds=1) if starts else None


def dead(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    grid: Sequence[datetime],
    bot: str | None = None,
    progress: Progress | None = None,
) -> list[Dead]:
    """Limits that no instant of the grid has tripped; `value` is the one in force at its end."""
    rows = connection.execute(_IN_FORCE, {"at": grid[-1]}).fetchall()
    values = {(bot, name): value for bot, name, value in rows}
    pairs = [
        (check, one, name)
        for check in catalog.checks
        for name in limit_names(check)
        for one in sorted({known for known, _ in values if bot in (None, known)})
        if not check.fault
    ]
    span = set_instants(connection, grid)
    found = []
    for done, (check, one, name) in enumerate(pairs, 1):
        said, value = Said(connection, check, one, span), values[one, name]
        if said.at(name, None) == "quiet":
            found.append(Dead(one, check.name, name, value, turning_point(said, name, value)[0]))
        if progress:
            progress(done, len(pairs))
    return found


def price_lines(prices_told: Sequence[Price]) -> list[str]:
    """A table with a line per set of values."""
    with_labels = any(price.false_firings is not None for price in prices_told)
    head = f"{'limits':<40}{'firings':>8}{'minutes':>9}"
    told = [head + (f"{'found':>7}{'slowest':>9}{'false':>6}" if with_labels else "")]
    for price in prices_told:
        values = ", ".join(f"{name}={value:g}" for name, value in price.values.items())
        line = f"{values or 'as they were in force':<40}{price.firings:>8}{price.minutes:>9.0f}"
        if with_labels:
            slowest = f"{max(price.delays_seconds):.0f}s" if price.delays_seconds else "-"
            line += f"{f'{price.found}/{price.labelled}':>7}{slowest:>9}{price.false_firings:>6}"
        told.append(line)
    return told


def dead_lines(found: Sequence[Dead]) -> list[str]:
    """A line per dead limit, those furthest from any trip first."""
    if not found:
        return ["every limit was tripped by something"]
    told = [f"{'limit':<34}{'value':>9}{'would trip at':>15}  check"]
    for one in sorted(found, key=_distance, reverse=True):
        at = "no value" if one.would_trip_at is None else f"{one.would_trip_at:.4g}"
        told.append(f"{one.bot + ' ' + one.limit:<34}{one.value:>9g}{at:>15}  {one.check}")
    return told


def _distance(one: Dead) -> float:
    if not one.would_trip_at or not one.value:
        return float("inf")
    share = abs(one.would_trip_at / one.value)
    return max(share, 1 / share)
