"""One check at one instant: what it means, what it read, how near it is to turning, its past."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

import duckdb

from watchhouse.catalog import Catalog, Check
from watchhouse.check import run_checks
from watchhouse.finding import Finding
from watchhouse.firings import Firing, firings, history
from watchhouse.limits import Limit, in_force
from watchhouse.verdict import Verdict

_HEADER = """
select means, look_at, do_text, blind_to, playbook_lines, file from meta.checks where name = ?
"""
_NEEDS = """
select surface, status, is_usable, reason, last_good_at
from fct_surface_health
where bot = $bot and valid_from <= $at and $at < valid_to and surface in $needs
order by surface
"""
_ROWS = """
select payload, _observed_at from raw."{table}"
where _bot = $bot and _file = $file and {place} = $key and _observed_at <= $at
order by _observed_at desc
limit 1
"""


@dataclass(frozen=True)
class Need:
    """A surface that a check needs: its state and last good content (UTC) for a bot."""

    surface: str
    status: str
    is_usable: bool
    reason: str | None
    last_good_at: datetime | None


@dataclass(frozen=True)
class Proof:
    """Where the bot said it: file and offset of a line or hash of a file, and what stands there."""

    file: str
    place: str
    text: str | None
    observed_at: datetime | None


@dataclass(frozen=True)
class BotSide:
    """What a check says of one bot, and what it read."""

    bot: str
    findings: tuple[tuple[Finding, Proof | None], ...]
    needs: tuple[Need, ...]
    limits: tuple[Limit, ...]


@dataclass(frozen=True)
class Explanation:
    """All of it; `fired` are the stretches of the whole history until `verdict.as_of`."""

    check: Check
    header: dict[str, str | None]
    lines: tuple[str, ...]
    file: str
    verdict: Verdict
    bots: tuple[BotSide, ...]
    looked_from: datetime
    fired: tuple[Firing, ...]


def explain(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, as_of: datetime, bot: str | None = None
) -> Explanation:
    """Explain the one check of the catalog at an instant (UTC), for all bots or for one."""
    [check] = catalog.checks
    verdict = run_checks(connection, catalog, [as_of], bot)[0]
    means, look_at, do_text, blind_to, lines, file = connection.execute(
        _HEADER, [check.name]
    ).fetchall()[0]
    header = {"Means": means, "Look at": look_at, "Do": do_text, "Blind to": blind_to}
    sides = tuple(_side(connection, check, verdict, name) for name in verdict.bots)
    grid = history(connection, as_of)
    fired = [] if check.fault else firings(connection, catalog, check, grid)
    kept = tuple(f for f in fired if bot is None or f.bot in (bot, None))
    return Explanation(check, header, tuple(lines), file, verdict, sides, grid[0], kept)


def _side(
    connection: duckdb.DuckDBPyConnection, check: Check, verdict: Verdict, bot: str
) -> BotSide:
    at = verdict.as_of
    own = [f for f in verdict.findings if f.bot in (bot, None)]
    bound = {"bot": bot, "at": at, "needs": list(check.needs) or [""]}
    needs = [Need(*row) for row in connection.execute(_NEEDS, bound).fetchall()]
    limits = in_force(connection, check, bot, at)
    proofs = tuple((f, _proof(connection, f, bot, at)) for f in own)
    return BotSide(bot, proofs, tuple(needs), tuple(limits))


def _proof(
    connection: duckdb.DuckDBPyConnection, finding: Finding, bot: str, at: datetime
) -> Proof | None:
    file, offset = finding.evidence.get("_file"), finding.evidence.get("_offset")
    key = finding.evidence.get("_sha256") if offset is None else offset
    if not isinstance(file, str) or key is None:
        return None
    column = "_sha256" if offset is None else "_offset"
    place = f"sha256 {key}" if offset is None else f"offset {key}"
    bound = {"bot": bot, "file": file, "key": key, "at": at}
    for table in _tables(connection, file):
        try:
            query = _ROWS.format(table=table, place=column)
            row = connection.execute(query, bound).fetchone()
        except duckdb.Error:  # a stream of another kind, or raw rows that are kept elsewhere
            continue
        if row:
            return Proof(file, place, *row)
    return Proof(file, place, None, None)


def _tables(connection: duckdb.DuckDBPyConnection, file: str) -> list[str]:
    """The raw tables that may hold a file: its own, or that of the log which was rotated."""
    stem = PurePosixPath(file).name.split(".")[0]
    rows = connection.execute("select surface, path from dim_surfaces order by 1").fetchall()
    return [name for name, path in rows if PurePosixPath(path).name.split(".")[0] == stem]
