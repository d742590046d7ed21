"""Which statements may run: one SELECT, or EXPLAIN of one. DuckDB's own parser decides.

Settings alone do not do: a path that may be read may be overwritten by `copy … to`.
"""

import re

import duckdb

from ingest.errors import WatchhouseError
from watchhouse.catalog import first_line

_EXPLAIN = re.compile(r"\s*explain\s+(analyze\b|\([\s\w,]*\))?", re.IGNORECASE)
# Functions that change a setting; DuckDB 1.5 lets a SELECT call them with its settings locked.
_SETTERS = re.compile(r"\b((?:enable|disable)_(?:logging|profiling)|truncate_duckdb_logs)\b", re.I)
_HINTS = {
    "COPY": "--out FILE with --format csv, json, jsonl or parquet keeps a result",
    "EXPORT": "--out FILE keeps a result; a copy of the published file keeps everything",
    "SET": "--memory and --timeout are the settings there are",
    "PRAGMA": "describe TABLE, show all tables, or the functions duckdb_…()",
    "CALL": "from FUNCTION(…) asks a table function",
    "CREATE": "`with name as (select …)` names a result within one statement",
    "EXPLAIN": "explain select …; a PIVOT needs its values here: `on … in (…)`",
}
_NOTHING_CHANGES = "the published file is read-only, and nothing here changes it"


def one_question(connection: duckdb.DuckDBPyConnection, text: str) -> list[duckdb.Statement]:
    """The statements to run for one SELECT or EXPLAIN: one, or those that DuckDB makes of a PIVOT.

    `connection` must be locked down: DuckDB opens the files of `import database` while it parses.
    Raises `WatchhouseError` saying what is refused, and why.
    """
    if setter := _SETTERS.search(text):
        raise WatchhouseError(f"{setter[1]} is refused: it changes a setting", _HINTS["SET"])
    try:
        statements = connection.extract_statements(text)
    except duckdb.Error as error:
        raise WatchhouseError(first_line(error), _NOTHING_CHANGES) from error
    kinds = [statement.type.name for statement in statements]
    if kinds == ["SELECT"] or _is_pivot(statements, kinds):
        return statements
    if kinds == ["EXPLAIN"]:
        _refuse_unless_select(connection, text)
        return statements
    raise _refused(kinds, written=[s for s in statements if s.query.strip()])


def _is_pivot(statements: list[duckdb.Statement], kinds: list[str]) -> bool:
    # A PIVOT without its values is a temporary type and a SELECT; what DuckDB wrote has no text.
    *types, last = kinds or [""]
    made = not any(statement.query for statement in statements)
    return made and last == "SELECT" and set(types) == {"CREATE"}


def _refuse_unless_select(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    start = _EXPLAIN.match(text)
    if start is None:
        raise WatchhouseError("EXPLAIN stands behind something else", "begin with `explain select`")
    inner = one_question(connection, text[start.end() :])
    if [statement.type.name for statement in inner] != ["SELECT"]:
        raise _refused(["EXPLAIN"], inner)


def _refused(kinds: list[str], written: list[duckdb.Statement]) -> WatchhouseError:
    if not kinds:
        return WatchhouseError("there is no statement here", "select … from …")
    if len(written) > 1:
        return WatchhouseError(
            f"{len(written)} statements at once are refused", "one SELECT at a time"
        )
    kind = "EXPLAIN" if "EXPLAIN" in kinds else kinds[0]
    return WatchhouseError(
        f"{kind.replace('_', ' ')} is refused: only SELECT, and EXPLAIN of a SELECT, run here",
        _HINTS.get(kind, _NOTHING_CHANGES),
    )
