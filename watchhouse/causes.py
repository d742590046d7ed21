"""Which finding follows from which: causes that fit in time, families under a root."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from watchhouse.catalog import Check
from watchhouse.finding import JUDGED, RANK, Finding

Key = tuple[str | None, str]  # a bot and a check


@dataclass(frozen=True)
class Group:
    """What one check found for one bot, worst and earliest first."""

    findings: tuple[Finding, ...]

    @property
    def top(self) -> Finding:
        """The finding that stands for all of them."""
        return self.findings[0]

    @property
    def key(self) -> Key:
        """The bot and the check."""
        return self.top.bot, self.top.check

    @property
    def causes(self) -> tuple[str, ...]:
        """The checks that explain each of the findings; one that nothing explains stands alone."""
        shared = self.top.explained_by
        return tuple(c for c in shared if all(c in f.explained_by for f in self.findings))


@dataclass(frozen=True)
class Family:
    """A root cause and what follows from it."""

    root: Group
    folded: tuple[Group, ...]

    @property
    def order(self) -> tuple[object, ...]:
        """Worst first, also where the worst is a consequence; then the earliest root."""
        worst = min(RANK[group.top.severity] for group in (self.root, *self.folded))
        return worst, self.root.top.since or datetime.max, self.root.key[1], self.root.key[0] or ""


def with_causes(
    findings: Sequence[Finding], checks: Iterable[Check], tolerance: timedelta
) -> list[Finding]:
    """The findings, each with the firing checks that explain it.

    An effect cannot start before its cause: by `tolerance` at most, since what happens within one
    loop is seen in the order in which the bot writes its files.
    """
    known = {check.name: check.explained_by for check in checks if check.explained_by}
    starts: dict[Key, datetime] = {}
    for finding in findings:
        if finding.severity in JUDGED:
            key = finding.bot, finding.check
            starts[key] = min(finding.since or datetime.min, starts.get(key, datetime.max))
    return [
        replace(f, explained_by=_causes(f, known[f.check], starts, tolerance))
        if f.check in known and f.severity in JUDGED
        else f
        for f in findings
    ]


def _causes(
    finding: Finding, names: Sequence[str], starts: dict[Key, datetime], tolerance: timedelta
) -> tuple[str, ...]:
    latest = finding.since + tolerance if finding.since else datetime.max

    def began(name: str) -> datetime | None:
        keys = [(bot, name) for bot in dict.fromkeys((finding.bot, None))]
        return min((starts[key] for key in keys if key in starts), default=None)

    return tuple(name for name in names if (start := began(name)) is not None and start <= latest)


def families(findings: Sequence[Finding]) -> list[Family]:
    """Crit and warn findings folded under their root causes, worst root first."""
    judged = sorted((f for f in findings if f.severity in JUDGED), key=_group_order)
    groups = {g.key: g for g in (Group((*g,)) for _, g in groupby(judged, key=_key))}
    folded: dict[Key, list[Group]] = {}
    for key, group in groups.items():
        root = _root(group, groups)
        folded.setdefault(root, [])
        if root != key:
            folded[root].append(group)
    found = [Family(groups[key], tuple(sorted(g, key=_eldest))) for key, g in folded.items()]
    return sorted(found, key=lambda family: family.order)


def family_of(findings: Sequence[Finding], bot: str, check: str) -> list[Finding]:
    """What a check found for a bot, its root cause and all else that follows from that."""
    groups = ((family.root, *family.folded) for family in families(findings))
    own = (family for family in groups if any(group.key == (bot, check) for group in family))
    return [finding for family in own for group in family for finding in group.findings]


def root_cause(findings: Sequence[Finding]) -> Finding | None:
    """The finding that no other explains and that explains the worst; None when all is well."""
    found = families(findings)
    return found[0].root.top if found else None


def _root(group: Group, groups: dict[Key, Group]) -> Key:
    """The key at the end of the chain of first causes; in a ring of causes each stands alone."""
    start, passed = group.key, {group.key}
    while True:
        bot = group.key[0]
        keys = [(b, cause) for cause in group.causes for b in (bot, None)]
        above = next((key for key in keys if key in groups), None)
        if above is None:
            return group.key
        if above in passed:
            return start
        passed.add(above)
        group = groups[above]


def _key(finding: Finding) -> Key:
    return finding.bot, finding.check


def _group_order(finding: Finding) -> tuple[object, ...]:
    since = finding.since or datetime.max
    return finding.bot or "", finding.check, RANK[finding.severity], since, finding.subject or ""


def _eldest(group: Group) -> tuple[object, ...]:
    return RANK[group.top.severity], group.top.since or datetime.max, group.key[1]
