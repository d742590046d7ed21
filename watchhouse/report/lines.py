"""Lines and steps: a value over time, broken where nothing is known."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import altair as alt

from watchhouse.report import colour
from watchhouse.report.points import Point
from watchhouse.report.sheet import Sheet, milliseconds, table_of, time_axis, value_axis
from watchhouse.report.window import Window

DASHES = ((1, 0), (7, 3), (2, 3), (7, 3, 2, 3), (12, 3), (4, 6), (1, 4))


def line_layers(
    points: Sequence[Point], series: Sequence[str], window: Window, sheet: Sheet, *, zero: bool
) -> list[Any]:
    """A line per series and part; diamonds and words at the flags. `zero` fills a lone series."""
    rows = [
        {"at": milliseconds(p.at), "value": p.value, "series": p.series, "part": p.part}
        for p in points
    ]
    y = value_axis("value", [p.value for p in points], sheet, zero=zero)
    base = alt.Chart(table_of(rows)).encode(
        time_axis("at", window, sheet), y, _coloured(series), detail="part:N"
    )
    dash = alt.StrokeDash(
        "series:N", legend=None, scale=alt.Scale(domain=[*series], range=[*map(list, DASHES)])
    )
    layers: list[Any] = [
        base.mark_line(aria=False, strokeWidth=1.8, strokeJoin="round").encode(dash)
    ]
    if zero and len(series) == 1:
        layers.insert(0, base.mark_area(aria=False, opacity=0.16))
    return [*layers, *_alone(points, series, window, sheet), *_flags(points, window, sheet)]


def _coloured(series: Sequence[str]) -> alt.Color:
    scale = alt.Scale(domain=[*series], range=[*colour.SERIES])
    return alt.Color("series:N", legend=None, scale=scale)


def _alone(
    points: Sequence[Point], series: Sequence[str], window: Window, sheet: Sheet
) -> list[Any]:
    """A part of one point has no line: it gets a dot."""
    parts = [[*group] for _, group in groupby(points, key=lambda p: (p.series, p.part))]
    rows = [
        {"at": milliseconds(part[0].at), "value": part[0].value, "series": part[0].series}
        for part in parts
        if len(part) == 1
    ]
    dots = alt.Chart(table_of(rows)).mark_point(size=22, filled=True, opacity=1, aria=False)
    place = time_axis("at", window, sheet), alt.Y("value:Q"), _coloured(series)
    return [dots.encode(*place)] if rows else []


def _flags(points: Sequence[Point], window: Window, sheet: Sheet) -> list[Any]:
    flagged = [p for p in points if p.flag]
    if not flagged:
        return []
    rows = [
        {
            "at": milliseconds(p.at),
            "value": p.value,
            "tip": f"{p.at:%d %b %H:%M:%S}Z {p.value:,.2f}: {p.flag}",
        }
        for p in flagged
    ]
    marks = alt.Chart(table_of(rows)).mark_point(
        shape="diamond", size=64, strokeWidth=1.8, color=colour.CRIT, opacity=1
    )
    at = time_axis("at", window, sheet), alt.Y("value:Q")
    return [marks.encode(*at, description="tip:N"), *_labels(flagged, window, sheet)]


def _labels(flagged: Sequence[Point], window: Window, sheet: Sheet) -> list[Any]:
    """The words of the first few flags, towards the middle of the chart."""
    labelled = [p for p in flagged if p.label][: sheet.labels]
    border = window.since + (window.until - window.since) * 0.8
    early = [p for p in labelled if p.at <= border]
    late = [p for p in labelled if p.at > border]
    look: dict[str, Any] = {"fontSize": sheet.font, "fontWeight": "bold", "color": colour.INK}
    layers = []
    sides: list[tuple[list[Point], dict[str, Any]]] = [
        (early, {"align": "left", "dx": 9}),
        (late, {"align": "right", "dx": -9}),
    ]
    for some, side in sides:
        rows = [{"at": milliseconds(p.at), "value": p.value, "label": p.label} for p in some]
        words = alt.Chart(table_of(rows)).mark_text(aria=False, **look, **side)
        place = time_axis("at", window, sheet), alt.Y("value:Q")
        layers += [words.encode(*place, text="label:N")] if rows else []
    return layers
