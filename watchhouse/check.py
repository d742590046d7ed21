"""The checks of a published warehouse, run over instants: a query per check, no dbt."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import duckdb

from ingest.errors import WatchhouseError
from watchhouse.catalog import BUILD_HINT, Catalog, Check, first_line
from watchhouse.finding import Finding
from watchhouse.scratch import SCRATCH, attach_scratch
from watchhouse.shared import Shared, read_shared
from watchhouse.verdict import Rows, Unknown, Verdict, judge

_CLOCK = re.compile(r"/\*clock\*/.*?/\*clock\*/", re.DOTALL)
_SINCE = re.compile(r"/\*since\*/.*?/\*since\*/", re.DOTALL)
_UNTIL = re.compile(r"/\*until\*/.*?/\*until\*/", re.DOTALL)
# A table, not a variable: the planner sees its size, which is worth a factor of 100.
_INSTANTS = f"/*clock*/{SCRATCH}.instants/*clock*/"
_NOTHING = """
select as_of, null as bot, null as subject, 'info' as severity, null as since, null as reason
from /*clock*//*clock*/ as clock where false
"""
_FIRST = ("as_of", "bot", "subject", "severity", "since", "reason")

# Judged at once. Joins over time grow with the square of the instants, planning with their pieces.
_PIECE = 4320
_CHECKS_AT_ONCE = min(8, os.cpu_count() or 1)

Progress = Callable[[int, int], None]
_Said = tuple[datetime, Finding | Unknown]  # at which instant


def run_checks(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    instants: Sequence[datetime],
    bot: str | None = None,
    progress: Progress | None = None,
) -> list[Verdict]:
    """Judge every instant (UTC), in the order given, for all bots or for one.

    A check whose SQL fails is unknown at every instant; it never stops the others.
    `progress` is called with (checks done, checks in all).
    """
    pieces = in_pieces(instants)
    total, judged = len(pieces) * len(catalog.checks), dict[datetime, Verdict]()
    for number, piece in enumerate(pieces):
        rows = defaultdict[datetime, Rows](Rows)
        for done in _run_piece(connection, catalog, piece, rows):
            if progress:
                progress(number * len(catalog.checks) + done, total)
        judged |= {as_of: judge(as_of, rows[as_of], catalog, bot) for as_of in piece}
    return [judged[as_of] for as_of in instants]


def in_pieces(instants: Iterable[datetime]) -> list[list[datetime]]:
    """The instants in order, as many together as are judged at once."""
    ordered = sorted({*instants})
    return [ordered[start : start + _PIECE] for start in range(0, len(ordered), _PIECE)]


def _run_piece(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    instants: Sequence[datetime],
    rows: defaultdict[datetime, Rows],
) -> Iterator[int]:
    """Fill in what is said of some instants, the earliest first; yields how many checks ran."""
    frame = read_frame(connection, catalog, set_instants(connection, instants))
    for as_of, name in _fetch(connection, frame, "bots"):
        rows[as_of].bots.add(name)
    for as_of, name, surface in _fetch(connection, frame, "not_applicable"):
        rows[as_of].absent.setdefault(name, set()).add(surface)
    ask = partial(_ask, connection, frame, instants)
    with _thread_each(connection), ThreadPoolExecutor(_CHECKS_AT_ONCE) as threads:
        for done, said in enumerate(threads.map(ask, catalog.checks), 1):
            for as_of, item in said:
                rows[as_of].add(item)
            yield done


@contextmanager
def _thread_each(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One of DuckDB's threads per query: most of a check is its planning, which needs no more."""
    [(threads,)] = connection.execute("select current_setting('threads')").fetchall()
    connection.execute("set threads = 1")
    try:
        yield
    finally:
        connection.execute(f"set threads = {threads}")


class Span(NamedTuple):
    """From the first to the last of some instants (UTC)."""

    first: datetime
    last: datetime


def set_instants(connection: duckdb.DuckDBPyConnection, instants: Sequence[datetime]) -> Span:
    """Make the table of instants (UTC) that stands in place of the clock; at least one."""
    attach_scratch(connection)
    # As one text: DuckDB looks at each value of a list for a hundred times as long.
    texts = ",".join(map(str, instants))
    query = "select cast(unnest(string_split(?, ',')) as timestamp) as as_of"
    connection.execute(f"create or replace table {SCRATCH}.instants as {query}", [texts])
    return Span(min(instants), max(instants))


@dataclass(frozen=True)
class Frame:
    """The text around the checks at the instants set.

    `shared` is what was read for several of them; `doubts` are the surfaces that are an unmet need
    at one of the instants, None where nobody was read yet; `excepted` the checks of which a seed
    may except a finding.
    """

    templates: Mapping[str, str]
    span: Span
    shared: Shared
    doubts: frozenset[str | None] = frozenset([None])
    excepted: frozenset[str] = frozenset()

    def text(self, check: Check) -> str:
        """What is to run. Most of a query's time is its planning, and most of that is this text:
        where it can add nothing, the check stands alone.
        """
        if {None, *check.needs} & self.doubts or check.name in self.excepted:
            return self.shared.within(around(self.templates["verdict"], check, self.span))
        return self.of(check.compiled_sql or "")

    def of(self, compiled_sql: str) -> str:
        """Any compiled text at the instants set."""
        return self.shared.within(at_instants(compiled_sql, self.span))


def read_frame(connection: duckdb.DuckDBPyConnection, catalog: Catalog, span: Span) -> Frame:
    """The frame of the instants set; where it cannot be told what is in doubt, everything is."""
    texts = [check.compiled_sql or "" for check in catalog.checks if not check.fault]
    texts += [catalog.templates[name] for name in ("verdict", "bots", "not_applicable")]
    shared = read_shared(connection, (at_instants(text, span) for text in texts))
    frame = Frame(catalog.templates, span, shared)
    needs = tuple({need for check in catalog.checks for need in check.needs})
    unmet = frame.text(Check("", "", _NOTHING, None, needs, ()))
    try:
        doubts = connection.execute(f"select distinct subject from ({unmet}\n)").fetchall()
        excepted = connection.execute(catalog.templates["excepted"]).fetchall()
    except duckdb.Error:  # each check says what is wrong with it
        return frame
    return replace(
        frame,
        doubts=frozenset(row[0] for row in doubts),
        excepted=frozenset(row[0] for row in excepted),
    )


def at_instants(compiled_sql: str, span: Span) -> str:
    """The compiled text with the table of instants in place of its clock; the marks stay.

    `span` is theirs.
    """
    return _bounded(_CLOCK.sub(_INSTANTS, compiled_sql), span).strip().rstrip(";")


def literal_clock(compiled_sql: str, as_of: datetime) -> str:
    """The compiled text at one instant, as dbt would have compiled it."""
    text = _CLOCK.sub(f"/*clock*/(select timestamp '{as_of}' as as_of)/*clock*/", compiled_sql)
    return _bounded(text, Span(as_of, as_of))


def _bounded(compiled_sql: str, span: Span) -> str:
    """Literals, and no columns of the instants: the planner cuts a year of history by them."""
    text = _SINCE.sub(f"/*since*/timestamp '{span.first}'/*since*/", compiled_sql)
    return _UNTIL.sub(f"/*until*/timestamp '{span.last}'/*until*/", text)


def around(template: str, check: Check, span: Span) -> str:
    """The check inside the template that adds a row for every need that is not met."""
    # A check may end in a comment: it gets lines of its own.
    inner = f"\n{(check.compiled_sql or '').strip().rstrip(';')}\n"
    needs = ", ".join("'" + name.replace("'", "''") + "'" for name in check.needs) or "''"
    named = template.replace("'/*needs*/'", needs).replace("/*name*/", check.name)
    return at_instants(named.replace("/*check*/", inner), span)


def _fetch(
    connection: duckdb.DuckDBPyConnection, frame: Frame, template: str
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(frame.of(frame.templates[template])).fetchall()
    except duckdb.Error as error:
        why = f"the warehouse does not say which bots it has read: {first_line(error)}"
        raise WatchhouseError(why, BUILD_HINT) from error


def _ask(
    connection: duckdb.DuckDBPyConnection,
    frame: Frame,
    instants: Sequence[datetime],
    check: Check,
) -> list[_Said]:
    try:
        if check.fault:
            raise LookupError(check.fault)
        with closing(connection.cursor()) as cursor:
            result = cursor.execute(frame.text(check))
            names = [column[0] for column in result.description]
            found = [dict(zip(names, values, strict=True)) for values in result.fetchall()]
        return [(row["as_of"], _meaning(check, row)) for row in found]
    except (duckdb.Error, LookupError) as error:
        why = check.fault or f"the SQL of the check failed: {first_line(error)}"
        return [(as_of, Unknown(check.name, None, why)) for as_of in instants]


def _meaning(check: Check, row: dict[str, Any]) -> Finding | Unknown:
    bot, subject, severity, since, reason = (row[name] for name in _FIRST[1:])
    if severity == "unknown":
        return Unknown(check.name, bot, reason)
    if severity not in ("crit", "warn", "info"):
        return Unknown(check.name, bot, f"the check gave a severity nobody knows: {severity!r}")
    evidence = {name: value for name, value in row.items() if name not in _FIRST}
    return Finding(
        check.name, check.playbook, bot, subject, severity, since, reason, evidence, check.do_text
    )
