"""Lanes: states over time, told apart by height and outline as well as by colour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import altair as alt

from watchhouse.report import colour
from watchhouse.report.panel import Panel, Table
from watchhouse.report.sheet import Sheet, milliseconds, table_of, time_axis
from watchhouse.report.window import Window

# Height of a state within its lane, its fill and its outline; the worst is drawn last.
LOOKS: dict[str, tuple[int, dict[str, Any]]] = {
    "not applicable": (0, {"fill": None, "stroke": colour.UNKNOWN, "strokeDash": [1, 5]}),
    "unknown": (
        16,
        {"fill": colour.BAND, "stroke": colour.UNKNOWN, "strokeDash": [3, 2], "strokeWidth": 1},
    ),
    "ok": (3, {"fill": colour.OK, "stroke": None}),
    "warn": (9, {"fill": colour.WARN, "stroke": None}),
    "crit": (16, {"fill": colour.CRIT, "stroke": None}),
}
_LEAST_PIXELS = 2.5  # a state of seconds must be seen on a month's chart


@dataclass(frozen=True)
class Layout:
    """Height of a lane, where in it the middle of its state is, how tall; names above or left."""

    row: int
    middle: int
    scale: float
    is_left: bool = False


LANES = {"desk": Layout(44, 24, 1), "phone": Layout(43, 23, 1)}
STRIPS = {"desk": Layout(17, 8, 0.7, is_left=True), "phone": Layout(27, 18, 0.6)}


def lane_layers(
    panel: Panel, table: Table, window: Window, sheet: Sheet, layout: Layout
) -> tuple[list[Any], int]:
    """The layers and their height; lanes come in the order of the rows."""
    records = [*table.records()]
    names = [*dict.fromkeys(str(record[panel.get("y")]) for record in records)]
    middles = {name: i * layout.row + layout.middle for i, name in enumerate(names)}
    height = layout.row * len(names)
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], reverse=True, nice=False))
    layers: list[Any] = [_names(names, y, window, sheet, layout)]
    for state, (tall, look) in LOOKS.items():
        cells = [record for record in records if record[panel.get("state")] == state]
        rows = [
            _cell(panel, r, middles[str(r[panel.get("y")])], tall * layout.scale, window, sheet)
            for r in cells
        ]
        if rows:
            chart = alt.Chart(table_of(rows)).mark_rect(**look)
            place = time_axis("from", window, sheet), y
            layers.append(chart.encode(*place, x2="to:Q", y2="y2:Q", description="tip:N"))
    return layers, height


def _names(names: list[str], y: alt.Y, window: Window, sheet: Sheet, layout: Layout) -> Any:
    look: dict[str, Any] = {"align": "left", "baseline": "top"}
    if layout.is_left:
        look = {"align": "right", "baseline": "middle", "dx": -8}
    size = sheet.font - (0 if layout.scale == 1 else 1)
    rows = [
        {
            "at": milliseconds(window.since),
            "y": i * layout.row + (layout.middle if layout.is_left else 0),
            "name": name,
        }
        for i, name in enumerate(names)
    ]
    chart = alt.Chart(table_of(rows)).mark_text(fontSize=size, color=colour.INK, aria=False, **look)
    return chart.encode(time_axis("at", window, sheet), y, text="name:N")


def _cell(
    panel: Panel, record: dict[str, Any], middle: int, tall: float, window: Window, sheet: Sheet
) -> dict[str, Any]:
    start: datetime = record[panel.get("x")]
    end: datetime = record[panel.get("x2")]
    least: timedelta = (window.until - window.since) * (_LEAST_PIXELS / sheet.inner)
    why = record.get(panel.get("label"))
    words = f"{record[panel.get('y')]}: {record[panel.get('state')]}"
    tip = f"{words} {start:%d %b %H:%M:%S} to {end:%d %b %H:%M:%S}Z" + (f", {why}" if why else "")
    start = min(start, window.until - least)
    return {
        "from": milliseconds(start),
        "to": milliseconds(max(end, start + least)),
        "y": middle - tall / 2,
        "y2": middle + tall / 2,
        "tip": tip,
    }
