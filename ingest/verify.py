"""The bots' files read once more, by other means, and held against what the warehouse says.

Nothing of the loader is used here but the lock and the registry: a fault there must show.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import duckdb

from ingest.errors import WatchhouseError
from ingest.lock import writer_lock
from ingest.registry import Source, load_registry
from ingest.settings import Bot, Settings

_WINDOW_BYTES = 8 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024
_MASK = "***"


@dataclass(frozen=True)
class Difference:
    """Bytes [start, end) of a file of which the warehouse holds something else, or nothing."""

    bot: str
    stream: str
    file: str
    start: int
    end: int
    what: str


@dataclass
class Verified:
    """What was compared, what could not be (it is not on the disk any more), what differs."""

    files: int = 0
    bytes: int = 0
    not_at_hand: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True)
class _Log:
    """A log file as the ledger knows it; `ids` are its own and those that it replaced or copies.

    `head` is hash and length of its first line, by which it is known.
    """

    bot: Bot
    source: Source
    path: str
    read_to: int
    ids: tuple[str, ...]
    head: tuple[str, int]

    def differs(self, start: int, end: int, what: str) -> Difference:
        return Difference(self.bot.name, self.source.name, self.path, start, end, what)


@dataclass(frozen=True)
class _Piece:
    """A row (its text) or a piece of quarantine (its hash) and where it stood."""

    length: int
    text: str | None
    sha256: str | None


def verify(settings: Settings, wait_seconds: float = 0) -> Verified:
    """Compare the bots' files as they stand with the rows, the quarantine and the ledger.

    Raises WatchhouseError when there is no warehouse or another process holds it.
    """
    if not settings.live_file.is_file():
        raise WatchhouseError(f"no warehouse at `{settings.live_file}`", "watchhouse ingest")
    registry = {source.name: source for source in load_registry(settings.registry_file)}
    result = Verified()
    with (
        writer_lock(settings, wait_seconds),
        duckdb.connect(str(settings.live_file), read_only=True) as database,
    ):
        result.differences += _ledger_faults(database)
        for bot in (*settings.bots, settings.watch):
            for log in _logs(database, bot, registry):
                _verify_log(database, log, result)
            for source in registry.values():
                if source.kind in ("snapshot", "config", "series"):
                    _verify_states(database, bot, source, result)
    return result


def _ledger_faults(database: duckdb.DuckDBPyConnection) -> Iterator[Difference]:
    for bot, stream, file, start, end in database.execute(_UNEQUAL_LOADS).fetchall():
        what = "the ledger does not account for every byte"
        yield Difference(bot, stream, file, start, end, what)


def _logs(
    database: duckdb.DuckDBPyConnection, bot: Bot, registry: dict[str, Source]
) -> Iterator[_Log]:
    rows = database.execute(_FILES, [bot.name]).fetchall()
    before = {file_id: ids for file_id, *_, ids in rows}
    for file_id, stream, path, status, read_to, sha256, length, _ in rows:
        source = registry.get(stream)
        if status != "live" or source is None or source.kind not in ("events", "text"):
            continue
        ids = [file_id]
        for one in ids:  # grows while it is walked through
            ids += [other for other in before.get(one, ()) if other and other not in ids]
        yield _Log(bot, source, path, read_to, tuple(ids), (sha256, length))


def _verify_log(database: duckdb.DuckDBPyConnection, log: _Log, result: Verified) -> None:
    root = log.bot.root(log.source.root)
    try:
        with _open(root / log.path if root else Path(log.path)) as handle:
            if hashlib.sha256(handle.read(log.head[1])).hexdigest() != log.head[0]:
                result.not_at_hand += 1  # another file stands there since the last look
                return
            result.files += 1
            result.bytes += log.read_to
            result.differences += _join(_walk(database, log, handle))
    except (OSError, EOFError):
        result.not_at_hand += 1


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _walk(
    database: duckdb.DuckDBPyConnection, log: _Log, handle: IO[bytes]
) -> Iterator[Difference]:
    moved = _moved(database, log)
    at = 0
    for begin in range(0, log.read_to, _WINDOW_BYTES):
        end = min(begin + _WINDOW_BYTES, log.read_to)
        pieces = dict(_pieces(database, log, begin, end))
        while at < end:
            handle.seek(at)
            piece = pieces.pop(at, None)
            if piece and _agrees_in_file(log, handle, piece):
                at += piece.length
                continue
            handle.seek(at)
            line = handle.readline()
            if not line:
                yield log.differs(at, log.read_to, "was read and is not there")
                return
            if log.source.kind == "events" and line.startswith(b"\0"):
                line = line[: len(line) - len(line.lstrip(b"\0"))]  # a piece of its own
            if line.strip() and not _take(moved, line):
                what = "differs from what was read" if piece else "is in no row and no quarantine"
                yield log.differs(at, at + len(line), what)
            at += len(line)
        for offset, piece in () if moved else pieces.items():
            yield log.differs(offset, offset + piece.length, "a row that no line stands for")


def _moved(database: duckdb.DuckDBPyConnection, log: _Log) -> Counter[str]:
    """Lines that kept their key when a rewriting of the file moved them."""
    if len(log.ids) == 1:
        return Counter()
    return Counter(_same(piece) for _, piece in _pieces(database, log, 0, 2**62))


def _take(moved: Counter[str], line: bytes) -> bool:
    digest = hashlib.sha256(line).hexdigest()
    key = digest if moved[digest] else _canonical(line.decode("utf-8-sig", "replace").strip())
    moved[key] -= 1
    return moved[key] >= 0


def _same(piece: _Piece) -> str:
    return piece.sha256 or _canonical(piece.text or "")


def _pieces(
    database: duckdb.DuckDBPyConnection, log: _Log, begin: int, end: int
) -> Iterator[tuple[int, _Piece]]:
    text = "payload" if log.source.kind == "events" else _TALK
    query = _PIECES.format(table=log.source.name, text=text)
    names = {"bot": log.bot.name, "stream": log.source.name, "ids": list(log.ids)}
    rows = database.execute(query, {**names, "begin": begin, "end": end}).fetchall()
    for offset, length, content, sha256, _ in rows:
        yield offset, _Piece(length, content, sha256)


def _agrees_in_file(log: _Log, handle: IO[bytes], piece: _Piece) -> bool:
    if piece.sha256 is None:
        return _agrees(log, handle.read(piece.length), piece)
    digest, left = hashlib.sha256(), piece.length
    while left and (data := handle.read(min(left, _PIECE_BYTES))):
        digest.update(data)
        left -= len(data)
    return digest.hexdigest() == piece.sha256


def _agrees(log: _Log, raw: bytes, piece: _Piece) -> bool:
    if piece.sha256 is not None:
        return hashlib.sha256(raw).hexdigest() == piece.sha256
    if len(raw) < piece.length or not raw.endswith(b"\n"):
        return False
    text = piece.text or ""
    if log.source.kind == "text":
        return _is_same_talk(raw.decode(errors="replace").rstrip("\r\n"), text)
    line = raw.decode("utf-8-sig", "replace").strip()
    return line == text.strip() or _is_same_json(line, text)


def _is_same_talk(line: str, stored: str) -> bool:
    """The parts of a row of a text log, put together, are the line."""
    at, level, tag, message = json.loads(stored)
    if not line.endswith(message):
        return _MASK in message
    words = line[: len(line) - len(message)].split()
    if level:
        at_words, words = words[:2], words[2:]
        if words[:1] != [level] or (at and _stamp(at_words) != at):
            return False
        words = words[2:] if words[1:2] == ["[exutil]"] else words[1:]
    return words == ([f"[{tag}]"] if tag else [])


def _stamp(words: list[str]) -> str:
    try:
        found = datetime.strptime(" ".join(words).replace(",", "."), _STAMP)
    except ValueError:
        return ""
    return found.strftime(_STAMP)


def _is_same_json(line: str, text: str) -> bool:
    try:
        return _is_equal(_finite(json.loads(line)), _finite(json.loads(text)))
    except (ValueError, RecursionError):
        return _MASK in text


def _canonical(line: str) -> str:
    try:
        return json.dumps(_finite(json.loads(line)), sort_keys=True)
    except (ValueError, RecursionError):
        return line


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_equal(read: Any, stored: Any) -> bool:
    if isinstance(stored, str) and _MASK in stored:
        return True
    if isinstance(read, dict) and isinstance(stored, dict):
        same = read.keys() == stored.keys() or stored.keys() == {"masked"}
        return same and all(_is_equal(read.get(key), stored[key]) for key in stored)
    if isinstance(read, list) and isinstance(stored, list):
        return len(read) == len(stored) and all(map(_is_equal, read, stored))
    return bool(read == stored)


def _verify_states(
    database: duckdb.DuckDBPyConnection, bot: Bot, source: Source, result: Verified
) -> None:
    root = bot.root(source.root)
    for path, status, sha256 in database.execute(_STATES, [bot.name, source.name]).fetchall():
        try:
            raw = (root / path).read_bytes() if root else b""
        except OSError:
            continue
        if hashlib.sha256(raw).hexdigest() != sha256:
            result.not_at_hand += 1  # overwritten since the last look
            continue
        result.files += 1
        result.bytes += len(raw)
        if status == "ok" and not _holds(database, bot, source, path, raw):
            what = "seen, and not all in a row"
            result.differences.append(Difference(bot.name, source.name, path, 0, len(raw), what))


def _holds(
    database: duckdb.DuckDBPyConnection, bot: Bot, source: Source, path: str, raw: bytes
) -> bool:
    """The points of a series are rows, or the document is one and says the same."""
    if source.kind == "series":
        return _points(raw) <= _stored_points(database, bot, source, path)
    sha256 = hashlib.sha256(raw).hexdigest()
    query = f'select payload from raw."{source.name}" where (_bot, _file, _sha256) = (?, ?, ?)'
    rows = database.execute(query, [bot.name, path, sha256]).fetchall()
    if not path.endswith(".json"):
        return bool(rows)
    line = raw.decode("utf-8-sig")
    return bool(rows) and all(_is_same_json(line, payload) for (payload,) in rows)


def _points(raw: bytes) -> set[str]:
    return {json.dumps(_finite(point), sort_keys=True) for point in json.loads(raw)}


def _stored_points(
    database: duckdb.DuckDBPyConnection, bot: Bot, source: Source, path: str
) -> set[str]:
    query = f'select payload from raw."{source.name}" where _bot = ? and _file = ?'
    return {_canonical(text) for (text,) in database.execute(query, [bot.name, path]).fetchall()}


def _join(differences: Iterator[Difference]) -> Iterator[Difference]:
    """Neighbouring ranges of one kind as one."""
    open_one: Difference | None = None
    for one in differences:
        if open_one and (open_one.end, open_one.what) == (one.start, one.what):
            open_one = replace(open_one, end=one.end)
        elif open_one:
            yield open_one
            open_one = one
        else:
            open_one = one
    if open_one:
        yield open_one


_STAMP = "%Y-%m-%d %H:%M:%S.%f"
_TALK = f"cast(to_json([strftime(logged_at, '{_STAMP}'), level, tag, message]) as varchar)"
_UNEQUAL_LOADS = """
select _bot, stream, _file, from_offset, to_offset from raw.loads
where to_offset - from_offset <> row_bytes + blank_bytes + quarantined_bytes
"""
# A file that shrank is compared as far as it goes.
_FILES = """
select _file_id, stream, path, status, coalesce(shrunk_bytes, read_offset),
       head_sha256, head_bytes, [replaces, copy_of]
from raw.files where _bot = ?
"""
# Where two pieces begin at one place the file's own comes last: where the file that it copies ends
# with half a line, a whole one may stand in it.
_PIECES = """
with pieces as (
    select _bot, _file_id, _offset, _length, _superseded_at, {text} as text, null as sha256
    from raw."{table}"
    union all
    select _bot, _file_id, _offset, _length, _superseded_at, null, sha256
    from raw.quarantine where stream = $stream
)
select _offset, _length, text, sha256, list_position($ids, _file_id) as place
from pieces
where _bot = $bot and place > 0 and _offset >= $begin and _offset < $end
    and _superseded_at is null
order by _offset, place desc
"""
_STATES = """
with last as (
    select
        _bot, _file,
        arg_max(status, observed_at) as status,
        arg_max(coalesce(sha256, ''), observed_at) as sha256
    from raw.observations where _bot = ? and source = ? group by all
)
select _file, status, sha256
from last where status in ('ok', 'torn', 'invalid', 'empty')
"""
