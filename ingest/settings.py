"""Where things live: the home of the warehouse, the project, the bots."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.errors import UsageError

_BOT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_BOT_SYNTAX = "name=LOGS[,config=DIR][,text=FILE]"
_FOR_READERS = ("landing", "reports")
_HOME_FOLDERS = ("live", "spool", "journal", "landing", "reports", "incidents", "replay")


@dataclass(frozen=True)
class Bot:
    """A bot and the folders it writes; `text` is its one log file, `journal` the watch's own."""

    name: str
    logs: Path
    config: Path | None = None
    text: Path | None = None
    journal: Path | None = None

    def __post_init__(self) -> None:
        if not self.journal and not _BOT_NAME.fullmatch(self.name):
            raise UsageError(
                f"`{self.name}` is no name for a bot",
                "letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
            )

    def root(self, name: str) -> Path | None:
        """The folder of a root of the registry, None when this bot has none such."""
        folders = {"logs": self.logs, "config": self.config, "journal": self.journal}
        return self.text and self.text.parent if name == "text" else folders.get(name)

    @classmethod
    def parse(cls, spec: str) -> Bot:
        """Read `name=LOGS[,config=DIR][,text=FILE]`; relative paths are made absolute."""
        first, *rest = re.split(r",(?=[a-z]+=)", spec)
        name, separator, logs = first.partition("=")
        extra = dict(part.split("=", 1) for part in rest)
        unknown = sorted(set(extra) - {"config", "text"})
        if not separator or not logs or unknown or len(extra) < len(rest) or "" in extra.values():
            raise UsageError(f"`{spec}` does not name a bot and its folders", _BOT_SYNTAX)
        return cls(name, _absolute(logs), *(_optional(extra.get(k)) for k in ("config", "text")))


@dataclass(frozen=True)
class Settings:
    """The home (data), the project (checkout), the bots that are read by default.

    `mask_patterns` find secrets beside those that are always masked; `run` says when the watch
    does what, `notify` who is told and `archive` how long raw rows stay where, as they stand in
    `settings.toml`. `share_with_group` lets the group of the home read what is made for readers,
    None leaves the modes of folders as they are.
    """

    home: Path
    project: Path
    bots: tuple[Bot, ...] = ()
    mask_patterns: tuple[str, ...] = ()
    run: Mapping[str, Any] = field(default_factory=dict)
    notify: Mapping[str, Any] = field(default_factory=dict)
    archive: Mapping[str, Any] = field(default_factory=dict)
    share_with_group: bool | None = None

    @property
    def live_file(self) -> Path:
        """The warehouse that ingest and dbt write."""
        return self.home / "live" / "warehouse.duckdb"

    @property
    def published_file(self) -> Path:
        """The warehouse that everybody reads."""
        return self.home / "warehouse.duckdb"

    @property
    def lock_file(self) -> Path:
        """The OS lock that a writer of this home holds."""
        return self.home / "writer.lock"

    @property
    def registry_file(self) -> Path:
        """The one list of files."""
        return self.project / "models" / "staging" / "_sources.yml"

    @property
    def settings_file(self) -> Path:
        """The bots, as `init` wrote them."""
        return self.home / "settings.toml"

    @property
    def watch(self) -> Bot:
        """The watch itself, as the writer of the journal: a name that no bot can have."""
        journal = self.folder("journal")
        return Bot("_watch", journal, journal=journal)

    def folder(self, name: str) -> Path:
        """One of the folders of the home: spool, journal, landing, reports, incidents, replay."""
        return self.home / name

    def share(self, path: Path, mode: int) -> None:
        """Let the group read a file or folder as its owner may by `mode`, or not, as is said."""
        if self.share_with_group:
            mode |= (mode & 0o500) >> 3
        if self.share_with_group is not None and path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)

    def make_home(self) -> None:
        """Create the home and its folders, open to their owner only, or as it is shared."""
        for folder in (self.home, *(self.home / name for name in _HOME_FOLDERS)):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, parents=True)
        for folder in (self.home, *(self.home / name for name in _FOR_READERS)):
            self.share(folder, 0o700)
        if self.share_with_group and self.settings_file.is_file():
            self.settings_file.chmod(0o600)  # it says where notices go, with passwords


def load_settings(home: Path | str | None = None) -> Settings:
    """Settings of `home`, else of $WATCHHOUSE_HOME, else of `var/` in the project.

    Raises UsageError when `settings.toml` is no TOML or holds a key that nothing reads.
    """
    project = _absolute(os.environ.get("WATCHHOUSE_PROJECT") or Path(__file__).parents[1])
    folder = _absolute(home or os.environ.get("WATCHHOUSE_HOME") or project / "var")
    plain = Settings(folder, project)
    is_reader = not os.access(plain.settings_file, os.R_OK) and not os.access(folder, os.W_OK)
    if is_reader or not plain.settings_file.is_file():
        return plain
    table = _read_toml(plain.settings_file)
    patterns = _mask_patterns(plain.settings_file, table.get("mask", {}))
    bots = _bots(plain.settings_file, table.get("bots", {}))
    run, notify, archive = (table.get(name, {}) for name in ("run", "notify", "archive"))
    is_shared = _is_shared(plain.settings_file, table.get("share"))
    return Settings(folder, project, bots, patterns, run, notify, archive, is_shared)


def write_settings(settings: Settings) -> Path:
    """Write the bots to `settings.toml` in the home; returns its path."""
    settings.make_home()
    lines: list[str] = []
    for bot in settings.bots:
        lines.append(f"[bots.{json.dumps(bot.name)}]")
        for key in ("logs", "config", "text"):
            if (path := getattr(bot, key)) is not None:
                lines.append(f"{key} = {json.dumps(str(path), ensure_ascii=False)}")
        lines.append("")
    if settings.mask_patterns:
        lines += ["[mask]", f"patterns = {json.dumps(settings.mask_patterns)}", ""]
    if settings.share_with_group is not None:
        lines += ["[share]", f"group = {json.dumps(settings.share_with_group)}", ""]
    for name in ("run", "notify", "archive"):
        lines += _toml_table(name, getattr(settings, name))
    settings.settings_file.write_text("\n".join(lines), encoding="utf-8")
    return settings.settings_file


def line_of(file: Path, key: str) -> str:
    """`, line 3` of a settings file: where a key or a table of that name stands, else nothing."""
    pattern = re.compile(rf"""^\s*(\[(\w+\.)*)?["']?{re.escape(key)}["']?\s*[=\].]""")
    text = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return next((f", line {n}" for n, one in enumerate(text, 1) if pattern.match(one)), "")


def _toml_table(name: str, table: Mapping[str, Any]) -> list[str]:
    """Texts and numbers first: what follows the head of a table belongs to it."""
    tables = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"{key} = {json.dumps(table[key])}" for key in table if key not in tables]
    lines = [f"[{name}]", *lines, ""] if lines else []
    for key, value in tables.items():
        lines += _toml_table(f"{name}.{key}", value)
    return lines


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"`{file}` cannot be read: {error}") from error
    _refuse_unknown(file, table, {"bots", "mask", "share", "run", "notify", "archive"})
    return table


def _is_shared(file: Path, table: Any) -> bool | None:
    if not table:
        return None
    if isinstance(table, dict):
        _refuse_unknown(file, table, {"group"})
    if not isinstance(table, dict) or not isinstance(table["group"], bool):
        raise UsageError(f"`{file}`: `share` says nothing sensible", "[share] with group = true")
    return table["group"]


def _mask_patterns(file: Path, table: Any) -> tuple[str, ...]:
    try:
        _refuse_unknown(file, table, {"patterns"})
        patterns = tuple(table.get("patterns", ()))
        for pattern in patterns:
            re.compile(pattern)
    except (re.error, TypeError, AttributeError) as error:
        raise UsageError(
            f"`{file}`: the mask patterns are no regular expressions: {error}",
            "[mask] with patterns = ['…', '…']",
        ) from error
    return patterns


def _bots(file: Path, bots: Any) -> tuple[Bot, ...]:
    if not isinstance(bots, dict) or not all(isinstance(v, dict) for v in bots.values()):
        raise UsageError(f"`{file}`: a bot is a table", '[bots.NAME] with logs = "/path"')
    return tuple(_bot(file, name, entry) for name, entry in bots.items())


def _bot(file: Path, name: str, entry: dict[str, Any]) -> Bot:
    _refuse_unknown(file, entry, {"logs", "config", "text"})
    if "logs" not in entry or not all(isinstance(value, str) for value in entry.values()):
        raise UsageError(f"`{file}`: bot `{name}` needs its paths as text", 'logs = "/path"')
    return Bot(
        name,
        _absolute(file.parent / Path(entry["logs"]).expanduser()),
        _optional(entry.get("config"), file.parent),
        _optional(entry.get("text"), file.parent),
    )


def _refuse_unknown(file: Path, table: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        raise UsageError(
            f"`{file}`{line_of(file, unknown[0])} holds keys that nothing reads: "
            + ", ".join(unknown),
            f"known here: {', '.join(sorted(known))}",
        )


def _absolute(path: Path | str) -> Path:
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - resolves no symlink


def _optional(path: str | None, base: Path = Path()) -> Path | None:
    return None if path is None else _absolute(base / Path(path).expanduser())
