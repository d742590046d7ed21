"""What there may be to tell: each incident, and each bot that could not be judged for long."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb

from watchhouse.catalog import Catalog
from watchhouse.incidents import Incident
from watchhouse.instant import short

# How bad a state is; `blind` is unknown for more than half of the checks.
WORSE = {"crit": 3, "blind": 2, "unknown": 1, "warn": 0}
ENDED = "ended"
_OLD = timedelta(days=7)  # what began and ended before is no news

_RECOVERY = re.compile("_(has|have)_not_")  # such a check waits for proof that a fault is over

_DOUBTS = """
with
    runs as (
        select occurred_at, doubts
        from fct_check_runs
        where occurred_at > (select max(occurred_at) from fct_check_runs) - interval '1 day'
    ),
    listed as (
        select
            occurred_at,
            unnest(from_json(doubts, '[{"check": "VARCHAR", "bot": "VARCHAR", "why": "VARCHAR"}]'))
            as doubt
        from runs
    ),
    bots as (select distinct doubt.bot as bot from listed),
    counted as (
        select
            runs.occurred_at,
            bots.bot,
            case
                when bool_or(listed.doubt.check is null and listed.occurred_at is not null)
                then $checks
                else count(distinct listed.doubt.check)
            end as checks,
            mode(listed.doubt.why order by listed.doubt.why) as why
        from runs
        cross join bots
        left join listed
            on listed.occurred_at = runs.occurred_at
            and listed.doubt.bot is not distinct from bots.bot
        group by runs.occurred_at, bots.bot
    ),
    judged as (
        select *, max(occurred_at) filter (where checks = 0) over (partition by bot) as well_at
        from counted
    )
select
    bot,
    max(well_at),
    min(occurred_at) filter (where well_at is null or occurred_at > well_at),
    arg_max(checks, occurred_at),
    min(checks) filter (where occurred_at > $limit),
    arg_max(why, occurred_at)
from judged
group by bot
order by bot nulls first
"""

_JUDGED_WELL = """
select count(*)
from fct_check_runs as runs
where
    runs.occurred_at >= $ended_at
    and not exists (
        select 1
        from (
            select unnest(from_json(runs.doubts, '[{"check": "VARCHAR", "bot": "VARCHAR"}]')) as d
        )
        where coalesce(d.check, $check) = $check and coalesce(d.bot, $bot) = $bot
    )
"""

_INFO = """
select finding.reason
from (
    select unnest(from_json(
        findings,
        '[{"check": "VARCHAR", "bot": "VARCHAR", "severity": "VARCHAR", "reason": "VARCHAR"}]'
    )) as finding
    from (select findings from fct_check_runs order by occurred_at desc limit 1)
)
where list_contains($checks, finding.check) and coalesce(finding.bot, $bot) = $bot
order by (finding.severity = 'info'), finding.reason
"""


@dataclass(frozen=True)
class Topic:
    """Something that may be told: its state, since when, why, and the proof that it is over.

    `pair` names bot and check; `key` the incident, whose id moves when a clock was set back.
    """

    key: str
    pair: str
    what: str
    state: str
    since: datetime
    began_at: datetime
    why: str | None = None
    ended_at: datetime | None = None
    silenced_until: datetime | None = None
    is_acknowledged: bool = False
    proof: Callable[[], str] = field(default=str, compare=False)

    def is_old(self, at: datetime) -> bool:
        """It ended so long ago that nobody wants to hear of it."""
        return self.ended_at is not None and self.ended_at < at - _OLD

    def head(self, said: str | None) -> str:
        """State and name, after the state told before: `CRIT (was warn) main: nav jumped`."""
        word = "UNKNOWN" if self.state == "blind" else self.state.upper()
        was = f" (was {said})" if said in WORSE and self.state != ENDED else ""
        return f"{word}{was} {self.what}"

    def sentence(self, said: str | None) -> str:
        """All of it in one line."""
        if self.state == ENDED:
            return f"{self.head(said)}, {self.proof()}"
        why = f": {self.why}" if self.why else ""
        return f"{self.head(said)} since {short(self.since)}{why}"


def of_incidents(
    incidents: Sequence[Incident],
    at: datetime,
    prove: Callable[[Incident], str] | None = None,
) -> Iterator[Topic]:
    """The incidents as topics at an instant; `prove` says what shows that one is over."""
    for one in incidents:
        bot, check = one.bot or "every bot", one.check_name
        yield Topic(
            key=f"{bot} {check} {one.incident_id}",
            pair=f"{bot} {check}",
            what=f"{bot}: {check.replace('_', ' ')}",
            state=one.severity if one.is_open else ENDED,
            since=one.since_at or one.opened_at,
            began_at=one.opened_at,
            why=one.reason,
            ended_at=one.ended_at,
            silenced_until=one.silenced_until,
            is_acknowledged=one.acked_until is not None and one.acked_until > at,
            proof=lambda one=one: _over(one, prove),  # type: ignore[misc]
        )


def _over(one: Incident, prove: Callable[[Incident], str] | None) -> str:
    quiet = f"quiet since {short(one.ended_at)}, after {one.lasted_seconds / 60:.0f} min"
    proof = prove(one) if prove else ""
    return f"{quiet}; {proof}" if proof else quiet


def proof_of(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> Callable[[Incident], str]:
    """How to show that an incident is over: its check was judged since, a check that watches the
    recovery says so.
    """

    def prove(one: Incident) -> str:
        watching = [
            check.name
            for check in catalog.checks
            if one.check_name in check.explained_by and _RECOVERY.search(check.name)
        ]
        bot = one.bot or ""
        asked = {"ended_at": one.ended_at, "check": one.check_name, "bot": bot}
        ((times,),) = connection.execute(_JUDGED_WELL, asked).fetchall()
        names = {"checks": [*watching, one.check_name], "bot": bot}
        said = [row[0] for row in connection.execute(_INFO, names).fetchall()]
        return "; ".join([f"judged {times} times since and did not fire", *said])

    return prove


def of_doubts(
    connection: duckdb.DuckDBPyConnection, checks: int, longest: timedelta, at: datetime
) -> Iterator[Topic]:
    """Each bot of which checks could not be judged, once that lasts longer than `longest`."""
    asked = {"checks": checks, "limit": at - longest}
    for bot, well_at, since, count, least, why in connection.execute(_DOUBTS, asked).fetchall():
        name = bot or "every bot"
        if not count:
            yield Topic(
                *(f"{name} unknown", f"{name} unknown", f"{name}: checks could not be judged"),
                *(ENDED, well_at, datetime.min),  # no news unless it was told before
                ended_at=well_at,
                proof=lambda at=well_at: f"all were judged at {short(at)}",  # type: ignore[misc]
            )
        elif at - since > longest:
            what = f"{name}: {count} of {checks} checks cannot be judged"
            state = "blind" if 2 * (least or count) > checks else "unknown"
            yield Topic(f"{name} unknown", f"{name} unknown", what, state, since, since, why)
