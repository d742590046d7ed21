"""Rows as Arrow tables, on their way into DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb
import pyarrow as pa

from ingest.store import Row

_TYPES = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
    "blob": pa.binary(),
    "varchar[]": pa.list_(pa.string()),
}


def table_of(rows: Iterable[Row], columns: Mapping[str, str]) -> pa.Table:
    """The rows, of which there must be one, under the columns and types (as DuckDB names them)."""
    arrays = [
        pa.array(column, type=_TYPES[kind])
        for column, kind in zip(zip(*rows, strict=True), columns.values(), strict=True)
    ]
    return pa.Table.from_arrays(arrays, names=list(columns))


def run_over(connection: duckdb.DuckDBPyConnection, batch: pa.Table, statement: str) -> list[Row]:
    """Run a statement that reads `_batch`, once; returns its rows.

    Whatever is registered is held until the transaction ends: a reader over an iterator has nothing
    left by then. `batch.to_reader()` would hold the table.
    """
    batches = iter(batch.to_batches())
    connection.register("_batch", pa.RecordBatchReader.from_batches(batch.schema, batches))
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.unregister("_batch")
