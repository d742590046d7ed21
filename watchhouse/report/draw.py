"""From the rows of a panel to its chart: one SVG for desks, one for phones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import vl_convert

from watchhouse.report import colour
from watchhouse.report.bars import bar_layers
from watchhouse.report.lanes import LOOKS, lane_layers
from watchhouse.report.lines import DASHES, line_layers
from watchhouse.report.panel import Panel, Table
from watchhouse.report.points import line_points, patience, step_points, thinned
from watchhouse.report.sheet import DESK, PHONE, Sheet, bands, finish
from watchhouse.report.spans import Span, silent
from watchhouse.report.svg import tidy
from watchhouse.report.window import Window

_HEIGHTS = {DESK: 220, PHONE: 170}


@dataclass(frozen=True)
class Key:
    """One entry of a legend; the shape says it without the colour."""

    shape: str
    words: str
    colour: str = colour.INK
    dash: str = ""


@dataclass(frozen=True)
class Plan:
    """A chart before it has a size: its layers and height on a sheet, what its marks mean."""

    layers: Callable[[Sheet], tuple[list[Any], int]]
    keys: tuple[Key, ...]
    rows: tuple[int, ...] | None = None  # places of the rows that are drawn; None means all


@dataclass(frozen=True)
class Drawing:
    """The chart of a panel at every size, and its legend."""

    svgs: tuple[str, ...]
    keys: tuple[Key, ...]
    rows: tuple[int, ...] | None


def draw(panel: Panel, table: Table, holes: Sequence[Span], window: Window, name: str) -> Drawing:
    """Draw a panel of kind line, step, bars or lanes; `name` is its own on the page."""
    plan = _KINDS[panel.chart](panel, table, holes, window)
    svgs = []
    for sheet in (DESK, PHONE):
        spec = finish(*plan.layers(sheet), sheet)
        svg = vl_convert.vegalite_to_svg(spec, vl_version="6.4", allowed_base_urls=[])
        svgs.append(tidy(svg, f"{name}-{sheet.name}", panel.title, sheet.name))
    return Drawing(tuple(svgs), plan.keys, plan.rows)


def _line(panel: Panel, table: Table, holes: Sequence[Span], window: Window) -> Plan:
    points = line_points(panel, table)
    series = [*dict.fromkeys(point.series for point in points)]
    quiet = silent(sorted(point.at for point in points), window, patience(panel))

    def layers(sheet: Sheet) -> tuple[list[Any], int]:
        drawn = line_layers(thinned(points, sheet.points), series, window, sheet, zero=False)
        return bands(quiet, window, sheet) + drawn, _HEIGHTS[sheet]

    kept = {(point.series, point.at) for point in thinned(points, DESK.points)}
    keys = _line_keys(series) + _flag_key(panel, any(p.flag for p in points)) + _hole_key(quiet)
    return Plan(layers, keys, _places(panel, table, kept))


def _step(panel: Panel, table: Table, holes: Sequence[Span], window: Window) -> Plan:
    points = step_points(panel, table, holes)
    series = [*dict.fromkeys(point.series for point in points)]

    def layers(sheet: Sheet) -> tuple[list[Any], int]:
        drawn = line_layers(thinned(points, sheet.points), series, window, sheet, zero=True)
        return bands(holes, window, sheet) + drawn, _HEIGHTS[sheet]

    kept = {(point.series, point.at) for point in thinned(points, DESK.points)}
    keys = (_line_keys(series) if len(series) > 1 else ()) + _hole_key(holes)
    return Plan(layers, keys, _places(panel, table, kept))


def _bars(panel: Panel, table: Table, holes: Sequence[Span], window: Window) -> Plan:
    series = [*dict.fromkeys(map(panel.series_of, table.records()))]

    def layers(sheet: Sheet) -> tuple[list[Any], int]:
        drawn = bar_layers(panel, table, series, window, sheet)
        return bands(holes, window, sheet) + drawn, _HEIGHTS[sheet]

    blocks = zip(series, colour.SERIES, strict=False)
    return Plan(layers, tuple(Key("block", *pair) for pair in blocks) + _hole_key(holes))


def _lanes(panel: Panel, table: Table, holes: Sequence[Span], window: Window) -> Plan:
    words = dict(entry.strip().split("=") for entry in panel.get("states").split(","))
    seen = set(table.column(panel.get("state")))
    keys = tuple(Key(state, words[state]) for state in LOOKS if state in seen and state in words)
    return Plan(lambda sheet: lane_layers(panel, table, window, sheet), keys)


_KINDS = {"line": _line, "step": _step, "bars": _bars, "lanes": _lanes}


def _places(panel: Panel, table: Table, kept: set[tuple[str, Any]]) -> tuple[int, ...]:
    x = panel.get("x")
    records = enumerate(table.records())
    return tuple(place for place, r in records if (panel.series_of(r), r[x]) in kept)


def _line_keys(series: Sequence[str]) -> tuple[Key, ...]:
    looks = zip(series, colour.SERIES, DASHES, strict=False)
    return tuple(Key("line", name, tint, " ".join(map(str, d))) for name, tint, d in looks)


def _flag_key(panel: Panel, is_flagged: bool) -> tuple[Key, ...]:
    return (Key("flag", panel.get("flags")),) if is_flagged and panel.get("flags") else ()


def _hole_key(holes: Sequence[Span]) -> tuple[Key, ...]:
    return (Key("hole", "no data"),) if holes else ()
