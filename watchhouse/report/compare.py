"""A table beside the same table of the window before."""

from typing import Any

from watchhouse.report.panel import Panel, Table

BEFORE = "before"


def beside(panel: Panel, now: Table, before: Table | None) -> Table:
    """The rows of now, each compared column followed by its value in the window before.

    Rows are matched by their first column; what was only before comes last, with NULL for now.
    Without a table of before nothing is added.
    """
    if not panel.compared or before is None:
        return now
    was = {row[0]: row for row in before.rows}
    seen = {row[0] for row in now.rows}
    nothing: tuple[Any, ...] = (None,) * (len(now.columns) - 1)
    rows = [*now.rows, *((key, *nothing) for key in was if key not in seen)]
    columns: list[str] = []
    for name in now.columns:
        columns += [name, f"{name}_{BEFORE}"] if name in panel.compared else [name]
    return Table(tuple(columns), [_merged(panel, now, row, was.get(row[0])) for row in rows])


def _merged(
    panel: Panel, now: Table, row: tuple[Any, ...], was: tuple[Any, ...] | None
) -> tuple[Any, ...]:
    merged: list[Any] = []
    for place, (name, value) in enumerate(zip(now.columns, row, strict=True)):
        merged.append(value)
        if name in panel.compared:
            merged.append(was[place] if was else None)
    return tuple(merged)
