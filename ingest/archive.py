"""Sealed days leave the warehouse for Parquet files, each row at one moment and for good.

A file is written and verified under another name, renamed into place, and then one transaction
lists it and deletes its rows from the hot table. What a crash leaves before that is a file that no
list names, which the next run removes. Days of a month are one file each until the month is sealed;
then they are written anew as one.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import duckdb

from ingest.commit import utc_now
from ingest.compact import compact
from ingest.errors import WatchhouseError
from ingest.landing import (
    Listed,
    Tables,
    change_list,
    cold_rows,
    drop_damaged,
    is_damaged,
    landing_of,
    listed,
    lose,
    make_views,
    sha256_of,
)
from ingest.lock import writer_lock
from ingest.registry import load_registry
from ingest.retention import keeps, pinned
from ingest.schema import create_raw
from ingest.settings import Settings
from ingest.spool import sync
from ingest.store import Tiers, connect_live, hot, literal, tables, tiers_of

PIECE_SECONDS = 5.0


@dataclass(frozen=True)
class Step:
    """A file to be written: rows of one table and bot from `since` up to `until`, and why.

    `hot_rows` leave the hot table, `old` are the files it replaces. With `keeps_pinned` only what
    incidents need is kept.
    """

    table: str
    bot: str
    part: str
    since: datetime
    until: datetime
    hot_rows: int = 0
    old: tuple[Listed, ...] = ()
    keeps_pinned: bool = False


@dataclass(frozen=True)
class Archived:
    """What a run did, or would do; `lost` files are gone or damaged."""

    steps: tuple[Step, ...]
    lost: tuple[Listed, ...]

    @property
    def rows(self) -> int:
        """Rows that leave the hot tables."""
        return sum(step.hot_rows for step in self.steps)


def run(
    settings: Settings,
    now: datetime | None = None,
    *,
    is_dry: bool = False,
    wait_seconds: float = 0,
) -> Archived:
    """Move the rows of sealed days to landing files and drop those past their time.

    A day is sealed when it ended `hot_days` before `now` (UTC, the clock's by default); settings
    say how many, and how long files are kept. `is_dry` changes nothing.
    Raises WatchhouseError when there is no warehouse, it is held, or the disk is full: every row
    is then still where it was.
    """
    if not settings.live_file.is_file():
        raise WatchhouseError(
            f"there is nothing to archive: no warehouse at `{settings.live_file}`",
            "watchhouse ingest",
        )
    now = now or utc_now()
    try:
        with _opened(settings, now, wait_seconds) as archive:
            if is_dry:
                return Archived((*archive.moves(), *archive.drops()), ())
            files = archive.files()
        landing = settings.folder("landing")
        suspects = {one.path for one in files if is_damaged(landing, one)}
        with _opened(settings, now, wait_seconds) as archive:
            lost = archive.tidy(suspects)
        steps: list[Step] = []
        is_done = False
        while not is_done:  # the lock is given back between pieces: a year takes minutes
            with _opened(settings, now, wait_seconds) as archive:
                is_done = archive.run(steps, time.monotonic() + PIECE_SECONDS)
        with writer_lock(settings, wait_seconds):
            compact(settings)
    except (OSError, duckdb.Error) as error:
        raise WatchhouseError(
            f"not all could be archived: {str(error).splitlines()[0]}",
            "every row is in the warehouse or in a listed file; free space and try again",
        ) from error
    return Archived(tuple(steps), tuple(lost))


@contextmanager
def _opened(settings: Settings, now: datetime, wait_seconds: float) -> Iterator[_Archive]:
    with connect_live(settings, wait_seconds) as connection:
        yield _Archive(settings, connection, now)


class _Archive:
    def __init__(
        self, settings: Settings, connection: duckdb.DuckDBPyConnection, now: datetime
    ) -> None:
        registry = load_registry(settings.registry_file)
        create_raw(connection, registry)
        self._settings = settings
        self._connection = connection
        self._tables: Tables = tables(registry)
        self._keeps = keeps(settings, self._tables)
        self._now = now
        self._landing = landing_of(connection)

    def files(self) -> list[Listed]:
        """The landing files that there should be."""
        return listed(self._connection, "lost_at is null")

    def tidy(self, suspects: Collection[str]) -> list[Listed]:
        """Remove what no list names, and no longer read what is damaged; returns what is lost."""
        self._remove_unlisted()
        return drop_damaged(self._connection, self._tables, suspects)

    def run(self, steps: list[Step], until: float) -> bool:
        """Take steps, appended to `steps`, until that time; whether there are no more."""
        for step in chain(self.moves(), self.drops()):  # drops are looked for after the moves
            self._take(step)
            steps.append(step)
            if time.monotonic() > until:
                return False
        return True

    def moves(self) -> Iterator[Step]:
        """Days to write, and months: those are written anew as one file when they are sealed."""
        for table, columns in self._tables.items():
            if tiers := tiers_of(table, columns):
                midnight = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
                sealed = midnight - timedelta(days=self._keeps[table].hot_days)
                yield from self._moves(table, tiers, sealed)

    def _moves(self, table: str, tiers: Tiers, sealed: datetime) -> Iterator[Step]:
        query = (
            f"select _bot, {tiers.at}::date::timestamp as day, count(*) from {hot(table)} "
            f"where {_movable(tiers, sealed)} group by all order by all"
        )
        rows: defaultdict[tuple[str, str], list[tuple[datetime, int]]] = defaultdict(list)
        for bot, day, count in self._connection.execute(query).fetchall():
            rows[bot, _part(day, sealed)].append((day, count))
        files: defaultdict[tuple[str, str], list[Listed]] = defaultdict(list)
        where = f"stream = {literal(table)} and lost_at is null"
        for one in listed(self._connection, where):
            files[one.bot, _part(one.from_at, sealed)].append(one)
        for bot, part in sorted(rows.keys() | {key for key, old in files.items() if len(old) > 1}):
            old, days = tuple(files[bot, part]), rows[bot, part]
            since = _start(part)
            until = _next_month(since) if part.startswith("month") else since + timedelta(days=1)
            count = sum(count for _, count in days)
            yield Step(table, bot, part, since, until, count, old)

    def drops(self) -> Iterator[Step]:
        """Files past their time of which something is left that no incident needs.

        What the watch itself said is kept: the history of incidents is made of it.
        """
        for one in listed(self._connection, "lost_at is null"):
            days = self._keeps[one.stream].days if one.stream in self._tables else None
            if days is None or one.bot == self._settings.watch.name:
                continue
            if one.to_at >= self._now - timedelta(days=days):
                continue
            part = Path(one.path).parent.name
            step = Step(one.stream, one.bot, part, one.from_at, one.to_at, 0, (one,), True)
            if self._count(self._rows(step)) < one.row_count:
                yield step

    def _take(self, step: Step) -> None:
        """Write the step's rows to a file, and put it in the place of where they were."""
        tiers = self._tiers(step)
        new = self._written(step, tiers)
        connection = self._connection
        connection.execute("begin")
        change_list(connection, step.old, [new] if new else [])
        if step.hot_rows:
            self._note_observed(step, tiers)
            where = self._hot_of(step, tiers)
            deleted = connection.execute(f"delete from {hot(step.table)} where {where}").fetchall()
            if deleted != [(step.hot_rows,)]:
                raise OSError(f"other rows of {step.table} were to be deleted than were written")
        if step.keeps_pinned:
            gone = step.old[0].row_count - (new.row_count if new else 0)
            kept = f", {new.row_count} kept for incidents" if new else ""
            lose(connection, step.old[0], self._now, f"retention: {gone} rows dropped{kept}")
        make_views(connection, self._tables, [step.table])
        connection.execute("commit")

    def _written(self, step: Step, tiers: Tiers) -> Listed | None:
        """The new file in its place, verified and safe on the disk; None when there are no rows."""
        rows = self._rows(step)
        order = [tiers.load, tiers.at]
        order += [c for c in ("_file_id", "_offset") if c in self._tables[step.table]]
        folder = self._landing / step.table / f"bot={step.bot}" / step.part
        fresh = self._landing / f".{os.getpid()}.part"
        self._connection.execute(
            f"copy (select * from ({rows}) order by {', '.join(order)}) "
            f"to {literal(str(fresh))} (format parquet, compression zstd)"
        )
        file = f"select * from read_parquet({literal(str(fresh))}, hive_partitioning = false)"
        if (sums := self._sums(rows)) != self._sums(file):
            raise OSError(f"{fresh} does not hold what was written to it")
        if not sums[0]:
            fresh.unlink()
            return None
        fresh.chmod(0o400)
        self._settings.share(fresh, 0o400)
        sync(fresh)
        digest = sha256_of(fresh)
        path = folder / f"{digest[:16]}.parquet"
        for parent in (folder.parent.parent, folder.parent, folder):
            parent.mkdir(mode=0o700, exist_ok=True)
            self._settings.share(parent, 0o700)
        fresh.replace(path)
        for parent in (folder, folder.parent, folder.parent.parent, self._landing):
            sync(parent)
        return self._listing(step, tiers, path, digest)

    def _listing(self, step: Step, tiers: Tiers, path: Path, digest: str) -> Listed:
        at, load = tiers.at, tiers.load
        query = (
            f"select min({at}), max({at}), min({load}), max({load}), count(*) "
            f"from read_parquet({literal(str(path))}, hive_partitioning = false)"
        )
        ((first, last, from_load, to_load, count),) = self._connection.execute(query).fetchall()
        found, columns = path.stat(), tuple(self._tables[step.table])
        return Listed(
            str(path.relative_to(self._landing)), step.table, step.bot, first, last, from_load,
            to_load, count, found.st_size, found.st_mtime_ns, digest, columns, utc_now(),
        )  # fmt: skip

    def _rows(self, step: Step) -> str:
        columns = self._tables[step.table]
        names = ", ".join(f'"{name}"' for name in columns)
        tiers = self._tiers(step)
        rows = cold_rows(self._connection, step.table, columns, list(step.old))
        if step.hot_rows:
            where = self._hot_of(step, tiers)
            rows += f" union all select {names} from {hot(step.table)} where {where}"
        if step.keeps_pinned:
            rows = f"select * from ({rows}) where {pinned(self._connection, step.bot, tiers.at)}"
        return rows

    def _tiers(self, step: Step) -> Tiers:
        tiers = tiers_of(step.table, self._tables[step.table])
        assert tiers  # or there would be no step
        return tiers

    def _hot_of(self, step: Step, tiers: Tiers) -> str:
        return (
            f"_bot = {literal(step.bot)} and {_movable(tiers, step.until)}"
            f" and {tiers.at} >= timestamp {literal(step.since)}"
        )

    def _note_observed(self, step: Step, tiers: Tiers) -> None:
        if step.table == "observations":
            self._connection.execute(
                "insert into raw.observed_before select _bot, source, _file, count(*) "
                f"from hot.observations where {self._hot_of(step, tiers)} group by all; "
                "create or replace temp table summed as select _bot, source, _file, "
                "sum(changes)::bigint from raw.observed_before group by all; "
                "delete from raw.observed_before; insert into raw.observed_before from summed"
            )

    def _count(self, query: str) -> int:
        ((count,),) = self._connection.execute(f"select count(*) from ({query})").fetchall()
        return int(count)

    def _sums(self, query: str) -> tuple[int, int | None]:
        """How many rows, and a hash of them all in whatever order."""
        sums = f"select count(*), bit_xor(hash(one)) from ({query}) as one"
        (found,) = self._connection.execute(sums).fetchall()
        return found[0], found[1]

    def _remove_unlisted(self) -> None:
        """Files that a crash left, and those that were replaced: by now no reader has them open."""
        named = {self._landing / one.path for one in listed(self._connection)}
        named |= {self._landing / path for path in _published(self._settings)}
        for path in self._landing.rglob("*"):
            if path.is_file() and path not in named:
                path.unlink()
            else:
                self._settings.share(path, 0o400 if path.is_file() else 0o700)


def _movable(tiers: Tiers, before: datetime) -> str:
    return f"{tiers.at} < timestamp {literal(before)} and not ({tiers.stays})"


def _part(at: datetime, sealed: datetime) -> str:
    """The folder of a row of that time: of its month once that is sealed, else of its day."""
    month = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return f"month={at:%Y-%m}" if _next_month(month) <= sealed else f"day={at:%Y-%m-%d}"


def _start(part: str) -> datetime:
    return datetime.fromisoformat(f"{part.partition('=')[2]}-01"[:10])


def _next_month(month: datetime) -> datetime:
    return (month + timedelta(days=31)).replace(day=1)


def _published(settings: Settings) -> Sequence[str]:
    """The landing files that the published warehouse reads."""
    if not settings.published_file.is_file():
        return []
    try:
        with duckdb.connect(str(settings.published_file), read_only=True) as connection:
            return [one.path for one in listed(connection)]
    except duckdb.Error:  # published before there were landing files, or nobody can read it
        return []
