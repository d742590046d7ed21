"""What a report says of each bot: its verdict and its panels, each run, compared and drawn."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from watchhouse.backtest import instants
from watchhouse.catalog import Catalog, read_catalog
from watchhouse.causes import root_cause
from watchhouse.check import run_checks
from watchhouse.finding import JUDGED
from watchhouse.instant import short
from watchhouse.report import words
from watchhouse.report.compare import beside
from watchhouse.report.draw import DRAWN, Drawing, draw
from watchhouse.report.judged import judge_window, store_judged, store_states
from watchhouse.report.marks import Marks, read_marks
from watchhouse.report.panel import Panel, Table, load_panels, run_panel
from watchhouse.report.spans import Span, unusable
from watchhouse.report.window import Window
from watchhouse.verdict import Verdict

MOST_ROWS = 1000
_COARSER = 4  # the window before is judged at so many times fewer instants

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Shown:
    """A panel as the template needs it; `nothing` says why it has no rows."""

    panel: Panel
    place: str
    table: Table
    cells: list[list[str]]
    drawing: Drawing | None
    nothing: str | None


@dataclass(frozen=True)
class Section:
    """One bot: what is wrong with it in a sentence, its figures, its panels."""

    bot: str
    verdict: Verdict
    sentence: str
    since: str | None
    panels: list[Shown]

    @property
    def figures(self) -> list[dict[str, Any]]:
        """The rows of the panels of figures: figure, value, before, unit, detail, coverage."""
        return [row for one in self.panels if one.panel.chart == "figures" for row in
                one.table.records()]  # fmt: skip


@dataclass(frozen=True)
class Maker:
    """What every section is made with; `before` are the verdicts of the window before."""

    connection: duckdb.DuckDBPyConnection
    catalog: Catalog
    window: Window
    panels: Sequence[Panel]
    verdicts: Sequence[Verdict]
    before: Sequence[Verdict]


def make_maker(connection: duckdb.DuckDBPyConnection, project: Path, window: Window) -> Maker:
    """Judge the window, and more coarsely the one before it if there are data of it."""
    catalog = read_catalog(connection)
    verdicts = judge_window(connection, catalog, window)
    before: list[Verdict] = []
    if window.since == window.asked_since:
        was = window.before
        grid = instants(was.since, was.until, window.step * _COARSER)
        before = run_checks(connection, catalog, grid)
    panels = load_panels(project / "reports" / "panels")
    return Maker(connection, catalog, window, panels, verdicts, before)


def make_sections(
    maker: Maker, names: Sequence[str], until: datetime, progress: Progress | None
) -> Iterator[Section]:
    """A section per bot; `progress` is called with (panels done, panels in all)."""
    for number, bot in enumerate(names):
        last = run_checks(maker.connection, maker.catalog, [until], bot)[0]
        was = _before(maker, bot)
        store_judged(maker.connection, maker.catalog, bot, maker.verdicts, last)
        marks = read_marks(maker.connection, bot, maker.window)
        shown = []
        for place, panel in enumerate(maker.panels):
            name = f"b{number}-{panel.name}"
            shown.append(_show(maker, panel, bot, name, was.get(panel.name), marks))
            if progress:
                progress(number * len(maker.panels) + place + 1, len(names) * len(maker.panels))
        yield Section(bot, last, *in_a_sentence(last), shown)


def _before(maker: Maker, bot: str) -> dict[str, Table]:
    """The compared panels over the window before; nothing where nothing is known of it."""
    if not maker.before:
        return {}
    store_states(maker.connection, maker.catalog, bot, maker.before)
    window = maker.window.before
    compared = [panel for panel in maker.panels if panel.compared]
    return {panel.name: run_panel(maker.connection, panel, window, bot) for panel in compared}


def _show(
    maker: Maker, panel: Panel, bot: str, place: str, before: Table | None, marks: Marks
) -> Shown:
    table = run_panel(maker.connection, panel, maker.window, bot)
    holes = unusable(maker.connection, bot, panel.needs, maker.window)
    if not table.rows or _is_all_zero(panel, table):
        return Shown(panel, place, table, [], None, _nothing(panel, holes, maker.window))
    is_drawn = panel.chart in DRAWN
    drawing = draw(panel, table, holes, maker.window, place, marks) if is_drawn else None
    table = beside(panel, table, before)
    rows = table.rows
    if drawing and drawing.rows is not None:
        rows = [rows[number] for number in drawing.rows]
    cells = [[*map(words.cell, row, table.columns)] for row in rows[:MOST_ROWS]]
    return Shown(panel, place, table, cells, drawing, None)


def _is_all_zero(panel: Panel, table: Table) -> bool:
    """An empty chart says less than the word none."""
    return panel.chart == "step" and not any(table.column(panel.get("y")))


def _nothing(panel: Panel, holes: Sequence[Span], window: Window) -> str:
    if not panel.needs or holes == [(window.since, window.until)]:
        return "Unknown: nothing about it was read in this span."
    return f"None in {'the parts of the span that were read' if holes else 'this span'}."


def in_a_sentence(verdict: Verdict) -> tuple[str, str | None]:
    """What a verdict comes to: its root cause, or why there is none; and since when."""
    root = root_cause(verdict.findings)
    if verdict.verdict in JUDGED and root is not None:
        return f"{words.sentence(root.check)}: {root.reason}", short(root.since, verdict.as_of)
    if verdict.unknown:
        doubtful = {one.check for one in verdict.unknown}
        many = f"{len(doubtful)} of {verdict.checks} checks"
        said = "nothing could be judged" if None in doubtful else f"{many} could not be judged"
        return f"{said}: {verdict.unknown[0].why}", None
    return f"{verdict.checks} checks, and none of them has anything to object", None
