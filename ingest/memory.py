"""What ingest knows from earlier looks, read from the ledger once per session."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass, field, fields
from datetime import datetime

import duckdb

from ingest.drift import Shape
from ingest.store import Row

Stamp = tuple[int, int, int]


@dataclass(slots=True, eq=False)
class KnownFile:
    """A content file and how far it was read: a row of raw.files, in the order of its columns.

    Status: live (at `path`), missing (not found at one look), gone (not found at two), rewritten
    (another entry replaces it). `copy_of` names a file whose first lines this one has too: they
    stand under the id of that one. `shrunk_bytes` is set while the file holds less than was read of
    it: the length of its whole lines, with their hash. Of the blocks of a large file so many are
    not compared yet since it last changed, from the next one on.
    """

    file_id: str
    bot: str
    stream: str
    path: str
    inode: int
    size: int
    mtime_ns: int
    read_offset: int
    head_sha256: str
    head_bytes: int
    tail_sha256: str
    tail_bytes: int
    prefix_sha256: str | None
    ordinal: int
    status: str
    first_seen_at: datetime
    last_seen_at: datetime
    item_count: int | None = None
    replaces: str | None = None
    shrunk_bytes: int | None = None
    shrunk_sha256: str | None = None
    next_block: int | None = None
    unswept_blocks: int | None = None
    copy_of: str | None = None

    @property
    def stamp(self) -> Stamp:
        """Of the last look that read the file."""
        return self.inode, self.size, self.mtime_ns

    def row(self) -> Row:
        """As raw.files holds it."""
        return astuple(self)


def file_id(bot: str, stream: str, head_sha256: str, ordinal: int) -> str:
    """The identity of a content file: where it belongs, its first line, and which twin it is."""
    return hashlib.sha256(f"{bot}\0{stream}\0{head_sha256}\0{ordinal}".encode()).hexdigest()[:32]


@dataclass(slots=True)
class Observed:
    """The last observation of a file: its status, its content, and its last good content.

    `detail` is known of logs only; `changes` counts the observations, this one included.
    """

    status: str
    sha256: str | None
    good_sha256: str | None
    stamp: Stamp | None = None
    detail: str | None = None
    changes: int = 1


@dataclass
class Memory:
    """The state of one session; after a failed commit it is read again."""

    roots: set[tuple[str, str, str]] = field(default_factory=set)
    last_poll: dict[str, datetime] = field(default_factory=dict)
    next_load_id: int = 1
    observed: dict[tuple[str, str, str], Observed] = field(default_factory=dict)
    files: dict[tuple[str, str], list[KnownFile]] = field(default_factory=dict)
    # Hashes of the points of a series, read when it first has new ones.
    points: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    shapes: dict[tuple[str, str], Shape] = field(default_factory=dict)
    # Lines whose sign (see drift) was met in this session are looked at no more.
    signs: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    # Hashes of the blocks of large logs, read when they are first compared.
    blocks: dict[str, list[str]] = field(default_factory=dict)
    # Paths that hold nothing to load, no whole line yet or only lines that were read in another
    # file: known only to the session.
    lineless: dict[tuple[str, str, str], Stamp] = field(default_factory=dict)
    copies: dict[tuple[str, str, str], Stamp] = field(default_factory=dict)

    @classmethod
    def load(cls, connection: duckdb.DuckDBPyConnection) -> Memory:
        """Read the state from the ledger."""
        memory = cls()
        memory.roots = set(connection.execute("select _bot, root, path from raw.bots").fetchall())
        for bot, at, load_id in connection.execute(
            "select _bot, max(polled_at), max(load_id) from hot.polls group by 1"
        ).fetchall():
            memory.last_poll[bot] = at
            memory.next_load_id = max(memory.next_load_id, load_id + 1)
        (last,) = connection.execute("select max(load_id) from hot.loads").fetchall()[0]
        memory.next_load_id = max(memory.next_load_id, (last or 0) + 1)
        for *key, status, sha256, good, detail, changes in connection.execute(_OBSERVED).fetchall():
            known = Observed(status, sha256, good, detail=detail or None, changes=changes)
            memory.observed[key[0], key[1], key[2]] = known
        for bot, stream, path, kind in connection.execute(_SHAPES).fetchall():
            memory.shapes.setdefault((bot, stream), Shape()).restore(path, kind)
        names = ", ".join(_FILE_COLUMNS)
        for row in connection.execute(f"select {names} from raw.files order by ordinal").fetchall():
            file = KnownFile(*row)
            memory.files.setdefault((file.bot, file.stream), []).append(file)
        return memory


_FILE_COLUMNS = [
    {"bot": "_bot", "file_id": "_file_id", "size": "size_bytes"}.get(f.name, f.name)
    for f in fields(KnownFile)
]
_SHAPES = "select _bot, stream, key_path, new_type from raw.schema_changes"
_OBSERVED = """
select seen.* exclude (changes), seen.changes + coalesce(before.changes, 0)
from (
    select _bot, source, _file,
           arg_max(status, observed_at), arg_max(coalesce(sha256, ''), observed_at),
           arg_max(sha256, observed_at) filter (where status = 'ok'),
           arg_max(coalesce(detail, ''), observed_at), count(*) as changes
    from hot.observations group by all
) as seen
left join raw.observed_before as before using (_bot, source, _file)
"""
