"""Lines are judged before they reach DuckDB: each becomes a row, a blank or quarantine, once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from ingest.jsontext import NotJsonError, decode
from ingest.mask import Masker

QUARANTINE_BYTES = 64 * 1024


@dataclass(slots=True)
class Line:
    """A line that is a row: where it stood, and the values of its table's last columns."""

    offset: int
    length: int
    values: tuple[Any, ...]

    @property
    def content(self) -> object:
        """What makes two lines the same line."""
        return self.length, self.values


@dataclass(slots=True)
class BadBytes:
    """Bytes that are no row: why, their hash, and their beginning (at most 64 KiB)."""

    offset: int
    length: int
    reason: str
    head: bytes
    sha256: str

    @classmethod
    def of(cls, offset: int, raw: bytes, reason: str) -> BadBytes:
        """Quarantine of bytes that are in memory."""
        digest = hashlib.sha256(raw).hexdigest()
        return cls(offset, len(raw), reason, raw[:QUARANTINE_BYTES], digest)

    @property
    def content(self) -> object:
        """What makes two pieces of quarantine the same."""
        return self.length, self.sha256


@dataclass(slots=True)
class Vetted:
    """What a span of a file holds; the bytes of its parts add up to the span."""

    rows: list[Line] = field(default_factory=list)
    bad: list[BadBytes] = field(default_factory=list)
    blank_bytes: int = 0

    def add(self, other: Vetted) -> None:
        """Take in what another span holds."""
        self.rows += other.rows
        self.bad += other.bad
        self.blank_bytes += other.blank_bytes

    def __bool__(self) -> bool:
        """There is a row or quarantine."""
        return bool(self.rows or self.bad)

    @property
    def row_bytes(self) -> int:
        """Bytes of the lines that are rows, newlines included."""
        return sum(row.length for row in self.rows)

    @property
    def bad_bytes(self) -> int:
        """Bytes in quarantine."""
        return sum(bad.length for bad in self.bad)


Vet = Callable[[bytes, int], Vetted]


def vetter(kind: str, mask: Masker) -> Vet:
    """How the lines of a kind of log are judged: a block that ends with a newline, its offset."""
    return partial(_vet_text if kind == "text" else _vet_events, mask)


def _vet_events(mask: Masker, block: bytes, base: int) -> Vetted:
    vetted = Vetted()
    offset = base
    for raw in block.split(b"\n")[:-1]:
        try:
            if type(orjson.loads(raw)) is dict:
                text = mask.payload(raw.strip().decode())
                vetted.rows.append(Line(offset, len(raw) + 1, ((), text)))
            else:
                vetted.bad.append(BadBytes.of(offset, raw + b"\n", "not an object"))
        except orjson.JSONDecodeError:
            _vet_odd(mask, raw + b"\n", offset, vetted)
        offset += len(raw) + 1
    return vetted


def _vet_odd(mask: Masker, raw: bytes, offset: int, vetted: Vetted) -> None:
    if not raw.strip():
        vetted.blank_bytes += len(raw)
        return
    # After a power loss a run of NULs can stand before a line that is whole.
    if nuls := len(raw) - len(raw.lstrip(b"\0")):
        vetted.bad.append(BadBytes.of(offset, raw[:nuls], "NUL bytes"))
        vetted.add(_vet_events(mask, raw[nuls:], offset + nuls))
        return
    try:
        decoded = decode(raw)
    except NotJsonError as error:
        vetted.bad.append(BadBytes.of(offset, raw, error.reason))
        return
    if type(decoded.value) is dict:
        values = (tuple(decoded.nonfinite), mask.payload(decoded.text))
        vetted.rows.append(Line(offset, len(raw), values))
    else:
        vetted.bad.append(BadBytes.of(offset, raw, "not an object"))


_TEXT_LINE = re.compile(
    r"(?:(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{1,6}) (?P<level>[A-Z]+) (?:\[exutil\] )?)?"
    r"(?:\[(?P<tag>[^\[\]\s]{1,60})\] ?)?(?P<message>.*)",
    re.DOTALL,
)


def _vet_text(mask: Masker, block: bytes, base: int) -> Vetted:
    """Each line is a row; one without a time (a print, a traceback) has logged_at NULL."""
    vetted = Vetted()
    offset = base
    for raw in block.split(b"\n")[:-1]:
        length = len(raw) + 1
        if not raw.strip():
            vetted.blank_bytes += length
        elif b"\0" in raw:
            vetted.bad.append(BadBytes.of(offset, raw + b"\n", "NUL bytes"))
        else:
            try:
                vetted.rows.append(Line(offset, length, _text_values(mask(raw.decode()))))
            except UnicodeDecodeError:
                vetted.bad.append(BadBytes.of(offset, raw + b"\n", "invalid UTF-8"))
        offset += length
    return vetted


def _text_values(line: str) -> tuple[Any, ...]:
    match = _TEXT_LINE.match(line.rstrip("\r"))
    assert match is not None  # every part of the pattern may be absent
    return _local_time(match["at"]), match["level"], match["tag"], match["message"]


def _local_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return None  # the 31st of February
