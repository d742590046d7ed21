"""A panel: one SQL file whose header says what its chart shows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import duckdb

from ingest.errors import WatchhouseError
from watchhouse.catalog import first_line
from watchhouse.report.window import Window

# What the header must say for each kind of chart, beside title and unit.
NEEDED = {
    "figures": (),
    "findings": (),
    "table": (),
    "matrix": ("row", "column", "value"),
    "funnel": ("row", "value"),
    "meter": ("row", "value", "limit"),
    "lanes": ("x", "x2", "y", "state", "states"),
    "strip": ("x", "x2", "y", "state", "states"),
    "line": ("x", "y", "gap"),
    "step": ("x", "x2", "y"),
    "bars": ("x", "x2", "y"),
}
_OPTIONAL = ("note", "series", "flag", "flags", "label", "needs", "compare")
_KEYS = {"title", "unit", "chart", *_OPTIONAL}.union(*NEEDED.values())
_COLUMNS = ("x", "x2", "y", "state", "series", "flag", "label", "row", "column", "value", "limit")
_ENTRY = re.compile(r"-- *([a-z0-9]+): *(.*)")
_PARAMETER = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True)
class Panel:
    """A question, how to draw its answer, and the SQL that gives it ($bot, $since, $until)."""

    name: str
    chart: str
    header: dict[str, str]
    sql: str

    @property
    def title(self) -> str:
        """The question."""
        return self.header["title"]

    @property
    def compared(self) -> tuple[str, ...]:
        """Columns that are shown beside those of the window before."""
        return tuple(self.header.get("compare", "").replace(",", " ").split())

    @property
    def needs(self) -> tuple[str, ...]:
        """Surfaces without which the panel knows nothing: it is grey while one is unusable."""
        return tuple(self.header.get("needs", "").replace(",", " ").split())

    def get(self, key: str) -> str:
        """An entry of the header, empty when it is not there."""
        return self.header.get(key, "")

    def series_of(self, record: dict[str, Any]) -> str:
        """The series that a row belongs to; without a column for it there is one, named as `y`."""
        return str(record[self.get("series")]) if self.get("series") else self.get("y")


@dataclass(frozen=True)
class Table:
    """The rows of a panel in the order of its SQL."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows as name to value."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def folded(self, x: str, x2: str) -> "Table":
        """Rows that follow each other in time, equal but for `x` and `x2`, as one."""
        starts, ends = self.columns.index(x), self.columns.index(x2)
        rows: list[tuple[Any, ...]] = []
        for row in self.rows:
            if (
                rows
                and rows[-1][ends] == row[starts]
                and _equal_beside(rows[-1], row, starts, ends)
            ):
                rows[-1] = (*rows[-1][:ends], row[ends], *rows[-1][ends + 1 :])
            else:
                rows.append(row)
        return Table(self.columns, rows)

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


def _equal_beside(one: tuple[Any, ...], other: tuple[Any, ...], *places: int) -> bool:
    return all(a == b for i, (a, b) in enumerate(zip(one, other, strict=True)) if i not in places)


def load_panels(folder: Path) -> list[Panel]:
    """Every panel of a folder, in the order of the names.

    Raises `WatchhouseError` when there is none, or one whose header does not say what it must.
    """
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise WatchhouseError(f"no panels in {folder}", "WATCHHOUSE_PROJECT names the checkout")
    return [parse_panel(file.stem, file.read_text(encoding="utf-8")) for file in files]


def parse_panel(name: str, text: str) -> Panel:
    """Read the header of a panel; raises `WatchhouseError` naming what is wrong in it."""
    header = _header(text)
    chart = header.get("chart", "")
    if chart not in NEEDED:
        raise _wrong(name, f"chart `{chart}` is none of {', '.join(NEEDED)}")
    absent = [key for key in ("title", "unit", *NEEDED[chart]) if not header.get(key)]
    if absent:
        raise _wrong(name, f"the header lacks `{absent[0]}`")
    unknown = set(_PARAMETER.findall(text)) - {"bot", "since", "until"}
    if unknown:
        raise _wrong(name, f"parameter ${min(unknown)} is none of $bot, $since, $until")
    return Panel(name, chart, header, text.strip())


def _header(text: str) -> dict[str, str]:
    header: dict[str, str] = {}
    key = ""
    for line in takewhile(lambda line: line.startswith("--"), text.strip().splitlines()):
        match = _ENTRY.match(line)
        if match and match[1] in _KEYS:
            key, header[match[1]] = match[1], match[2].strip()
        elif key:
            header[key] = f"{header[key]} {line.lstrip('-').strip()}"
    return header


def run_panel(
    connection: duckdb.DuckDBPyConnection, panel: Panel, window: Window, bot: str
) -> Table:
    """The panel's rows for one bot; raises `WatchhouseError` with DuckDB's own words."""
    values = {"bot": bot, "since": window.since, "until": window.until}
    used = set(_PARAMETER.findall(panel.sql))
    try:
        result = connection.execute(panel.sql, {name: values[name] for name in sorted(used)})
        table = Table(tuple(column[0] for column in result.description), result.fetchall())
    except duckdb.Error as error:
        raise _wrong(panel.name, first_line(error)) from error
    _require_columns(panel, table.columns)
    return table.folded(panel.get("x"), panel.get("x2")) if panel.chart == "step" else table


def _require_columns(panel: Panel, columns: Sequence[str]) -> None:
    for key in _COLUMNS:
        if panel.get(key) and panel.get(key) not in columns:
            raise _wrong(panel.name, f"`{key}` names `{panel.get(key)}`, which is no column")


def _wrong(name: str, what: str) -> WatchhouseError:
    return WatchhouseError(f"panel {name}: {what}", f"reports/panels/{name}.sql")
