"""A stretch of a bot's history as a recording that `replay` reads, with what the checks found.

Written from the warehouse, since the files themselves have been overwritten: what was masked stays
masked. A rotated log is one file.
"""

import base64
import json
import lzma
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ingest.errors import WatchhouseError
from ingest.registry import Source
from ingest.replay import FRAMES
from watchhouse.bundle_lines import Piece, written
from watchhouse.verdict import Verdict

_BASE = timedelta(days=1)  # what stands in the logs and in nav_log at the first frame
_POINTS = 5000  # of nav_log at most: each frame holds the whole of it
_LOOKS = """
select polled_at from raw.polls
where
    _bot = $bot
    and polled_at <= $end
    and polled_at >= coalesce(
        (select max(polled_at) from raw.polls where _bot = $bot and polled_at <= $start), $start
    )
order by 1
"""
_CHANGES = """
select observed_at, status, sha256, detail, _file from raw.observations
where _bot = $bot and source = $source and observed_at <= $end
order by observed_at
"""
_VERSION = """
select payload, _nonfinite_keys from raw."{table}"
where _bot = $bot and _sha256 = $sha256 and _observed_at <= $at
order by _observed_at desc
limit 1
"""
_BYTES = """
select bytes from raw.quarantine
where _bot = $bot and stream = $source and observed_at = $at and _offset = 0
limit 1
"""
_POINTS_SEEN = """
select _observed_at, payload from raw."{table}"
where _bot = $bot and _observed_at <= $end
order by _observed_at, _position
"""
_PIECES = """
select observed_at, file_id, start, bytes, gone_at
from (
    select
        _observed_at as observed_at, _file_id as file_id, _offset as start,
        encode({line} || chr(10)) as bytes, _superseded_at as gone_at
    from raw."{table}"
    where _bot = $bot
    union all
    select observed_at, _file_id, _offset, bytes, _superseded_at
    from raw.quarantine
    where _bot = $bot and stream = $source
)
where observed_at <= $end and observed_at > $base and coalesce(gone_at > $first, true)
order by observed_at, file_id, start
"""
# As the executor writes it: a line with a time names its logger, a print does not.
_TEXT = """
(
    coalesce(strftime(logged_at, '%Y-%m-%d %H:%M:%S,%g') || ' ' || level || ' [exutil] ', '')
    || coalesce('[' || tag || '] ', '') || coalesce(message, '')
)
"""
Operation = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """Which bot, and from when until when (UTC)."""

    bot: str
    start: datetime
    end: datetime


@dataclass
class Frames:
    """The looks of a span and what changed in the files at each."""

    looks: list[datetime]
    operations: dict[datetime, list[Operation]] = field(default_factory=dict)

    def look_of(self, seen_at: datetime | None) -> datetime | None:
        """The first look that is not before an instant, if there is one."""
        place = bisect_left(self.looks, seen_at) if seen_at else len(self.looks)
        return self.looks[place] if place < len(self.looks) else None

    def add(self, seen_at: datetime, operation: str, path: str, **rest: Any) -> None:
        """Note an operation at the first look that is not before `seen_at`."""
        look = self.look_of(seen_at)
        if look is not None:
            kept = {"op": operation, "path": path, "mtime": _epoch(look), **rest}
            self.operations.setdefault(look, []).append(kept)


def frames_of(
    connection: duckdb.DuckDBPyConnection, registry: Sequence[Source], span: Span
) -> Frames:
    """The looks of the span with the files' changes; the first one lays down what was there.

    Raises WatchhouseError when nobody looked at the bot in the span.
    """
    bound = {"bot": span.bot, "start": span.start, "end": span.end}
    looks = [at for (at,) in connection.execute(_LOOKS, bound).fetchall()]
    if not looks:
        raise WatchhouseError(f"nobody looked at `{span.bot}` in that span", "watchhouse status")
    frames, writer = Frames(looks), _Writer(connection, span)
    for source in registry:
        if source.kind in ("snapshot", "series") and source.root == "logs":
            writer.add_versions(frames, source)
        elif source.kind in ("events", "text") and source.root in ("logs", "text"):
            writer.add_lines(frames, source)
    return frames


@dataclass(frozen=True)
class _Writer:
    connection: duckdb.DuckDBPyConnection
    span: Span

    def rows(self, query: str, **bound: Any) -> list[tuple[Any, ...]]:
        """What a query says of the bot."""
        return self.connection.execute(query, {"bot": self.span.bot, **bound}).fetchall()

    def add_versions(self, frames: Frames, source: Source) -> None:
        """Each change of a state file; the last before the span at its first look."""
        found = self.rows(_CHANGES, source=source.name, end=self.span.end)
        first = frames.looks[0]
        for path in sorted({row[4] for row in found}):
            changes = [row for row in found if row[4] == path]
            before = [row for row in changes if row[0] <= first][-1:]
            is_there = False
            for at, status, sha256, *_ in before + [row for row in changes if row[0] > first]:
                content = self._content(source, at, status, sha256)
                if content is not None:
                    frames.add(at, "put", path, **_encoded(content))
                    is_there = True
                elif status == "missing" and is_there:
                    frames.add(at, "delete", path)
                    is_there = False

    def _content(self, source: Source, at: datetime, status: str, sha: str | None) -> bytes | None:
        """The bytes of a version; None when there were none or they were not kept."""
        if status == "empty":
            return b""
        if status in ("torn", "invalid"):
            rows = self.rows(_BYTES, source=source.name, at=at)
            return bytes(rows[0][0]) if rows else None
        if status != "ok":
            return None
        if source.kind == "series":
            return self._series(source, at)
        rows = self.rows(_VERSION.format(table=source.name), sha256=sha, at=at)
        return _with_nonfinite(*rows[0]) if rows else None

    def _series(self, source: Source, at: datetime) -> bytes:
        rows = self.rows(_POINTS_SEEN.format(table=source.name), end=self.span.end)
        early = [point for seen, point in rows if seen <= self.span.start][-_POINTS:]
        late = [point for seen, point in rows if self.span.start < seen <= at]
        return ("[" + ",".join(early + late) + "]").encode()

    def add_lines(self, frames: Frames, source: Source) -> None:
        """What was written to a log; what stood there before the span in one piece."""
        line = _TEXT if source.kind == "text" else "payload"
        query = _PIECES.format(table=source.name, line=line)
        first = frames.looks[0]
        found = self.rows(
            query, source=source.name, first=first, end=self.span.end, base=first - _BASE
        )
        pieces = [
            Piece(max(at, first), file_id, start, bytes(text), frames.look_of(gone))
            for at, file_id, start, text, gone in found
        ]
        for look, size, text in written(pieces, frames.looks, dict(self._halves(source))):
            how = {"at": size, "new_inode": True} if size else {}
            frames.add(look, "append" if size else "put", source.path, **_encoded(text), **how)

    def _halves(self, source: Source) -> Iterator[tuple[datetime, int]]:
        """Looks that found half a line at the end of a log, and how many bytes of it."""
        rows = self.rows(_CHANGES, source=source.name, end=self.span.end)
        for at, status, _, detail, _ in rows:
            count = (detail or "").split(" ")[0]
            if status == "torn" and count.isdigit():
                yield at, int(count)


def _with_nonfinite(payload: str, keys: list[str] | None) -> bytes:
    """The content of a version; a number that was none became null and is none again."""
    if not keys:
        return payload.encode()
    value = json.loads(payload)
    for key in keys:
        *parents, last = key.split(".")
        holder = value
        for parent in parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and holder.get(last, 0) is None:
            holder[last] = math.nan
    return json.dumps(value).encode()


def _encoded(content: bytes) -> dict[str, str]:
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(content).decode()}


def _epoch(at: datetime) -> float:
    return at.replace(tzinfo=UTC).timestamp()


def write_bundle(
    connection: duckdb.DuckDBPyConnection,
    registry: Sequence[Source],
    span: Span,
    verdict: Verdict,
    folder: Path,
) -> int:
    """Write the recording, the config in force and the findings; returns the count of frames.

    Raises WatchhouseError when the folder is there already or cannot be written.
    """
    frames = frames_of(connection, registry, span)
    done = frames.operations
    lines = [
        json.dumps({"n": number, "ts": _epoch(at), "note": "", "ops": done.get(at, [])})
        for number, at in enumerate(frames.looks)
    ]
    try:
        (folder / "config").mkdir(parents=True, mode=0o700)
        (folder / FRAMES).write_bytes(lzma.compress("\n".join([*lines, ""]).encode()))
        said = json.dumps(verdict.as_json(), ensure_ascii=False, indent=1)
        (folder / "findings.json").write_text(said + "\n", encoding="utf-8")
        for path, payload in _configs(connection, registry, span):
            (folder / "config" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "config" / path).write_text(payload, encoding="utf-8")
    except OSError as error:
        raise WatchhouseError(f"cannot write {folder}: {error.strerror}", "--out DIR") from error
    return len(lines)


def _configs(
    connection: duckdb.DuckDBPyConnection, registry: Sequence[Source], span: Span
) -> Iterator[tuple[str, str]]:
    for source in registry:
        if source.kind == "config":
            rows = connection.execute(
                f'select arg_max(payload, _observed_at) from raw."{source.name}"'
                " where _bot = ? and _observed_at <= ?",
                [span.bot, span.end],
            ).fetchall()
            if rows[0][0] is not None:
                yield source.path, rows[0][0]  # JSON, which YAML readers read too
