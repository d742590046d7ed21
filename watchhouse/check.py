"""The checks of a published warehouse, run over instants: one query per check, no dbt."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from ingest.errors import WatchhouseError
from watchhouse.catalog import BUILD_HINT, Catalog, Check, first_line
from watchhouse.finding import Finding
from watchhouse.verdict import Rows, Unknown, Verdict, judge

_CLOCK = re.compile(r"/\*clock\*/.*?/\*clock\*/", re.DOTALL)
_BOUND = re.compile(r"/\*since\*/.*?/\*since\*/", re.DOTALL)
_LOOKED = re.compile(r"/\*looked\*/(.*?)/\*looked\*/", re.DOTALL)
# A temp table, not a variable: the planner sees its size, which is worth a factor of 100.
_INSTANTS = "/*clock*/temp.main.instants/*clock*/"
_NOTHING = """
select as_of, null as bot, null as subject, 'info' as severity, null as since, null as reason
from /*clock*//*clock*/ as clock where false
"""
_FIRST = ("as_of", "bot", "subject", "severity", "since", "reason")

Progress = Callable[[int, int], None]


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
    set_instants(connection, instants)
    first = min(instants, default=datetime.min)
    rows: defaultdict[datetime, Rows] = defaultdict(Rows)
    for as_of, name in _fetch(connection, catalog.templates["bots"], first):
        rows[as_of].bots.add(name)
    for as_of, name, surface in _fetch(connection, catalog.templates["not_applicable"], first):
        rows[as_of].absent.setdefault(name, set()).add(surface)
    frame = read_frame(connection, catalog, first)
    for done, check in enumerate(catalog.checks, 1):
        _run_check(connection, frame.text(check), check, instants, rows)
        if progress:
            progress(done, len(catalog.checks))
    return [judge(as_of, rows[as_of], catalog, bot) for as_of in instants]


def set_instants(connection: duckdb.DuckDBPyConnection, instants: Sequence[datetime]) -> None:
    """Make the temp table of instants (UTC) that stands in place of the clock."""
    connection.execute("create or replace temp table instants (as_of timestamp)")
    # As one text: DuckDB looks at each value of a list for a hundred times as long.
    texts = ",".join(map(str, instants))
    query = "insert into instants select cast(unnest(string_split(?, ',')) as timestamp)"
    connection.execute(query, [texts])


@dataclass(frozen=True)
class Frame:
    """The text around the checks at the instants set, of which `first` is the earliest (UTC).

    `doubts` are the surfaces that are an unmet need at one of them, None where nobody was read yet;
    `excepted` the checks of which a seed may except a finding.
    """

    template: str
    first: datetime
    doubts: frozenset[str | None]
    excepted: frozenset[str]

    def text(self, check: Check) -> str:
        """What is to run. Most of a query's time is its planning, and most of that is this text:
        where it can add nothing, the check stands alone.
        """
        if {None, *check.needs} & self.doubts or check.name in self.excepted:
            return around(self.template, check, self.first)
        return at_instants(check.compiled_sql or "", self.first)


def read_frame(connection: duckdb.DuckDBPyConnection, catalog: Catalog, first: datetime) -> Frame:
    """The frame of the instants set; where it cannot be told what is in doubt, everything is."""
    template = _verdict_template(connection, catalog, first)
    needs = tuple({need for check in catalog.checks for need in check.needs})
    unmet = around(template, Check("", "", _NOTHING, None, needs, ()), first)
    try:
        doubts = connection.execute(f"select distinct subject from ({unmet}\n)").fetchall()
        excepted = connection.execute(catalog.templates["excepted"]).fetchall()
    except duckdb.Error:  # each check says what is wrong with it
        return Frame(template, first, frozenset([None]), frozenset())
    return Frame(
        template, first, frozenset(row[0] for row in doubts), frozenset(row[0] for row in excepted)
    )


def _verdict_template(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, first: datetime
) -> str:
    """The text around a check, what was looked at at the instants set being read once for all."""
    template = catalog.templates["verdict"]
    found = _LOOKED.search(template)
    if found is None:
        return template
    connection.execute(f"create or replace temp table looked as {at_instants(found[1], first)}")
    return _LOOKED.sub("/*looked*/select * from temp.main.looked/*looked*/", template)


def at_instants(compiled_sql: str, first: datetime) -> str:
    """The compiled text with the table of instants in place of its clock; the marks stay.

    `first` is the earliest of them (UTC), from which the text looks back.
    """
    return _bounded(_CLOCK.sub(_INSTANTS, compiled_sql), first).strip().rstrip(";")


def literal_clock(compiled_sql: str, as_of: datetime) -> str:
    """The compiled text at one instant, as dbt would have compiled it."""
    text = _CLOCK.sub(f"/*clock*/(select timestamp '{as_of}' as as_of)/*clock*/", compiled_sql)
    return _bounded(text, as_of)


def _bounded(compiled_sql: str, first: datetime) -> str:
    """A literal, and no column of the instants: the planner cuts a year of history by it."""
    return _BOUND.sub(f"/*since*/timestamp '{first}'/*since*/", compiled_sql)


def around(template: str, check: Check, first: datetime) -> str:
    """The check inside the template that adds a row for every need that is not met."""
    # A check may end in a comment: it gets lines of its own.
    inner = f"\n{(check.compiled_sql or '').strip().rstrip(';')}\n"
    needs = ", ".join("'" + name.replace("'", "''") + "'" for name in check.needs) or "''"
    named = template.replace("'/*needs*/'", needs).replace("/*name*/", check.name)
    return at_instants(named.replace("/*check*/", inner), first)


def _fetch(
    connection: duckdb.DuckDBPyConnection, compiled_sql: str, first: datetime
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(at_instants(compiled_sql, first)).fetchall()
    except duckdb.Error as error:
        why = f"the warehouse does not say which bots it has read: {first_line(error)}"
        raise WatchhouseError(why, BUILD_HINT) from error


def _run_check(
    connection: duckdb.DuckDBPyConnection,
    compiled_sql: str,
    check: Check,
    instants: Sequence[datetime],
    rows: dict[datetime, Rows],
) -> None:
    try:
        if check.fault:
            raise LookupError(check.fault)
        result = connection.execute(compiled_sql)
        names = [column[0] for column in result.description]
        found = [dict(zip(names, values, strict=True)) for values in result.fetchall()]
        said = [(row["as_of"], _meaning(check, row)) for row in found]
    except (duckdb.Error, LookupError) as error:
        why = check.fault or f"the SQL of the check failed: {first_line(error)}"
        said = [(as_of, Unknown(check.name, None, why)) for as_of in instants]
    for as_of, item in said:
        if isinstance(item, Unknown):
            rows[as_of].unknown.append(item)
        else:
            rows[as_of].findings.append(item)


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
