"""What may be typed next: tables, their columns and SQL's words, for the prompt."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

_WORD = re.compile(r"[\w.]+")
_BEFORE_TABLE = re.compile(r"\b(from|join|describe|summarize)\s+[\w.]*$", re.IGNORECASE)
_TABLES = """
select
    if(schema_name = 'main', '', schema_name || '.') || table_name as name,
    column_name,
    coalesce(comment, data_type)
from duckdb_columns()
where not internal and database_name = current_database() and schema_name <> 'hot'
order by schema_name <> 'main', name, column_index
"""
_KEYWORDS = "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"


@dataclass(frozen=True)
class Schema:
    """Tables with their columns, each with a word on what it is; tables outside main qualified."""

    tables: dict[str, dict[str, str]]
    keywords: tuple[str, ...]


def read_schema(connection: duckdb.DuckDBPyConnection) -> Schema:
    """The schema of the open warehouse, marts first."""
    tables: dict[str, dict[str, str]] = {}
    for table, column, meaning in connection.execute(_TABLES).fetchall():
        tables.setdefault(table, {})[column] = meaning
    keywords = [word for (word,) in connection.execute(_KEYWORDS).fetchall()]
    return Schema(tables, tuple(sorted([*keywords, "by", "over", "partition", "filter"])))


class SchemaCompleter(Completer):
    """Tables after `from`, columns of a table or alias after its dot, else what fits."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def get_completions(self, document: Document, _: CompleteEvent) -> Iterator[Completion]:
        """The candidates that begin with the word at the cursor, the likeliest first."""
        word = document.get_word_before_cursor(pattern=_WORD).lower()
        before = document.text_before_cursor
        owner, dot, part = word.rpartition(".")
        owned = self._columns(document.text, owner) if dot else {}
        if owned:
            yield from _matching(owned.items(), part)
        elif _BEFORE_TABLE.search(before):
            yield from _matching(self._tables(), word)
        elif word:
            named = {name for name in _WORD.findall(document.text) if name in self._schema.tables}
            columns = [pair for name in sorted(named) for pair in self._schema.tables[name].items()]
            keywords = [(keyword, "") for keyword in self._schema.keywords]
            yield from _matching([*dict(columns).items(), *keywords, *self._tables()], word)

    def _tables(self) -> list[tuple[str, str]]:
        return [(name, f"{len(columns)} columns") for name, columns in self._schema.tables.items()]

    def _columns(self, text: str, owner: str) -> dict[str, str]:
        """The columns of a table, or of the table that `owner` is an alias of."""
        alias = rf"([\w.]+)\s+(?:as\s+)?{re.escape(owner)}\b"
        names = [owner, *(name.lower() for name in re.findall(alias, text, re.IGNORECASE))]
        found = (self._schema.tables[name] for name in names if name in self._schema.tables)
        return next(found, {})


def _matching(candidates: Iterable[tuple[str, str]], start: str) -> Iterator[Completion]:
    for name, meaning in candidates:
        if name.startswith(start):
            yield Completion(name, start_position=-len(start), display_meta=meaning)
