"""Looks at the bots, each written by one transaction."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingest.capture import Capture, capture
from ingest.commit import USUAL_LOG, Commit, utc_now
from ingest.content import UnsettledError
from ingest.documents import Document
from ingest.errors import WatchhouseError
from ingest.events import load_stream
from ingest.keepsake import Gone, gone, keep, tell_gone
from ingest.lock import HeldError
from ingest.look import Look, Version, look_at
from ingest.mask import Masker
from ingest.memory import Memory, Observed
from ingest.registry import Source, load_registry, of_bots, of_journal
from ingest.schema import create_raw
from ingest.series import load_series
from ingest.settings import Bot, Settings
from ingest.spool import Spool, sync
from ingest.statefiles import load_state_file
from ingest.store import DamagedError, connect_live, tables
from ingest.vet import vetter

# A warehouse is held so long for looks that waited; the one that is at work is finished.
COMMIT_SECONDS = 5.0


@dataclass(frozen=True)
class BotReport:
    """What one look at one bot found: files looked at, unreadable ones, and what was new."""

    bot: str
    observed_at: datetime
    files: int
    unreadable: int
    rows: int
    quarantined: int


@dataclass(frozen=True)
class LoadReport:
    """What one poll committed; `load_id` is None when nothing was to be done.

    `notices` say which looks were not taken, and why that is well. With `is_behind` looks still
    wait in the spool.
    """

    load_id: int | None
    bots: tuple[BotReport, ...]
    notices: tuple[str, ...] = ()
    is_behind: bool = False

    @property
    def rows(self) -> int:
        """New rows of all bots."""
        return sum(bot.rows for bot in self.bots)

    @property
    def quarantined(self) -> int:
        """Pieces of quarantine of all bots."""
        return sum(bot.quarantined for bot in self.bots)


class Session:
    """The live warehouse held open for one or many polls; see open_session."""

    def __init__(self, settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
        self._settings = settings
        self._connection = connection
        registry = load_registry(settings.registry_file)
        self._registry, self._journal = of_bots(registry), of_journal(registry)
        self._columns = tables(registry)
        self._mask = Masker(settings.mask_patterns)
        self._spool = Spool(settings, self._registry)
        create_raw(connection, registry)
        self._memory = Memory.load(connection)
        self._gone = self._find_gone()
        self._news: dict[str, Commit] = {}
        self._until = math.inf

    def last_poll(self, bot: str) -> datetime | None:
        """When the bot was last looked at."""
        return self._memory.last_poll.get(bot)

    def poll(
        self,
        observed_at: datetime | None = None,
        *,
        is_import: bool = False,
        as_of_mtime: bool = False,
        seconds: float = math.inf,
    ) -> LoadReport:
        """Look at every bot once and commit what is new in one transaction.

        `observed_at` None means now, after everything was looked at. With `as_of_mtime` each bot's
        look stands at the newest mtime among its files. A stated look that was taken before is not
        repeated. After so many `seconds` a look of now is left in the spool, with others there.
        Raises WatchhouseError, with nothing written, when a logs folder is missing or a look
        would stand before the last one of its bot.
        """
        for bot in self._settings.bots:
            _check_folders(bot)
        self._until = math.inf
        if observed_at is None and not as_of_mtime:
            self._until = time.monotonic() + seconds
            looks = [self._spool.take(bot) for bot in self._settings.bots]
        else:
            looks = [self._look(bot, observed_at) for bot in self._settings.bots]
        due = [look for look in looks if self._is_due(look)]
        notices = [f"bot `{look.bot.name}`: the look at {look.at}Z was taken before"
                   for look in looks if look not in due]  # fmt: skip
        if not due:
            return LoadReport(None, (), tuple(notices))
        return self._commit(due, is_import or as_of_mtime, tuple(notices))

    def read_journal(self) -> int:
        """Commit what the watch itself wrote since; returns the number of new rows.

        Its looks are no polls: what the watch says of itself is in raw.loads alone.
        """
        look = look_at(self._settings.watch, self._journal, {}, is_live=True)
        commit = self._begin(look, self._memory.next_load_id, utc_now())
        with self._transaction():
            for source, tree, _, files in look.streams:
                load_stream(commit, source, tree, files, vetter(source.kind, commit.mask))
            self._memory.next_load_id += commit.has_news
            commit.flush()
        return commit.row_count

    def _begin(self, look: Look, load_id: int, at: datetime) -> Commit:
        return Commit(
            self._connection, self._memory, self._columns, look.bot, load_id, at, self._mask
        )

    def _find_gone(self) -> dict[str, Gone]:
        found = {bot.name: gone(self._place(bot), self._memory, bot.name)
                 for bot in self._settings.bots}  # fmt: skip
        return {name: one for name, one in found.items() if one}

    def _place(self, bot: Bot) -> Path:
        return self._settings.folder("spool") / bot.name

    def _look(self, bot: Bot, observed_at: datetime | None) -> Look:
        """A look at a stated time, else at the newest mtime: it is committed or nothing."""

        known: dict[str, dict[str, Version]] = {}
        for (name, source, path), before in self._memory.observed.items():
            if name == bot.name and before.sha256:
                known.setdefault(source, {})[path] = before.stamp, before.sha256
        look = look_at(bot, self._registry, known, is_live=False)
        look.at = _naive(observed_at) if observed_at else (look.newest() or utc_now())
        return look

    def _is_due(self, look: Look) -> bool:
        last = self._memory.last_poll.get(look.bot.name)
        if last is None or last < look.at:
            return True
        if not look.file and self._was_taken(look):
            return False
        self._spool.drop([look])
        raise WatchhouseError(
            f"bot `{look.bot.name}` was looked at {last}Z, a look at {look.at}Z comes too late",
            "looks are taken in the order of time; use another bot name or another home",
        )

    def _was_taken(self, look: Look) -> bool:
        query = "select 1 from raw.polls where _bot = ? and polled_at = ?"
        return bool(self._connection.execute(query, [look.bot.name, look.at]).fetchall())

    def _commit(self, due: list[Look], is_import: bool, notices: tuple[str, ...]) -> LoadReport:
        """One transaction for the looks that waited in the spool and those that are due."""
        load_id = self._memory.next_load_id
        written: list[Look] = []
        with self._transaction():
            reports = tuple(self._write(look, load_id, is_import, written) for look in due)
        self._memory.next_load_id += 1
        self._spool.drop(written)
        for look in written:
            self._memory.last_poll[look.bot.name] = look.at
        finished = [look for look in due if look in written]
        for look in finished:
            self._spool.tell_lost(look.bot)
            self._gone.pop(look.bot.name, None)
        for look in due:
            if commit := self._news.pop(look.bot.name, None):
                keep(self._place(look.bot), commit, self._registry)
        return LoadReport(load_id, reports, notices, is_behind=len(finished) < len(due))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing; raises WatchhouseError for what a later look may do."""
        try:
            self._connection.execute(f"{USUAL_LOG}; begin")
            yield
            self._connection.execute("commit")
        except BaseException as error:
            self._forget()
            if isinstance(error, UnsettledError):
                raise WatchhouseError(
                    "a log was cut short while it was read", "nothing was written; look again"
                ) from error
            if isinstance(error, duckdb.Error):
                raise WatchhouseError(
                    f"the look was not written: {str(error).splitlines()[0]}",
                    "the warehouse is as it was; look again when there is space and no other user",
                ) from error
            raise

    def _fits(self, look: Look) -> bool:
        """A look of the spool is not committed yet, and no later one is."""
        last = self._memory.last_poll.get(look.bot.name)
        if last is None or last < look.at:
            return True
        if not self._was_taken(look):
            self._spool.note_lost(look, "taken by a clock that was set back")
        self._spool.drop([look])
        return False

    def _write(self, look: Look, load_id: int, is_import: bool, written: list[Look]) -> BotReport:
        """A look, after those at the same bot that wait in the spool; its report counts them in.

        When time is up it is left to wait there itself, two of the others at least being written:
        one that comes for each that goes would never end.
        """
        rows = quarantined = 0
        for count, before in enumerate(self._spool.waiting(look.bot, look.at), 1):
            if self._fits(before):
                report = self._write_look(before, load_id, is_import=False)
                rows, quarantined = rows + report.rows, quarantined + report.quarantined
                before.states.clear()
                written.append(before)
                if count > 1 and time.monotonic() > self._until and self._waits(look):
                    return replace(report, rows=rows, quarantined=quarantined)
        report = self._write_look(look, load_id, is_import, is_last=True)
        written.append(look)
        return replace(
            report, rows=rows + report.rows, quarantined=quarantined + report.quarantined
        )

    def _waits(self, look: Look) -> bool:
        """Leave it to the next commit, but not the first one in place of a deleted warehouse."""
        if look.bot.name in self._gone:
            return False
        if look.file is None:
            self._spool.note_lost(look, "the spool was full")
        return True

    def _forget(self) -> None:
        """Back to what is committed."""
        with suppress(duckdb.Error):  # the transaction may be over already
            self._connection.execute("rollback")
        with suppress(duckdb.Error):  # a database that failed for good says so at the next look
            self._memory = Memory.load(self._connection)
            self._gone, self._news = self._find_gone(), {}

    def _changed(self, look: Look) -> Iterator[tuple[Source, Capture]]:
        """The state files of a look that the warehouse does not hold as they are."""
        yield from look.states
        for source, path, sha256 in look.same:
            before = self._memory.observed.get((look.bot.name, source.name, path))
            if before is None or before.sha256 != sha256:
                # Captured for a warehouse that is gone: what stands there now is all there is.
                yield source, capture(look.trees[source.root], path)

    def _write_look(
        self, look: Look, load_id: int, is_import: bool, *, is_last: bool = False
    ) -> BotReport:
        commit = self._begin(look, load_id, look.at)
        masked_before = self._mask.count
        _note_roots(commit)
        for source in look.absent:
            _note_status(commit, source, "not configured")
        for source, found in self._changed(look):
            (load_series if source.kind == "series" else load_state_file)(commit, source, found)
        for source, tree, status, files in look.streams:
            other, detail = load_stream(
                commit, source, tree, files, vetter(source.kind, commit.mask)
            )
            _note_status(commit, source, other or status, detail)
        looked_at, bad = _tally(commit, look)
        masked = self._mask.count - masked_before
        if is_last:
            self._tell_losses(commit)
        if commit.has_news:
            self._news[look.bot.name] = commit
        commit.add("polls", (look.bot.name, look.at, looked_at, bad, is_import, load_id, masked))
        commit.flush()
        return BotReport(
            look.bot.name, look.at, looked_at, bad, commit.row_count, commit.quarantined_count
        )

    def _tell_losses(self, commit: Commit) -> None:
        """Looks that the spool had no room for, and what a deleted warehouse held."""
        for one in self._spool.lost(commit.bot):
            what = (None, None, None, None, one.from_at, one.to_at, f"{one.looks} looks: {one.why}")
            row = (commit.bot.name, "spool", *what, commit.at, commit.load_id)
            commit.add("losses", row)
        if commit.bot.name in self._gone:
            commit.flush()  # its rows are counted below
            tell_gone(commit, self._gone[commit.bot.name])


@contextmanager
def open_session(settings: Settings, wait_seconds: float = 0) -> Iterator[Session]:
    """The live warehouse, locked and open, for many polls.

    Raises WatchhouseError when it is held by another process or its bots cannot be read.
    """
    if not settings.bots:
        raise WatchhouseError(
            "no bot to read is configured",
            "watchhouse init --bot name=LOGS, or give --bot here",
        )
    for bot in settings.bots:
        _check_folders(bot)
    with connect_live(settings, wait_seconds) as connection:
        session = Session(settings, connection)
        session.read_journal()
        yield session


def run_once(
    settings: Settings,
    observed_at: datetime | None = None,
    *,
    is_import: bool = False,
    as_of_mtime: bool = False,
) -> LoadReport:
    """Look at every configured bot once; see Session.poll.

    Many looks that wait in the spool are committed in several transactions; between them others
    may have the warehouse. Raises HeldError at once while another process holds it, DamagedError
    when it does not open; a look of now is kept in the spool then. Raises WatchhouseError when
    there is no space in the home.
    """
    try:
        report = _look(settings, observed_at, is_import, as_of_mtime)
        while report.is_behind:
            report = _both(report, _look(settings, observed_at, is_import, as_of_mtime))
        return report
    except (HeldError, DamagedError) as error:
        if observed_at is not None or as_of_mtime:
            raise
        keep_looks(settings)
        hint = "this look is kept in the spool, the next ingest commits it"
        if isinstance(error, DamagedError):
            hint = f"{error.hint}; this look is kept in the spool until then"
        raise type(error)(error.message, hint) from error


def commit_what_waits(settings: Settings) -> None:
    """Commit every look of the spool, and the logs with them, for who holds the warehouse already.

    State files without the logs of their time are at odds with those: positions are gone that no
    order closed. Where nothing waits nothing is done. Raises WatchhouseError as `run_once` does.
    """
    if any(settings.folder("spool").glob("*/*.look")):
        with _written(settings), open_session(settings) as session:
            session.poll()


def _look(
    settings: Settings, observed_at: datetime | None, is_import: bool, as_of_mtime: bool
) -> LoadReport:
    with _written(settings), open_session(settings) as session:
        return session.poll(
            observed_at, is_import=is_import, as_of_mtime=as_of_mtime, seconds=COMMIT_SECONDS
        )


def _both(before: LoadReport, after: LoadReport) -> LoadReport:
    """The later report, its counts with those of the earlier one."""
    bots = tuple(
        replace(new, rows=old.rows + new.rows, quarantined=old.quarantined + new.quarantined)
        for old, new in zip(before.bots, after.bots, strict=True)
    )
    return replace(after, bots=bots)


@contextmanager
def _written(settings: Settings) -> Iterator[None]:
    """A home without space, or one that may not be written, is one sentence."""
    try:
        yield
    except OSError as error:
        raise WatchhouseError(
            f"`{settings.home}` could not be written: {error}",
            "the warehouse is as it was or holds this look; free space and look again",
        ) from error


def keep_looks(settings: Settings, bots: Sequence[Bot] = ()) -> None:
    """Look at the state files of `bots`, all by default, and keep them for the next commit.

    It needs no lock. A look that must wait is on the disk when this returns: it survives a loss of
    power. Raises WatchhouseError when there is no space in the home.
    """
    spool = Spool(settings, of_bots(load_registry(settings.registry_file)))
    for bot in bots or settings.bots:
        _check_folders(bot)
        with _written(settings):
            look = spool.take(bot)
            if look.file:
                sync(look.file)
                sync(look.file.parent)
            else:
                spool.note_lost(look, "the spool was full")


def _check_folders(bot: Bot) -> None:
    for name, folder in (("logs", bot.logs), ("config", bot.config)):
        if folder is None:
            continue
        if not folder.is_dir():
            raise WatchhouseError(
                f"bot `{bot.name}` has no {name} folder at `{folder}`",
                f"--bot {bot.name}=LOGS names the folder that holds `state/` and `execution/`",
            )
        if not os.access(folder, os.R_OK | os.X_OK):
            raise WatchhouseError(
                f"the {name} folder of bot `{bot.name}` may not be read: `{folder}`",
                "run as the bot's user, or give this user read access",
            )


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def _note_roots(commit: Commit) -> None:
    bot = commit.bot
    for root, path in (("logs", bot.logs), ("config", bot.config), ("text", bot.text)):
        if path is not None and (row := (bot.name, root, str(path))) not in commit.memory.roots:
            commit.memory.roots.add(row)
            commit.add("bots", (*row, commit.at))


def _note_status(commit: Commit, source: Source, status: str, detail: str | None = None) -> None:
    """A change of status of what is judged by its registry path alone."""
    key = (commit.bot.name, source.name, source.path)
    before = commit.memory.observed.get(key)
    if before is None or (before.status, before.detail) != (status, detail):
        commit.memory.observed[key] = Observed(status, "", None, detail=detail)
        commit.observe(source, source.path, Document(status, "", detail=detail))


def _tally(commit: Commit, look: Look) -> tuple[int, int]:
    """Files that were there, and those of them that could not be read."""
    files = sum(found.seen is not None or found.status == "denied" for _, found in look.states)
    files += look.same_count
    files += sum(len(found) for _, _, _, found in look.streams)
    paths = [(source.name, found.path) for source, found in look.states]
    paths += [(source.name, source.path) for source, *_ in look.streams]
    statuses = [commit.memory.observed[commit.bot.name, *path].status for path in paths]
    return files, sum(status in ("denied", "oversize") for status in statuses)
