"""A warehouse whose writer was killed in the middle of a write.

A checkpoint of DuckDB writes entries of its directory into free parts of a block whose other parts
are in use, and the block has one checksum. Whoever is killed within that write leaves the parts in
use as they were and a checksum that is none: the file does not open any more.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
from pathlib import Path

import duckdb

from ingest.lock import is_after_death
from ingest.settings import Settings

_TORN = re.compile(
    r"computed checksum (\d+) does not match stored checksum \d+ in block at location (\d+)"
)


def mend_torn(settings: Settings, error: duckdb.Error) -> bool:
    """Whether the live warehouse, which did not open for this error, will open now.

    Only after a writer that died, and if in a copy with the checksum put right every row of every
    table can be read; else nothing is changed. Raises OSError, as when there is no room for a copy.
    """
    found = _TORN.search(str(error))
    if not found or not is_after_death(settings):
        return False
    live = settings.live_file
    copy = live.with_name(".mending")
    files = [
        (one, Path(f"{copy}{end}"))
        for end in ("", ".wal")
        if (one := Path(f"{live}{end}")).exists()
    ]
    checksum, place = int(found[1]), int(found[2])
    try:
        for one, target in files:
            shutil.copyfile(one, target)
        _set_checksum(copy, checksum, place)
        _read_all(copy)
    except duckdb.Error:
        return False
    finally:
        for _, target in files:
            target.unlink(missing_ok=True)
    _set_checksum(live, checksum, place)
    return True


def _set_checksum(file: Path, checksum: int, place: int) -> None:
    with file.open("rb+") as handle:
        handle.seek(place)
        handle.write(struct.pack("<Q", checksum))
        handle.flush()
        os.fsync(handle.fileno())


def _read_all(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        query = "select schema_name, table_name from duckdb_tables() where not temporary"
        for schema, table in connection.execute(query).fetchall():
            connection.execute(f'select bit_xor(hash(one)) from "{schema}"."{table}" as one')
