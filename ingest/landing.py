"""Landing files: the list of them, the views over both tiers, and what becomes of a damaged one.

The list is raw.landing, in the warehouse, so that a row is in a hot table or in a listed file and
never in both: whoever moves rows changes the list in the same transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

import duckdb

from ingest.commit import utc_now
from ingest.store import LEDGER, Tiers, hot, insert, literal, tiers_of

Tables = Mapping[str, dict[str, str]]


@dataclass(frozen=True)
class Listed:
    """A row of raw.landing: a file, `path` under landing/, and what is in it."""

    path: str
    stream: str
    bot: str
    from_at: datetime
    to_at: datetime
    from_load: int
    to_load: int
    row_count: int
    size_bytes: int
    mtime_ns: int
    sha256: str
    columns: tuple[str, ...]
    archived_at: datetime
    lost_at: datetime | None = None


def listed(connection: duckdb.DuckDBPyConnection, where: str = "true") -> list[Listed]:
    """The landing files of a warehouse, lost ones too, by path."""
    names = ", ".join("_bot" if f.name == "bot" else f.name for f in fields(Listed))
    query = f"select {names} from raw.landing where {where} order by path"
    rows = connection.execute(query).fetchall()
    return [replace(Listed(*row), columns=tuple(row[11])) for row in rows]


def change_list(
    connection: duckdb.DuckDBPyConnection, old: Iterable[Listed], new: Iterable[Listed]
) -> None:
    """Put rows of the list in the place of others; to be called in a transaction."""
    if paths := ", ".join(literal(one.path) for one in old):
        connection.execute(f"delete from raw.landing where path in ({paths})")
    insert(connection, "landing", LEDGER["landing"], [astuple(one) for one in new])


def landing_of(connection: duckdb.DuckDBPyConnection) -> Path:
    """Where the landing files of a live or published warehouse lie."""
    query = "select path from duckdb_databases() where database_name = current_database()"
    ((path,),) = connection.execute(query).fetchall()
    folder = Path(path).resolve().parent
    return (folder.parent if folder.name == "live" else folder) / "landing"


def keep_views(connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    """Make the views raw.<table> anew if the tables or the place of the home have changed.

    Of each landing file it is seen whether it is there and as it was listed; see `drop_damaged`.
    """
    drop_damaged(connection, tables)
    landing = landing_of(connection)
    made_for = hashlib.sha256(json.dumps([str(landing), tables]).encode()).hexdigest()
    with suppress(duckdb.CatalogException):  # none were made yet
        if connection.execute("from meta.views").fetchall() == [(made_for,)]:
            return
    connection.execute("begin")
    make_views(connection, tables, tables)
    connection.execute(
        f"create or replace table meta.views as select {literal(made_for)} as made_for"
    )
    connection.execute("commit")


def make_views(connection: duckdb.DuckDBPyConnection, tables: Tables, names: Iterable[str]) -> None:
    """Make the views over both tiers of the tables `names`; to be called in a transaction."""
    files: defaultdict[str, list[Listed]] = defaultdict(list)
    for one in listed(connection, "lost_at is null"):
        files[one.stream].append(one)
    landing = landing_of(connection)
    taken = {name for (name,) in connection.execute(_TAKEN).fetchall()}
    for name in names:
        columns = tables[name]
        if tiers := tiers_of(name, columns):
            hot_rows = f"select {_names(columns)} from {hot(name)}"
            cold = _branches(landing, name, columns, tiers, files[name], name in taken)
            query = " union all ".join([hot_rows, *cold])
            connection.execute(f'create or replace view raw."{name}" as {query}')


_TAKEN = "select distinct stream from raw.taken_back"


def cold_rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], files: list[Listed]
) -> str:
    """A query for those rows of a table that are in `files`; one without rows for none."""
    tiers = tiers_of(table, columns)
    assert tiers
    taken = (table,) in connection.execute(_TAKEN).fetchall()
    parts = [*_branches(landing_of(connection), table, columns, tiers, files, taken)]
    return " union all ".join(parts) or f"select {_names(columns)} from {hot(table)} where false"


def _branches(
    landing: Path,
    table: str,
    columns: dict[str, str],
    tiers: Tiers,
    files: Sequence[Listed],
    is_taken: bool,
) -> Iterator[str]:
    """One query per set of columns that files were written with.

    Its bounds are literals, so that a query for newer rows opens none of them, however many there
    are; a superseded row is hot, so that one for those opens none either.
    """
    alike: defaultdict[tuple[str, ...], list[Listed]] = defaultdict(list)
    for one in files:
        alike[one.columns].append(one)
    for there, group in alike.items():
        chosen = ", ".join(_column(name, kind, there) for name, kind in columns.items())
        paths = ", ".join(literal(str(landing / one.path)) for one in group)
        loads = min(one.from_load for one in group), max(one.to_load for one in group)
        times = min(one.from_at for one in group), max(one.to_at for one in group)
        yield (
            f"select {chosen} from read_parquet([{paths}], hive_partitioning = false) as cold"
            f" where {tiers.load} between {loads[0]} and {loads[1]} and {tiers.at}"
            f" between timestamp {literal(times[0])} and timestamp {literal(times[1])}"
            + (_NOT_TAKEN.format(stream=literal(table)) if is_taken else "")
        )


_NOT_TAKEN = """ and not exists (
    from raw.taken_back as taken where taken.stream = {stream}
        and taken._file_id = cold._file_id and taken._offset = cold._offset
)"""


def _column(name: str, kind: str, there: Sequence[str]) -> str:
    is_there = name in there and name != "_superseded_at"
    return f'"{name}"' if is_there else f'null::{kind} as "{name}"'


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def take_back(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: dict[str, str],
    bot: str,
    keys: str,
) -> None:
    """Have archived lines stand in the hot table again, to be superseded there.

    `keys` is a query of their file ids and offsets. To be called in a transaction.
    """
    files = listed(connection, f"stream = {literal(table)} and _bot = {literal(bot)}")
    files = [one for one in files if one.lost_at is None]
    if not files:
        return
    connection.execute(
        f"create or replace temp table returning_rows as "
        f"select * from ({cold_rows(connection, table, columns, files)}) "
        f"where _bot = {literal(bot)} and (_file_id, _offset) in ({keys})"
    )
    connection.execute(
        f"insert into {hot(table)} from returning_rows; "
        f"insert into raw.taken_back "
        f"select {literal(table)}, _file_id, _offset from returning_rows"
    )
    make_views(connection, {table: columns}, [table])


def drop_damaged(
    connection: duckdb.DuckDBPyConnection, tables: Tables, suspects: Collection[str] = ()
) -> list[Listed]:
    """Take files that are gone or damaged out of the views, and take back those that are whole.

    Content is hashed where size or time differ from what was listed, and of `suspects`. Each lost
    file is a row of raw.losses until it is put back. Returns the files that are lost now.
    """
    landing, at = landing_of(connection), utc_now()
    before = listed(connection)
    after = [_judged(landing, one, at, one.path in suspects) for one in before]
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    if changed:
        connection.execute("begin")
        change_list(connection, [old for old, _ in changed], [new for _, new in changed])
        for old, new in changed:
            if old.lost_at != new.lost_at:
                _tell(connection, new)
        make_views(connection, tables, {old.stream for old, _ in changed if old.stream in tables})
        connection.execute("commit")
    return [one for one in after if one.lost_at]


def _judged(landing: Path, one: Listed, at: datetime, is_suspect: bool) -> Listed:
    """The file as it is to be listed now."""
    path = landing / one.path
    try:
        found = path.stat()
        is_as_listed = (found.st_size, found.st_mtime_ns) == (one.size_bytes, one.mtime_ns)
        if is_as_listed and not is_suspect and not one.lost_at:
            return one
        if found.st_size == one.size_bytes and sha256_of(path) == one.sha256:
            return replace(one, mtime_ns=found.st_mtime_ns, lost_at=None)
    except OSError:
        pass
    return replace(one, lost_at=one.lost_at or at)


def is_damaged(landing: Path, one: Listed) -> bool:
    """Whether a file is gone or does not hold what was written to it."""
    try:
        return sha256_of(landing / one.path) != one.sha256
    except OSError:
        return True


def sha256_of(path: Path) -> str:
    """The hash of a file's content; raises OSError."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _tell(connection: duckdb.DuckDBPyConnection, one: Listed) -> None:
    file = f"landing/{one.path}"
    connection.execute("delete from raw.losses where _file = ?", [file])
    if one.lost_at:
        lose(connection, one, one.lost_at, f"gone or damaged, with {one.row_count} archived rows")


def lose(connection: duckdb.DuckDBPyConnection, one: Listed, at: datetime, why: str) -> None:
    """A row of raw.losses for a landing file; to be called in a transaction."""
    ((load_id,),) = connection.execute(_NEXT_LOAD).fetchall()
    span = one.from_at, one.to_at
    row = (one.bot, one.stream, None, f"landing/{one.path}", None, None, *span, why, at, load_id)
    insert(connection, "losses", LEDGER["losses"], [row])


# The next look has the same: a build that comes between sees the row again, and replaces it.
_NEXT_LOAD = """
select coalesce(greatest((select max(load_id) from hot.polls),
                         (select max(load_id) from hot.loads)), 0) + 1
"""
