"""What a published warehouse says about itself: its checks, its templates, how fresh it is."""

import difflib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from ingest.errors import WatchhouseError
from ingest.settings import Settings
from watchhouse.instant import iso

BUILD_HINT = "watchhouse build"
_TEMPLATES = ("verdict", "not_applicable", "bots", "excepted")


@dataclass(frozen=True)
class Check:
    """One check as `watchhouse build` stored it in `meta.checks`.

    `fault` says why it cannot be judged at all: a model it reads was not built.
    """

    name: str
    playbook: str
    compiled_sql: str | None
    do_text: str | None
    needs: tuple[str, ...]
    explained_by: tuple[str, ...]
    fault: str | None = None
    for_seconds: float | None = None  # it fires so long before an incident opens; None = default
    clear_seconds: float | None = None  # it is quiet so long before one ends; None = default

    @property
    def sentence(self) -> str:
        """The fault in words; the name is the sentence."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Catalog:
    """The selected checks (all of them unless asked otherwise) and the SQL around them."""

    checks: tuple[Check, ...]
    templates: dict[str, str]
    variables: dict[str, Any]

    @property
    def loop(self) -> timedelta:
        """One loop of the bot: what is nearer in time may be seen in another order."""
        return timedelta(seconds=float(self.variables.get("loop_seconds", 0)))

    def check(self, name: str) -> Check | None:
        """The check of that name, if it was selected."""
        return next((check for check in self.checks if check.name == name), None)


@dataclass(frozen=True)
class Provenance:
    """Where a verdict comes from: the file, when it was published, how far each bot was read."""

    file: str
    published_at: datetime | None
    commit: str | None
    read_to: dict[str, datetime]
    load_id: int | None = None

    def sentence(self) -> str:
        """The same in one line; nothing for a file that does not say."""
        if self.published_at is None:
            return ""
        by = f" by load {self.load_id}" if self.load_id is not None else ""
        reads = ", ".join(f"{bot} {iso(at)}" for bot, at in self.read_to.items())
        return f"published {iso(self.published_at)}{by}" + (f", read to: {reads}" if reads else "")


@contextmanager
def open_published(
    settings: Settings, config: dict[str, Any] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published warehouse read-only, in UTC, with DuckDB's settings in `config`.

    Raises `WatchhouseError` when there is none or it cannot be opened.
    """
    path = settings.published_file
    if not path.exists():
        raise WatchhouseError(f"no warehouse at {path}", BUILD_HINT)
    try:
        connection = duckdb.connect(path, read_only=True, config=config or {})
    except duckdb.Error as error:
        raise WatchhouseError(f"cannot open {path}: {first_line(error)}", BUILD_HINT) from error
    with connection:
        connection.execute("set global TimeZone = 'UTC'")  # of cursors too
        yield connection


def first_line(error: Exception) -> str:
    """The first line of an error: DuckDB adds the whole query after it."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def read_catalog(connection: duckdb.DuckDBPyConnection, select: Sequence[str] = ()) -> Catalog:
    """The checks and templates kept in the warehouse.

    `select` holds names of checks or playbooks, also several in one text; none means all.
    Raises `WatchhouseError` for a warehouse without checks and for a name that matches none.
    """
    try:
        rows = connection.execute(
            "select name, playbook, compiled_sql, do_text, needs, explained_by, fault,"
            " for_seconds, clear_seconds"
            " from meta.checks order by playbook, name"
        ).fetchall()
        found = connection.execute(
            "select name, compiled_sql from meta.templates where compiled_sql is not null"
        ).fetchall()
        variables = connection.execute("select name, value from meta.vars").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):  # of a version that kept others
        raise WatchhouseError("this warehouse holds no checks", BUILD_HINT) from None
    templates = dict(found)
    absent = [name for name in _TEMPLATES if name not in templates]
    if absent:
        raise WatchhouseError(f"this warehouse holds no template `{absent[0]}`", BUILD_HINT)
    checks = [
        Check(name, playbook, text, do_text, tuple(needs or ()), tuple(explained_by or ()), *rest)
        for name, playbook, text, do_text, needs, explained_by, *rest in rows
    ]
    values = {name: json.loads(value) for name, value in variables}
    return Catalog(_selected(checks, select), templates, values)


def _selected(checks: list[Check], select: Sequence[str]) -> tuple[Check, ...]:
    wanted = {word for text in select for word in text.replace(",", " ").split()}
    known = {check.name for check in checks} | {check.playbook for check in checks}
    for word in sorted(wanted - known):
        raise WatchhouseError(f"no check or playbook is called `{word}`", _near(word, known))
    if select and not wanted:
        raise WatchhouseError("the selection is empty", "name a check or a playbook")
    return tuple(c for c in checks if not wanted or wanted & {c.name, c.playbook})


def _near(word: str, known: set[str]) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=3, cutoff=0.5)
    parts = [name for name in sorted(known) if word in name and name not in near]
    found = (near + parts)[:3]
    if found:
        return "did you mean " + " or ".join(f"`{name}`" for name in found) + "?"
    return "watchhouse sql 'select playbook, name from meta.checks'"


def read_provenance(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Provenance:
    """When the file was published, from which commit, and each bot's last look."""

    def rows(query: str) -> list[tuple[Any, ...]]:
        try:
            return connection.execute(query).fetchall()
        except duckdb.CatalogException:
            return []

    published = rows("select max(published_at) from meta.published")
    commit = rows("select max(project_commit) from meta.checks")
    looks = rows("select _bot, max(polled_at), max(load_id) from hot.polls group by 1 order by 1")
    return Provenance(
        file=str(settings.published_file),
        published_at=published[0][0] if published else None,
        commit=(commit[0][0] or None) if commit else None,
        read_to={bot: at for bot, at, _ in looks},
        load_id=max((load_id for *_, load_id in looks), default=None),
    )
