"""Lanes: states over time, told apart by height and outline as well as by colour."""

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


def lane_layers(panel: Panel, table: Table, window: Window, sheet: Sheet) -> tuple[list[Any], int]:
    """The layers and their height; lanes come in the order of the rows, names above them."""
    records = [*table.records()]
    names = [*dict.fromkeys(str(record[panel.get("y")]) for record in records)]
    row = sheet.font + 32
    height = row * len(names)
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], reverse=True, nice=False))
    words = [
        {"at": milliseconds(window.since), "y": i * row, "name": n} for i, n in enumerate(names)
    ]
    layers: list[Any] = [
        alt.Chart(table_of(words))
        .mark_text(align="left", baseline="top", fontSize=sheet.font, color=colour.INK, aria=False)
        .encode(time_axis("at", window, sheet), y, text="name:N")
    ]
    for state, (tall, look) in LOOKS.items():
        middles = {name: i * row + sheet.font + 12 for i, name in enumerate(names)}
        cells = [r for r in records if r[panel.get("state")] == state]
        rows = [
            _cell(panel, r, middles[str(r[panel.get("y")])], tall, window, sheet) for r in cells
        ]
        if rows:
            layers.append(
                alt.Chart(table_of(rows))
                .mark_rect(**look)
                .encode(
                    time_axis("from", window, sheet),
                    y,
                    x2="to:Q",
                    y2="y2:Q",
                    description="tip:N",
                )
            )
    return layers, height


def _cell(
    panel: Panel, record: dict[str, Any], middle: int, tall: int, window: Window, sheet: Sheet
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
