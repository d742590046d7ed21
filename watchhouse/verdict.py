"""From the rows of the checks to a verdict per instant and bot."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from watchhouse.catalog import Catalog, Check
from watchhouse.causes import with_causes
from watchhouse.finding import JUDGED, RANK, Finding
from watchhouse.instant import iso, short


@dataclass(frozen=True)
class Unknown:
    """What could not be judged, and why; no check means all of them, no bot means any."""

    check: str | None
    bot: str | None
    why: str


@dataclass(frozen=True)
class NotApplicable:
    """A check that does not apply to a bot, because it needs a source that is not configured."""

    check: str
    bot: str
    surface: str


@dataclass(frozen=True)
class BotVerdict:
    """A bot's state, and which share of the checks that apply to it was judged (0-1)."""

    verdict: str
    judged: int
    applicable: int

    @property
    def coverage(self) -> float:
        """Judged over applicable; nothing applicable is nothing judged."""
        return _share(self.judged, self.applicable)


@dataclass
class Rows:
    """Everything the checks said about one instant."""

    bots: set[str] = field(default_factory=set)
    absent: dict[str, set[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def add(self, item: Finding | Unknown) -> None:
        """One thing more that a check said."""
        if isinstance(item, Unknown):
            self.unknown.append(item)
        else:
            self.findings.append(item)

    def about(self, bot: str) -> "Rows":
        """The same, only what concerns one bot (or no bot in particular)."""
        return Rows(
            self.bots & {bot},
            self.absent,
            [f for f in self.findings if f.bot in (bot, None)],
            [u for u in self.unknown if u.bot in (bot, None)],
        )


@dataclass(frozen=True)
class Verdict:
    """The answer for one instant; findings worst and earliest first."""

    as_of: datetime
    verdict: str
    bots: dict[str, BotVerdict]
    findings: tuple[Finding, ...]
    unknown: tuple[Unknown, ...]
    not_applicable: tuple[NotApplicable, ...]
    checks: int

    @property
    def coverage(self) -> float:
        """Judged check x bot over applicable ones (0-1)."""
        return _share(
            sum(bot.judged for bot in self.bots.values()),
            sum(bot.applicable for bot in self.bots.values()),
        )

    def as_json(self) -> dict[str, object]:
        """The published shape; every value is plain JSON."""
        return {
            "as_of": iso(self.as_of),
            "verdict": self.verdict,
            "coverage": self.coverage,
            "bots": {
                name: {"verdict": bot.verdict, "coverage": bot.coverage}
                for name, bot in self.bots.items()
            },
            "findings": [plain(vars(finding)) for finding in self.findings],
            "unknown": [vars(unknown) for unknown in self.unknown],
        }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def worst(states: Iterable[str]) -> str:
    """The worst of some states; `ok` when there are none, `info` counts as `ok`."""
    state = min(states, key=RANK.__getitem__, default="ok")
    return "ok" if state == "info" else state


def judge(as_of: datetime, rows: Rows, catalog: Catalog, bot: str | None = None) -> Verdict:
    """Turn what the checks said about an instant into its verdict, for all bots or for one."""
    checks = catalog.checks
    if bot is not None:
        rows = rows.about(bot)
    unknown = list(dict.fromkeys(rows.unknown))
    if bot is not None and bot not in rows.bots:
        unknown = [Unknown(None, bot, f"no bot `{bot}` had been read by {short(as_of)}")]
    elif not checks:
        unknown = [Unknown(None, None, "the warehouse holds no checks")]
    elif not rows.bots and not unknown:
        unknown = [Unknown(None, None, f"no bot had been read by {short(as_of)}")]
    names = sorted(rows.bots | {f.bot for f in rows.findings if f.bot is not None})
    left_out = [item for name in names for item in _left_out(name, rows, unknown, checks)]
    bots = {name: _bot_verdict(name, rows.findings, unknown, left_out, checks) for name in names}
    unknown += [
        Unknown(None, name, "none of the checks applies: their sources are not configured")
        for name, state in bots.items()
        if not state.applicable and checks
    ]
    states = [f.severity for f in rows.findings] + ["unknown"] * bool(unknown)
    findings = tuple(sorted(with_causes(rows.findings, checks, catalog.loop), key=_order))
    return Verdict(
        as_of, worst(states), bots, findings, tuple(unknown), tuple(left_out), len(checks)
    )


def _order(finding: Finding) -> tuple[object, ...]:
    since = finding.since or datetime.max
    return RANK[finding.severity], since, finding.check, finding.bot or "", finding.subject or ""


def _left_out(
    bot: str, rows: Rows, unknown: Sequence[Unknown], checks: Sequence[Check]
) -> list[NotApplicable]:
    absent = rows.absent.get(bot)
    if not absent:
        return []
    # Whatever a check did say wins over a source that is not there.
    heard = {f.check for f in rows.findings if f.bot in (bot, None) and f.severity in JUDGED}
    heard |= {u.check for u in unknown if u.check and u.bot in (bot, None)}
    return [
        NotApplicable(check.name, bot, surface)
        for check in checks
        if check.name not in heard
        for surface in check.needs
        if surface in absent
    ]


def _bot_verdict(
    bot: str,
    findings: Sequence[Finding],
    unknown: Sequence[Unknown],
    left_out: Sequence[NotApplicable],
    checks: Sequence[Check],
) -> BotVerdict:
    own = [f for f in findings if f.bot == bot]
    fired = {f.check for f in own if f.severity in JUDGED}
    doubts = {u.check for u in unknown if u.bot in (bot, None)}
    applicable = len(checks) - len({item.check for item in left_out if item.bot == bot})
    judged = 0 if None in doubts else applicable - len(doubts - fired)
    states = [f.severity for f in own] + ["unknown"] * bool(doubts or not applicable)
    return BotVerdict(worst(states), judged, applicable)


def plain(value: object) -> object:
    """A value of the warehouse as plain JSON: times with `Z`, NaN and infinity as null."""
    for kinds, convert in _PLAIN:
        if isinstance(value, kinds):
            return convert(value)
    return str(value)


def _number(value: float | Decimal) -> float | None:
    return float(value) if math.isfinite(value) else None


# The first match counts: a bool is an int, a datetime is a date.
_PLAIN: tuple[tuple[type | tuple[type, ...], Callable[[Any], object]], ...] = (
    ((type(None), bool, int, str), lambda value: value),
    ((float, Decimal), _number),
    (datetime, iso),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, lambda value: value.total_seconds()),
    (bytes, lambda value: value.hex()),
    (dict, lambda value: {str(key): plain(item) for key, item in value.items()}),
    ((list, tuple), lambda value: [plain(item) for item in value]),
)
