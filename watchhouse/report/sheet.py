"""What every chart shares: its sizes, the time axis, the grey bands, the look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import altair as alt

from watchhouse.report import colour
from watchhouse.report.spans import Span
from watchhouse.report.window import Window

_CLOCK = (
    "utchours(datum.value) == 0 && utcminutes(datum.value) == 0"
    " ? utcFormat(datum.value, '%d %b') : utcFormat(datum.value, '%H:%M')"
)
_LABELLED = 0.12  # a band gets its words when it is at least this share of the span


@dataclass(frozen=True)
class Sheet:
    """A size to draw for; the plot begins `left` from the edge so that all charts line up."""

    name: str
    width: int
    left: int
    font: int
    points: int
    ticks: int
    labels: int
    right: int = 14

    @property
    def inner(self) -> int:
        """Width of the plot itself."""
        return self.width - self.left - self.right


DESK = Sheet("desk", width=960, left=58, font=12, points=1000, ticks=10, labels=10)
PHONE = Sheet("phone", width=360, left=44, font=11, points=300, ticks=4, labels=3)


def milliseconds(at: datetime) -> int:
    """UTC as Vega counts it."""
    return round(at.replace(tzinfo=UTC).timestamp() * 1000)


def table_of(values: Sequence[dict[str, Any]]) -> alt.InlineData:
    """Rows as a chart's data."""
    return alt.InlineData(values=[*values])


def time_axis(field: str, window: Window, sheet: Sheet) -> alt.X:
    """The window, in UTC, the same on every chart of a page."""
    domain = [milliseconds(window.since), milliseconds(window.until)]
    axis = alt.Axis(
        labelExpr=_CLOCK,
        tickCount=sheet.ticks,
        grid=False,
        labelFlush=True,
        labelOverlap="greedy",
        labelSeparation=6,
    )
    return alt.X(
        field, type="temporal", title=None, axis=axis, scale=alt.Scale(type="utc", domain=domain)
    )


def value_axis(field: str, values: Sequence[float], sheet: Sheet, *, zero: bool) -> alt.Y:
    """An axis of amounts; its unit stands in the caption."""
    highest = max(map(abs, values), default=0)
    # Half a position is none: left alone, Vega puts ticks at halves of small counts.
    is_few = zero and highest <= 6 and all(float(value).is_integer() for value in values)
    axis = alt.Axis(
        values=[*range(int(highest) + 1)] if is_few else alt.Undefined,
        tickCount=5 if sheet is DESK else 4,
        domain=False,
        ticks=False,
        format="d" if is_few else "~s" if highest >= 100_000 else alt.Undefined,
    )
    scale = alt.Scale(zero=zero)
    return alt.Y(field, type="quantitative", title=None, stack=False, axis=axis, scale=scale)


def bands(holes: Sequence[Span], window: Window, sheet: Sheet) -> list[alt.Chart]:
    """Grey where nothing is known; the wide ones say so."""
    values = [{"from": milliseconds(a), "to": milliseconds(b)} for a, b in holes]
    length = window.until - window.since
    wide = [
        {"at": milliseconds(a + (b - a) / 2), "words": "no data"}
        for a, b in holes
        if (b - a) / length >= _LABELLED
    ]
    x = time_axis("from", window, sheet)
    area = alt.Chart(table_of(values)).mark_rect(color=colour.BAND, aria=False).encode(x, x2="to:Q")
    words = alt.Chart(table_of(wide)).mark_text(
        color=colour.SOFT, fontSize=sheet.font, aria=False, y=14
    )
    return [
        *([area] if values else []),
        *([words.encode(time_axis("at", window, sheet), text="words:N")] if wide else []),
    ]


def finish(layers: Sequence[Any], height: int, sheet: Sheet) -> dict[str, Any]:
    """The layers as one Vega-Lite chart of the sheet's size."""
    padding = {"left": sheet.left, "right": sheet.right, "top": 14, "bottom": sheet.font + 14}
    chart = alt.layer(*layers).properties(width=sheet.inner, height=height, padding=padding)
    chart = chart.properties(autosize=alt.AutoSizeParams(type="none", contains="content"))
    look: dict[str, Any] = {
        "font": "system-ui, sans-serif",
        "background": None,
        "view": {"stroke": None},
        "axis": {
            "aria": False,
            "labelColor": colour.SOFT,
            "labelFontSize": sheet.font,
            "tickColor": colour.GRID,
            "domainColor": colour.GRID,
            "gridColor": colour.GRID,
        },
    }
    return {**chart.to_dict(validate=False), "config": look}
