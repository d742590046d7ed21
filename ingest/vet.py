"""Lines are judged before they reach DuckDB: each becomes a row, a blank or quarantine, once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from ingest.jsontext import NotJsonError, decode

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

    @property
    def row_bytes(self) -> int:
        """Bytes of the lines that are rows, newlines included."""
        return sum(row.length for row in self.rows)

    @property
    def bad_bytes(self) -> int:
        """Bytes in quarantine."""
        return sum(bad.length for bad in self.bad)


Vet = Callable[[bytes, int], Vetted]


def vet_events(block: bytes, base: int) -> Vetted:
    """Judge the lines of a JSONL block that stands at byte `base` and ends with a newline."""
    vetted = Vetted()
    offset = base
    for raw in block.split(b"\n")[:-1]:
        try:
            if type(orjson.loads(raw)) is dict:
                vetted.rows.append(Line(offset, len(raw) + 1, ((), raw.strip().decode())))
            else:
                vetted.bad.append(BadBytes.of(offset, raw + b"\n", "not an object"))
        except orjson.JSONDecodeError:
            _vet_odd(raw + b"\n", offset, vetted)
        offset += len(raw) + 1
    return vetted


def _vet_odd(raw: bytes, offset: int, vetted: Vetted) -> None:
    if not raw.strip():
        vetted.blank_bytes += len(raw)
        return
    # After a power loss a run of NULs can stand before a line that is whole.
    if nuls := len(raw) - len(raw.lstrip(b"\0")):
        vetted.bad.append(BadBytes.of(offset, raw[:nuls], "NUL bytes"))
        vetted.add(vet_events(raw[nuls:], offset + nuls))
        return
    try:
        decoded = decode(raw)
    except NotJsonError as error:
        vetted.bad.append(BadBytes.of(offset, raw, error.reason))
        return
    if type(decoded.value) is dict:
        values = (tuple(decoded.nonfinite), decoded.text)
        vetted.rows.append(Line(offset, len(raw), values))
    else:
        vetted.bad.append(BadBytes.of(offset, raw, "not an object"))
