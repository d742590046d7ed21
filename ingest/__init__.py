"""Files of the bot to raw tables: read, vetted, kept exactly once."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ingest.errors import UsageError, WatchhouseError
from ingest.settings import Bot, Settings, load_settings, write_settings

if TYPE_CHECKING:
    from ingest.session import BotReport, LoadReport, Session, open_session, run_once

__all__ = [
    "Bot",
    "BotReport",
    "LoadReport",
    "Session",
    "Settings",
    "UsageError",
    "WatchhouseError",
    "load_settings",
    "open_session",
    "run_once",
    "write_settings",
]


def __getattr__(name: str) -> Any:
    """The rest of the names above when first asked for: reading brings DuckDB, Arrow and YAML."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("ingest.session"), name)
