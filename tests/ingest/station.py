"""A bot of five files in a temporary folder, looked at once per simulated minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ingest import Bot, LoadReport, Session, Settings, run_once

REGISTRY = """
sources:
  - name: raw
    tables:
      - name: state
        config: {meta: {root: logs, path: state/state.json, kind: snapshot,
                        required: [nav, "risk.mode|mode"]}}
      - {name: history, config: {meta: {root: logs, path: nav_log.json, kind: series}}}
      - {name: events, config: {meta: {root: logs, path: execution/events.jsonl, kind: events}}}
      - {name: limits, config: {meta: {root: config, path: limits.yaml, kind: config}}}
      - {name: talk, config: {meta: {root: text, path: exec.log, kind: text}}}
"""


@dataclass
class Station:
    """A home, a bot, and a clock that advances with each look."""

    folder: Path
    settings: Settings
    now: datetime = field(default=datetime(2026, 3, 1, 12, 0))
    session: Session | None = None

    @property
    def logs(self) -> Path:
        return self.settings.bots[0].logs

    @property
    def events(self) -> Path:
        return self.logs / "execution" / "events.jsonl"

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.logs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def poll(self) -> LoadReport:
        self.now += timedelta(minutes=1)
        if self.session:
            return self.session.poll(self.now)
        return run_once(self.settings, self.now)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.live_file)) as connection:
            return connection.execute(query).fetchall()

    def column(self, query: str) -> list[Any]:
        return [row[0] for row in self.rows(query)]

    def payloads(self) -> list[str]:
        """The events that stand, in the order in which they were read."""
        return self.column(
            "select payload from raw.events where _superseded_at is null order by _load_id, _offset"
        )

    def reasons(self) -> list[str]:
        return self.column("select reason from raw.quarantine order by load_id, _offset")


def make_station(folder: Path, registry: str = REGISTRY) -> Station:
    project = folder / "project"
    (project / "models" / "staging").mkdir(parents=True, exist_ok=True)
    (project / "models" / "staging" / "_sources.yml").write_text(registry)
    logs, config = folder / "bot logs", folder / "config"
    (logs / "execution").mkdir(parents=True, exist_ok=True)
    config.mkdir(exist_ok=True)
    bot = Bot("main", logs, config, logs / "exec.log")
    return Station(folder, Settings(folder / "home", project, (bot,)))


def assert_ledger_adds_up(station: Station) -> None:
    """Whatever a test did: every byte is accounted for and no key stands twice."""
    assert station.rows(
        "select * from raw.loads"
        " where to_offset - from_offset <> row_bytes + blank_bytes + quarantined_bytes"
    ) == []  # fmt: skip
    for table in ("events", "talk"):
        assert station.rows(
            f"select _bot, _file_id, _offset from raw.{table} group by all having count(*) > 1"
        ) == []  # fmt: skip
        added, gone = station.rows(
            "select coalesce(sum(row_count - kept_count), 0), coalesce(sum(superseded_count), 0)"
            f" from raw.loads where stream = '{table}'"
        )[0]
        assert station.rows(f"select count(*), count(_superseded_at) from raw.{table}") == [
            (added, gone)
        ]
    live = station.rows(LIVE_BYTES)
    assert [row for row in live if row[1] != row[2]] == []


# Of each log file at hand: its read offset, and what stands in its rows, quarantine and blanks. A
# copy that went its own way has its first lines elsewhere: `verify` holds it against the file.
LIVE_BYTES = """
with recursive lineage(top, _file_id, replaces, copy_of) as (
    select _file_id, _file_id, replaces, copy_of
    from raw.files where status = 'live' and stream = 'events'
    union all
    select lineage.top, files._file_id, files.replaces, files.copy_of
    from lineage join raw.files on files._file_id = lineage.replaces
),
parts as (
    select _file_id, _length from raw.events where _superseded_at is null
    union all
    select _file_id, _length from raw.quarantine where _superseded_at is null and stream = 'events'
)
select
    files._file_id,
    files.read_offset,
    coalesce((select sum(_length) from parts join lineage using (_file_id)
              where lineage.top = files._file_id), 0)
        + (select sum(blank_bytes) from raw.loads where loads._file_id = files._file_id)
from raw.files
where status = 'live' and stream = 'events'
    and _file_id not in (select top from lineage where copy_of is not null)
"""
