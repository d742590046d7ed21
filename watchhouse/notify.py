"""Who is told what: each incident once when it opens, once when it worsens, once when it ends."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import orjson

from ingest.errors import UsageError, WatchhouseError
from ingest.settings import Settings
from watchhouse import journal
from watchhouse.incidents import Incident
from watchhouse.instant import iso, parse_instant, short

_WORSE = {"crit": 2, "unknown": 1, "warn": 0}
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PING_SECONDS = 10


@dataclass(frozen=True)
class Targets:
    """Where messages go: URLs as apprise writes them; `ping_url` is asked for at each good cycle.

    Past `most_per_hour` messages what is new waits and comes in one. `${NAME}` in a URL is taken
    from the environment, so that no secret need be in the settings.
    """

    urls: tuple[str, ...] = ()
    ping_url: str | None = None
    most_per_hour: int = 12


@dataclass(frozen=True)
class News:
    """What has changed of an incident since it was last announced."""

    incident: Incident
    state: str
    sentence: str


@dataclass(frozen=True)
class _Said:
    """The state last announced of each incident, and when, with or without a message."""

    states: Mapping[str, str]
    times: tuple[tuple[datetime, bool], ...]

    @property
    def first_at(self) -> datetime | None:
        return self.times[0][0] if self.times else None

    def sent_after(self, start: datetime) -> int:
        return len([at for at, was_sent in self.times if was_sent and at > start])


def read_targets(settings: Settings) -> Targets:
    """The table `[notify]` of the settings; UsageError for what nothing reads or is not set."""
    table, known = settings.notify, {one.name for one in fields(Targets)}
    is_right = isinstance(table, Mapping) and not set(table) - known
    if not is_right or not isinstance(table.get("urls", []), list):
        raise UsageError(
            f"`{settings.settings_file}`: [notify] holds what nothing reads",
            f"known: {', '.join(sorted(known))}; urls is a list of texts",
        )
    urls = tuple(_expanded(settings, url) for url in table.get("urls", []))
    ping = table.get("ping_url")
    most = table.get("most_per_hour", Targets.most_per_hour)
    return Targets(urls, ping and _expanded(settings, ping), most)


def _expanded(settings: Settings, url: str) -> str:
    missing = [name for name in _VARIABLE.findall(url) if name not in os.environ]
    if missing:
        raise UsageError(
            f"`{settings.settings_file}`: [notify] asks for ${{{missing[0]}}}, which is not set",
            f"export {missing[0]}=…",
        )
    return _VARIABLE.sub(lambda found: os.environ[found[1]], url)


def announce(
    settings: Settings, targets: Targets, incidents: Sequence[Incident], at: datetime
) -> list[News]:
    """Send each target what is new to it, in one message, and keep in the journal that it was sent.

    Returns what was sent. The first time only what is open counts. Raises WatchhouseError when a
    target did not take its message: nothing is kept of it then, so that it is sent again next time.
    """
    sent: list[News] = []
    failed = []
    for number, url in enumerate(targets.urls, 1):
        said = _announced(settings, _name(url))
        heard = [one for one in incidents if _concerns(one, said, at)]
        news = [one for incident in heard for one in _news(incident, said.states)]
        if news and said.sent_after(at - timedelta(hours=1)) >= targets.most_per_hour:
            continue
        if news and not _send(url, title(news), "\n".join(one.sentence for one in news)):
            failed.append(str(number))
            continue
        if news or said.first_at is None:
            states = {one.incident.incident_id: one.state for one in news}
            told = {"at": iso(at), "what": "announced", "target": _name(url), "states": states}
            journal.append(settings, "notices", told)
        sent += [one for one in news if one not in sent]
    _raise_for(failed)
    return sent


def _concerns(incident: Incident, said: _Said, at: datetime) -> bool:
    """Not what was over before anybody was to be told, nor what somebody silenced."""
    if incident.incident_id in said.states:
        return True
    if incident.silenced_until is not None and incident.silenced_until > at:
        return False
    return incident.is_open or (said.first_at is not None and incident.opened_at > said.first_at)


def _news(incident: Incident, states: Mapping[str, str]) -> Iterator[News]:
    said = states.get(incident.incident_id)
    what = f"{incident.bot or 'every bot'}: {incident.check_name.replace('_', ' ')}"
    if not incident.is_open:
        if said != "ended" and incident.ended_at is not None:
            minutes = f"{incident.lasted_seconds / 60:.0f} min"
            quiet = f"quiet since {short(incident.ended_at)}, after {minutes}"
            yield News(incident, "ended", f"ENDED {what}, {quiet}")
    elif said is None or _WORSE[incident.severity] > _WORSE.get(said, -1):
        since = short(incident.since_at or incident.opened_at)
        word = incident.severity.upper() + ("" if said is None else f" (was {said})")
        why = f": {incident.reason}" if incident.reason else ""
        yield News(incident, incident.severity, f"{word} {what} since {since}{why}")


def title(news: Sequence[News]) -> str:
    """The worst thing first: `CRIT main: nav jumped (and 2 more)`."""
    first = max(news, key=lambda one: _WORSE.get(one.state, -1))
    more = f" (and {len(news) - 1} more)" if news[1:] else ""
    return re.split(r" since |, quiet", first.sentence)[0] + more


def send(targets: Targets, head: str, text: str) -> None:
    """Give a message to every target; WatchhouseError when one did not take it."""
    urls = enumerate(targets.urls, 1)
    _raise_for([str(number) for number, url in urls if not _send(url, head, text)])


def _send(url: str, head: str, text: str) -> bool:
    from apprise import Apprise  # noqa: PLC0415  (half a second, and most commands send nothing)

    # What it says of a failure may hold the URL, and with that a secret.
    logging.getLogger("apprise").disabled = True
    door = Apprise()
    return bool(door.add(url) and door.notify(title=head, body=text))


def _raise_for(failed: Sequence[str]) -> None:
    if failed:
        # A URL holds secrets: its number says enough.
        raise WatchhouseError(
            f"URL {', '.join(failed)} of [notify] did not take the message",
            "it is sent again at the next cycle; watchhouse notify --test tries it now",
        )


def _name(url: str) -> str:
    """A target in the journal: what was sent to it must be known, not how to reach it."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def ping(targets: Targets) -> None:
    """Tell the dead man's switch that a cycle went well; WatchhouseError when it is not there."""
    if targets.ping_url is None:
        return
    try:
        with urllib.request.urlopen(targets.ping_url, timeout=_PING_SECONDS):
            pass
    except (OSError, ValueError) as error:
        raise WatchhouseError(f"the ping URL did not answer: {type(error).__name__}") from None


def _announced(settings: Settings, target: str) -> _Said:
    states: dict[str, str] = {}
    sent_at = []
    for file in sorted(settings.folder("journal").glob("notices*.jsonl")):
        for line in file.read_bytes().splitlines():
            if b'"announced"' not in line:
                continue
            entry = _entry(line)
            if entry.get("what") == "announced" and entry.get("target") == target:
                states |= entry["states"]
                sent_at.append((parse_instant(entry["at"]), bool(entry["states"])))
    return _Said(states, tuple(sent_at))


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}  # cut off by a full disk; ingest quarantines it
    return entry if isinstance(entry, dict) else {}
