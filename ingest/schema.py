"""Which version of Watchhouse wrote a warehouse, and whether this one may go on with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from ingest.errors import WatchhouseError

# Counted up when a new version of Watchhouse could misread what an older one wrote, or the reverse.
# New tables and columns do not count: they are added, empty, to a warehouse that lacks them.
SCHEMA_VERSION = 1

_OTHER_HOME = "--home or WATCHHOUSE_HOME name another home"


def version_of(connection: duckdb.DuckDBPyConnection) -> int:
    """The schema version of an open warehouse; 0 for an empty one and those before there was one.

    Raises WatchhouseError when a newer Watchhouse has written it.
    """
    (known,) = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'meta' and table_name = 'home' "
        "and database_name = current_database()"
    ).fetchall()[0]
    if not known:
        return 0
    (version,) = connection.execute(
        "select coalesce(max(schema_version), 0) from meta.home"
    ).fetchall()[0]
    if version > SCHEMA_VERSION:
        raise WatchhouseError(
            f"a newer Watchhouse has written this warehouse: its schema is version {version},"
            f" this program knows {SCHEMA_VERSION}; nothing was changed",
            f"git pull and make setup in the checkout; or {_OTHER_HOME}",
        )
    return int(version)


def refuse_other_types(
    found: Iterable[tuple[str, str, str]], expected: Mapping[str, Mapping[str, str]]
) -> None:
    """Raise WatchhouseError when a column (table, column, type) is not of the type we write."""
    for table, column, kind in found:
        meant = expected.get(table, {}).get(column, kind.lower())
        if kind.lower() != meant:
            raise WatchhouseError(
                f"raw.{table}.{column} of this warehouse is {kind.lower()}, this program writes"
                f" {meant}; nothing was changed",
                f"use the checkout that wrote it; or {_OTHER_HOME}, and ingest what is at hand",
            )


def note_version(version: int) -> list[str]:
    """The statements that bring a warehouse of an older version to this one; none for a new one."""
    if version == SCHEMA_VERSION:
        return []
    return [
        "create schema if not exists meta",
        f"create or replace table meta.home as select {SCHEMA_VERSION}::bigint as schema_version",
    ]
