"""Where the instants to judge are kept: tables in memory, seen by every cursor of a connection."""

import duckdb

SCRATCH = "scratch.main"


def attach_scratch(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the place, also beside a file opened read-only; one that is there is left as it is."""
    connection.execute("attach if not exists ':memory:' as scratch (read_write)")
