"""The live file made small again after many rows have left it: its free blocks are copied by every
publish until they are used."""

from __future__ import annotations

import shutil

import duckdb

from ingest.errors import WatchhouseError
from ingest.settings import Settings
from ingest.spool import sync
from ingest.store import literal

_WORTH_BYTES = 64 * 1024 * 1024


def compact(settings: Settings) -> None:
    """Write the live file anew if half of it, and not too little, is free blocks.

    To be called under the lock of the home, with the file closed. A crash leaves the file as it
    was. Raises OSError and duckdb.Error, and WatchhouseError for a copy with other tables.
    """
    live = settings.live_file
    folder = live.parent / ".compacting"
    shutil.rmtree(folder, ignore_errors=True)
    with duckdb.connect() as memory:
        memory.execute(f"attach {literal(str(live))} as old (read_only)")
        if not _is_worth_it(memory):
            return
        try:
            folder.mkdir(mode=0o700)
            fresh = folder / live.name
            # The oldest format that knows zstd, as the file was made.
            memory.execute(f"attach {literal(str(fresh))} as fresh (storage_version 'v1.2.0')")
            memory.execute("copy from database old to fresh")
            _verify(memory)
            memory.execute("detach fresh; detach old")
            sync(fresh)
            fresh.replace(live)
            sync(live.parent)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is_worth_it(memory: duckdb.DuckDBPyConnection) -> bool:
    query = "select block_size, free_blocks, total_blocks from pragma_database_size() where {}"
    ((size, free, total),) = memory.execute(query.format("database_name = 'old'")).fetchall()
    return bool(free * 2 > total and free * size > _WORTH_BYTES)


def _verify(memory: duckdb.DuckDBPyConnection) -> None:
    """Every table has as many rows as before."""
    names = memory.execute(
        'select format(\'"{}"."{}"\', schema_name, table_name) from duckdb_tables() '
        "where database_name = 'old' order by all"
    ).fetchall()
    for (name,) in names:
        counts = f"select (select count(*) from old.{name}), (select count(*) from fresh.{name})"
        ((before, after),) = memory.execute(counts).fetchall()
        if before != after:
            raise WatchhouseError(f"{name} was not copied whole", "the warehouse is as it was")
