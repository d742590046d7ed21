"""The limits that checks read between marks: which, their value then, and other values tried."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from ingest.errors import UsageError
from watchhouse.catalog import Catalog, Check
from watchhouse.check import Span, at_instants, set_instants
from watchhouse.finding import RANK

_MARKED = re.compile(r"/\*limits\*/.*?/\*limits\*/", re.DOTALL)
_USED = re.compile(r"limit_name = '(\w+)'")
_CHOSEN = "/*limits*/temp.main.limits_chosen/*limits*/"
_TABLE = """
create or replace temp table limits_chosen as
select
    bot, limit_name, valid_from, valid_to, coalesce(chosen.value, limits.value) as value
from limits
left join (select unnest(?::varchar[]) as name, unnest(?::double[]) as value) as chosen
    on chosen.name = limits.limit_name
"""
_IN_FORCE = """
select limit_name, value, source
from limits
where bot = $bot and valid_from <= $at and $at < valid_to and limit_name in $names
order by limit_name
"""
_DOUBLINGS = 24  # a limit is tried up to 16 million times its size, and down to as small a part
_HALVINGS = 20


@dataclass(frozen=True)
class Limit:
    """A limit in force for a bot, and the nearest value at which the check would say otherwise."""

    name: str
    value: float
    source: str  # the surface of the bot's config, or `var`
    turns_at: float | None
    turns_to: str | None  # crit, warn, info or quiet


def limit_names(check: Check) -> tuple[str, ...]:
    """The limits that a check reads."""
    return tuple(dict.fromkeys(_USED.findall(check.compiled_sql or "")))


def with_limits(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, values: Mapping[str, float]
) -> Catalog:
    """The catalog with its checks reading these values, which win over config and var.

    Raises UsageError for a limit that none of the checks reads.
    """
    known = {name for check in catalog.checks for name in limit_names(check)}
    for name in sorted(set(values) - known):
        near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.4)
        hint = ", ".join(near or sorted(known)) or "the selected checks read no limits"
        raise UsageError(f"no selected check reads a limit called `{name}`", hint)
    choose(connection, values)
    checks = (replace(c, compiled_sql=at_chosen(c.compiled_sql or "")) for c in catalog.checks)
    return replace(catalog, checks=tuple(checks))


def choose(connection: duckdb.DuckDBPyConnection, values: Mapping[str, float]) -> None:
    """Make the temp table of limits, with these values in place of their own."""
    connection.execute(_TABLE, [[*values], [*values.values()]])


def at_chosen(compiled_sql: str) -> str:
    """The compiled text with the temp table in place of the limits; the marks stay."""
    return _MARKED.sub(_CHOSEN, compiled_sql)


def in_force(
    connection: duckdb.DuckDBPyConnection, check: Check, bot: str, at: datetime
) -> list[Limit]:
    """The limits that a check reads of a bot at an instant (UTC), and where it would turn."""
    names = limit_names(check)
    if not names or check.fault:
        return []
    bound = {"bot": bot, "at": at, "names": list(names)}
    rows = connection.execute(_IN_FORCE, bound).fetchall()
    said = Said(connection, check, bot, set_instants(connection, [at]))
    return [
        Limit(name, value, source, *turning_point(said, name, value))
        for name, value, source in rows
    ]


@dataclass(frozen=True)
class Said:
    """The worst that the check says of the bot, over the instants set, for values of a limit."""

    connection: duckdb.DuckDBPyConnection
    check: Check
    bot: str
    span: Span

    def at(self, name: str, value: float | None) -> str:
        """With the limit at this value; None leaves it as it was in force."""
        choose(self.connection, {} if value is None else {name: value})
        findings = at_chosen(at_instants(self.check.compiled_sql or "", self.span))
        query = f"select distinct severity from ({findings}\n) where bot = ?"
        return min(
            (severity for (severity,) in self.connection.execute(query, [self.bot]).fetchall()),
            key=RANK.__getitem__,
            default="quiet",
        )


def turning_point(said: Said, name: str, value: float) -> tuple[float | None, str | None]:
    """The value nearest to the one in force at which the answer is another, and that answer."""
    now = said.at(name, value)
    for step in range(1, _DOUBLINGS + 1):
        for factor in (2.0, 0.5):
            same, other = value * factor ** (step - 1), value * factor**step
            if said.at(name, other) != now:
                return _between(said, name, same, other, now)
    return None, None


def _between(said: Said, name: str, same: float, other: float, now: str) -> tuple[float, str]:
    for _ in range(_HALVINGS):
        middle = (same + other) / 2
        if said.at(name, middle) == now:
            same = middle
        else:
            other = middle
    return other, said.at(name, other)
