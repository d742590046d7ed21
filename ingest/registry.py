"""The registry of files: `models/staging/_sources.yml`, read as ingest needs it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ingest.errors import WatchhouseError

KINDS = ("snapshot", "events", "series", "config", "text")
LEDGER = (
    "bots", "polls", "observations", "loads", "files", "quarantine", "losses", "builds",
    "schema_changes", "blocks", "landing", "taken_back", "observed_before",
)  # fmt: skip
ROOTS = ("logs", "config", "text", "journal")


@dataclass(frozen=True)
class Source:
    """One entry of the registry: a file of the bot and how it is read.

    `required` holds dotted keys, `a|b` meaning one of the two; `cadence_seconds` is None for what
    is written only when something changes. `append` is "rewrite" when the writer replaces the whole
    log for each line: half a line at its end is damage then.
    """

    name: str
    root: str
    path: str
    kind: str
    required: tuple[str, ...] = ()
    cadence_seconds: float | None = None
    writer: str = ""
    time_key: str = ""
    append: str = ""


def of_bots(registry: Iterable[Source]) -> tuple[Source, ...]:
    """The files that bots write."""
    return tuple(source for source in registry if source.root != "journal")


def of_journal(registry: Iterable[Source]) -> tuple[Source, ...]:
    """The files that the watch itself writes, in the home's journal."""
    return tuple(source for source in registry if source.root == "journal")


def load_registry(file: Path) -> tuple[Source, ...]:
    """The sources in the order of the file.

    Raises WatchhouseError naming the entry and what is wrong with it.
    """
    try:
        modified = file.stat().st_mtime_ns
    except OSError as error:
        raise WatchhouseError(
            f"no registry of files at `{file}`: {error.strerror}",
            "WATCHHOUSE_PROJECT names the checkout that holds `models/`",
        ) from error
    return _parse(file, modified)


@lru_cache(maxsize=4)
def _parse(file: Path, _modified: int) -> tuple[Source, ...]:
    try:
        content = yaml.load(file.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        files = [source for source in content["sources"] if source["name"] == "raw"]
        tables = [table for source in files for table in source["tables"]]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise WatchhouseError(f"`{file}` is no registry: {error}") from error
    sources = tuple(_source(file, table) for table in tables)
    names = [source.name for source in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise WatchhouseError(f"`{file}` names twice: {', '.join(twice)}")
    return sources


def _source(file: Path, table: dict[str, Any]) -> Source:
    name = str(table.get("name"))
    try:
        meta = table["config"]["meta"]
        source = Source(
            name=name,
            root=meta["root"],
            path=meta.get("path", ""),
            kind=meta["kind"],
            required=tuple(meta.get("required", ())),
            cadence_seconds=meta.get("cadence_seconds"),
            writer=meta.get("writer", ""),
            time_key=meta.get("time_key", ""),
            append=meta.get("append", ""),
        )
    except (KeyError, TypeError) as error:
        raise WatchhouseError(f"`{file}`: `{name}` lacks {error} in its config.meta") from error
    if wrong := _wrong(source):
        raise WatchhouseError(f"`{file}`: `{name}` has {wrong}")
    return source


def _wrong(source: Source) -> str | None:
    path = Path(source.path)
    faults = {
        "a name that is no plain lower-case word": not re.fullmatch("[a-z][a-z0-9_]*", source.name),
        "the name of a table of the ledger": source.name in LEDGER,
        f"a kind that is not one of {', '.join(KINDS)}": source.kind not in KINDS,
        f"a root that is not one of {', '.join(ROOTS)}": source.root not in ROOTS,
        "an append that is not `rewrite`": source.append not in ("", "rewrite"),
        "no path": not source.path and source.root != "text",
        "a path that leaves its root": path.is_absolute() or ".." in path.parts,
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)
