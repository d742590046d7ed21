"""The raw tables of a warehouse made, or brought up to date if this version may go on with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import duckdb

from ingest.errors import WatchhouseError
from ingest.landing import keep_views
from ingest.registry import Source
from ingest.store import hot, tables

# Counted up when a new version of Watchhouse could misread what an older one wrote, or the reverse.
# New tables and columns do not count: they are added, empty, to a warehouse that lacks them.
SCHEMA_VERSION = 2

_LONG_TEXTS = ("payload", "message")  # zstd: a third of what DuckDB chooses by itself
_OTHER_HOME = "--home or WATCHHOUSE_HOME name another home"


Columns = Mapping[str, str]
_COLUMNS = """
select table_name, column_name, data_type, schema_name from duckdb_columns()
where schema_name in ('raw', 'hot') and database_name = current_database()
"""
_VIEWS = """
select view_name from duckdb_views()
where schema_name = 'raw' and database_name = current_database()
"""


def create_raw(connection: duckdb.DuckDBPyConnection, registry: Iterable[Source]) -> None:
    """Create the raw tables and columns that are not there yet, and the views over both tiers.

    Rows of schema raw that belong into a hot table, as version 1 had it, are moved there.
    Raises WatchhouseError for a warehouse of a newer schema, or with other types than ours.
    """
    version, meant = version_of(connection), tables(registry)
    views = {name for (name,) in connection.execute(_VIEWS).fetchall()}
    columns = connection.execute(_COLUMNS).fetchall()
    found = [row for row in columns if row[3] == "hot" or row[0] not in views]
    refuse_other_types([row[:3] for row in found], meant)
    there: dict[str, set[str]] = {}
    for table, column, _, schema in found:
        there.setdefault(f'{schema}."{table}"', set()).add(column)
    statements = [*note_version(version)]
    for table, spec in meant.items():
        statements += _created(hot(table), spec, there.get(hot(table)))
        old = f'raw."{table}"'
        if old in there and old != hot(table):
            statements += [f"insert into {hot(table)} by name {_known(old, spec, there[old])}",
                           f"drop table {old}"]  # fmt: skip
    if statements:
        schemas = ["create schema if not exists raw", "create schema if not exists hot"]
        connection.execute(";".join(["begin", *schemas, *statements, "commit"]))
    keep_views(connection, meant)


def _created(name: str, columns: Columns, there: set[str] | None) -> Iterator[str]:
    if there is None:
        spec = ", ".join(_column(column, kind) for column, kind in columns.items())
        yield f"create table {name} ({spec})"
        return
    for column, kind in columns.items():
        if column not in there:
            yield f'alter table {name} add column "{column}" {kind}'


def _column(name: str, kind: str) -> str:
    return f'"{name}" {kind}' + (" using compression zstd" if name in _LONG_TEXTS else "")


def _known(table: str, columns: Columns, there: set[str]) -> str:
    return f"select {', '.join(sorted(there.intersection(columns)))} from {table}"


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
    """The statements that say that a warehouse is of this version; none when it says so."""
    if version == SCHEMA_VERSION:
        return []
    return [
        "create schema if not exists meta",
        f"create or replace table meta.home as select {SCHEMA_VERSION}::bigint as schema_version",
    ]
