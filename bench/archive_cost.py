"""python -m bench.archive_cost: what a copy of a home costs before and after its days are archived.

Sizes, seconds of an ingest's opening, of publish against a plain copy of as many bytes, of archive;
that every raw row is there as before and, with --refresh, that a full refresh gives the same marts.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import duckdb

from ingest import archive, load_settings
from ingest.memory import Memory
from ingest.publish import publish
from ingest.registry import load_registry
from ingest.schema import create_raw
from ingest.settings import Settings
from ingest.spool import sync
from ingest.store import connect_live
from watchhouse.build import build

Sums = dict[str, tuple[int, int]]
# Of rows and of where they are; what says when something was built is another each time.
_NOT_COMPARED = "('landing', 'taken_back', 'observed_before', 'builds', 'touched')"
_RELATIONS = """
select distinct schema_name || '."' || table_name || '"' from duckdb_columns()
where schema_name {schemas} and table_name not in {not_compared} and not internal order by 1
"""


def sums(settings: Settings, schemas: str) -> Sums:
    """How many rows each relation of some schemas has, and a hash of them in whatever order."""
    with duckdb.connect(str(settings.live_file), read_only=True) as connection:
        query = _RELATIONS.format(schemas=schemas, not_compared=_NOT_COMPARED)
        names = [name for (name,) in connection.execute(query).fetchall()]
        found = (f"select count(*), bit_xor(hash(one)) from {name} as one" for name in names)
        return {n: connection.execute(q).fetchall()[0] for n, q in zip(names, found, strict=True)}


def lap(what: str, work: Callable[[], Any]) -> Any:
    """Do it and print how long it took."""
    begun = time.perf_counter()
    done = work()
    print(f"{what:<34} {time.perf_counter() - begun:8.2f} s", flush=True)
    return done


def costs(settings: Settings) -> None:
    """What an opening, a publish and the newest rows cost now."""

    def open_live() -> None:
        with connect_live(settings) as connection:
            create_raw(connection, load_registry(settings.registry_file))
            Memory.load(connection)

    def copy() -> None:
        target = settings.home / "plain-copy"
        shutil.copyfile(settings.live_file, target)
        sync(target)
        target.unlink()

    def ask(query: str) -> None:
        with duckdb.connect(str(settings.live_file), read_only=True) as connection:
            (last,) = connection.execute("select max(load_id) from raw.polls").fetchall()[0]
            connection.execute(query.format(newer=last - 3)).fetchall()

    lap("  an ingest opens the warehouse", open_live)
    lap("  publish", lambda: publish(settings))
    lap("  the same bytes copied and synced", copy)
    payloads = "select sum(length(payload)) from raw.diagnostics where _load_id > "
    lap("  the newest rows of a table", lambda: ask(payloads + "{newer}"))
    lap("  all rows of a table", lambda: ask(payloads + "0"))
    landing = [file.stat().st_size for file in settings.folder("landing").rglob("*.parquet")]
    print(f"  live file {settings.live_file.stat().st_size / 1e6:.0f} MB,"
          f" landing {sum(landing) / 1e6:.0f} MB in {len(landing)} files")  # fmt: skip


@click.command()
@click.option("--home", required=True, type=click.Path(path_type=Path), help="Is not changed.")
@click.option("--copy", required=True, type=click.Path(path_type=Path), help="Must not exist yet.")
@click.option("--now", required=True, type=click.DateTime(), help="2026-04-01: 30 days stay hot.")
@click.option("--refresh", is_flag=True, help="Build in full before and after, and compare.")
def main(home: Path, copy: Path, now: datetime, refresh: bool) -> None:
    """Archive a copy of a home; exits 1 when a row is not as it was."""
    (copy / "live").mkdir(parents=True)
    shutil.copyfile(home / "live" / "warehouse.duckdb", copy / "live" / "warehouse.duckdb")
    settings = load_settings(copy)
    with connect_live(settings) as connection:
        lap("brought to this schema",
            lambda: create_raw(connection, load_registry(settings.registry_file)))  # fmt: skip
    if refresh:
        lap("full refresh", lambda: build(settings, publish_it=False, full_refresh=True))
    raw, marts = sums(settings, "= 'raw'"), sums(settings, "= 'main'")
    print("before")
    costs(settings)
    done = lap("archive", lambda: archive.run(settings, now))
    print(f"  {done.rows} rows in {len(done.steps)} files")
    print("after")
    costs(settings)
    lap("archive with nothing to do", lambda: archive.run(settings, now))
    differing = _differing(raw, sums(settings, "= 'raw'"))
    if refresh:
        lap("full refresh", lambda: build(settings, publish_it=False, full_refresh=True))
        differing += _differing(marts, sums(settings, "= 'main'"))
    print(f"{len(raw)} raw relations and {len(marts) if refresh else 0} marts compared,"
          f" {len(differing)} differ {differing}")  # fmt: skip
    sys.exit(bool(differing))


def _differing(before: Sums, after: Sums) -> list[str]:
    return sorted(name for name in before if after.get(name) != before[name])


if __name__ == "__main__":
    main()
