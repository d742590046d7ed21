"""The raw schema: its tables, the way into the file that holds them, and how rows get in."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from ingest.errors import WatchhouseError
from ingest.lock import HeldError, writer_lock
from ingest.registry import Source
from ingest.schema import note_version, refuse_other_types, version_of
from ingest.settings import Settings

Row = tuple[Any, ...]

_STATE_FILE = {
    "_bot": "varchar", "_surface": "varchar", "_file": "varchar", "_observed_at": "timestamp",
    "_mtime": "timestamp", "_sha256": "varchar", "_load_id": "bigint",
    "_missing_keys": "varchar[]", "_nonfinite_keys": "varchar[]", "payload": "varchar",
}  # fmt: skip
_LINE = {
    "_bot": "varchar", "_file_id": "varchar", "_file": "varchar", "_offset": "bigint",
    "_length": "bigint", "_observed_at": "timestamp", "_load_id": "bigint",
    "_superseded_at": "timestamp",
}  # fmt: skip
COLUMNS_BY_KIND: dict[str, dict[str, str]] = {
    "snapshot": _STATE_FILE,
    "config": _STATE_FILE,
    "events": _LINE | {"_nonfinite_keys": "varchar[]", "payload": "varchar"},
    "series": {
        "_bot": "varchar", "_surface": "varchar", "_file": "varchar", "_observed_at": "timestamp",
        "_load_id": "bigint", "_sha256": "varchar", "_position": "bigint",
        "_nonfinite_keys": "varchar[]", "payload": "varchar",
    },
    "text": _LINE
    | {"logged_at": "timestamp", "level": "varchar", "tag": "varchar", "message": "varchar"},
}  # fmt: skip
LEDGER: dict[str, dict[str, str]] = {
    "bots": {"_bot": "varchar", "root": "varchar", "path": "varchar", "first_at": "timestamp"},
    "polls": {
        "_bot": "varchar", "polled_at": "timestamp", "files": "bigint", "unreadable": "bigint",
        "is_import": "boolean", "load_id": "bigint", "masked_count": "bigint",
    },
    "observations": {
        "_bot": "varchar", "source": "varchar", "_file": "varchar", "observed_at": "timestamp",
        "status": "varchar", "size_bytes": "bigint", "mtime": "timestamp", "sha256": "varchar",
        "missing_keys": "varchar[]", "nonfinite_keys": "varchar[]", "detail": "varchar",
        "load_id": "bigint",
    },
    # A rewritten file: row_* counts every line of the span that is a row, kept_* those of them
    # that were rows before and keep their key, superseded_count the rows that it replaced.
    "loads": {
        "load_id": "bigint", "_bot": "varchar", "stream": "varchar", "kind": "varchar",
        "_file_id": "varchar", "_file": "varchar", "observed_at": "timestamp",
        "committed_at": "timestamp", "size_bytes": "bigint", "from_offset": "bigint",
        "to_offset": "bigint", "row_count": "bigint", "row_bytes": "bigint",
        "blank_bytes": "bigint", "quarantined_count": "bigint", "quarantined_bytes": "bigint",
        "kept_count": "bigint", "superseded_count": "bigint",
    },
    "files": {
        "_file_id": "varchar", "_bot": "varchar", "stream": "varchar", "path": "varchar",
        "inode": "bigint", "size_bytes": "bigint", "mtime_ns": "bigint", "read_offset": "bigint",
        "head_sha256": "varchar", "head_bytes": "bigint", "tail_sha256": "varchar",
        "tail_bytes": "bigint", "prefix_sha256": "varchar", "ordinal": "bigint",
        "status": "varchar", "first_seen_at": "timestamp", "last_seen_at": "timestamp",
        "item_count": "bigint", "replaces": "varchar", "shrunk_bytes": "bigint",
        "shrunk_sha256": "varchar", "next_block": "bigint", "unswept_blocks": "bigint",
    },
    # Of large logs: the hash of each whole block as it was read.
    "blocks": {
        "_bot": "varchar", "_file_id": "varchar", "number": "bigint", "sha256": "varchar",
    },
    "quarantine": {
        "_bot": "varchar", "stream": "varchar", "_file_id": "varchar", "_file": "varchar",
        "_offset": "bigint", "_length": "bigint", "reason": "varchar", "bytes": "blob",
        "sha256": "varchar", "observed_at": "timestamp", "load_id": "bigint",
        "_superseded_at": "timestamp",
    },
    "losses": {
        "_bot": "varchar", "stream": "varchar", "_file_id": "varchar", "_file": "varchar",
        "from_offset": "bigint", "to_offset": "bigint", "from_at": "timestamp",
        "to_at": "timestamp", "reason": "varchar", "observed_at": "timestamp",
        "load_id": "bigint",
    },
    "builds": {
        "model": "varchar", "watermark": "bigint", "project": "varchar", "built_at": "timestamp",
    },
    "schema_changes": {
        "_bot": "varchar", "stream": "varchar", "key_path": "varchar", "change": "varchar",
        "old_type": "varchar", "new_type": "varchar", "observed_at": "timestamp",
        "load_id": "bigint",
    },
}  # fmt: skip

_ARROW_TYPES = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
    "blob": pa.binary(),
    "varchar[]": pa.list_(pa.string()),
}
# Long texts that resemble each other: a third of what DuckDB chooses by itself.
_ZSTD = ("payload", "message")
# A statement with literals takes 0.4 ms for a few rows, one over an Arrow table 1.7 ms however
# many: a poll writes a row or two into each of two dozen tables.
_ROWS_AS_LITERALS = 50


def tables(registry: Iterable[Source]) -> dict[str, dict[str, str]]:
    """Every table of schema raw: its columns and their types, in order."""
    return {source.name: COLUMNS_BY_KIND[source.kind] for source in registry} | LEDGER


def create_raw(connection: duckdb.DuckDBPyConnection, registry: Iterable[Source]) -> None:
    """Create schema raw, and those of its tables and columns that are not there yet.

    Raises WatchhouseError for a warehouse of a newer schema, or with other types than ours.
    """
    version, meant = version_of(connection), tables(registry)
    found = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'raw' and database_name = current_database()"
    ).fetchall()
    refuse_other_types(found, meant)
    there = {(table, name) for table, name, _ in found} | {(table, "") for table, _, _ in found}
    statements = ["create schema if not exists raw", *note_version(version)]
    for table, columns in meant.items():
        if (table, "") not in there:
            spec = ", ".join(_column(name, kind) for name, kind in columns.items())
            statements.append(f'create table raw."{table}" ({spec})')
        else:
            grown = {name: kind for name, kind in columns.items() if (table, name) not in there}
            for name, kind in grown.items():
                statements.append(f'alter table raw."{table}" add column "{name}" {kind}')
    connection.execute(";".join(statements))


def _column(name: str, kind: str) -> str:
    return f'"{name}" {kind}' + (" using compression zstd" if name in _ZSTD else "")


def create_live(settings: Settings) -> None:
    """Create the live warehouse if there is none: a copy of the published one, else an empty one.

    To be called under the lock of the home. Raises duckdb.Error and OSError.
    """
    live = settings.live_file
    if live.exists():
        return
    # The log of a file that is gone belongs to no other.
    live.with_name(f"{live.name}.wal").unlink(missing_ok=True)
    if not _restore(settings):
        with duckdb.connect() as memory:
            # The oldest format that knows zstd.
            memory.execute(f"attach {literal(str(live))} as live (storage_version 'v1.2.0')")


def _restore(settings: Settings) -> bool:
    """The live warehouse from the published one, if that is whole."""
    live, copy = settings.live_file, settings.live_file.with_name(".restored")
    try:
        shutil.copyfile(settings.published_file, copy)
        with duckdb.connect(str(copy), read_only=True) as connection:
            (at,) = connection.execute("select max(polled_at) from raw.polls").fetchall()[0]
    except (OSError, duckdb.Error):
        copy.unlink(missing_ok=True)
        return False
    copy.replace(live)
    print(f"`{live}` is gone: taken up from the published warehouse, last look {at}Z",
          file=sys.stderr, flush=True)  # fmt: skip
    return True


@contextmanager
def connect_live(
    settings: Settings, wait_seconds: float = 0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The live warehouse, opened for writing under the lock of the home.

    Raises WatchhouseError when another process holds the home or the file does not open.
    """
    with writer_lock(settings, wait_seconds):
        try:
            create_live(settings)
            connection = duckdb.connect(str(settings.live_file))
        except duckdb.Error as error:
            kind = HeldError if "lock" in str(error) else WatchhouseError
            raise kind(
                f"`{settings.live_file}` does not open: {str(error).splitlines()[0]}",
                "a program that holds it open must close it first; readers use the published file",
            ) from error
        try:
            connection.execute("set TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()


def insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: dict[str, str],
    rows: Sequence[Row],
) -> None:
    """Append rows to a table of schema raw; values stand in the order of its columns."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    if len(rows) <= _ROWS_AS_LITERALS:
        values = ",".join(f"({','.join(map(literal, row))})" for row in rows)
        connection.execute(f'insert into raw."{table}" ({names}) values {values}')
        return
    arrays = [
        pa.array(column, type=_ARROW_TYPES[kind])
        for column, kind in zip(zip(*rows, strict=True), columns.values(), strict=True)
    ]
    connection.register("_batch", pa.Table.from_arrays(arrays, names=list(columns)))
    connection.execute(f'insert into raw."{table}" ({names}) select * from _batch')
    connection.unregister("_batch")


def literal(value: Any) -> str:
    """A value as SQL text; a time is a plain string, cast where it lands."""
    match value:
        case None:
            return "null"
        case bool() | int():
            return str(value)
        case str():
            return _text(value)
        case datetime():
            return f"'{value}'"
        case bytes():
            return f"from_hex('{value.hex()}')"
        case list() | tuple():
            return f"[{','.join(map(literal, value))}]"
        case _:
            raise TypeError(f"no SQL text for {type(value).__name__}")


def _text(value: str) -> str:
    quoted = value.replace("'", "''")
    if "\0" not in quoted:
        return f"'{quoted}'"
    return "('" + quoted.replace("\0", "' || chr(0) || '") + "')"
