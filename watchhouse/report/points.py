"""The points of a series, and how to draw a million of them with a thousand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from watchhouse.report.panel import Panel, Table
from watchhouse.report.spans import Span, outside


@dataclass(frozen=True)
class Point:
    """One value; a line joins only points of the same part. A flag is never left out."""

    series: str
    at: datetime
    value: float
    part: int = 0
    flag: str | None = None
    label: str | None = None


def patience(panel: Panel) -> timedelta:
    """The longest silence between two points that a line may bridge."""
    return timedelta(seconds=float(panel.get("gap").split()[0]))


def line_points(panel: Panel, table: Table) -> list[Point]:
    """The rows of a line panel by series and time; a new part begins after a gap. NULL is none."""
    points = [
        Point(
            panel.series_of(record),
            record[panel.get("x")],
            float(record[panel.get("y")]),
            flag=record.get(panel.get("flag")),
            label=record.get(panel.get("label")),
        )
        for record in table.records()
        if record[panel.get("y")] is not None and record[panel.get("x")] is not None
    ]
    out: list[Point] = []
    for point in _by_series(points):
        part = 0
        if out and out[-1].series == point.series:
            part = out[-1].part + (point.at - out[-1].at > patience(panel))
        out.append(replace(point, part=part))
    return out


def step_points(panel: Panel, table: Table, holes: Sequence[Span]) -> list[Point]:
    """Both ends of every interval of a step panel, as far as it lies outside the holes."""
    ends = [
        (Point(panel.series_of(record), start, float(value)), end)
        for record in table.records()
        if (value := record[panel.get("y")]) is not None
        for start, end in outside((record[panel.get("x")], record[panel.get("x2")]), holes)
    ]
    until = {(point.series, point.at): end for point, end in ends}
    out: list[Point] = []
    for point in _by_series(point for point, _ in ends):
        part = 0
        if out and out[-1].series == point.series:
            part = out[-1].part + (out[-1].at != point.at)
        end = until[point.series, point.at]
        out += [replace(point, part=part), replace(point, at=end, part=part)]
    return out


def _by_series(points: Iterable[Point]) -> list[Point]:
    """By time within each series; the series as they come."""
    some = [*points]
    place = {name: number for number, name in enumerate(dict.fromkeys(p.series for p in some))}
    return sorted(some, key=lambda point: (place[point.series], point.at))


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most `most` points per series: each bucket's lowest and highest, ends, every flag.

    Points are ordered by series and time, and so is what is returned. Flags alone may exceed it.
    """
    return [
        point
        for _, group in groupby(points, key=lambda point: point.series)
        for point in _thinned_series([*group], most)
    ]


def _thinned_series(points: list[Point], most: int) -> list[Point]:
    if len(points) <= most:
        return points
    kept = {0, len(points) - 1} | {i for i, point in enumerate(points) if point.flag}
    buckets = max((most - len(kept)) // 2, 1)
    start, length = points[0].at, points[-1].at - points[0].at

    def bucket(i: int) -> int:
        return min(int((points[i].at - start) / length * buckets), buckets - 1) if length else 0

    for _, group in groupby(range(len(points)), key=bucket):
        places = [*group]
        kept.add(min(places, key=lambda i: points[i].value))
        kept.add(max(places, key=lambda i: points[i].value))
    return [points[i] for i in sorted(kept)]
