"""Files of the bot to raw tables: read, vetted, kept exactly once."""

from ingest.errors import UsageError, WatchhouseError
from ingest.session import BotReport, LoadReport, Session, open_session, run_once
from ingest.settings import Bot, Settings, load_settings, write_settings

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
