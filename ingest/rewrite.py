"""A content beside the lines that were read before: which of them are still the same.

Both sides are paired inside DuckDB by length and hash, so that no size of a file asks for memory.
"""

# ruff: noqa: PLC0415  (a look with nothing new must not pay for pyarrow)

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import duckdb

from ingest.commit import Commit, Counts
from ingest.landing import take_back
from ingest.registry import Source
from ingest.store import COLUMNS_BY_KIND, Row, hot, literal
from ingest.vet import BadBytes, Line, Vetted

Span = tuple[int, int]

_MEMORY = "256MiB"


@dataclass(frozen=True)
class Lineage:
    """Ids under which lines of a file stand: its own, newest first, and those of other files that
    it shares its first lines with.
    """

    own: tuple[str, ...]
    borrowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """How many lines were kept (rows alone, and with quarantine), are added (the same), vanished
    (own rows alone), and were kept in a row from the beginning on; `smaller` is the line count of
    the shorter side.

    `is_prefix`: nothing was rewritten, the content is the beginning of what was read.
    `is_in_place`: lines which stayed the same stand where they stood.
    """

    kept_rows: int
    kept: int
    added_rows: int
    added: int
    superseded: int
    leading: int
    smaller: int
    is_prefix: bool
    is_in_place: bool

    def is_same_file(self, enough: float) -> bool:
        """Half of the lines of the shorter side are equal, or the first `enough` lines."""
        return self.kept * 2 >= self.smaller or self.leading >= enough

    def is_chance(self, is_away: bool) -> bool:
        """One row, or lines that are none, stand in both: another file may begin like that. It is
        believed of a file that is there and does not lose more rows than it keeps.
        """
        return self.kept_rows < 2 and (is_away or self.superseded > self.kept_rows)


class Comparison:
    """Lines of a content (`take_in`), then paired with the lines that stand under a lineage."""

    def __init__(self, commit: Commit, source: Source, *, is_by_length: bool) -> None:
        self.counts = Counts()
        # Blanks at a line's end are in its length alone.
        self._length = "{}" if is_by_length else "0"
        self._commit = commit
        self._source = source
        self._run = commit.connection.execute
        self._values = _values(source)

    def take_in(self, part: Vetted) -> None:
        """Lines of the content."""
        self.counts.add(part)
        values = [f'"{name}"' for name in self._values]
        self._fresh(part.rows, self._values, "true", _key(values))
        bad = [Line(one.offset, one.length, (one.sha256,)) for one in part.bad]
        self._fresh(bad, {"sha256": "varchar"}, "false", _key(["sha256"]))

    def _fresh(self, lines: list[Line], kinds: dict[str, str], is_row: str, key: str) -> None:
        if not lines:
            return
        from ingest.arrow import run_over, table_of

        rows = ((line.offset, line.length, *line.values) for line in lines)
        table = table_of(rows, {"place": "bigint", "length": "bigint", **kinds})
        length = self._length.format("length")
        statement = f"insert into _fresh select place, {length}, {is_row}, {key} from _batch"
        run_over(self._commit.connection, table, statement)

    def pair(self, lineage: Lineage, spans: list[Span] | None = None) -> Change:
        """Pair all that was taken in with what stands; of the latter only what lies in `spans`."""
        self._commit.flush()  # rows of this very look count as read
        values = [f'"{name}"' for name in self._values]
        ids = ",".join(map(literal, lineage.own + lineage.borrowed))
        where = f"_bot = {literal(self._commit.bot.name)} and _file_id in ({ids})"
        where += " and _superseded_at is null and " + _inside(spans)
        self._run(_PAIR.format(
            table=self._source.name, key=_key(values), bad_key=_key(["sha256"]), where=where,
            length=self._length.format("_length"), stream=literal(self._source.name),
            own=",".join(map(literal, lineage.own)),
        ))  # fmt: skip
        newest = literal(lineage.own[0])
        found = self._run(_SUMMARY.format(newest=newest)).fetchall()[0]
        return Change(*found)

    def added(self, part: Vetted) -> Vetted:
        """Of the lines of a part those that are new."""
        lines: list[Line | BadBytes] = [*part.rows, *part.bad]
        places = [line.offset for line in lines]
        if not places:
            return part
        query = "select place from _paired where _offset is null and place between ? and ?"
        new = {place for (place,) in self._run(query, [min(places), max(places)]).fetchall()}
        rows = [line for line in part.rows if line.offset in new]
        return replace(part, rows=rows, bad=[bad for bad in part.bad if bad.offset in new])

    def supersede(self) -> None:
        """Own lines that the content does not hold are flagged; archived ones are taken back."""
        commit, name = self._commit, self._source.name
        vanished = "from _paired as old where old.place is null and old.is_own and "
        keys = f"select _file_id, _offset {vanished} old.is_row"
        if self._run(f"select exists ({keys})").fetchall()[0][0]:
            columns = COLUMNS_BY_KIND[self._source.kind]
            take_back(commit.connection, name, columns, commit.bot.name, keys)
        quarantined = f"not old.is_row and it.stream = {literal(name)}"
        for table, which in ((name, "old.is_row"), ("quarantine", quarantined)):
            self._run(
                f"update {hot(table)} as it set _superseded_at = {literal(commit.at)} "
                f"{vanished} {which} "
                "and it._bot = ? and it._file_id = old._file_id and it._offset = old._offset",
                [commit.bot.name],
            )


@contextmanager
def comparison(
    commit: Commit, source: Source, *, is_large: bool, is_by_length: bool
) -> Iterator[Comparison]:
    """A comparison; one of large contents in bounded memory for as long as it lasts.

    Unless it is `is_by_length`, lines that say the same are the same whatever blanks end them.
    """
    run = commit.connection.execute
    if is_large:
        run(f"set memory_limit = '{_MEMORY}'")
    run("create or replace temp table _fresh "
        "(place bigint, length bigint, is_row boolean, key uhugeint)")  # fmt: skip
    try:
        yield Comparison(commit, source, is_by_length=is_by_length)
    finally:
        with suppress(duckdb.Error):  # a transaction that failed takes no statement
            run("drop table _fresh; drop table if exists _paired; reset memory_limit")


def standing(commit: Commit, source: Source, lines: Iterable[Row]) -> dict[str, int]:
    """The ids under which some lines (at least one) stand, and how many of them.

    Neither archived lines are found nor those that wait to be written.
    """
    from ingest.arrow import run_over, table_of

    values = _values(source)
    same = " and ".join(f'it."{name}" is not distinct from _batch."{name}"' for name in values)
    query = (
        f"select _file_id, count(*) from {hot(source.name)} as it semi join _batch on {same} "
        f"where _bot = {literal(commit.bot.name)} and _superseded_at is null group by 1"
    )
    return dict(run_over(commit.connection, table_of(lines, values), query))


def _values(source: Source) -> dict[str, str]:
    return dict(list(COLUMNS_BY_KIND[source.kind].items())[8:])


def _key(values: list[str]) -> str:
    texts = ", ".join(f"coalesce({value}::varchar, '')" for value in values)
    return f"md5_number(concat_ws(chr(31), {texts}))"


def _inside(spans: list[Span] | None) -> str:
    if spans is None:
        return "true"
    return "(" + " or ".join(f"(_offset >= {a} and _offset < {b})" for a, b in spans) + ")"


# Most lines stand once: only those that do not are numbered, which needs room for all of them.
_PAIR = """
create or replace temp table _standing as
select true as is_row, _file_id, _offset, {length} as length, {key} as key, _load_id as load_id,
    _file_id in ({own}) as is_own
from raw."{table}" where {where}
union all
select false, _file_id, _offset, {length}, {bad_key}, load_id, _file_id in ({own})
from raw.quarantine where stream = {stream} and {where};
create or replace temp table _paired as
with often as (
    select is_row, length, key from _standing group by all having count(*) > 1
    union
    select is_row, length, key from _fresh group by all having count(*) > 1
),
old as (
    select *, 1 as nth from _standing anti join often using (is_row, length, key)
    union all
    select *, row_number() over (
        partition by is_row, length, key order by is_own desc, load_id, _offset
    )
    from _standing semi join often using (is_row, length, key)
),
new as (
    select *, 1 as nth from _fresh anti join often using (is_row, length, key)
    union all
    select *, row_number() over (partition by is_row, length, key order by place)
    from _fresh semi join often using (is_row, length, key)
)
select place, is_row, _file_id, _offset, is_own
from new full join old using (is_row, length, key, nth);
drop table _standing
"""
_SUMMARY = """
with beginning as (
    select coalesce(min(place), 9223372036854775807) as fresh from _paired where _offset is null
),
moved as (
    select _file_id from _paired where _offset is not null group by _file_id
    having min(_offset) filter (place is null) < max(_offset) filter (place is not null)
        or bool_or(_file_id = {newest} and place <> _offset)
)
select
    count(*) filter (place is not null and _offset is not null and is_row),
    count(*) filter (place is not null and _offset is not null),
    count(*) filter (_offset is null and is_row),
    count(*) filter (_offset is null),
    count(*) filter (place is null and is_own and is_row),
    count(*) filter (_offset is not null and place < fresh),
    least(count(place), count(*) filter (is_own or (not is_own and place is not null))),
    count(*) filter (_offset is null) = 0 and not exists (from moved),
    coalesce(bool_and(_offset = place), true)
from _paired, beginning
"""
