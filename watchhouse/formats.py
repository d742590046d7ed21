"""A verdict for other programs: JUnit XML, GitHub-flavoured Markdown, a Nagios line."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from xml.etree import ElementTree as Xml

from watchhouse.catalog import Catalog, Check
from watchhouse.causes import families
from watchhouse.finding import JUDGED, Finding
from watchhouse.instant import iso, short
from watchhouse.render import headline
from watchhouse.verdict import Verdict

# What XML 1.0 cannot hold, not even escaped.
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAGIOS = {"ok": "OK", "warn": "WARNING", "crit": "CRITICAL", "unknown": "UNKNOWN"}


def as_json(verdict: Verdict, catalog: Catalog) -> str:
    """The published shape, on one line."""
    return json.dumps(verdict.as_json(), ensure_ascii=False, allow_nan=False)


def junit(verdict: Verdict, catalog: Catalog) -> str:
    """One test case per bot and check: a finding fails it, what is unknown is an error."""
    suite = Xml.Element("testsuite", name="watchhouse", timestamp=iso(verdict.as_of)[:19])
    bots: list[str | None] = [*verdict.bots] or [None]
    for bot in bots:
        for check in catalog.checks:
            suite.append(_case(verdict, bot, check))
    if not len(suite):  # a verdict without checks is no success
        case = Xml.SubElement(suite, "testcase", classname="watchhouse", name="any check")
        for item in verdict.unknown:
            Xml.SubElement(case, "error", type="unknown", message=_xml(item.why))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in suite)))
    suite.set("tests", str(len(suite)))
    Xml.indent(suite)
    text: str = Xml.tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _case(verdict: Verdict, bot: str | None, check: Check) -> Xml.Element:
    group = f"{bot}.{check.playbook}" if bot else check.playbook
    case = Xml.Element("testcase", classname=_xml(group), name=check.name)
    own = [f for f in verdict.findings if f.check == check.name and f.bot in (bot, None)]
    judged = [f for f in own if f.severity in JUDGED]
    doubts = [
        u.why for u in verdict.unknown if u.check in (check.name, None) and u.bot in (bot, None)
    ]
    absent = [n.surface for n in verdict.not_applicable if (n.check, n.bot) == (check.name, bot)]
    if judged:
        top = judged[0]
        failure = Xml.SubElement(case, "failure", type=top.severity, message=_xml(top.reason))
        failure.text = _xml("\n".join([*map(_line, judged), f"Do: {top.do}" if top.do else ""]))
    elif doubts:
        Xml.SubElement(case, "error", type="unknown", message=_xml(doubts[0]))
    elif absent:
        Xml.SubElement(case, "skipped", message=_xml(f"{absent[0]} is not configured"))
    elif own:
        Xml.SubElement(case, "system-out").text = _xml("\n".join(map(_line, own)))
    return case


def _line(finding: Finding) -> str:
    return f"{finding.subject or finding.check} since {short(finding.since)}: {finding.reason}"


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def markdown(verdict: Verdict, catalog: Catalog) -> str:
    """A heading, a table of root causes, what to do, what follows from them, what is unknown."""
    parts = [f"### {_cell(headline(verdict))}", *_tables(verdict), *_unknown(verdict)]
    parts.append(f"As of {short(verdict.as_of)}.")
    return "\n\n".join(parts)


def _tables(verdict: Verdict) -> Iterator[str]:
    found = families(verdict.findings)
    if not found:
        return
    yield _table([f for family in found for f in family.root.findings])
    todo = {family.root.top.check: family.root.top.do for family in found if family.root.top.do}
    yield "\n".join(f"- **{_words(check)}**: {_cell(do or '')}" for check, do in todo.items())
    folded = [f for family in found for group in family.folded for f in group.findings]
    if folded:
        count = len({(f.bot, f.check) for f in folded})
        title = f"<summary>{count} more follow from these</summary>"
        yield f"<details>{title}\n\n{_table(folded)}\n\n</details>"


def _table(findings: Sequence[Finding]) -> str:
    rows = ["| | bot | check | subject | since | why |", "|---|---|---|---|---|---|"]
    for f in findings:
        cells = (
            f.severity,
            f.bot or "",
            _words(f.check),
            f.subject or "",
            short(f.since),
            f.reason,
        )
        rows.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(rows)


def _unknown(verdict: Verdict) -> Iterator[str]:
    why = dict.fromkeys(f"{u.bot}: {u.why}" if u.bot else u.why for u in verdict.unknown)
    if why:
        yield "\n".join(f"- **unknown** {_cell(text)}" for text in why)


def _words(check: str) -> str:
    return check.replace("_", " ")


def _cell(text: str) -> str:
    """Text that stays in its cell and is no markup, whatever a file of the bot says."""
    return re.sub(r"([\\`*_{}\[\]<>|#@~])", r"\\\1", " ".join(text.split()))


def nagios(verdict: Verdict, catalog: Catalog) -> str:
    """One line with performance data; the exit codes of `check` are Nagios' own."""
    counts = {s: sum(f.severity == s for f in verdict.findings) for s in ("crit", "warn", "info")}
    counts["unknown"] = len({(u.bot, u.check) for u in verdict.unknown})
    data = " ".join(f"{name}={count};;;0" for name, count in counts.items())
    said = headline(verdict).split(" ", 1)[1]
    return nagios_line(verdict.verdict, said, f"{data} judged={verdict.coverage * 100:g}%;;;0;100")


def nagios_line(state: str, said: str, data: str = "") -> str:
    """`WATCHHOUSE STATE: text | data`; a bar in the text would begin the data."""
    text = " ".join(said.replace("|", "/").split())
    return f"WATCHHOUSE {_NAGIOS[state]}: {text}" + (f" | {data}" if data else "")


FORMATS: dict[str, Callable[[Verdict, Catalog], str]] = {
    "json": as_json,
    "junit": junit,
    "markdown": markdown,
    "nagios": nagios,
}
