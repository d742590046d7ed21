"""A verdict for the operator: 80 columns, the first line says it all."""

import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby

from watchhouse.catalog import Catalog, Provenance
from watchhouse.instant import short
from watchhouse.verdict import JUDGED, Finding, NotApplicable, Unknown, Verdict

WIDTH = 80
_SHOWN = 3  # findings per check on the one screen; a check asked for by name shows all


def root_cause(verdict: Verdict, catalog: Catalog) -> Finding | None:
    """The worst and earliest finding that no other firing check of its bot explains."""
    judged = [f for f in verdict.findings if f.severity in JUDGED]
    top = [f for f in judged if f.severity == judged[0].severity]
    return next((f for f in top if not causes(f, verdict, catalog)), top[0] if top else None)


def causes(finding: Finding, verdict: Verdict, catalog: Catalog) -> list[str]:
    """The sentences of the firing checks that explain this finding."""
    check = catalog.check(finding.check)
    fired = {f.check for f in verdict.findings if f.bot == finding.bot and f.severity in JUDGED}
    return [_sentence(name) for name in (check.explained_by if check else ()) if name in fired]


def headline(verdict: Verdict, catalog: Catalog) -> str:
    """One line of at most 80 characters: verdict, root cause, since, coverage."""
    root = root_cause(verdict, catalog)
    tail = f", {int(verdict.coverage * 100)}% judged"
    if verdict.verdict in JUDGED and root is not None:
        tail = f" since {short(root.since, verdict.as_of)}{tail}"
        body = f"{root.bot}: {_sentence(root.check)}" if root.bot else _sentence(root.check)
    elif verdict.unknown:
        body = _common_why(verdict.unknown)
    else:
        body = f"{', '.join(verdict.bots)}: {verdict.checks} checks quiet at {short(verdict.as_of)}"
    head = f"{verdict.verdict.upper()} "
    room = WIDTH - len(head) - len(tail)
    return head + (body if len(body) <= room else body[: room - 1].rstrip() + "…") + tail


def lines(verdict: Verdict, catalog: Catalog, provenance: Provenance) -> list[str]:
    """The whole screen: headline, findings worst first, what is unknown, where it comes from."""
    blocks = [
        [headline(verdict, catalog)],
        *_findings(verdict, catalog),
        _unknown(verdict.unknown),
        _not_applicable(verdict.not_applicable),
        _origin(verdict, provenance),
    ]
    return [line for block in blocks if block for line in (*block, "")][:-1]


def _sentence(check: str) -> str:
    return check.replace("_", " ")


def _wrap(text: str, first: str = "", rest: str = "    ") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def _findings(verdict: Verdict, catalog: Catalog) -> list[list[str]]:
    firsts: dict[tuple[str, str], int] = {}
    for place, finding in enumerate(verdict.findings):
        firsts.setdefault((finding.severity, finding.check), place)
    ordered = sorted(verdict.findings, key=lambda f: firsts[f.severity, f.check])
    groups = groupby(ordered, key=lambda f: (f.severity, f.check))
    return [_group([*group], verdict, catalog) for _, group in groups]


def _group(findings: Sequence[Finding], verdict: Verdict, catalog: Catalog) -> list[str]:
    top = findings[0]
    limit = len(findings) if len(catalog.checks) == 1 else _SHOWN
    block = [f"{top.severity.upper()} {_sentence(top.check)} ({top.playbook})"]
    for finding in findings[:limit]:
        where = " ".join(word for word in (finding.bot, finding.subject) if word)
        since = short(finding.since, verdict.as_of)
        block += _wrap(f"{where} since {since}: {finding.reason}", "  ")
    if len(findings) > limit:
        block.append(f"  and {len(findings) - limit} more: watchhouse check --select {top.check}")
    because = causes(top, verdict, catalog)
    if because:
        block += _wrap(f"Follows from: {', '.join(because)}", "  ")
    if top.do and top.severity in JUDGED:
        block += _wrap(f"Do: {top.do}", "  ", "      ")
    return block


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
        line for why, names in folded.items() for line in _wrap(f"UNKNOWN {why} [{_count(names)}]")
    ]


def _not_applicable(items: Sequence[NotApplicable]) -> list[str]:
    folded = _fold((f"{n.bot} has no {n.surface} configured", n.check) for n in items)
    return [
        line
        for why, names in folded.items()
        for line in _wrap(f"NOT APPLICABLE {why} [{_count(names)}]")
    ]


def _origin(verdict: Verdict, provenance: Provenance) -> list[str]:
    reads = [f"{bot} {short(at, verdict.as_of)}" for bot, at in provenance.read_to.items()]
    published = short(provenance.published_at, verdict.as_of)
    commit = f", checks of {provenance.commit[:7]}" if provenance.commit else ""
    return _wrap(
        f"As of {short(verdict.as_of)}, read to: {', '.join(reads) or 'nothing yet'};"
        f" published {published}{commit}: {provenance.file}",
        rest="  ",
    )
