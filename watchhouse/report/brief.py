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
    lines += [_verdict(section, is_markdown=is_markdown) for section in sections]
    for section in sections:
        lines += [f"{section.bot}:"] if len(sections) > 1 else []
        lines += _details(section, is_markdown=is_markdown)
    kept: list[str] = []
    for line in lines:
        if len(kept) == MOST_LINES - 1 or len("\n".join([*kept, line])) > MOST_CHARACTERS - 2:
            return "\n".join([*kept, "…"])
        kept.append(line)
    return "\n".join(kept)


def _verdict(section: Section, *, is_markdown: bool) -> str:
    said = f"{section.verdict.verdict.upper()} {section.bot}"
    sentence = _cut(section.sentence, 200)
    return f"**{_escaped(said)}** {_escaped(sentence)}" if is_markdown else f"{said} {sentence}"


def _details(section: Section, *, is_markdown: bool) -> Iterator[str]:
    bullet = "- " if is_markdown else "  "
    for row in section.figures:
        value = words.figure(row["value"], row["unit"])
        was = row.get("value_before")
        before = f" (before: {words.figure(was, row['unit'])})" if was is not None else ""
        yield f"{bullet}{row['figure']}: {value}{before}"
    for finding in section.verdict.findings[:_WORST]:
        said = f"{finding.severity.upper()} {finding.check.replace('_', ' ')}: {finding.reason}"
        yield bullet + (_escaped(_cut(said, 110)) if is_markdown else _cut(said, 110))
    if len(section.verdict.findings) > _WORST:
        yield f"{bullet}and {len(section.verdict.findings) - _WORST} more"


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_[]<>|~" else c for c in text)


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
