"""dbt's door to the warehouse: the lock of the home before each connect, raw tables after it.

dbt-duckdb loads this through `plugins:` in `profiles.yml`; its own retries are silent for a
minute and end in a traceback.
"""

import hashlib
import json
import math
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError

from ingest.errors import WatchhouseError
from ingest.lock import writer_lock
from ingest.registry import load_registry
from ingest.schema import create_raw
from ingest.settings import load_settings
from ingest.store import create_live

# dbt asks again for every schema at once; within this time the answer is the one just given.
_ASKED_AGAIN_SECONDS = 5
# Held until dbt's process ends, or `release` when dbt ran inside ours.
_held = ExitStack()


def release() -> None:
    """Give back the lock that dbt's connections took in this process."""
    _held.close()


class Plugin(BasePlugin):
    """What dbt-duckdb calls around each connect; `config` comes from `profiles.yml`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Keep the options: `read_only`, `lock_wait_seconds`."""
        self._read_only = bool(plugin_config.get("read_only"))
        self._wait_seconds = float(plugin_config.get("lock_wait_seconds", 0))
        self._gave_up_at = -math.inf
        # Once: a file that is edited while models are built has not made those that follow.
        self._project = _fingerprint()

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Before the connect: the lock (live) or read-only mode (published).

        Raises `DbtRuntimeError`, which dbt prints as one message without a traceback.
        """
        path = Path(creds.path).resolve()
        try:
            if self._read_only:
                _require(path)
                config["access_mode"] = "read_only"
            else:
                self._lock(path.parent.parent)
        except WatchhouseError as error:
            raise DbtRuntimeError(str(error)) from error

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """After the connect: UTC, and on the live file every raw table, also before any ingest."""
        conn.execute("set TimeZone = 'UTC'")
        if self._read_only:
            return
        try:
            create_raw(conn, load_registry(load_settings().registry_file))
        except WatchhouseError as error:
            raise DbtRuntimeError(str(error)) from error

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Tell each cursor the project's text: tables that another text left are built anew."""
        cursor.execute(f"set variable project = '{self._project}'")

    def _lock(self, home: Path) -> None:
        release()  # dbt reconnects after it has closed; the lock follows the connection
        asked_again = time.monotonic() - self._gave_up_at < _ASKED_AGAIN_SECONDS
        wait_seconds = 0 if asked_again else self._wait_seconds
        settings = load_settings(home)
        try:
            _held.enter_context(writer_lock(settings, wait_seconds))
            create_live(settings)
        except WatchhouseError:
            self._gave_up_at = time.monotonic()
            raise


def _fingerprint() -> str:
    """A hash of whatever says what a model's rows are, the vars of this run among it."""
    project = load_settings().project
    texts = [project / "dbt_project.yml", project / "models" / "staging" / "_sources.yml"]
    for pattern in ("models/**/*.sql", "macros/*.sql", "seeds/*.csv"):
        texts += sorted(project.glob(pattern))
    flags: Any = get_flags()  # type: ignore[no-untyped-call]
    given = {name: value for name, value in (flags.VARS or {}).items() if name != "as_of"}
    found = hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode())
    for text in texts:
        found.update(text.read_bytes())
    return found.hexdigest()


def _require(path: Path) -> None:
    if not path.exists():
        raise WatchhouseError(f"no warehouse at {path}", "watchhouse build")
