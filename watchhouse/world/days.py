"""Copies of one lived day, put into the warehouse's raw tables as earlier days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from ingest.registry import load_registry
from ingest.schema import create_raw
from ingest.settings import Settings
from ingest.store import hot, literal, tables

Tables = dict[str, dict[str, str]]

_BY_LOOK = ("polls", "observations", "loads")  # of the ledger: rows of each look
_COMMIT_EVERY = 20
# Epoch seconds and order ids, wherever a text holds one.
_NUMBER = r"([ :=\[,])(17[0-9]{8}|8389765988[0-9]{9})\b"
_ID_STEP = 1_000_000


@dataclass(frozen=True)
class _Copy:
    """A template's day, put `back` days earlier with its loads from `first_load` on."""

    template: datetime
    back: int
    number: int
    first_load: int

    @property
    def suffix(self) -> str:
        return f"{self.template:%m%d}"

    @property
    def tag(self) -> str:
        """What tells ids of this copy from those of the others."""
        return f"{self.number:03x}"


def copy_days(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    settings: Settings,
    first: datetime,
    count: int,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Fill an empty warehouse: `count` earlier days, then everything of the lived one.

    `first` is the midnight at which the lived days begin. The earliest day is a copy of the
    first one, which saw every file for the first time; all others are copies of the second.
    Times, order ids, ids of intents, processes, files and hashes differ from day to day.
    """
    every = tables(load_registry(settings.registry_file))
    create_raw(connection, load_registry(settings.registry_file))
    connection.execute(f"attach {literal(str(source))} as lived (read_only)")
    copied = {name: spec for name, spec in every.items() if _is_copied(name, spec)}
    later = first + timedelta(days=1)
    loads = {day: _take(connection, copied, day) for day in (first, later)}
    next_load = 1
    for number in range(count):
        if number % _COMMIT_EVERY == 0:
            connection.execute("begin")
        day = first - timedelta(days=count - number)
        template = later if number else first
        copy = _Copy(template, (template - day).days, number, next_load)
        for name, spec in copied.items():
            connection.execute(_insert(name, spec, copy))
        connection.execute(_files(every["files"], copy))
        next_load += loads[template]
        if (number + 1) % _COMMIT_EVERY == 0 or number + 1 == count:
            connection.execute("commit")
            if progress:
                progress(f"copied up to {day:%Y-%m-%d}")
    _add_lived(connection, every, next_load - 1, timedelta(days=count))


def _is_copied(name: str, spec: dict[str, str]) -> bool:
    return name in _BY_LOOK or "payload" in spec or "message" in spec


def _take(connection: duckdb.DuckDBPyConnection, copied: Tables, day: datetime) -> int:
    """A lived day as temp tables, its texts split at their numbers; how many loads it has."""
    of_day = "select min(load_id), max(load_id) from lived.raw.polls where polled_at::date = ?"
    (low, high) = connection.execute(of_day, [day.date()]).fetchall()[0]
    suffix = f"{day:%m%d}"
    connection.execute(
        f"create temp table bases_{suffix} as select _file_id, min(from_offset) as base_offset, "
        f"max(to_offset) - min(from_offset) as read_bytes from lived.raw.loads "
        f"where load_id between {low} and {high} group by _file_id"
    )
    connection.execute(
        f"create temp table runs_{suffix} as select distinct payload ->> '$.run_id' as run_id "
        f"from lived.raw.engine_metadata where _load_id between {low} and {high}"
    )
    for name, spec in copied.items():
        texts = [column for column in ("payload", "message") if column in spec]
        split = "".join(_SPLIT.format(column=column, number=_NUMBER) for column in texts)
        connection.execute(
            f"create temp table {name}_{suffix} as select *{split}, "
            f"{_load(spec)} - {low} as nth_load from lived.raw.{name} "
            f"where {_load(spec)} between {low} and {high} order by {_load(spec)}"
        )
    return int(high - low + 1)


_SPLIT = (
    r", string_split(regexp_replace({column}, '{number}', '\1' || chr(1), 'g'), chr(1)) as pieces"
    ", cast(regexp_extract_all({column}, '{number}', 2) as bigint[]) as numbers"
)


def _load(spec: dict[str, str]) -> str:
    return "_load_id" if "_load_id" in spec else "load_id"


def _insert(name: str, spec: dict[str, str], copy: _Copy) -> str:
    select = ", ".join(_column(name, column, kind, copy) for column, kind in spec.items())
    bases = f"left join bases_{copy.suffix} using (_file_id)" if "_file_id" in spec else ""
    day = f"{name}_{copy.suffix}"
    return f"insert into {hot(name)} select {select} from {day} {bases} order by nth_load"


def _files(spec: dict[str, str], copy: _Copy) -> str:
    """The copy's logs: read to their end, and no longer there."""
    given = {"status": "'gone'", "size_bytes": "read_bytes", "read_offset": "read_bytes"}
    select = ", ".join(
        given.get(column) or _column("files", column, kind, copy) for column, kind in spec.items()
    )
    known = "lived.raw.files inner join"
    return (
        f"insert into raw.files select {select} from {known} bases_{copy.suffix} using (_file_id)"
    )


def _column(table: str, column: str, kind: str, copy: _Copy) -> str:
    """A column's value in the copy, as SQL over the template's row."""
    match column:
        case "load_id" | "_load_id":
            return f"nth_load + {copy.first_load}"
        case "_file_id":
            return f"md5(_file_id || '{copy.tag}')"
        case "payload" | "message":
            return _text(copy)
    if column.endswith("_offset") or (table, column) == ("loads", "size_bytes"):
        return f"{column} - base_offset"
    if column.endswith("sha256"):
        return f"sha256({column} || '{copy.tag}')"
    return f"{column} - interval {copy.back} day" if kind == "timestamp" else column


def _text(copy: _Copy) -> str:
    """The pieces with the numbers between them moved; then dates and the names of things."""
    is_id = "x[2] > 1000000000000"
    moved = f"x[2] - case when {is_id} then {copy.back * _ID_STEP} else {copy.back * 86400} end"
    text = (
        "array_to_string(list_transform(list_zip(pieces, numbers), "
        f"lambda x: x[1] || coalesce(cast({moved} as varchar), '')), '')"
    )
    days = [copy.template + timedelta(days=near) for near in (-1, 0, 1)]
    names = {f"{day:%Y-%m-%d}": f"{day - timedelta(days=copy.back):%Y-%m-%d}" for day in days}
    names |= {name: f"{name}{copy.tag}" for name in ("sig_", "ord_", "web_")}
    for old, new in names.items():
        text = f"replace({text}, '{old}', '{new}')"
    run = f"(select max(run_id) from runs_{copy.suffix})"
    return f"replace({text}, {run}, '{copy.tag}' || substr({run}, {len(copy.tag) + 1}))"


def _add_lived(
    connection: duckdb.DuckDBPyConnection, every: Tables, loads: int, earlier: timedelta
) -> None:
    """Everything of the lived warehouse, its loads after the copies'.

    What was seen for the first time when the lived days began was seen `earlier`.
    """
    given = {
        "load_id": f"load_id + {loads}",
        "_load_id": f"_load_id + {loads}",
        "first_at": f"first_at - interval {earlier.days} day",
    }
    connection.execute("begin")
    for name, spec in every.items():
        select = ", ".join(given.get(column, f'"{column}"') for column in spec)
        order = f"order by {_load(spec)}" if {"load_id", "_load_id"} & set(spec) else ""
        connection.execute(f"insert into {hot(name)} select {select} from lived.raw.{name} {order}")
    connection.execute("commit")
