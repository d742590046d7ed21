"""The page: every panel's rows, drawn and tabled, with the verdict on top and the SQL below."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from watchhouse.catalog import Catalog, read_catalog
from watchhouse.causes import root_cause
from watchhouse.check import run_checks
from watchhouse.finding import JUDGED
from watchhouse.instant import iso, short
from watchhouse.report import colour, words
from watchhouse.report.draw import Drawing, draw
from watchhouse.report.judged import judge_window, store_judged
from watchhouse.report.panel import Panel, Table, load_panels, run_panel
from watchhouse.report.spans import Span, unusable
from watchhouse.report.window import Window, find_window
from watchhouse.verdict import Verdict

MOST_ROWS = 1000
DRAWN = ("line", "step", "bars", "lanes")
_VERSIONS = "select * from meta.published order by all"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Report:
    """A finished page, its window, and the verdict at the end of it."""

    html: str
    window: Window
    verdict: str


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
    """One bot: what is wrong with it in a sentence, and its panels."""

    bot: str
    verdict: Verdict
    sentence: str
    since: str | None
    panels: list[Shown]


@dataclass(frozen=True)
class _Maker:
    connection: duckdb.DuckDBPyConnection
    catalog: Catalog
    window: Window
    panels: Sequence[Panel]


def make_report(
    connection: duckdb.DuckDBPyConnection,
    project: Path,
    span: str,
    until: datetime,
    bot: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Make the page of the span that ends at `until` (UTC), for all bots or for one.

    The same warehouse and the same arguments give the same text. `progress` is called with
    (panels done, panels in all). Raises `WatchhouseError` for a bad span or a panel that fails.
    """
    window = find_window(connection, span, until, bot)
    panels = load_panels(project / "reports" / "panels")
    maker = _Maker(connection, read_catalog(connection), window, panels)
    verdicts = judge_window(connection, maker.catalog, window)
    names = [bot] if bot else sorted(verdicts[-1].bots)
    sections = []
    for number, name in enumerate(names):
        last = run_checks(connection, maker.catalog, [until], name)[0]
        store_judged(connection, maker.catalog, name, verdicts, last)
        done = number * len(panels)
        shown = []
        for place, panel in enumerate(panels, 1):
            shown.append(_show(maker, panel, name, f"b{number}-{panel.name}"))
            if progress:
                progress(done + place, len(names) * len(panels))
        sections.append(Section(name, last, *_in_a_sentence(last), shown))
    whole = sections[0].verdict if bot else verdicts[-1]
    return Report(_render(project, maker, sections, whole), window, whole.verdict)


def _show(maker: _Maker, panel: Panel, bot: str, place: str) -> Shown:
    table = run_panel(maker.connection, panel, maker.window, bot)
    holes = unusable(maker.connection, bot, panel.needs, maker.window)
    if not table.rows or _is_all_zero(panel, table):
        return Shown(panel, place, table, [], None, _nothing(panel, holes, maker.window))
    is_drawn = panel.chart in DRAWN
    drawing = draw(panel, table, holes, maker.window, place) if is_drawn else None
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


def _in_a_sentence(verdict: Verdict) -> tuple[str, str | None]:
    root = root_cause(verdict.findings)
    if verdict.verdict in JUDGED and root is not None:
        return f"{words.sentence(root.check)}: {root.reason}", short(root.since, verdict.as_of)
    if verdict.unknown:
        return verdict.unknown[0].why, None
    return f"{verdict.checks} checks, and none of them has anything to object", None


def _render(project: Path, maker: _Maker, sections: Sequence[Section], verdict: Verdict) -> str:
    folder = FileSystemLoader(project / "reports")
    environment = Environment(
        loader=folder,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "svg": Markup,
        "heading": words.heading,
        "figure": words.figure,
        "iso": iso,
        "said": words.sentence,
        "capital": words.capital,
        "cell": lambda value: words.cell(value, ""),
        "short": lambda at: short(at and at.replace(microsecond=0)),
        "duration": lambda delta: words.duration(delta.total_seconds()),
    }
    return environment.get_template("page.html.j2").render(
        window=maker.window,
        sections=sections,
        verdict=verdict,
        sentence=_in_a_sentence(verdict)[0],
        panels=maker.panels,
        checks=len(maker.catalog.checks),
        versions=_versions(maker.connection),
        most_rows=MOST_ROWS,
        colour=colour,
    )


def _versions(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Which data and which checks the page was made from."""
    try:
        result = connection.execute(_VERSIONS)
        columns = [column[0] for column in result.description]
        rows = [[*map(words.cell, row, columns)] for row in result.fetchall()]
        commits = connection.execute("select max(project_commit) from meta.checks").fetchall()
    except duckdb.CatalogException:
        return {"columns": [], "rows": [], "commit": None}
    return {"columns": columns, "rows": rows, "commit": commits[0][0]}
