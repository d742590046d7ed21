"""How long raw rows stay in which tier: the table `[archive]` of settings.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import duckdb

from ingest.errors import UsageError
from ingest.settings import Settings
from ingest.store import literal

HOT_DAYS = 30
_AROUND = timedelta(hours=1)
_HINT = "[archive] with hot_days = 30 and keep_days = 400; for one table [archive.nav_log]"


@dataclass(frozen=True)
class Keep:
    """A day leaves the warehouse `hot_days` after its end, its file `days` after; None is never."""

    hot_days: int = HOT_DAYS
    days: int | None = None


def keeps(settings: Settings, tables: Iterable[str]) -> dict[str, Keep]:
    """What the settings say of each raw table.

    Raises UsageError for an unknown key or table, and for what is no number of days.
    """
    special = {name: said for name, said in settings.archive.items() if isinstance(said, Mapping)}
    rest = {key: value for key, value in settings.archive.items() if key not in special}
    general = _changed(settings, Keep(), rest)
    found = {name: _changed(settings, general, special.pop(name, {})) for name in tables}
    if special:
        raise UsageError(f"`{settings.settings_file}`: no raw table `{min(special)}`", _HINT)
    return found


def _changed(settings: Settings, keep: Keep, said: Mapping[str, Any]) -> Keep:
    for key, value in said.items():
        if key not in ("hot_days", "keep_days"):
            raise UsageError(f"`{settings.settings_file}`: nothing reads `{key}` there", _HINT)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise UsageError(f"`{settings.settings_file}`: `{key}` is no number of days", _HINT)
    keep = replace(keep, hot_days=said.get("hot_days", keep.hot_days),
                   days=said.get("keep_days", keep.days))  # fmt: skip
    if keep.days is not None and keep.days < keep.hot_days:
        raise UsageError(f"`{settings.settings_file}`: keep_days is less than hot_days", _HINT)
    return keep


def pinned(connection: duckdb.DuckDBPyConnection, bot: str, at: str) -> str:
    """The condition on rows that were seen in an incident of the bot, or an hour around it."""
    found = "select 1 from duckdb_tables() where (schema_name, table_name) = ('main', '{}')"
    if not connection.execute(found.format("fct_incidents")).fetchall():
        return "false"
    spans = connection.execute(_SPANS, [bot]).fetchall()
    bounds = [(literal(since - _AROUND), literal(until + _AROUND)) for since, until in spans]
    times = [f"{at} between timestamp {first} and timestamp {last}" for first, last in bounds]
    return " or ".join(times) or "false"


_SPANS = """
select least(since_at, opened_at), coalesce(ended_at, last_seen_at)
from fct_incidents where bot = ? order by all
"""
