"""From the rows of a panel to its chart: one SVG for desks, one for phones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import vl_convert
from altair.utils.schemapi import debug_mode

from watchhouse.report import colour
from watchhouse.report.bars import bar_layers
from watchhouse.report.lanes import LANES, LOOKS, STRIPS, lane_layers
from watchhouse.report.lines import DASHES, line_layers
from watchhouse.report.marks import Marks, mark_kinds, mark_layers
from watchhouse.report.panel import Panel, Table
from watchhouse.report.points import line_points, patience, step_points, thinned
from watchhouse.report.sheet import DESK, PHONE, Sheet, bands, finish
from watchhouse.report.spans import Span, silent
from watchhouse.report.svg import tidy
from watchhouse.report.window import Window

_NAMES_LEFT = 250


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
    left: int | None = None  # room for names on the left, where there is room at all


@dataclass(frozen=True)
class Drawing:
    """The chart of a panel at every size, and its legend."""

    svgs: tuple[str, ...]
    keys: tuple[Key, ...]
    rows: tuple[int, ...] | None


def draw(
    panel: Panel,
    table: Table,
    holes: Sequence[Span],
    window: Window,
    name: str,
    marks: Marks | None = None,
) -> Drawing:
    """Draw a panel of one of the kinds in DRAWN; `name` is its own on the page."""
    plan = _KINDS[panel.chart](panel, table, holes, window)
    marks = marks or Marks()
    if panel.chart in ("lanes", "strip"):  # their lanes say the verdict themselves
        marks = replace(marks, states=())
    svgs = []
    for sheet in (DESK, PHONE):
        wide = replace(sheet, left=plan.left) if plan.left and sheet is DESK else sheet
        with debug_mode(False):  # altair's own tests of each part cost more than the drawing
            layers, height = plan.layers(wide)
            spec = finish([*layers, *mark_layers(marks, window, wide)], height, wide)
        svg = vl_convert.vegalite_to_svg(spec, vl_version="6.4", allowed_base_urls=[])
        svgs.append(tidy(svg, f"{name}-{sheet.name}", panel.title, sheet.name))
    keys = plan.keys + tuple(Key(*pair) for pair in mark_kinds(marks))
    return Drawing(tuple(svgs), keys, plan.rows)


def _line(panel: Panel, table: Table, holes: Sequence[Span], window: Window) -> Plan:
    points = line_points(panel, table)
    series = [*dict.fromkeys(point.series for point in points)]
    quiet = silent(sorted(point.at for point in points), window, patience(panel))

    def layers(sheet: Sheet) -> tuple[list[Any], int]:
        drawn = line_layers(thinned(points, sheet.points), series, window, sheet, zero=False)
        return bands(quiet, window, sheet) + drawn, _height(sheet)

    kept = {(point.series, point.at) for point in thinned(points, DESK.points)}
    keys = _line_keys(series) + _flag_key(panel, any(p.flag for p in points)) + _hole_key(quiet)
    return Plan(layers, keys, _places(panel, table, kept))


def _step(panel: Panel, table: Table, holes: Sequence[Span], window: Window) -> Plan:
    points = step_points(panel, table, holes)
    series = [*dict.fromkeys(point.series for point in points)]

    def layers(sheet: Sheet) -> tuple[list[Any], int]:
        drawn = line_layers(thinned(points, sheet.points), series, window, sheet, zero=True)
        return bands(holes, window, sheet) + drawn, _height(sheet)

    kept = {(point.series, point.at) for point in thinned(points, DESK.points)}
    keys = (_line_keys(series) if len(series) > 1 else ()) + _hole_key(holes)
    return Plan(layers, keys, _places(panel, table, kept))


def _bars(panel: Panel, table: Table, holes: Sequence[Span], window: Window) -> Plan:
    series = [*dict.fromkeys(map(panel.series_of, table.records()))]

    def layers(sheet: Sheet) -> tuple[list[Any], int]:
        drawn = bar_layers(panel, table, series, window, sheet)
        return bands(holes, window, sheet) + drawn, _height(sheet)

    blocks = zip(series, colour.SERIES, strict=False)
    return Plan(layers, tuple(Key("block", *pair) for pair in blocks) + _hole_key(holes))


def _height(sheet: Sheet) -> int:
    return 170 if sheet is PHONE else 220


def _strip(panel: Panel, table: Table, holes: Sequence[Span], window: Window) -> Plan:
    def layers(sheet: Sheet) -> tuple[list[Any], int]:
        return lane_layers(panel, table, window, sheet, STRIPS[sheet.name])

    return replace(_lanes(panel, table, holes, window), layers=layers, left=_NAMES_LEFT)


def _lanes(panel: Panel, table: Table, holes: Sequence[Span], window: Window) -> Plan:
    words = dict(entry.strip().split("=") for entry in panel.get("states").split(","))
    seen = set(table.column(panel.get("state")))
    keys = tuple(Key(state, words[state]) for state in LOOKS if state in seen and state in words)
    return Plan(lambda sheet: lane_layers(panel, table, window, sheet, LANES[sheet.name]), keys)


_KINDS = {"line": _line, "step": _step, "bars": _bars, "lanes": _lanes, "strip": _strip}
DRAWN = tuple(_KINDS)


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
