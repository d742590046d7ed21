"""The header comment of a check: Means, Look at, Do, Blind to."""

import re
from itertools import dropwhile, takewhile

_LABEL = re.compile(r"(Means|Look at|Do|Blind to):\s*(.*)")


def parse_header(raw_sql: str) -> dict[str, str]:
    """The labelled texts of the first block of `--` lines, each joined to one line."""
    lines = (line.strip() for line in raw_sql.splitlines())
    block = takewhile(lambda line: line.startswith("--"), dropwhile(_not_comment, lines))
    found: dict[str, str] = {}
    label = None
    for line in block:
        text = line.lstrip("-").strip()
        if match := _LABEL.match(text):
            label, text = match.groups()
        if label and text:
            found[label] = f"{found[label]} {text}" if label in found else text
    return found


def _not_comment(line: str) -> bool:
    return not line.startswith("--")
