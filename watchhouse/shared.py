"""What several checks read of the facts at the instants set, read once for all of them."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from watchhouse.scratch import SCRATCH

_MARKED = re.compile(r"/\*shared\*/(.*?)/\*shared\*/", re.DOTALL)
_PLACES = 3


@dataclass(frozen=True)
class Shared:
    """Tables that hold what stands between the marks, by that text."""

    tables: dict[str, str] = field(default_factory=dict)

    def within(self, text: str) -> str:
        """The text with its marked parts read from the tables, those that have one."""
        return _MARKED.sub(self._part, text)

    def _part(self, found: re.Match[str]) -> str:
        table = self.tables.get(found[1])
        return f"select * from {SCRATCH}.{table}" if table else found[0]


def read_shared(connection: duckdb.DuckDBPyConnection, texts: Iterable[str]) -> Shared:
    """Read what is asked for in so many places that to read it once is cheaper.

    A part that cannot be read stays in its place: each check says what is wrong with it.
    """
    parts = Counter(part for text in texts for part in _MARKED.findall(text))
    tables: dict[str, str] = {}
    for number, part in enumerate(part for part, count in parts.items() if count >= _PLACES):
        try:
            connection.execute(f"create or replace table {SCRATCH}.shared_{number} as {part}")
        except duckdb.Error:
            continue
        tables[part] = f"shared_{number}"
    return Shared(tables)
