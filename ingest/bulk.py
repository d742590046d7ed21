"""Long spans of an event log: blocks are judged while DuckDB takes in the one before.

A block of lines that are objects of known keys and types costs one call. Else a line that is an
object and nothing else costs one parse; any other, and any that may hold a secret, goes through
`vet` by itself. All ways give the same rows.
"""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ingest.commit import Commit, Counts
from ingest.conform import Conformity
from ingest.content import Block
from ingest.drift import sign, sign_of
from ingest.mask import Masker
from ingest.memory import KnownFile
from ingest.registry import Source
from ingest.store import hot, literal
from ingest.vet import BadBytes, Line, Vetted, vetter

_WAITING_BYTES = 32 * 1024 * 1024
_SCHEMA = pa.schema({
    "_offset": pa.int64(), "_length": pa.int64(), "_nonfinite_keys": pa.list_(pa.string()),
    "payload": pa.string(),
})  # fmt: skip
# By default DuckDB caches what it wrote, holds five row groups back and puts them in order, and
# each of its threads fills one.
_FRUGAL = {
    "write_buffer_row_group_count": "1", "preserve_insertion_order": "false", "threads": "1",
}  # fmt: skip
# It compresses so many rows at once, and must have room for all of them.
_VECTOR_LINES = 2048
_NARROW_MIB = 160
_WIDE_BYTES = 2048
_STORE_BYTES = 256 * 1024
_AHEAD = 2
# Between Python and DuckDB Arrow reads ahead, up to a GiB while a row group is compressed. This
# leaves room for three blocks with a line of LINE_BYTES: DuckDB lets one go when it has the next.
# All that Arrow holds is counted: a memory pool of a load's own would have to outlive its texts.
_HELD_BYTES = 64 * 1024 * 1024
_HELD_SECONDS = 5.0
_STEP_SECONDS = 0.002

# Rows, what is none, and by its sign (see drift) a line of each that may hold a key not yet known.
Judged = tuple[list[pa.RecordBatch], Vetted, dict[int, bytes]]


def judge(mask: Masker, text: bytes, base: int, is_known: Conformity) -> Judged:
    """What whole lines are that follow each other from offset `base` on."""
    batch = _batch(text, base)
    plain = pc.invert(mask.suspects(batch["payload"]))
    signed: dict[int, bytes] = {}
    if not is_known(text, batch["payload"]):
        lines = text.split(b"\n")[:-1]
        signs = list(map(_sign, lines))
        signed |= zip(signs, lines, strict=True)
        plain = pc.and_(plain, pa.array(map(bool, signs)))
    rest = Vetted()
    if pc.all(plain).as_py():
        return [batch], rest, signed
    vet = vetter("events", mask)
    for row in batch.select(["_offset", "_length"]).filter(pc.invert(plain)).to_pylist():
        start = row["_offset"] - base
        rest.add(vet(text[start : start + row["_length"]], row["_offset"]))
    rows, rest.rows = rest.rows, []
    signed |= ((sign_of(row.values[-1]), row.values[-1].encode()) for row in rows)
    return [batch.filter(plain), _batch_of(rows)], rest, signed


def _sign(line: bytes) -> int:
    """Of a line that is an object from its first byte to its last; 0 of any other."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return 0
    is_plain = type(value) is dict and line[0] == 0x7B and line[-1] == 0x7D
    return sign(line, value) if is_plain else 0


def _batch(text: bytes, base: int) -> pa.RecordBatch:
    """Every line as a row, its text unchecked; from buffers, one for all rows of a column."""
    bounds = pa.py_buffer(struct.pack("=ii", 0, len(text)))
    whole = pa.Array.from_buffers(pa.binary(), 1, [None, bounds, pa.py_buffer(text)])
    lines = pc.split_pattern(whole, b"\n").flatten()[:-1]
    _, bounds, data = lines.buffers()
    length = pc.add(pc.binary_length(lines).cast(pa.int64()), 1)
    none = pa.py_buffer(bytes(bounds.size))
    no_keys = [pa.array([], pa.string())]
    columns = [
        pc.add(pc.subtract(pc.cumulative_sum(length), length), base),
        length,
        pa.Array.from_buffers(pa.list_(pa.string()), len(lines), [None, none], children=no_keys),
        pa.Array.from_buffers(pa.string(), len(lines), [None, bounds, data]),
    ]
    return pa.record_batch(columns, schema=_SCHEMA)


def _batch_of(rows: list[Line]) -> pa.RecordBatch:
    named = [(row.offset, row.length, *row.values) for row in rows]
    return pa.record_batch(
        [pa.array([row[i] for row in named], kind) for i, kind in enumerate(_SCHEMA.types)],
        schema=_SCHEMA,
    )


def load_bulk(commit: Commit, source: Source, known: KnownFile, blocks: Iterator[Block]) -> Counts:
    """Load the blocks of a log of events into its table; returns what they became.

    Raises what reading the blocks raises.
    """
    load = _Load(commit, source, known, blocks)
    with _frugal(commit.connection):
        while not load.is_done:
            load.insert()
            commit.flush()
    return load.counts


class _Load:
    def __init__(
        self,
        commit: Commit,
        source: Source,
        known: KnownFile,
        blocks: Iterator[Block],
    ) -> None:
        self.counts = Counts()
        self.is_done = False
        self._commit = commit
        self._source = source
        self._known = known
        self._blocks = blocks
        self._held: Block | None = None
        self._is_known = Conformity(commit.shape(source))
        self._recent: deque[tuple[int, int]] = deque()
        self._room_mib = 0
        self._error: Exception | None = None
        self._waiting_bytes = self._arrow_bytes = 0

    def insert(self) -> None:
        """Take in blocks by one statement, until one needs more room or much quarantine waits."""
        self._held = self._next() or self._held
        if self._held is None:
            return
        self._waiting_bytes, self._arrow_bytes = 0, pa.total_allocated_bytes()
        self._commit.connection.execute(f"set memory_limit = '{self._room_mib}MiB'")
        commit, known = self._commit, self._known
        values = {
            "_bot": commit.bot.name, "_file_id": known.file_id, "_file": known.path,
            "_observed_at": commit.at, "_load_id": commit.load_id,
        }  # fmt: skip
        constants = ", ".join(f"{literal(value)} as {name}" for name, value in values.items())
        reader = pa.RecordBatchReader.from_batches(_SCHEMA, self._batches())
        commit.connection.register("_bulk", reader)
        try:
            commit.connection.execute(
                f"insert into {hot(self._source.name)} by name select {constants}, * from _bulk"
            )
        finally:
            commit.connection.unregister("_bulk")
        if self._error:
            raise self._error

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Runs on a thread of Arrow's: an error ends the rows here and is raised by `insert`."""
        try:
            for batches, rest, signed in self._judged():
                if self._commit.note_signed(self._source, signed):
                    self._is_known.learn()
                for bad in rest.bad:
                    self._quarantine(bad)
                self.counts.add(rest)
                yield from map(self._counted, batches)
        except Exception as error:  # noqa: BLE001 - DuckDB would make another of it
            self._error = error

    def _judged(self) -> Iterator[Judged]:
        """What blocks became: some are judged ahead, on threads of their own."""
        begun: deque[Future[Judged]] = deque()
        with ThreadPoolExecutor(_AHEAD) as pool:
            while self._waiting_bytes <= _WAITING_BYTES and (block := self._next()):
                begun.append(pool.submit(self._judge, block))
                if len(begun) == _AHEAD:
                    yield begun.popleft().result()
                    self._wait_for_duckdb()
            while begun:
                yield begun.popleft().result()

    def _wait_for_duckdb(self) -> None:
        """Until it has let go of enough; not for ever, as a statement that failed takes no more."""
        until = time.monotonic() + _HELD_SECONDS
        most = self._arrow_bytes + _HELD_BYTES
        while pa.total_allocated_bytes() > most and time.monotonic() < until:
            time.sleep(_STEP_SECONDS)

    def _next(self) -> Block | None:
        """The next block; None at the end, and before one for which there is no room yet."""
        if self._held is not None:
            block, self._held = self._held, None
            return block
        found = next(self._blocks, None)
        self.is_done = found is None
        if found is None or isinstance(found, BadBytes):
            return found
        text, _ = found
        if self._fits(text.count(b"\n"), len(text)):
            return found
        self._held = found
        return None

    def _fits(self, lines: int, size: int) -> bool:
        """Whether the room is enough for the widest rows; notes what would be, if it is not."""
        self._recent.append((lines, size))
        while sum(count for count, _ in self._recent) - self._recent[0][0] >= _VECTOR_LINES:
            self._recent.popleft()
        lines, size = map(sum, zip(*self._recent, strict=True))
        needed = _room_mib(size // lines)
        is_enough = needed <= self._room_mib
        self._room_mib = max(needed, self._room_mib)
        return is_enough

    def _judge(self, block: Block) -> Judged:
        if isinstance(block, BadBytes):
            return [], Vetted(bad=[block]), {}
        return judge(self._commit.mask, *block, self._is_known)

    def _quarantine(self, bad: BadBytes) -> None:
        self._waiting_bytes += len(bad.head)
        self._commit.quarantine(self._source, self._known.file_id, self._known.path, bad)

    def _counted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        size = pc.sum(batch["_length"]).as_py() or 0
        self._commit.row_count += batch.num_rows
        self._commit.row_bytes += size
        self.counts.rows += batch.num_rows
        self.counts.row_bytes += size
        return batch


def _room_mib(line_bytes: int) -> int:
    """The memory for rows of such lines; narrow ones are written faster with more."""
    if line_bytes <= _WIDE_BYTES:
        return _NARROW_MIB
    # A long text takes a block, or its share of one that holds several whole.
    share = max(line_bytes, _STORE_BYTES // max(1, _STORE_BYTES // line_bytes))
    return max(80, share * _VECTOR_LINES * 5 // 4 >> 20)


@contextmanager
def _frugal(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Bounded memory for as long as it lasts."""
    for name, value in _FRUGAL.items():
        connection.execute(f"set {name} = '{value}'")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # a transaction that failed takes no statement
            for name in (*_FRUGAL, "memory_limit"):
                connection.execute(f"reset {name}")
