"""Snapshots and config files: a row per change of good content, an observation per change."""

from __future__ import annotations

from ingest.capture import Capture
from ingest.commit import Commit, from_ns
from ingest.documents import Document, read_document
from ingest.memory import Observed
from ingest.registry import Source
from ingest.vet import BadBytes


def load_state_file(commit: Commit, source: Source, found: Capture) -> None:
    """Record what a look found at one path of a snapshot or config source."""
    document = judge(source, found)
    observed = note_change(commit, source, found, document)
    if document.status != "ok" or observed.good_sha256 == document.sha256:
        return
    observed.good_sha256 = document.sha256
    commit.row_count += 1
    commit.note_shape(source, [document.payload or "null"])
    commit.add(source.name, (
        commit.bot.name, source.name, found.path, commit.at,
        from_ns(found.seen.mtime_ns) if found.seen else None, document.sha256, commit.load_id,
        document.missing_keys, document.nonfinite_keys, commit.mask.payload(document.payload or ""),
    ))  # fmt: skip


def judge(source: Source, found: Capture) -> Document:
    """The document in a capture; what could not be read keeps its word as status."""
    if found.status != "read":
        return Document(found.status, "", detail=found.detail)
    return read_document(source, found.raw)


def note_change(commit: Commit, source: Source, found: Capture, document: Document) -> Observed:
    """Observe a change of status or content, keeping bad bytes; returns what is now known."""
    key = (commit.bot.name, source.name, found.path)
    before = commit.memory.observed.get(key)
    is_change = before is None or (before.status, before.sha256) != (
        document.status, document.sha256
    )  # fmt: skip
    after = Observed(
        document.status,
        document.sha256,
        before.good_sha256 if before else None,
        found.seen.state_stamp if found.seen else None,
        changes=is_change + (before.changes if before else 0),
    )
    commit.memory.observed[key] = after
    if is_change:
        commit.observe(source, found.path, document, found.seen)
        if document.status in ("torn", "invalid"):
            bad = BadBytes.of(0, found.raw, document.detail or document.status)
            commit.quarantine(source, None, found.path, bad)
    return after
