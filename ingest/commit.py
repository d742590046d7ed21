"""The rows of one look at one bot, gathered to be written by one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from itertools import chain

import duckdb

from ingest.documents import Document
from ingest.drift import Shape, Text, sign_of, unlike
from ingest.mask import Masker
from ingest.memory import KnownFile, Memory
from ingest.registry import Source
from ingest.settings import Bot
from ingest.store import Row, insert, literal
from ingest.tree import Seen
from ingest.vet import BadBytes, Vetted

_PENDING_BYTES = 32 * 1024 * 1024
# What would make a longer write-ahead log goes to its place at once: DuckDB, which takes a text for
# 16 bytes, would build the log of 2,048 long rows in memory, twice.
_LOG_BYTES = 16 * 1024 * 1024
_NO_LOG = "set wal_autocheckpoint = '1KB'; set auto_checkpoint_skip_wal_threshold = 0"
USUAL_LOG = "reset wal_autocheckpoint; reset auto_checkpoint_skip_wal_threshold"


def utc_now() -> datetime:
    """Now, UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def from_ns(nanoseconds: int) -> datetime:
    """An mtime as a UTC timestamp."""
    return datetime.fromtimestamp(nanoseconds // 1000 / 1e6, UTC).replace(tzinfo=None)


@dataclass(slots=True)
class Counts:
    """What a span became, in the order of the columns of raw.loads; kept rows count as rows."""

    rows: int = 0
    row_bytes: int = 0
    blank_bytes: int = 0
    bad: int = 0
    bad_bytes: int = 0
    kept: int = 0
    superseded: int = 0

    def add(self, vetted: Vetted) -> None:
        """Take in a part of the span."""
        self.rows += len(vetted.rows)
        self.row_bytes += vetted.row_bytes
        self.blank_bytes += vetted.blank_bytes
        self.bad += len(vetted.bad)
        self.bad_bytes += vetted.bad_bytes


class Commit:
    """One look: its bot, its time, its id, and the rows waiting per table."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        memory: Memory,
        columns: dict[str, dict[str, str]],
        bot: Bot,
        load_id: int,
        at: datetime,
        mask: Masker,
    ) -> None:
        self.connection = connection
        self.memory = memory
        self.bot = bot
        self.load_id = load_id
        self.at = at
        self.mask = mask
        self.files = 0
        self.unreadable = 0
        self.row_count = 0
        self.row_bytes = 0
        self.quarantined_count = 0
        self._columns = columns
        self._rows: dict[str, list[Row]] = {}
        self._pending_bytes = 0
        self.has_written = False
        # Of the lines that wait: the file of each, by its values.
        self.waiting: defaultdict[str, dict[Row, str]] = defaultdict(dict)
        self._known: dict[str, KnownFile] = {}

    @property
    def has_news(self) -> bool:
        """Something waits to be written, or was."""
        return self.has_written or bool(self._rows or self._known)

    def add(self, table: str, row: Row) -> None:
        """One row, written at the end of the look."""
        self._rows.setdefault(table, []).append(row)

    def observe(
        self, source: Source, path: str, document: Document, seen: Seen | None = None
    ) -> None:
        """A change of a file's status or content."""
        size, mtime = (seen.size, from_ns(seen.mtime_ns)) if seen else (None, None)
        self.add("observations", (
            self.bot.name, source.name, path, self.at, document.status, size, mtime,
            document.sha256 or None, document.missing_keys, document.nonfinite_keys,
            document.detail, self.load_id,
        ))  # fmt: skip

    def add_lines(self, source: Source, file_id: str, path: str, vetted: Vetted) -> None:
        """The rows and the quarantine of a span of a file."""
        head = (self.bot.name, file_id, path)
        tail = (self.at, self.load_id, None)
        rows = self._rows.setdefault(source.name, [])
        rows += [(*head, line.offset, line.length, *tail, *line.values) for line in vetted.rows]
        self.waiting[source.name].update((line.values, file_id) for line in vetted.rows)
        for bad in vetted.bad:
            self.quarantine(source, file_id, path, bad)
        if source.kind == "events":
            self.note_shapes(source, [line.values[-1] for line in vetted.rows])
        self.row_count += len(vetted.rows)
        self.row_bytes += vetted.row_bytes
        self._pending_bytes += vetted.row_bytes
        if self._pending_bytes > _PENDING_BYTES:
            self.flush()

    def shape(self, source: Source) -> Shape:
        """The key paths and types of a stream that are known."""
        return self.memory.shapes.setdefault((self.bot.name, source.name), Shape())

    def note_shapes(self, source: Source, payloads: Sequence[str]) -> None:
        """The same as note_shape for many of which most are alike."""
        if not self.bot.journal:
            self.note_signed(source, dict(zip(map(sign_of, payloads), payloads, strict=True)))

    def note_signed(self, source: Source, signed: dict[int, Text]) -> bool:
        """The same for lines by their signs (see drift); whether this session had one not yet."""
        known = self.memory.signs.setdefault((self.bot.name, source.name), set())
        new = unlike(signed, known)
        self.note_shape(source, new)
        return bool(new)

    def note_shape(self, source: Source, payloads: Iterable[str | bytes]) -> None:
        """Key paths and types that the stream never had; those of our own journal are no news."""
        if self.bot.journal:
            return
        for change in chain.from_iterable(map(self.shape(source).take_in, payloads)):
            self.add("schema_changes",
                     (self.bot.name, source.name, *change, self.at, self.load_id))  # fmt: skip

    def quarantine(self, source: Source, file_id: str | None, path: str, bad: BadBytes) -> None:
        """Bytes that are no row."""
        self.quarantined_count += 1
        self.add("quarantine", (
            self.bot.name, source.name, file_id, path, bad.offset, bad.length, bad.reason,
            self.mask.raw(bad.head), bad.sha256, self.at, self.load_id, None,
        ))  # fmt: skip

    def record_load(
        self, source: Source, known: KnownFile, size: int, start: int, counts: Counts
    ) -> None:
        """One row of the ledger: what the bytes from `start` to the new offset became."""
        self.add("loads", (self.load_id, self.bot.name, source.name, source.kind, known.file_id,
                           known.path, self.at, utc_now(), size, start, known.read_offset,
                           *astuple(counts)))  # fmt: skip

    def lose(self, source: Source, known: KnownFile, reason: str) -> None:
        """Bytes from the offset to the known size were there and cannot be read any more."""
        self.add("losses", (
            self.bot.name, source.name, known.file_id, known.path, known.read_offset, known.size,
            known.last_seen_at, self.at, reason, self.at, self.load_id,
        ))  # fmt: skip

    def remember(self, known: KnownFile) -> None:
        """Write the state of a content file with this look."""
        self._known[known.file_id] = known

    def flush(self) -> None:
        """Hand the waiting rows to the database, inside the open transaction."""
        self.has_written = self.has_news
        if self.row_bytes > _LOG_BYTES:
            self.connection.execute(_NO_LOG)
        if self._known:
            ids = ",".join(map(literal, self._known))
            self.connection.execute(f"delete from raw.files where _file_id in ({ids})")
            self._rows["files"] = [known.row() for known in self._known.values()]
            self._known = {}
        for table, rows in self._rows.items():
            insert(self.connection, table, self._columns[table], rows)
        self._rows = {}
        self.waiting.clear()
        self._pending_bytes = 0
