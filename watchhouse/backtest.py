"""The checks over a span of the past: thousands of instants, still one query per check."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from ingest.errors import WatchhouseError
from watchhouse.instant import iso, short
from watchhouse.render import headline
from watchhouse.verdict import Verdict

_MOST = 1_000_000


def instants(since: datetime, until: datetime, every: timedelta) -> list[datetime]:
    """`since`, `since` + `every`, … and always `until` itself.

    Raises `WatchhouseError` when the span or the step is not positive or far too fine.
    """
    if until < since:
        raise WatchhouseError(f"--until {iso(until)} is before --since {iso(since)}", "swap them")
    if every <= timedelta(0):
        raise WatchhouseError("--every must be more than nothing", "for example --every 60s")
    steps = (until - since) // every
    if steps > _MOST:
        raise WatchhouseError(f"{steps} instants are too many", "a larger --every, a shorter span")
    grid = [since + every * step for step in range(steps + 1)]
    return grid if grid[-1] == until else [*grid, until]


def parse_every(text: str) -> timedelta:
    """Read a step such as `60s`, `5m`, `1h`, `1d`; a bare number means seconds."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        return timedelta(seconds=float(number) * units[unit])
    except (ValueError, OverflowError):
        raise WatchhouseError(f"not a step: {text!r}", "like --every 60s, 5m or 1h") from None


def fold(verdicts: Sequence[Verdict]) -> Iterator[tuple[Verdict, Verdict, int]]:
    """Equal neighbours as (first, last, how many); numbers in reasons and evidence may differ."""
    for _, group in groupby(verdicts, key=likeness):
        stretch = [*group]
        yield stretch[0], stretch[-1], len(stretch)


def likeness(verdict: Verdict) -> tuple[object, ...]:
    """What makes two verdicts alike: who finds what, not the numbers in it."""
    findings = {(f.check, f.bot, f.subject, f.severity) for f in verdict.findings}
    unknown = {(u.check, u.bot) for u in verdict.unknown}
    return verdict.verdict, frozenset(findings), frozenset(unknown)


def folded_json(verdicts: Sequence[Verdict]) -> list[dict[str, object]]:
    """The stretches as JSON: the first verdict of each, from when to when, how many instants."""
    return [
        {
            "from_as_of": iso(first.as_of),
            "to_as_of": iso(last.as_of),
            "instants": count,
            **first.as_json(),
        }
        for first, last, count in fold(verdicts)
    ]


def lines(verdicts: Sequence[Verdict], raw: bool) -> list[str]:
    """One line per stretch (or per instant): from, to, how many, headline."""
    stretches = ((v, v, 1) for v in verdicts) if raw else fold(verdicts)
    return [
        f"{short(first.as_of)} {short(last.as_of, first.as_of):>9} {count:>5} " + headline(first)
        for first, last, count in stretches
    ]
