"""The bytes of a log file, read in blocks of whole lines; archives by their decompressed bytes."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cached_property
from threading import Lock
from typing import IO, Protocol

from ingest.tree import Seen, Tree
from ingest.vet import QUARANTINE_BYTES, BadBytes

WHOLE_FILE_BYTES = 16 * 1024 * 1024
LINE_BYTES = 16 * 1024 * 1024
_BLOCK_BYTES = 4 * 1024 * 1024
_SAMPLED_BYTES = 64 * 1024

# Whole lines and the offset of the first, or a line that is too long.
Block = tuple[bytes, int] | BadBytes


class UnsettledError(Exception):
    """The file cannot be read to its end now; the next look may."""


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> _Hash: ...


class Content:
    """Random access to the first `size` bytes of an open file, from any thread."""

    def __init__(self, handle: IO[bytes], seen: Seen, size: int) -> None:
        self.seen = seen
        self.size = size
        self._handle = handle
        self._turn = Lock()
        self._beside: ThreadPoolExecutor | None = None
        self._begun: dict[tuple[int, int], Future[str]] = {}
        self._whole = self._pread(0, size) if size <= WHOLE_FILE_BYTES else None
        self._hashed = 0
        self._hash: _Hash = hashlib.sha256()

    def read(self, start: int, end: int) -> bytes:
        """Bytes [start, end); raises UnsettledError when the file has become shorter."""
        return self._pread(start, end) if self._whole is None else self._whole[start:end]

    def digest(self, start: int, end: int) -> str:
        """SHA-256 of bytes [start, end), at most a block of them."""
        begun = self._begun.pop((start, end), None)
        return begun.result() if begun else self._digest(start, end)

    def begin_digests(self, spans: Iterable[tuple[int, int]]) -> None:
        """Begin to hash on a thread of its own; `digest` then waits for what was begun."""
        self._beside = self._beside or ThreadPoolExecutor(1)
        self._begun |= {span: self._beside.submit(self._digest, *span) for span in spans}

    def close(self) -> None:
        """Give up what was begun and not asked for; the file is not read after this."""
        if self._beside:
            self._beside.shutdown(cancel_futures=True)

    @cached_property
    def head(self) -> tuple[str, int]:
        """SHA-256 and length of the first line, newline included; ("", 0) when it has no end."""
        if not self.line_end():
            return "", 0
        end = self.first_line_end()
        return self.prefix_digest(end), end

    def prefix_digest(self, end: int) -> str:
        """SHA-256 of bytes [0, end); a longer prefix goes on from a shorter one."""
        if end < self._hashed:
            self._hashed, self._hash = 0, hashlib.sha256()
        while self._hashed < end:
            step = min(end, self._hashed + _BLOCK_BYTES)
            self._hash.update(self.read(self._hashed, step))
            self._hashed = step
        return self._hash.hexdigest()

    def line_end(self, start: int = 0) -> int:
        """The byte after the last newline, or `start` when there is none after it."""
        end = self.size
        while end > start:
            begin = max(start, end - _BLOCK_BYTES)
            if (at := self.read(begin, end).rfind(b"\n")) >= 0:
                return begin + at + 1
            end = begin
        return start

    def first_line_end(self, start: int = 0) -> int:
        """The byte after the first newline from `start` on; there must be one."""
        while (at := self.read(start, min(self.size, start + _BLOCK_BYTES)).find(b"\n")) < 0:
            start += _BLOCK_BYTES
        return start + at + 1

    def sample(self) -> Iterator[tuple[bytes, int]]:
        """Whole lines and their offsets, from all over the file, denser to its beginning."""
        reach = end = self.line_end()
        places = {0}
        while reach:
            places |= {reach * eighth // 8 for eighth in (4, 5, 6, 7)}
            reach //= 2
        found = dict(line for place in places if (line := self._line_at(place, end)))
        yield from ((line, start) for start, line in sorted(found.items()))

    def _line_at(self, place: int, end: int) -> tuple[int, bytes] | None:
        """The first line that begins at or after a place, unless it is long."""
        before = max(0, place - 1)
        piece = self.read(before, min(end, before + _SAMPLED_BYTES))
        start = piece.find(b"\n") + 1 if place else 0
        stop = piece.find(b"\n", start) + 1
        return (before + start, piece[start:stop]) if stop else None

    def blocks(self, start: int, end: int) -> Iterator[Block]:
        """Blocks of whole lines of [start, end), `end` after a newline.

        A line longer than LINE_BYTES comes as quarantine, hashed piece by piece.
        """
        while start < end:
            if block := self._block(start, end):
                yield block, start
                start += len(block)
            else:
                stop = self.first_line_end(start)
                yield self._oversize(start, stop)
                start = stop

    def _block(self, start: int, end: int) -> bytes:
        for reach in (_BLOCK_BYTES, LINE_BYTES):
            stop = min(end, start + reach)
            data = self.read(start, stop)
            if stop == end:
                return data
            if (at := data.rfind(b"\n")) >= 0:
                return data[: at + 1]
        return b""

    def _oversize(self, start: int, stop: int) -> BadBytes:
        whole = hashlib.sha256()
        for at in range(start, stop, _BLOCK_BYTES):
            whole.update(self.read(at, min(stop, at + _BLOCK_BYTES)))
        head = self.read(start, start + QUARANTINE_BYTES)
        return BadBytes(start, stop - start, "line too long", head, whole.hexdigest())

    def _digest(self, start: int, end: int) -> str:
        return hashlib.sha256(self.read(start, end)).hexdigest()

    def _pread(self, start: int, end: int) -> bytes:
        with self._turn:
            self._handle.seek(start)
            data = self._handle.read(end - start)
        if len(data) < end - start:
            raise UnsettledError
        return data


@contextmanager
def open_content(tree: Tree, seen: Seen) -> Iterator[Content]:
    """Open a log file as a look saw it: never past the size it had then.

    Raises OSError (PermissionError when it may not be read) and UnsettledError.
    """
    with open(tree.open(seen.path), "rb", buffering=0) as handle:  # noqa: PTH123 - is open already
        if os.fstat(handle.fileno()).st_ino != seen.inode:
            raise UnsettledError  # replaced since the look: its bytes belong to the next one
        if not seen.is_gzip:
            with closing(Content(handle, seen, seen.size)) as content:
                yield content
            return
        with (
            tempfile.SpooledTemporaryFile(max_size=WHOLE_FILE_BYTES) as plain,
            closing(Content(plain, seen, _decompress(handle, plain))) as content,
        ):
            yield content


def _decompress(source: IO[bytes], target: IO[bytes]) -> int:
    size = 0
    try:
        with gzip.open(source) as archive:
            while block := archive.read(_BLOCK_BYTES):
                size += target.write(block)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnsettledError from error
    return size
