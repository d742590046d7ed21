"""Incidents as the last build derived them from what `check` said, and marks that people give."""

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

import duckdb

from ingest.errors import WatchhouseError
from ingest.settings import Settings
from watchhouse.instant import iso, short
from watchhouse.journal import append
from watchhouse.verdict import plain

_LAST = 10
_FOREVER = datetime(9999, 12, 31)


@dataclass(frozen=True)
class Incident:
    """One row of fct_incidents; times UTC."""

    incident_id: str
    bot: str | None
    check_name: str
    severity: str
    reason: str | None
    is_open: bool
    since_at: datetime | None
    opened_at: datetime
    last_seen_at: datetime
    ended_at: datetime | None
    lasted_seconds: float
    is_late: bool
    seen_before_count: int
    previous_id: str | None
    is_reopened: bool
    acked_by: str | None
    ack_reason: str | None
    acked_until: datetime | None
    silenced_by: str | None
    silence_reason: str | None
    silenced_until: datetime | None

    def as_json(self) -> dict[str, object]:
        """The fields as plain JSON."""
        return {name: plain(value) for name, value in asdict(self).items()}

    def marks(self, at: datetime) -> list[str]:
        """What people said of it and still holds at an instant."""
        said = []
        for word, who, why, until in (
            ("acknowledged", self.acked_by, self.ack_reason, self.acked_until),
            ("silenced", self.silenced_by, self.silence_reason, self.silenced_until),
        ):
            if who and until and until > at:
                end = f" until {short(until, at)}" if until < _FOREVER else ""
                said.append(f"{word} by {who}{end}: {why}")
        return said


def read_incidents(connection: duckdb.DuckDBPyConnection) -> list[Incident]:
    """Every incident, open ones first, then the latest; none in a warehouse that keeps none."""
    names = ", ".join(field.name for field in fields(Incident))
    query = f"select {names} from fct_incidents order by is_open desc, opened_at desc, incident_id"
    try:
        return [Incident(*row) for row in connection.execute(query).fetchall()]
    except duckdb.CatalogException:
        return []


def chosen(incidents: Sequence[Incident], which: str) -> list[Incident]:
    """`open`, `all`, or `recent`: the open ones and the last ten that ended."""
    if which == "all":
        return [*incidents]
    ended = [one for one in incidents if not one.is_open]
    return [one for one in incidents if one.is_open] + (ended[:_LAST] if which == "recent" else [])


def lines(incidents: Sequence[Incident], at: datetime) -> list[str]:
    """A block per incident, 80 columns."""
    if not incidents:
        return ["no incident"]
    told = [line for one in incidents for line in (*_block(one, at), "")]
    return told[:-1]


def _block(one: Incident, at: datetime) -> list[str]:
    state = one.severity.upper() if one.is_open else "ENDED"
    what = one.check_name.replace("_", " ")
    start = min(one.since_at or one.opened_at, one.opened_at)
    end = "still open" if one.ended_at is None else f"to {short(one.ended_at, start)}"
    notes = [f"{one.lasted_seconds / 60:.0f} min", *_history(one)]
    block = [f"{state} {one.incident_id} {one.bot or 'every bot'}: {what}"]
    block += _wrap(f"{short(start)} {end}, {', '.join(notes)}")
    return block + [line for text in (one.reason, *one.marks(at)) if text for line in _wrap(text)]


def _history(one: Incident) -> list[str]:
    told = []
    if one.previous_id:
        word = "reopened" if one.is_reopened else "seen before"
        told.append(f"{word} ({one.seen_before_count} earlier, last {one.previous_id})")
    return told + ["partly caught up later"] * one.is_late


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent="  ", subsequent_indent="    ")


def seen_before(
    incidents: Sequence[Incident], bot: str | None, check: str, at: datetime
) -> list[str]:
    """What to say of a finding at an instant: how often it was there before, and its marks."""
    own = [i for i in incidents if (i.bot, i.check_name) == (bot, check) and i.opened_at <= at]
    ended = sorted((i for i in own if i.ended_at and i.ended_at <= at), key=lambda i: i.opened_at)
    told = [f"Seen before: {_times(ended)}"] if ended else []
    for one in own:
        if one.ended_at is None or one.ended_at > at:
            told += [f"Incident {one.incident_id} is {mark}" for mark in one.marks(at)]
    return told


def _times(ended: Sequence[Incident]) -> str:
    lasted = [f"{one.lasted_seconds / 60:.0f}" for one in ended[-3:]]
    spoken = " and ".join([", ".join(lasted[:-1]), lasted[-1]] if lasted[1:] else lasted)
    count = "once" if len(ended) == 1 else f"{len(ended)} times"
    return f"{count}, {'the last ' if len(ended) > 3 else ''}lasted {spoken} min"


def acknowledge(
    settings: Settings,
    incident: Incident,
    author: str,
    reason: str,
    until: datetime | None,
) -> None:
    """Say in the journal that somebody knows of an incident; WatchhouseError when it cannot."""
    about = {
        "incident": incident.incident_id,
        "check": incident.check_name,
        "bot": incident.bot,
    }
    _mark(settings, "ack", about, author, reason, until)


def silence(
    settings: Settings,
    check: str | None,
    bot: str | None,
    author: str,
    reason: str,
    until: datetime,
) -> None:
    """Say in the journal that a check or a bot is not to be announced for a while."""
    _mark(settings, "silence", {"check": check, "bot": bot}, author, reason, until)


def _mark(
    settings: Settings,
    kind: str,
    about: dict[str, str | None],
    author: str,
    reason: str,
    until: datetime | None,
) -> None:
    said = {"kind": kind, **about, "author": author, "reason": reason}
    try:
        settings.folder("journal").mkdir(mode=0o700, parents=True, exist_ok=True)
        append(settings, "marks", said | {"until": iso(until) if until else None})
    except OSError as error:
        raise WatchhouseError(f"the journal cannot be written: {error}") from error


def find(incidents: Sequence[Incident], name: str) -> Incident:
    """The incident of that id, or of which that is the beginning; WatchhouseError if no other."""
    found = [one for one in incidents if one.incident_id.startswith(name)]
    if len(found) != 1:
        many = ", ".join(one.incident_id for one in (found or incidents)[:5])
        raise WatchhouseError(
            f"{'several incidents are' if found else 'no incident is'} called `{name}`",
            many or "watchhouse incidents --all",
        )
    return found[0]
