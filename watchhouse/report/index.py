"""The list of all reports: what each page says of itself, in one page."""

import json
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from watchhouse.report.template import render

INDEX = "index.html"
_SAID = re.compile(r'<meta name="watchhouse" content="([^"]*)">')
_HEAD_BYTES = 4096


@dataclass(frozen=True)
class Entry:
    """A report as the list shows it."""

    file: str
    verdict: str
    span: str
    until: str
    bots: str
    sentence: str


def index_of(folder: Path, project: Path) -> str:
    """The page that lists the reports of a folder, the latest first.

    A page that does not say what it is is left out.
    """
    entries = [entry for file in folder.glob("*.html") if (entry := _entry(file))]
    entries.sort(key=lambda one: (one.until, one.file), reverse=True)
    return render(project, "index.html.j2", entries=entries)


def _entry(file: Path) -> Entry | None:
    with file.open("rb") as page:
        said = _SAID.search(page.read(_HEAD_BYTES).decode("utf-8", "replace"))
    try:
        return Entry(file=file.name, **json.loads(unescape(said[1]))) if said else None
    except (ValueError, TypeError):
        return None
