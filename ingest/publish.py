"""The published warehouse: a verified copy that readers open without meeting a writer."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from ingest.commit import utc_now
from ingest.errors import WatchhouseError
from ingest.lock import writer_lock
from ingest.registry import load_registry
from ingest.schema import create_raw
from ingest.settings import Settings
from ingest.spool import sync
from ingest.store import connect_live, literal

Counts = dict[str, int]


@dataclass(frozen=True)
class Published:
    """What was published: `commit_id` is the last load in it, None when nothing was loaded."""

    file: Path
    published_at: datetime
    commit_id: int | None
    size_bytes: int
    tables: int


def publish(settings: Settings, wait_seconds: float = 0) -> Published:
    """Copy the live warehouse, verify the copy, and rename it over the published file.

    Raises WatchhouseError when there is nothing to publish, when the copy does not hold what the
    live file holds, or when the disk is full; the published file is then as it was.
    """
    if not settings.live_file.is_file():
        raise WatchhouseError(
            f"there is nothing to publish: no warehouse at `{settings.live_file}`",
            "watchhouse ingest, then watchhouse build",
        )
    with writer_lock(settings, wait_seconds):
        # The stem must be that of the live file: views carry the name of their catalog.
        copy = settings.home / ".publishing" / settings.published_file.name
        shutil.rmtree(copy.parent, ignore_errors=True)  # what a crash may have left
        try:
            published_at, commit_id, counts = _settle(settings)
            copy.parent.mkdir(mode=0o700)
            shutil.copyfile(settings.live_file, copy)
            if copy.stat().st_size != settings.live_file.stat().st_size:
                raise _not_verified("it is not as long as the live file")
            _verify(copy, counts)
            _put_in_place(copy, settings.published_file)
        except OSError as error:
            raise WatchhouseError(
                f"the warehouse could not be published: {error}",
                "the published file is as it was; free space on the disk and publish again",
            ) from error
        finally:
            shutil.rmtree(copy.parent, ignore_errors=True)
    size = settings.published_file.stat().st_size
    return Published(settings.published_file, published_at, commit_id, size, len(counts))


def _settle(settings: Settings) -> tuple[datetime, int | None, Counts]:
    """Note in the live file what is published, and leave all of it in the one file."""
    at = utc_now()
    with connect_live(settings) as connection:
        try:
            create_raw(connection, load_registry(settings.registry_file))
            connection.execute(_PUBLISHED.format(at=literal(at)))
            connection.execute("checkpoint")
            (last,) = connection.execute("select max(load_id) from hot.polls").fetchall()[0]
            return at, last, _counts(connection)
        except duckdb.Error as error:
            raise WatchhouseError(
                f"`{settings.live_file}` could not be settled: {str(error).splitlines()[0]}",
                "another connection may be writing; publish again when it has ended",
            ) from error


def _counts(connection: duckdb.DuckDBPyConnection) -> Counts:
    names = connection.execute(
        'select format(\'"{}"."{}"\', schema_name, table_name) from duckdb_tables() '
        "where database_name = current_database() and not internal order by all"
    ).fetchall()
    each = [f"select {literal(name)}, count(*) from {name}" for (name,) in names]
    return dict(connection.execute(" union all ".join(each)).fetchall()) if each else {}


def _verify(copy: Path, expected: Counts) -> None:
    try:
        with duckdb.connect(str(copy), read_only=True) as connection:
            counts = _counts(connection)
            (unequal,) = connection.execute(_UNEQUAL).fetchall()[0]
    except duckdb.Error as error:
        raise _not_verified(f"it does not open: {str(error).splitlines()[0]}") from error
    if counts != expected:
        differing = sorted({name for name, _ in counts.items() ^ expected.items()})
        raise _not_verified(f"the live file holds other rows in {', '.join(differing)}")
    if unequal:
        raise _not_verified(f"{unequal} rows of raw.loads do not account for every byte")


def _not_verified(why: str) -> WatchhouseError:
    return WatchhouseError(
        f"the copy of the warehouse is not right: {why}",
        "the published file is as it was; watchhouse sql reads it",
    )


def _put_in_place(copy: Path, target: Path) -> None:
    # Readable by all and writable by none: a client that forgets to open it read-only is refused.
    copy.chmod(0o444)
    sync(copy)
    copy.replace(target)
    sync(target.parent)


_UNEQUAL = """
select count(*) from hot.loads
where to_offset - from_offset <> row_bytes + blank_bytes + quarantined_bytes
"""
# One row per bot and source; one without a bot when nothing was read, so that the time is there.
_PUBLISHED = """
create schema if not exists meta;
create or replace table meta.published as
with
    looks as (select _bot, max(polled_at) as at, max(load_id) as load_id from hot.polls group by 1),
    sources as (
        select _bot, source, arg_max(status, observed_at) as status, max(observed_at) as at
        from hot.observations
        group by 1, 2
    )
select
    {at}::timestamp as published_at,
    (select max(load_id) from looks) as commit_id,
    sources._bot,
    sources.source as stream,
    case
        when sources.status in ('ok', 'missing') then looks.at
        when sources.status <> 'not configured' then sources.at
    end as read_to
from (select 1) as always
left join sources on true
left join looks on looks._bot = sources._bot
"""
