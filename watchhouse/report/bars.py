"""Bars: counts per stretch of time, one colour per series, stacked."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from watchhouse.report import colour
from watchhouse.report.panel import Panel, Table
from watchhouse.report.sheet import Sheet, milliseconds, table_of, time_axis, value_axis
from watchhouse.report.window import Window


def bar_layers(
    panel: Panel, table: Table, series: Sequence[str], window: Window, sheet: Sheet
) -> list[Any]:
    """Stacked bars from `x` to `x2`, the series upwards in the order of the rows."""
    rows, tops = [], dict[int, float]()
    for record in table.records():
        start, end = (milliseconds(record[panel.get(key)]) for key in ("x", "x2"))
        name, value = panel.series_of(record), float(record[panel.get("y")])
        bottom = tops.get(start, 0.0)
        tops[start] = bottom + value
        tip = f"{record[panel.get('x')]:%d %b %H:%M}Z {name}: {value:,g}"
        gap = (end - start) // 10  # a bar of a series apart from its neighbour
        place = {"from": start + gap, "to": end - gap, "y": bottom, "y2": tops[start]}
        rows.append({**place, "series": name, "tip": tip})
    scale = alt.Scale(domain=[*series], range=[*colour.SERIES])
    bars = alt.Chart(table_of(rows)).mark_rect()
    return [
        bars.encode(
            time_axis("from", window, sheet),
            value_axis("y", [*tops.values()], sheet, zero=True),
            alt.Color("series:N", legend=None, scale=scale),
            x2="to:Q",
            y2="y2:Q",
            description="tip:N",
        )
    ]
