"""What keeps the watch from watching: what was looked at, what is wrong, how to mend it."""

from __future__ import annotations

import getpass
import json
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingest.errors import WatchhouseError
from ingest.registry import load_registry, of_bots
from ingest.schema import SCHEMA_VERSION
from ingest.settings import Bot, Settings
from ingest.tree import Tree
from watchhouse import journal
from watchhouse.catalog import open_published, read_provenance
from watchhouse.instant import iso, parse_instant
from watchhouse.report.command import default_file
from watchhouse.run.plan import last_due, read_plan
from watchhouse.run.watch import CAPTURE
from watchhouse.status import FileStatus, file_statuses

LATE_SECONDS = 900  # a look, a publish or a write older than this is late
AHEAD_SECONDS = 5
_GRANT = (
    "the bot writes them 0600 anew, so no ACL lasts: run as their owner, or with"
    " CAP_DAC_READ_SEARCH as deploy/watchhouse.service does"
)


@dataclass(frozen=True)
class Symptom:
    """One thing that was looked at: `state` is ok, warn or bad; `fix` a command or a sentence."""

    what: str
    state: str
    says: str
    fix: str | None = None


@dataclass(frozen=True)
class Examined:
    """All symptoms, and the files as the published warehouse knows them (none without one)."""

    symptoms: tuple[Symptom, ...]
    files: tuple[FileStatus, ...]
    published_at: datetime | None
    disk_free_bytes: int

    @property
    def is_well(self) -> bool:
        """Nothing is bad; a warning is not."""
        return all(symptom.state != "bad" for symptom in self.symptoms)


def examine(settings: Settings, now: datetime) -> Examined:
    """Look at home, disk, lock, bots' files, published warehouse and last runs; changes nothing.

    `now` is naive UTC. A thing that cannot be looked at is itself a symptom.
    """
    published_at, files, published = _published(settings, now)
    symptoms = [
        _versions(),
        *_home(settings),
        _disk(settings),
        _lock(settings),
        *(symptom for bot in settings.bots for symptom in _bot(settings, bot, now)),
        *([] if settings.bots else [_no_bots()]),
        published,
        *_lags(files, now),
        *_schedule(settings, now),
        *_steps(settings, now),
    ]
    free = shutil.disk_usage(_nearest(settings.home)).free
    return Examined(tuple(symptoms), tuple(files), published_at, free)


def lines(examined: Examined) -> list[str]:
    """The symptoms for a terminal, each fix below what it mends."""
    told = []
    for one in examined.symptoms:
        told.append(f"{one.state.upper():<5}{one.what}: {one.says}")
        told += [f"     fix: {one.fix}"] if one.fix else []
    return told


def _versions() -> Symptom:
    from importlib.metadata import version  # noqa: PLC0415

    return Symptom(
        "versions",
        "ok",
        f"watchhouse {version('watchhouse')}, schema {SCHEMA_VERSION}, DuckDB"
        f" {duckdb.__version__}, dbt {version('dbt-core')}, Python {platform.python_version()}",
    )


def _home(settings: Settings) -> Iterator[Symptom]:
    home = settings.home
    if not home.is_dir():
        yield Symptom("home", "bad", f"there is no {home}", "watchhouse init --bot name=LOGS")
        return
    if not os.access(home, os.W_OK | os.X_OK):
        fix = f"sudo chown -R {getpass.getuser()} {home}"
        yield Symptom("home", "bad", f"{home} cannot be written", fix)
        return
    open_to = home.stat().st_mode & 0o022
    yield Symptom(
        "home",
        "warn" if open_to else "ok",
        f"{home} can be written by others" if open_to else str(home),
        f"chmod go-w {home}" if open_to else None,
    )


def _disk(settings: Settings) -> Symptom:
    free = shutil.disk_usage(_nearest(settings.home)).free
    size = settings.live_file.stat().st_size if settings.live_file.is_file() else 0
    says = f"{free / 1e9:.1f} GB free, the warehouse is {size / 1e9:.2f} GB"
    fix = "free space or move the home (docs/operations.md); publishing needs a copy's room"
    if free < size + 100_000_000:
        return Symptom("disk", "bad", f"{says}: too little for the next publish", fix)
    return Symptom("disk", *(("warn", says, fix) if free < 5 * size else ("ok", says)))


def _nearest(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _lock(settings: Settings) -> Symptom:
    """Who writes, by the note beside the lock: taking the lock to see would turn a writer away."""
    try:
        holder = json.loads(settings.lock_file.with_suffix(".json").read_text(encoding="utf-8"))
        pid, words, since = holder["pid"], holder["command"], holder["since"][:19]
    except (OSError, ValueError, KeyError, TypeError):
        return Symptom("lock", "ok", "nobody is writing")
    if not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
        return Symptom("lock", "ok", f"process {pid} (`{words}`) ended; the lock is free")
    held = (datetime.now(UTC) - datetime.fromisoformat(f"{since}+00:00")).total_seconds()
    says = f"process {pid} (`{words}`) has been writing for {held:.0f} s"
    if held > LATE_SECONDS:
        return Symptom("lock", "warn", says, f"look at it: ps -fp {pid}; if it hangs: kill {pid}")
    return Symptom("lock", "ok", says)


def _no_bots() -> Symptom:
    return Symptom("bots", "bad", "settings.toml names none", "watchhouse init --bot name=LOGS")


def _bot(settings: Settings, bot: Bot, now: datetime) -> Iterator[Symptom]:
    what, denied, found, newest = f"bot {bot.name}", [], 0, 0.0
    for source in of_bots(load_registry(settings.registry_file)):
        root = bot.root(source.root)
        for path, entry in Tree(root).match(source.path) if root else ():
            if entry == "denied" or not _is_readable(root, path, entry):
                denied.append(path)
            elif not isinstance(entry, str):
                found, newest = found + 1, max(newest, entry.st_mtime)
    if not os.access(bot.logs, os.R_OK | os.X_OK):
        yield Symptom(what, "bad", f"{bot.logs} cannot be listed", _folder_fix(bot.logs))
    elif denied:
        some = ", ".join(sorted(denied)[:3])
        yield Symptom(what, "bad", f"{len(denied)} files cannot be read: {some}", _GRANT)
    elif not found:
        yield Symptom(what, "warn", f"none of the files is in {bot.logs}", "watchhouse init --bot")
    else:
        yield Symptom(what, "ok", f"{found} files can be read")
    yield from _clock(what, newest, now)


def _is_readable(root: Path | None, path: str, entry: os.stat_result | str) -> bool:
    return root is None or isinstance(entry, str) or os.access(root / path, os.R_OK)


def _folder_fix(folder: Path) -> str:
    if not folder.exists():
        return "is the path right? watchhouse init --bot name=LOGS"
    return f"setfacl -m u:{getpass.getuser()}:rx {folder}, and on each folder above it"


def _clock(what: str, newest: float, now: datetime) -> Iterator[Symptom]:
    ahead = newest - now.replace(tzinfo=UTC).timestamp()
    if ahead > AHEAD_SECONDS:
        says = f"its newest file is stamped {ahead:.0f} s in the future"
        yield Symptom(f"{what} clock", "warn", says, "timedatectl; set both machines by NTP")


def _published(
    settings: Settings, now: datetime
) -> tuple[datetime | None, list[FileStatus], Symptom]:
    try:
        with open_published(settings) as connection:
            at = read_provenance(connection, settings).published_at
            files = file_statuses(connection, now)
    except WatchhouseError as error:
        return None, [], Symptom("published", "bad", error.message, error.hint)
    except duckdb.Error as error:
        says = f"it lacks what this version asks for: {str(error).splitlines()[0]}"
        return None, [], Symptom("published", "bad", says, "watchhouse build")
    if at is None:
        return at, files, Symptom("published", "warn", "it does not say when", "watchhouse publish")
    age = (now - at).total_seconds()
    says = f"{iso(at)}, {age / 60:.0f} minutes ago"
    if age < -AHEAD_SECONDS:
        return at, files, Symptom("published", "warn", f"in the future: {says}", "timedatectl")
    late = age > LATE_SECONDS
    fix = "watchhouse run, or watchhouse build from cron" if late else None
    return at, files, Symptom("published", "warn" if late else "ok", says, fix)


def _lags(files: Sequence[FileStatus], now: datetime) -> Iterator[Symptom]:
    for bot in dict.fromkeys(file.bot for file in files):
        looks = [file.polled_at for file in files if file.bot == bot and file.polled_at]
        lag = (now - max(looks)).total_seconds() if looks else None
        what, fix = f"bot {bot} lag", "watchhouse run, or watchhouse ingest --follow"
        if lag is None or lag > LATE_SECONDS:
            says = (
                "never looked at" if lag is None else f"last looked at {lag / 60:.0f} minutes ago"
            )
            yield Symptom(what, "warn", says, fix)
        elif stale := [f for f in files if f.bot == bot and f.status == "stale"]:
            oldest = sorted(stale, key=lambda file: -(file.lag_seconds or 0))[:3]
            some = ", ".join(f"{f.file} ({(f.lag_seconds or 0) / 60:.0f} min)" for f in oldest)
            yield Symptom(what, "warn", f"{len(stale)} files are late: {some}", "watchhouse status")
        else:
            yield Symptom(what, "ok", f"looked at {lag:.0f} s ago, no file is late")


def _schedule(settings: Settings, now: datetime) -> Iterator[Symptom]:
    """Whether the plan of `watchhouse run` can be followed, and whether its reports are there."""
    try:
        plan = read_plan(settings)
    except WatchhouseError as error:
        yield Symptom("schedule", "bad", error.message, error.hint)
        return
    yield Symptom("schedule", "ok", f"build and check at `{plan.build}`, in UTC")
    for span, expression in plan.reports.items():
        due = last_due(expression, now)
        made = default_file(settings, span, due, None).exists()
        says = f"at `{expression}`, last due {iso(due)}" + ("" if made else ", not made")
        fix = None if made else "watchhouse run makes it up"
        yield Symptom(f"report {span}", "ok" if made else "warn", says, fix)


def _steps(settings: Settings, now: datetime) -> Iterator[Symptom]:
    """How each step of `watchhouse run` ended last, by the journal."""
    ends: dict[str, dict[str, object]] = {}
    with suppress(OSError):  # a journal that cannot be read is told by the folder's own symptom
        for entry in journal.latest(settings, "notices"):
            if entry.get("what") == "step":
                ends.setdefault(str(entry.get("step")), entry)
    for step, entry in sorted(ends.items()):
        outcome, fix = entry.get("outcome"), f"{settings.home / 'run' / step}.log says more"
        says = f"{outcome} at {entry.get('at')}"
        # Capture has no good end: had it not gone on since, it would have failed again.
        if outcome == "ok" or (step == CAPTURE and _age(entry, now) > LATE_SECONDS):
            yield Symptom(
                f"step {step}", "ok", says if outcome == "ok" else f"{says}; no failure since"
            )
        else:
            yield Symptom(f"step {step}", "bad", f"{says}: {entry.get('said')}", fix)


def _age(entry: dict[str, object], now: datetime) -> float:
    try:
        return (now - parse_instant(str(entry.get("at")))).total_seconds()
    except WatchhouseError:
        return 0.0
