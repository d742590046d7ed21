"""A JSON array rewritten with each new point: only points not seen before become rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

import orjson

from ingest.capture import Capture
from ingest.commit import Commit
from ingest.documents import Document
from ingest.jsontext import decode
from ingest.memory import KnownFile, file_id
from ingest.registry import Source
from ingest.statefiles import judge, note_change

_SCANNER = json.JSONDecoder()
_BETWEEN = " \t\r\n,"


def load_series(commit: Commit, source: Source, found: Capture) -> None:
    """Record the points of an array that are new, and the array's own state.

    An array that only grew is parsed from its last known point on; one that shrank or changed is
    compared whole, by the hash of each point.
    """
    known = _known(commit, source, found.path)
    start, count = _grown_from(known, found)
    document, end, points = _read(source, found, start)
    before = known.item_count or 0 if known else 0
    total = count + len(points)
    if total < before and document.status == "ok":
        document = replace(document, detail=f"shrank from {before} to {total} points")
    note_change(commit, source, found, document)
    if document.status == "ok" and found.seen:
        _add_points(commit, source, found.path, points, count)
        _remember(commit, source, found, known, (end, total))


def _read(source: Source, found: Capture, start: int) -> tuple[Document, int, list[str]]:
    plain = replace(source, required=())
    if start:  # what stands before `start` was judged when it was read
        head = b"[" + found.raw[start:].lstrip(_BETWEEN.encode())
        judged = judge(plain, replace(found, raw=head))
        if judged.status != "ok":
            start, judged = 0, judge(plain, found)
    else:
        judged = judge(plain, found)
    if judged.status == "ok" and not (judged.payload or "").startswith("["):
        judged = Document("invalid", "", detail="not an array at byte 0")
    document = replace(judged, sha256=hashlib.sha256(found.raw).hexdigest(), payload=None)
    if document.status != "ok":
        return (document if found.status == "read" else judged), 0, []
    text = found.raw[start:].decode("utf-8-sig")
    spans = list(_spans(text, 0 if start else text.index("[") + 1))
    end = start + len(text[: spans[-1][1]].encode()) if spans else start
    return document, end, [text[a:b] for a, b in spans]


def _spans(text: str, at: int) -> Iterator[tuple[int, int]]:
    while True:
        while text[at] in _BETWEEN:
            at += 1
        if text[at] == "]":
            return
        _, end = _SCANNER.raw_decode(text, at)
        yield at, end
        at = end


def _known(commit: Commit, source: Source, path: str) -> KnownFile | None:
    files = commit.memory.files.get((commit.bot.name, source.name), [])
    return next((known for known in files if known.path == path), None)


def _grown_from(known: KnownFile | None, found: Capture) -> tuple[int, int]:
    if known is None or not 0 < known.read_offset < len(found.raw):
        return 0, 0
    prefix = hashlib.sha256(found.raw[: known.read_offset]).hexdigest()
    return (known.read_offset, known.item_count or 0) if prefix == known.prefix_sha256 else (0, 0)


def _add_points(commit: Commit, source: Source, path: str, points: list[str], first: int) -> None:
    # The hash is of the value, so that another indentation makes no new points.
    decoded = [decode(point.encode()) for point in points]
    hashes = [hashlib.sha256(orjson.dumps(point.value)).hexdigest() for point in decoded]
    seen = _seen(commit, source, path)
    commit.note_shapes(source, [point.text for point in decoded])
    for position, (digest, point) in enumerate(zip(hashes, decoded, strict=True), first):
        if digest not in seen:
            seen.add(digest)
            commit.row_count += 1
            commit.add(source.name, (commit.bot.name, source.name, path, commit.at, commit.load_id,
                                     digest, position, point.nonfinite,
                                     commit.mask.payload(point.text)))  # fmt: skip


def _seen(commit: Commit, source: Source, path: str) -> set[str]:
    points = commit.memory.points
    if (key := (commit.bot.name, source.name, path)) not in points:
        rows = commit.connection.execute(
            f'select _sha256 from raw."{source.name}" where _bot = ? and _file = ?',
            [commit.bot.name, path],
        ).fetchall()
        points[key] = {row[0] for row in rows}
    return points[key]


def _remember(
    commit: Commit, source: Source, found: Capture, known: KnownFile | None, read: tuple[int, int]
) -> None:
    assert found.seen is not None
    end, count = read
    identity = file_id(
        commit.bot.name, source.name, hashlib.sha256(found.path.encode()).hexdigest(), 0
    )
    prefix = hashlib.sha256(found.raw[:end]).hexdigest()
    after = KnownFile(
        identity, commit.bot.name, source.name, found.path, *found.seen.stamp, end, "", 0, "", 0,
        prefix, 0, "live", known.first_seen_at if known else commit.at, commit.at, count,
    )  # fmt: skip
    others = [
        k for k in commit.memory.files.get((commit.bot.name, source.name), []) if k is not known
    ]
    commit.memory.files[commit.bot.name, source.name] = [*others, after]
    commit.remember(after)
