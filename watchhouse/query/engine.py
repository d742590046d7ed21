"""The published file opened for one question, with DuckDB's settings shut and locked."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import duckdb

from ingest.errors import WatchhouseError
from ingest.settings import Settings
from watchhouse.catalog import first_line, open_published

_SHUT = {
    "python_enable_replacements": "false",  # else `from name` reads variables of this program
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
}


@dataclass(frozen=True)
class Limits:
    """What one question may cost: memory as DuckDB writes it, time in seconds."""

    memory: str = "2GB"
    seconds: float = 300.0


@contextmanager
def open_locked(settings: Settings, limits: Limits) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, read-only, able to reach no file but its landing files, nor a setting.

    Nothing keeps a path that may be read from being written but the guard, which lets no COPY pass,
    and the files' mode. What does not fit into memory goes to a folder that is gone afterwards.
    Raises `WatchhouseError` when there is no file, it does not open, or a limit is no limit.
    """
    with (
        TemporaryDirectory(prefix="watchhouse-sql-") as folder,
        open_published(settings, _SHUT | {"temp_directory": folder}) as connection,
    ):
        _limit_memory(connection, limits.memory)
        paths = ", ".join(f"'{path}'" for path in _landing_files(connection, settings))
        connection.execute(f"set allowed_paths = [{paths}]")
        connection.execute("set enable_external_access = false")  # files, ATTACH, COPY, LOAD
        connection.execute("set lock_configuration = true")
        yield connection


def _landing_files(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    """The files of the views as SQL text, those that lie in the home: the list may be another's."""
    landing = settings.folder("landing").resolve()
    try:
        rows = connection.execute("select path from raw.landing where lost_at is null").fetchall()
    except duckdb.CatalogException:  # published before there were any
        return []
    found = [(landing / path).resolve() for (path,) in rows]
    return [str(path).replace("'", "''") for path in found if path.is_relative_to(landing)]


def _limit_memory(connection: duckdb.DuckDBPyConnection, memory: str) -> None:
    try:
        connection.execute("set memory_limit = '{}'".format(memory.replace("'", "''")))
    except duckdb.Error as error:
        raise WatchhouseError(f"`{memory}` is no limit of memory", "--memory 500MB") from error


@contextmanager
def told(connection: duckdb.DuckDBPyConnection, limits: Limits) -> Iterator[None]:
    """Run the body within the limit of time; what DuckDB refuses or Ctrl-C stops is said plainly.

    Raises `WatchhouseError`, and `KeyboardInterrupt` for Ctrl-C.
    """
    late = threading.Event()

    def stop() -> None:
        late.set()
        connection.interrupt()

    timer = threading.Timer(limits.seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        with _interruptible(connection):
            yield
    except duckdb.InterruptException as error:
        raise _too_long(limits) if late.is_set() else KeyboardInterrupt from error
    except duckdb.Error as error:
        raise WatchhouseError(first_line(error), _hint(error)) from error
    finally:
        timer.cancel()


@contextmanager
def _interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Ctrl-C stops the query: left to Python, its threads would go on and hold the file open.

    A second one is Python's again: the program may be waiting for who reads the answer.
    """

    def stop(*_: object) -> None:
        connection.interrupt()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _too_long(limits: Limits) -> WatchhouseError:
    return WatchhouseError(
        f"stopped after {limits.seconds:g} s", "ask for less, or give it longer: --timeout SECONDS"
    )


def _hint(error: duckdb.Error) -> str:
    if "/landing/" in str(error):
        return (
            "a landing file is damaged or the home was moved: watchhouse publish; marts need none"
        )
    if isinstance(error, duckdb.PermissionException):
        return "only the published warehouse is read here; DuckDB itself joins it with other files"
    if isinstance(error, duckdb.OutOfMemoryException):
        return "ask for less, or give it more: --memory 4GB"
    return "show tables; describe <table>"
