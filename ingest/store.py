"""The raw tables: their columns, the way into the file that holds them, and how rows get in.

Tables that grow with time have two tiers: ingest writes the hot one, `archive` moves old days to
Parquet files, and `raw.<table>` is a view over both (ingest/landing.py).
"""

# ruff: noqa: PLC0415  (a look with nothing new must not pay for pyarrow)

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from ingest.errors import WatchhouseError
from ingest.lock import HeldError, writer_lock
from ingest.registry import Source
from ingest.settings import Settings
from ingest.torn import mend_torn

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
        "copy_of": "varchar",
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
    # Files of sealed rows, `path` under landing/: what is in each, and since when one is lost.
    "landing": {
        "path": "varchar", "stream": "varchar", "_bot": "varchar", "from_at": "timestamp",
        "to_at": "timestamp", "from_load": "bigint", "to_load": "bigint", "row_count": "bigint",
        "size_bytes": "bigint", "mtime_ns": "bigint", "sha256": "varchar",
        "columns": "varchar[]", "archived_at": "timestamp", "lost_at": "timestamp",
    },
    # Rows of landing files that were superseded later: they stand in the hot table again.
    "taken_back": {"stream": "varchar", "_file_id": "varchar", "_offset": "bigint"},
    # How many changes of a file's status are in landing files.
    "observed_before": {
        "_bot": "varchar", "source": "varchar", "_file": "varchar", "changes": "bigint",
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


@dataclass(frozen=True)
class Tiers:
    """A table whose old rows are archived: by which time, in which load, and which rows stay hot.

    What ingest asks for at each look stays: it opens no landing file for that.
    """

    at: str
    load: str
    stays: str


_LEDGER_TIERS = {
    "polls": Tiers("polled_at", "load_id",
                   "rowid in (select arg_max(rowid, polled_at) from hot.polls group by _bot)"),
    "loads": Tiers("observed_at", "load_id", "load_id = (select max(load_id) from hot.loads)"),
    "observations": Tiers("observed_at", "load_id", """rowid in (
        select arg_max(rowid, observed_at) from hot.observations group by _bot, source, _file
        union all
        select arg_max(rowid, observed_at) from hot.observations
        where status = 'ok' group by _bot, source, _file
    )"""),
}  # fmt: skip

# A statement with literals takes 0.4 ms for a few rows, one over an Arrow table 1.7 ms however
# many: a poll writes a row or two into each of two dozen tables.
_ROWS_AS_LITERALS = 50


def tables(registry: Iterable[Source]) -> dict[str, dict[str, str]]:
    """Every table of schema raw: its columns and their types, in order."""
    return {source.name: COLUMNS_BY_KIND[source.kind] for source in registry} | LEDGER


def tiers_of(table: str, columns: dict[str, str]) -> Tiers | None:
    """How a table ages; None for one that does not grow with time."""
    if table in LEDGER:
        return _LEDGER_TIERS.get(table)
    stays = "_superseded_at is not null" if "_superseded_at" in columns else "false"
    return Tiers("_observed_at", "_load_id", stays)


def hot(table: str) -> str:
    """The table that holds the rows of raw.<table> which are in the warehouse itself."""
    ages = table not in LEDGER or table in _LEDGER_TIERS
    return f'hot."{table}"' if ages else f'raw."{table}"'


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
            (schema,) = connection.execute(_SCHEMA_OF_POLLS).fetchall()[0]
            (at,) = connection.execute(f"select max(polled_at) from {schema}.polls").fetchall()[0]
    except (OSError, duckdb.Error, IndexError):
        copy.unlink(missing_ok=True)
        return False
    copy.replace(live)
    print(f"`{live}` is gone: taken up from the published warehouse, last look {at}Z",
          file=sys.stderr, flush=True)  # fmt: skip
    return True


# Before there were landing files it was a table of schema raw.
_SCHEMA_OF_POLLS = """
select schema_name from duckdb_tables()
where table_name = 'polls' and schema_name in ('hot', 'raw')
"""


class DamagedError(WatchhouseError):
    """The warehouse does not open, and no program holds it."""


_HELD = "a program that holds it open must close it first; readers use the published file"
_DAMAGED = (
    "put a copy of it in its place, or move it away: the next command that writes takes up the "
    "published warehouse and tells what is gone"
)


def _open(settings: Settings) -> duckdb.DuckDBPyConnection:
    live = settings.live_file
    try:
        return duckdb.connect(str(live))
    except duckdb.Error as error:
        if not mend_torn(settings, error):
            raise
    print(f"`{live}` was left torn by a killed writer; every row in it was read, it is whole",
          file=sys.stderr, flush=True)  # fmt: skip
    return duckdb.connect(str(live))


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
            connection = _open(settings)
        except duckdb.Error as error:
            problem = f"`{settings.live_file}` does not open: {str(error).splitlines()[0]}"
            if "Could not set lock" in str(error):
                raise HeldError(problem, _HELD) from error
            raise DamagedError(problem, _DAMAGED) from error
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
    """Append rows to a raw table; values stand in the order of its columns."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    if len(rows) <= _ROWS_AS_LITERALS:
        values = ",".join(f"({','.join(map(literal, row))})" for row in rows)
        connection.execute(f"insert into {hot(table)} ({names}) values {values}")
        return
    from ingest.arrow import run_over, table_of

    batch = table_of(rows, columns)
    run_over(connection, batch, f"insert into {hot(table)} ({names}) select * from _batch")


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
