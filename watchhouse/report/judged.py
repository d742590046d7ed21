"""What the checks said over the window, as tables that panels can read."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from itertools import groupby, pairwise

import duckdb

from watchhouse.backtest import instants
from watchhouse.catalog import Catalog
from watchhouse.check import run_checks
from watchhouse.finding import JUDGED, Finding
from watchhouse.report.window import Window
from watchhouse.verdict import Verdict, worst

ALL = "all checks"  # the lane of the bot's own verdict

_TABLES = """
create or replace temp table report_states (
    bot varchar, check_name varchar, playbook varchar, state varchar, subject varchar,
    reason varchar, follows_from varchar, started_at timestamp, ended_at timestamp
);
create or replace temp table report_findings (
    place bigint, bot varchar, check_name varchar, playbook varchar, severity varchar,
    subject varchar, since_at timestamp, reason varchar, follows_from varchar, do_text varchar
);
"""


@dataclass(frozen=True)
class Stretch:
    """A check of a bot in one state; the reason is that of its beginning."""

    bot: str
    check: str
    playbook: str
    state: str
    subject: str | None
    reason: str | None
    follows_from: str | None
    started_at: datetime
    ended_at: datetime


def judge_window(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, window: Window
) -> list[Verdict]:
    """The verdict at every instant of the window, the last one at its end."""
    return run_checks(connection, catalog, instants(window.since, window.until, window.step))


def store_judged(
    connection: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    bot: str,
    verdicts: Sequence[Verdict],
    last: Verdict,
) -> None:
    """Fill the temp tables `report_states` and `report_findings` for one bot.

    `verdicts` cover the window, `last` is this bot's own at the end of it.
    """
    store_states(connection, catalog, bot, verdicts)
    _insert(connection, "report_findings", [*_findings(last, catalog, bot)])


def store_states(
    connection: duckdb.DuckDBPyConnection, catalog: Catalog, bot: str, verdicts: Sequence[Verdict]
) -> None:
    """Fill `report_states` alone, with `report_findings` empty."""
    connection.execute(_TABLES)
    states = [astuple(stretch) for stretch in stretches(verdicts, catalog, bot)]
    _insert(connection, "report_states", states)


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]
) -> None:
    if rows:
        lists = ", ".join(["unnest(?)"] * len(rows[0]))
        columns = [list(column) for column in zip(*rows, strict=True)]
        connection.execute(f"insert into {table} select {lists}", columns)


def stretches(verdicts: Sequence[Verdict], catalog: Catalog, bot: str) -> Iterator[Stretch]:
    """Per check, and for all together: equal neighbours as one; ordered by check and time.

    What holds at an instant is drawn from the instant before, or from the finding's own `since`.
    """
    playbooks = {ALL: ""} | {check.name: check.playbook for check in catalog.checks}
    said = [
        (before.as_of, at.as_of, _states(at, catalog, bot)) for before, at in pairwise(verdicts)
    ]
    for name, playbook in playbooks.items():
        cells = ((start, end, *states[name]) for start, end, states in said)
        for state, group in groupby(cells, key=lambda cell: cell[2]):
            run = [*group]
            start, end, _, finding = run[0]
            since = finding.since if finding else None
            yield Stretch(
                bot,
                name,
                playbook,
                state,
                finding.subject if finding else None,
                finding.reason if finding else None,
                _causes(finding) if finding else None,
                max(start, since) if since and since <= end else start,
                run[-1][1],
            )


def _causes(finding: Finding) -> str | None:
    return ", ".join(name.replace("_", " ") for name in finding.explained_by) or None


def _states(verdict: Verdict, catalog: Catalog, bot: str) -> dict[str, tuple[str, Finding | None]]:
    found: dict[str, Finding] = {}
    for finding in reversed(verdict.findings):  # the worst comes first, so it stays
        if finding.bot in (bot, None) and finding.severity in JUDGED:
            found[finding.check] = finding
    doubts = {u.check for u in verdict.unknown if u.bot in (bot, None)}
    absent = {item.check for item in verdict.not_applicable if item.bot == bot}
    states: dict[str, tuple[str, Finding | None]] = {}
    for check in catalog.checks:
        if check.name in found:
            states[check.name] = found[check.name].severity, found[check.name]
        elif check.name in doubts or doubts >= {None} or bot not in verdict.bots:
            states[check.name] = "unknown", None
        else:
            states[check.name] = "not applicable" if check.name in absent else "ok", None
    words = [state for state, _ in states.values() if state != "not applicable"]
    states[ALL] = worst(words) if words else "unknown", None
    return states


def _findings(verdict: Verdict, catalog: Catalog, bot: str) -> Iterator[tuple[object, ...]]:
    for place, f in enumerate(verdict.findings):
        follows = _causes(f)
        yield (
            *(place, bot, f.check, f.playbook, f.severity, f.subject, f.since, f.reason),
            *(follows, f.do),
        )
    folded: dict[str, list[str]] = {}
    for item in verdict.unknown:
        folded.setdefault(item.why, []).append(item.check or "every check")
    for place, (why, names) in enumerate(sorted(folded.items()), len(verdict.findings)):
        subject = names[0].replace("_", " ") if len(names) == 1 else f"{len(names)} checks"
        yield place, bot, None, None, "unknown", subject, None, why, None, None
