"""Read-only SQL on the published warehouse."""

import csv
import json
from collections.abc import Iterator
from typing import TextIO

import duckdb

from ingest.errors import WatchhouseError
from watchhouse.catalog import first_line
from watchhouse.verdict import plain

_BATCH = 10_000
_EVERY_ROW = 1_000_000


def run_sql(connection: duckdb.DuckDBPyConnection, query: str, style: str, out: TextIO) -> None:
    """Run a query and write its rows to `out` as `table`, `csv` or `json`.

    Raises `WatchhouseError` with DuckDB's own message when the query fails.
    """
    try:
        if style == "table":
            _write_table(connection, query, out)
        elif style == "csv":
            _write_csv(connection.execute(query), out)
        else:
            _write_json(connection.execute(query), out)
    except duckdb.Error as error:
        raise WatchhouseError(first_line(error), "show tables; describe <table>") from error


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while batch := result.fetchmany(_BATCH):
        yield from batch


def _write_table(connection: duckdb.DuckDBPyConnection, query: str, out: TextIO) -> None:
    relation: duckdb.DuckDBPyRelation | None = connection.sql(query)
    if relation is None:  # a statement without rows
        return
    # A pipe gets every row at full width; a terminal what fits.
    if out.isatty():
        relation.show()
    else:
        relation.show(max_width=100_000, max_rows=_EVERY_ROW, max_col_width=100_000)


def _write_csv(result: duckdb.DuckDBPyConnection, out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column[0] for column in result.description or ()])
    for row in _rows(result):
        writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    value = plain(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _write_json(result: duckdb.DuckDBPyConnection, out: TextIO) -> None:
    names = [column[0] for column in result.description or ()]
    separator = "["
    for row in _rows(result):
        record = {name: plain(value) for name, value in zip(names, row, strict=True)}
        out.write(separator + json.dumps(record, ensure_ascii=False))
        separator = ",\n "
    out.write("[]\n" if separator == "[" else "]\n")
