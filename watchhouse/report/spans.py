"""Where nothing is known: the grey bands of a chart."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise

import duckdb

from watchhouse.report.window import Window

Span = tuple[datetime, datetime]

_USABLE = """
select surface, greatest(valid_from, $since), least(valid_to, $until)
from fct_surface_health
where bot = $bot and list_contains($surfaces, surface) and is_usable
    and valid_from < valid_to and valid_from < $until and $since < valid_to
order by all
"""


def unusable(
    connection: duckdb.DuckDBPyConnection, bot: str, surfaces: Sequence[str], window: Window
) -> list[Span]:
    """The spans of the window in which one of the surfaces proved nothing."""
    values = {"bot": bot, "surfaces": [*surfaces], "since": window.since, "until": window.until}
    rows = connection.execute(_USABLE, values).fetchall() if surfaces else []
    usable = {name: [*group] for name, group in groupby(rows, key=lambda row: row[0])}
    holes: list[Span] = []
    for surface in surfaces:
        known = [(start, end) for _, start, end in usable.get(surface, [])]
        holes += _between(known, window)
    return [hole for hole in merged(holes) if hole[1] - hole[0] > window.pixel]


def silent(times: Iterable[datetime], window: Window, patience: timedelta) -> list[Span]:
    """The spans of the window longer than `patience` without a point; times are ascending."""
    holes = _between([(at, at) for at in times], window)
    return [(start, end) for start, end in holes if end - start > patience]


def _between(known: Sequence[Span], window: Window) -> list[Span]:
    edges = [(window.since, window.since), *known, (window.until, window.until)]
    ends = [start for start, _ in edges[1:]]
    starts, reached = [], window.since
    for _, end in edges[:-1]:
        reached = max(reached, end)
        starts.append(reached)
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same spans without overlap, in order."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(out[-1][1], end)
        else:
            out.append((start, end))
    return out


def outside(span: Span, holes: Sequence[Span]) -> list[Span]:
    """What is left of a span without the holes, which are in order and do not overlap."""
    start, end = span
    inside = [hole for hole in holes if hole[0] < end and start < hole[1]]
    edges = [(start, start), *inside, (end, end)]
    return [(left[1], right[0]) for left, right in pairwise(edges) if left[1] < right[0]]
