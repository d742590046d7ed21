"""The page: every panel's rows, drawn and tabled, with the verdict on top and the SQL below."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from watchhouse.instant import iso
from watchhouse.report import words
from watchhouse.report.sections import (
    MOST_ROWS,
    Maker,
    Progress,
    Section,
    in_a_sentence,
    make_maker,
    make_sections,
)
from watchhouse.report.template import render
from watchhouse.report.window import Window, find_window
from watchhouse.verdict import Verdict

_VERSIONS = "select * from meta.published order by all"


@dataclass(frozen=True)
class Report:
    """A finished page, its window, the verdict at the end of it, and what it says of each bot."""

    html: str
    window: Window
    verdict: str
    sections: tuple[Section, ...]


def make_report(
    connection: duckdb.DuckDBPyConnection,
    project: Path,
    span: str,
    until: datetime | None,
    bot: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Make the page of a span (`24h`, `FROM..TO`) up to `until` (UTC), for all bots or for one.

    The same warehouse and the same arguments give the same text. `progress` is called with
    (panels done, panels in all). Raises `WatchhouseError` for a bad span or a panel that fails.
    """
    window = find_window(connection, span, until, bot)
    maker = make_maker(connection, project, window)
    names = [bot] if bot else sorted(maker.verdicts[-1].bots)
    sections = tuple(make_sections(maker, names, window.until, progress))
    whole = sections[0].verdict if bot else maker.verdicts[-1]
    return Report(_page(project, maker, sections, whole), window, whole.verdict, sections)


def _page(project: Path, maker: Maker, sections: Sequence[Section], verdict: Verdict) -> str:
    sentence = in_a_sentence(verdict)[0]
    itself = {
        "verdict": verdict.verdict,
        "span": maker.window.label,
        "until": iso(maker.window.until),
        "bots": ", ".join(section.bot for section in sections),
        "sentence": words.capital(sentence)[:200],
    }
    return render(
        project,
        "page.html.j2",
        itself=json.dumps(itself, ensure_ascii=False),
        window=maker.window,
        has_before=bool(maker.before),
        sections=sections,
        verdict=verdict,
        sentence=sentence,
        panels=maker.panels,
        checks=len(maker.catalog.checks),
        versions=_versions(maker.connection),
        most_rows=MOST_ROWS,
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
