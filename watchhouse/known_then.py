"""What could be known at an instant: the models rebuilt from what had been read by then."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from ingest.errors import WatchhouseError
from ingest.registry import load_registry
from ingest.schema import create_raw
from ingest.settings import Settings
from ingest.store import LEDGER, connect_live, hot, literal, tables
from watchhouse.build import build

# When a row of the ledger came to be known; those of raw tables carry `_observed_at`.
_KNOWN_AT = {
    "bots": "first_at",
    "polls": "polled_at",
    "observations": "observed_at",
    "loads": "observed_at",
    "files": "first_seen_at",
    "quarantine": "observed_at",
    "losses": "observed_at",
    "schema_changes": "observed_at",
}
# Of a build, of ingest itself, or of the place of rows.
_NEVER = {"builds", "blocks", "landing", "taken_back", "observed_before"}


@contextmanager
def rebuilt(settings: Settings, as_of: datetime) -> Iterator[Settings]:
    """Settings of a scratch home whose published warehouse holds only what was read by `as_of`.

    It takes as long as a full build and is removed afterwards. Raises WatchhouseError when there
    is no published warehouse or its models do not build.
    """
    if not settings.published_file.exists():
        raise WatchhouseError(f"no warehouse at {settings.published_file}", "watchhouse build")
    with tempfile.TemporaryDirectory(prefix="watchhouse-then-") as folder:
        scratch = replace(settings, home=Path(folder))
        fill(settings, scratch, as_of)
        if not build(scratch, is_scratch=True).is_good:
            raise WatchhouseError("the models did not build", "dbt's words above")
        yield scratch


def fill(settings: Settings, scratch: Settings, as_of: datetime) -> None:
    """Copy the raw rows known by `as_of` (UTC) from the published to a new live warehouse."""
    registry = load_registry(settings.registry_file)
    scratch.make_home()
    with connect_live(scratch) as connection:
        create_raw(connection, registry)
        source = literal(str(settings.published_file))
        connection.execute(f"attach {source} as seen (read_only)")
        for table, columns in tables(registry).items():
            if table not in _NEVER and _is_there(connection, table):
                connection.execute(_copy(table, columns, as_of))
        connection.execute("detach seen")


def _is_there(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    found = connection.execute(
        "select count(*) from duckdb_columns() where database_name = 'seen'"
        " and schema_name = 'raw' and table_name = ?",
        [table],
    ).fetchall()
    return found != [(0,)]


def _copy(table: str, columns: dict[str, str], as_of: datetime) -> str:
    known_at = _KNOWN_AT[table] if table in LEDGER else "_observed_at"
    at = f"timestamp {literal(as_of)}"
    # A line that was replaced later stood as it was.
    later = f"replace (case when _superseded_at <= {at} then _superseded_at end as _superseded_at)"
    star = f"* {later}" if "_superseded_at" in columns else "*"
    where = f"{known_at} <= {at}"
    return f'insert into {hot(table)} by name select {star} from seen.raw."{table}" where {where}'
