"""The rows of an answer as table, csv, json, jsonl or parquet."""

# ruff: noqa: PLC0415  (pyarrow takes a moment, and only parquet needs it)

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import TextIO

import duckdb

from ingest.errors import WatchhouseError
from watchhouse.verdict import plain

_BATCH = 10_000
_EVERY_ROW = 1_000_000


def write_answer(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, style: str, out: TextIO
) -> None:
    """Run the statement and write its rows to `out` in one of `STYLES`.

    Raises what DuckDB raises, and `WatchhouseError` for a type that the style cannot hold.
    """
    STYLES[style](connection, statement, out)


def _table(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, out: TextIO) -> None:
    if statement.type.name == "EXPLAIN":
        out.writelines(f"{plan}\n" for _, plan in connection.execute(statement).fetchall())
        return
    relation = connection.sql(statement)
    with redirect_stdout(out):
        # A pipe gets every row at full width; a terminal what fits.
        if out.isatty():
            relation.show()
        else:
            relation.show(max_width=100_000, max_rows=_EVERY_ROW, max_col_width=100_000)


def _csv(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, out: TextIO) -> None:
    result = connection.execute(statement)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_names(result))
    for row in _rows(result):
        writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    value = plain(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _json(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, out: TextIO) -> None:
    separator = "["
    for record in _records(connection.execute(statement)):
        out.write(separator + record)
        separator = ",\n "
    out.write("[]\n" if separator == "[" else "]\n")


def _jsonl(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, out: TextIO) -> None:
    out.writelines(f"{record}\n" for record in _records(connection.execute(statement)))


def _parquet(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, out: TextIO
) -> None:
    import pyarrow
    from pyarrow import parquet

    if out.isatty():
        raise WatchhouseError("Parquet is nothing for a terminal", "--out FILE")
    reader = connection.execute(statement).to_arrow_reader(_BATCH * 10)
    try:
        with parquet.ParquetWriter(out.buffer, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
    except pyarrow.ArrowNotImplementedError as error:
        raise WatchhouseError(f"Parquet cannot hold this: {error}", "cast it in the query") from (
            error
        )


def _records(result: duckdb.DuckDBPyConnection) -> Iterator[str]:
    names = _names(result)
    for row in _rows(result):
        record = {name: plain(value) for name, value in zip(names, row, strict=True)}
        yield json.dumps(record, ensure_ascii=False)


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while batch := result.fetchmany(_BATCH):
        yield from batch


def _names(result: duckdb.DuckDBPyConnection) -> list[str]:
    return [column[0] for column in result.description or ()]


_Writer = Callable[[duckdb.DuckDBPyConnection, duckdb.Statement, TextIO], None]
STYLES: dict[str, _Writer] = {
    "table": _table, "csv": _csv, "json": _json, "jsonl": _jsonl, "parquet": _parquet,
}  # fmt: skip
