"""Who is told what: each thing once when it opens, once when it worsens, once when it ends."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any

from ingest.errors import UsageError, WatchhouseError
from ingest.settings import Settings, line_of
from watchhouse.news import ENDED, WORSE, Topic
from watchhouse.told import Told, last_told, queue, remember

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PING_SECONDS = 10
_AGAIN = "it is sent again at the next cycle; watchhouse notify --test tries it now"
_NIGHT = re.compile(r"(\d{1,2}:\d\d)-(\d{1,2}:\d\d)")


@dataclass(frozen=True)
class Targets:
    """Where messages go: URLs as apprise writes them; `ping_url` is asked for at each good cycle.

    `${NAME}` in a URL is taken from the environment, so that no secret need be in the settings.
    Past `most_per_hour` messages what is new waits and comes in one; so does, in the hours of
    `night` (UTC, `22:00-07:00`), whatever is not critical. What cannot be judged is told after
    `unknown_minutes`.
    """

    urls: tuple[str, ...] = ()
    ping_url: str | None = None
    most_per_hour: int = 12
    night: str | None = None
    unknown_minutes: float = 15.0

    def is_night(self, at: datetime) -> bool:
        """Whether an instant (UTC) lies in the hours in which only what is critical is told."""
        found = _NIGHT.fullmatch(self.night or "")
        if found is None:
            return False
        start, end = (time.fromisoformat(part.zfill(5)) for part in found.groups())
        now = at.time()
        return start <= now < end if start <= end else now >= start or now < end


@dataclass(frozen=True)
class News:
    """What has changed of a topic since a target was last told."""

    topic: Topic
    said: str | None

    @property
    def sentence(self) -> str:
        """What is sent of it."""
        return self.topic.sentence(self.said)


def read_targets(settings: Settings) -> Targets:
    """The table `[notify]` of the settings.

    Raises UsageError, naming the line, for what nothing reads, is of the wrong kind or not set.
    """
    table = settings.notify
    if not isinstance(table, Mapping):
        raise _refused(settings, "notify", "no table", '[notify] with urls = ["json://…"]')
    for key, value in table.items():
        if key not in _KINDS:
            known = f"known: {', '.join(one.name for one in fields(Targets))}"
            raise _refused(settings, key, "nothing reads it", known)
        if not _is_right(key, value):
            raise _refused(settings, key, "it is not what belongs there", _KINDS[key][1])
    urls = tuple(_expanded(settings, "urls", url) for url in table.get("urls", []))
    ping = table.get("ping_url")
    rest = {key: value for key, value in table.items() if key not in ("urls", "ping_url")}
    return Targets(urls, ping and _expanded(settings, "ping_url", ping), **rest)


_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "urls": (list, 'urls = ["json://…"]'),
    "ping_url": (str, 'ping_url = "https://…"'),
    "most_per_hour": (int, "most_per_hour = 12"),
    "night": (str, 'night = "22:00-07:00", in UTC'),
    "unknown_minutes": ((int, float), "unknown_minutes = 15"),
}


def _is_right(key: str, value: Any) -> bool:
    if not isinstance(value, _KINDS[key][0]) or isinstance(value, bool):
        return False
    match value:
        case list():
            return all(isinstance(url, str) for url in value)
        case str() if key == "night":
            found = _NIGHT.fullmatch(value)
            return found is not None and all(_is_time(part) for part in found.groups())
        case int() | float():
            return value > 0
    return True


def _is_time(text: str) -> bool:
    hour, minute = map(int, text.split(":"))
    return hour < 24 and minute < 60


def _refused(settings: Settings, key: str, why: str, hint: str) -> UsageError:
    file = settings.settings_file
    return UsageError(f"`{file}`{line_of(file, key)}: `{key}` of [notify]: {why}", hint)


def _expanded(settings: Settings, key: str, url: str) -> str:
    missing = [name for name in _VARIABLE.findall(url) if name not in os.environ]
    if missing:
        why = f"${{{missing[0]}}} is not set"
        raise _refused(settings, key, why, f"export {missing[0]}=…, or a line of the unit's file")
    return _VARIABLE.sub(lambda found: os.environ[found[1]], url)


def announce(
    settings: Settings, targets: Targets, topics: Sequence[Topic], at: datetime
) -> list[str]:
    """Send each target what is new to it, in one message, and keep in the journal that it was sent.

    Returns the sentences sent. The first time only what is open counts. Raises WatchhouseError
    when a target did not take its message: it is queued then and sent again next time.
    """
    told: list[str] = []
    failed = []
    for number, url in enumerate(targets.urls, 1):
        try:
            told += [one for one in _tell(settings, targets, url, topics, at) if one not in told]
        except ConnectionError:
            failed.append(str(number))
        except OSError as error:
            raise WatchhouseError(f"the journal cannot be written: {error.strerror}") from error
    _raise_for(failed)
    return told


def _tell(
    settings: Settings, targets: Targets, url: str, topics: Sequence[Topic], at: datetime
) -> list[str]:
    """Tell one target; what was sent. ConnectionError when it did not take it."""
    name = _name(url)
    told = last_told(settings, name)
    news = [*_news(topics, told, at)]
    quiet = [one for one in news if one.said is None and one.topic.is_acknowledged]
    loud = [one for one in news if one not in quiet and _may_go(one, targets, at)]
    sentences = [one.sentence for one in loud]
    hour = [one for one in told.sent_at if one > at - timedelta(hours=1)]
    if sentences and len(hour) >= targets.most_per_hour:
        return []
    if sentences:
        queue(settings, name, told, "\n".join(sentences))
        if not _send(url, title(loud), "\n".join(sentences)):
            raise ConnectionError
    if quiet or loud or told.first_at is None:
        states = _states(topics, told, [*quiet, *loud], at)
        remember(settings, name, told, states, at, is_sent=bool(loud))
    return sentences


def _may_go(news: News, targets: Targets, at: datetime) -> bool:
    return news.topic.state == "crit" or not targets.is_night(at)


def _news(topics: Sequence[Topic], told: Told, at: datetime) -> Iterator[News]:
    """What a target has not been told, and is to be."""
    gone = _gone(topics, told)
    for topic in topics:
        said = told.states.get(topic.key, gone.get(topic.pair))
        if said is None and not _concerns(topic, told, at):
            continue
        if topic.silenced_until is not None and topic.silenced_until > at:
            continue
        is_end = topic.state == ENDED and said != ENDED
        if is_end or WORSE.get(topic.state, -1) > WORSE.get(said or "", -1):
            yield News(topic, said)


def _gone(topics: Sequence[Topic], told: Told) -> dict[str, str]:
    """By bot and check, the state told of incidents that have another id now."""
    present = {topic.key for topic in topics}
    return {k.rpartition(" ")[0]: state for k, state in told.states.items() if k not in present}


def _concerns(topic: Topic, told: Told, at: datetime) -> bool:
    """Not what was over before anybody was to be told, long ago, or while it was silenced."""
    if topic.ended_at is None:
        return True
    if told.first_at is None or topic.began_at <= told.first_at or topic.is_old(at):
        return False
    return topic.silenced_until is None or topic.silenced_until < topic.ended_at


def _states(
    topics: Sequence[Topic], told: Told, news: Sequence[News], at: datetime
) -> dict[str, str]:
    """The states as they were told by now, without what ended long ago."""
    old = {topic.key for topic in topics if topic.is_old(at)}
    moved = {one.topic.pair for one in news}
    present = {topic.key for topic in topics}
    states = {
        key: state
        for key, state in told.states.items()
        if not (state == ENDED and key in old)
        and (key in present or key.rpartition(" ")[0] not in moved)
    }
    return states | {one.topic.key: one.topic.state for one in news}


def title(news: Sequence[News]) -> str:
    """The worst thing first: `CRIT main: nav jumped (and 2 more)`."""
    first = max(news, key=lambda one: WORSE.get(one.topic.state, -1))
    return first.topic.head(first.said) + (f" (and {len(news) - 1} more)" if news[1:] else "")


def send(targets: Targets, head: str, text: str) -> None:
    """Give a message to every target; WatchhouseError when one did not take it."""
    urls = enumerate(targets.urls, 1)
    refused = [str(number) for number, url in urls if not _send(url, head, text)]
    _raise_for(refused, "look at the URL, its secret, and whether this host may reach it")


def _send(url: str, head: str, text: str) -> bool:
    from apprise import Apprise  # noqa: PLC0415  (half a second, and most commands send nothing)

    # What it says of a failure may hold the URL, and with that a secret.
    logging.getLogger("apprise").disabled = True
    door = Apprise()
    return bool(door.add(url) and door.notify(title=head, body=text))


def _raise_for(failed: Sequence[str], hint: str = _AGAIN) -> None:
    if failed:
        # A URL holds secrets: its number says enough.
        raise WatchhouseError(
            f"URL {', '.join(failed)} of [notify] did not take the message",
            hint,
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
