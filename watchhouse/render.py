"""A verdict for the operator: 80 columns, the first line says it all."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from watchhouse.catalog import Provenance
from watchhouse.causes import Family, Group, families, root_cause
from watchhouse.finding import JUDGED
from watchhouse.incidents import Incident, seen_before
from watchhouse.instant import short
from watchhouse.verdict import NotApplicable, Unknown, Verdict

WIDTH = 80
_SHOWN = 3  # findings per check on the one screen; a check asked for by name shows all


def headline(verdict: Verdict) -> str:
    """One line of at most 80 characters: verdict, root cause, since, coverage."""
    root = root_cause(verdict.findings)
    tail = f", {int(verdict.coverage * 100)}% judged"
    if verdict.verdict in JUDGED and root is not None:
        tail = f" since {short(root.since, verdict.as_of)}{tail}"
        body = f"{root.bot}: {_sentence(root.check)}" if root.bot else _sentence(root.check)
    elif verdict.unknown:
        body = _common_why(verdict.unknown)
    else:
        body = (
            f"{', '.join(verdict.bots)}: {_checks(verdict.checks)} quiet at {short(verdict.as_of)}"
        )
    head = f"{verdict.verdict.upper()} "
    room = WIDTH - len(head) - len(tail)
    return head + (body if len(body) <= room else body[: room - 1].rstrip() + "…") + tail


def lines(
    verdict: Verdict,
    provenance: Provenance,
    incidents: Sequence[Incident] = (),
    *,
    unfold: bool = False,
    every_row: bool = False,
) -> list[str]:
    """The whole screen: headline, root causes worst first, what is unknown, where it comes from.

    `unfold` also shows what follows from a root cause, `every_row` all findings of a check.
    """
    screen = _Screen(verdict, incidents, unfold, every_row)
    blocks = [
        [headline(verdict)],
        *screen.blocks(),
        _unknown(verdict.unknown),
        _not_applicable(verdict.not_applicable),
        _origin(verdict, provenance),
    ]
    return [line for block in blocks if block for line in (*block, "")][:-1]


def _checks(count: int) -> str:
    return "1 check" if count == 1 else f"{count} checks"


def _sentence(check: str) -> str:
    return check.replace("_", " ")


def wrap(text: str, first: str = "", rest: str = "    ") -> list[str]:
    """The text in lines of 80 columns."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


@dataclass(frozen=True)
class _Screen:
    """The findings of a verdict as blocks of lines."""

    verdict: Verdict
    incidents: Sequence[Incident]
    unfold: bool
    every_row: bool

    def blocks(self) -> list[list[str]]:
        """Families first, then what is only told."""
        told = [
            block for family in families(self.verdict.findings) for block in self._family(family)
        ]
        infos = [f for f in self.verdict.findings if f.severity not in JUDGED]
        by_check = groupby(sorted(infos, key=lambda f: f.check), key=lambda f: f.check)
        return told + [self._group(Group((*group,))) for _, group in by_check]

    def _family(self, family: Family) -> list[list[str]]:
        if self.unfold:
            return [self._group(group) for group in (family.root, *family.folded)]
        return [self._group(family.root) + _explains(family)]

    def _group(self, group: Group) -> list[str]:
        top, findings = group.top, group.findings
        limit = len(findings) if self.every_row else _SHOWN
        block = [f"{top.severity.upper()} {_sentence(top.check)} ({top.playbook})"]
        for finding in findings[:limit]:
            where = " ".join(word for word in (finding.bot, finding.subject) if word)
            since = short(finding.since, self.verdict.as_of)
            block += wrap(f"{where} since {since}: {finding.reason}", "  ")
        if len(findings) > limit:
            more = len(findings) - limit
            block.append(f"  and {more} more: watchhouse check --select {top.check}")
        if group.causes:
            block += wrap(f"Follows from: {', '.join(map(_sentence, group.causes))}", "  ")
        for said in seen_before(self.incidents, top.bot, top.check, self.verdict.as_of):
            block += wrap(said, "  ")
        if top.do and top.severity in JUDGED:
            block += wrap(f"Do: {top.do}", "  ", "      ")
        return block


def _explains(family: Family) -> list[str]:
    if not family.folded:
        return []
    names = ", ".join(f"{_sentence(g.top.check)} ({g.top.severity})" for g in family.folded)
    return wrap(f"Explains {len(family.folded)} more (--all): {names}", "  ")


def _fold(items: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    folded: dict[str, list[str]] = {}
    for reason, name in items:
        folded.setdefault(reason, []).append(name)
    return dict(sorted(folded.items(), key=lambda item: -len(item[1])))


def _count(names: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(names))
    return distinct[0] if len(distinct) == 1 else f"{len(distinct)} checks"


def _common_why(unknown: Sequence[Unknown]) -> str:
    return next(iter(_fold((u.why, u.check or "") for u in unknown)))


def _unknown(unknown: Sequence[Unknown]) -> list[str]:
    folded = _fold(
        ((f"{u.bot}: " if u.bot else "") + u.why, u.check or "every check") for u in unknown
    )
    return [
        line for why, names in folded.items() for line in wrap(f"UNKNOWN {why} [{_count(names)}]")
    ]


def _not_applicable(items: Sequence[NotApplicable]) -> list[str]:
    folded = _fold((f"{n.bot} has no {n.surface} configured", n.check) for n in items)
    return [
        line
        for why, names in folded.items()
        for line in wrap(f"NOT APPLICABLE {why} [{_count(names)}]")
    ]


def _origin(verdict: Verdict, provenance: Provenance) -> list[str]:
    reads = [f"{bot} {short(at, verdict.as_of)}" for bot, at in provenance.read_to.items()]
    published = short(provenance.published_at, verdict.as_of)
    commit = f", checks of {provenance.commit[:7]}" if provenance.commit else ""
    return wrap(
        f"As of {short(verdict.as_of)}, read to: {', '.join(reads) or 'nothing yet'};"
        f" published {published}{commit}: {provenance.file}",
        rest="  ",
    )
