"""python -m bench.analysts --home …: analysts' questions to the published file, against the same
SQL on one plain DuckDB file that holds every row in a table of its own.

The plain file is written beside the home, without views and Parquet files. Each question is asked
of both in turn, each time in a new session; printed are the medians and their ratio.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import click
import duckdb

from bench.all_at_once import cookbook
from ingest import load_settings

# Refusals by gate and week, the longest NAV gap, unprotected dollars by symbol, and three others.
ASKED = (2, 15, 19, 9, 14, 24)
_RAW = """
select date_trunc('week', _observed_at) as week, count(*), sum(length(payload))
from raw.risk_vetoes group by 1 order by 1
"""
_RELATIONS = """
select distinct '"' || schema_name || '"."' || table_name || '"', schema_name
from duckdb_columns()
where database_name = 'warehouse' and not internal and schema_name <> 'hot' order by 1
"""


def make_plain(published: Path, plain: Path) -> None:
    """Every relation of the published file as a table of the plain one."""
    plain.unlink(missing_ok=True)
    with duckdb.connect(str(plain)) as connection:
        connection.execute("set preserve_insertion_order = true")
        connection.execute(f"attach '{published}' as warehouse (read_only)")
        for name, schema in connection.execute(_RELATIONS).fetchall():
            connection.execute(f'create schema if not exists "{schema}"')
            connection.execute(f"create table {name} as from warehouse.{name}")


def seconds(file: Path, text: str) -> tuple[float, int]:
    """One answer in a session of its own: how long it took, and how many rows."""
    begun = time.perf_counter()
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = len(connection.execute(text).fetchall())
    return time.perf_counter() - begun, rows


@click.command()
@click.option("--home", required=True, type=click.Path(path_type=Path), help="Published already.")
@click.option("--plain", type=click.Path(path_type=Path), help="The plain file [HOME/plain.duckdb]")
@click.option("--rounds", default=7, show_default=True)
def main(home: Path, plain: Path | None, rounds: int) -> None:
    """One line per question; exits 1 when an answer has another number of rows."""
    settings = load_settings(home)
    published, plain = settings.published_file, plain or home / "plain.duckdb"
    make_plain(published, plain)
    sizes = published.stat().st_size / 1e6, plain.stat().st_size / 1e6
    print(f"published {sizes[0]:.0f} MB, plain {sizes[1]:.0f} MB")
    asked = cookbook(settings.project, ASKED) | {"raw lines by week": _RAW}
    is_equal = True
    for name, text in asked.items():
        pairs = [(seconds(published, text), seconds(plain, text)) for _ in range(rounds)]
        ours, theirs = (median(pair[side][0] for pair in pairs) for side in (0, 1))
        is_equal &= pairs[0][0][1] == pairs[0][1][1]
        print(f"{name:<18} {1000 * ours:8.1f} ms {1000 * theirs:8.1f} ms  {ours / theirs:5.2f}")
    raise SystemExit(not is_equal)


if __name__ == "__main__":
    main()
