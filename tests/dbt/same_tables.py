"""Whether two homes hold the same rows in every table of the models."""

from pathlib import Path

import duckdb

TABLES = """
select format('{}.{}', schema_name, table_name) from duckdb_tables()
where database_name = 'live' and schema_name in ('main', 'intermediate', 'staging') order by 1
"""


def differing(home: Path, other: Path) -> list[str]:
    """Tables of the models that do not hold the same rows in both homes."""
    with duckdb.connect() as connection:
        for name, place in (("live", home), ("other", other)):
            file = place / "live" / "warehouse.duckdb"
            connection.execute(f"attach '{file}' as {name} (read_only)")
        names = [name for (name,) in connection.execute(TABLES).fetchall()]
        assert len(names) > 40
        both = "(from {0}.{2} except all from {1}.{2})"
        return [
            name
            for name in names
            for one, two in (("live", "other"), ("other", "live"))
            if connection.execute(f"select 1 from {both.format(one, two, name)} limit 1").fetchall()
        ]
