"""A report in a few lines, for a chat or a mail."""

from collections.abc import Iterator, Sequence

from watchhouse.instant import short
from watchhouse.report import words
from watchhouse.report.sections import Section
from watchhouse.report.window import Window

MOST_LINES, MOST_CHARACTERS = 24, 1200
_WORST = 5


def brief(sections: Sequence[Section], window: Window, *, is_markdown: bool) -> str:
    """At most 24 lines and 1,200 characters: verdict, figures, what is wrong."""
    lines = [f"Watchhouse {window.label} to {short(window.until)}"]
    for section in sections:
        lines += _about(section, is_markdown=is_markdown)
    kept: list[str] = []
    for line in lines[:MOST_LINES]:
        if sum(map(len, kept)) + len(kept) + len(line) > MOST_CHARACTERS - 2:
            return "\n".join([*kept[: MOST_LINES - 1], "…"])
        kept.append(line)
    return "\n".join(kept)


def _about(section: Section, *, is_markdown: bool) -> Iterator[str]:
    bold = "**" if is_markdown else ""
    bullet = "- " if is_markdown else "  "
    plain = _escaped if is_markdown else str
    verdict = f"{bold}{section.verdict.verdict.upper()} {plain(section.bot)}{bold}"
    yield f"{verdict} {_cut(plain(section.sentence), 200)}"
    for row in section.figures:
        value = words.figure(row["value"], row["unit"])
        was = row.get("value_before")
        before = f" (before: {words.figure(was, row['unit'])})" if was is not None else ""
        yield f"{bullet}{row['figure']}: {value}{before}"
    for finding in section.verdict.findings[:_WORST]:
        said = finding.check.replace("_", " ")
        yield _cut(f"{bullet}{finding.severity.upper()} {said}: {plain(finding.reason)}", 120)
    if len(section.verdict.findings) > _WORST:
        yield f"{bullet}and {len(section.verdict.findings) - _WORST} more"


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_[]<>|~" else c for c in text)


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
