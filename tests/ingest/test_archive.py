"""Sealed days leave the warehouse, and every row stays readable exactly once."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dying import killed_at, moments, told_without_room
from station import Station, assert_ledger_adds_up, make_station

from ingest import UsageError, archive, open_session, run_once
from ingest.publish import publish
from ingest.retention import keeps
from ingest.settings import Settings, load_settings, write_settings
from ingest.store import connect_live
from ingest.verify import verify

TIERED = ("state", "history", "events", "talk", "observations", "loads", "polls")
SUMS = " union all ".join(
    f"select '{name}', count(*), bit_xor(hash(one)) from raw.{name} as one" for name in TIERED
)
NOW = datetime(2026, 3, 20, 9)
DAYS = ("02-25", "02-26", "03-01", "03-12", "03-15")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bot that was looked at on five days."""
    folder = tmp_path_factory.mktemp("lived")
    station = make_station(folder)
    with open_session(station.settings) as station.session:
        _live(station)
    return folder


@pytest.fixture
def weeks(lived: Path, tmp_path: Path) -> Iterator[Station]:
    """A copy of it, with its clock after the last look."""
    shutil.copytree(lived, tmp_path / "copy")
    made = make_station(tmp_path / "copy")
    made.now = datetime(2026, 3, 15, 12, 1)
    yield made
    if made.settings.live_file.exists():
        assert_ledger_adds_up(made)


def _live(station: Station) -> None:
    lines = [f'{{"n": {number}}}' for number in range(len(DAYS))]
    for number, day in enumerate(DAYS, 1):
        station.now = datetime.fromisoformat(f"2026-{day} 12:00")
        station.write("execution/events.jsonl", "\n".join(lines[:number]) + "\n")
        station.write("nav_log.json", f"[{','.join(lines[:number])}]")
        station.write("state/state.json", f'{{"nav": {number}, "mode": "x"}}')
        station.write("exec.log", "".join(f"[nav] {line}\n" for line in lines[:number]))
        station.poll()


def hot_days(station: Station, days: int, keep: int | None = None) -> None:
    table = {"hot_days": days} | ({"keep_days": keep} if keep else {})
    station.settings = replace(station.settings, archive=table)


def files(station: Station) -> list[Path]:
    return sorted(station.settings.folder("landing").rglob("*.parquet"))


def test_sealed_days_are_files_and_months_are_one(weeks: Station) -> None:
    hot_days(weeks, 10)
    before = weeks.rows(SUMS)
    done = archive.run(weeks.settings, NOW)
    assert weeks.rows(SUMS) == before
    assert weeks.rows("select count(*) from hot.events") == [(2,)]  # from the 10th on
    names = {str(p.relative_to(weeks.settings.folder("landing") / "events").parent)
             for p in files(weeks) if "events" in p.parts}  # fmt: skip
    assert names == {"bot=main/month=2026-02"} | {f"bot=main/day=2026-03-0{day}" for day in (1,)}
    assert {path.stat().st_mode & 0o777 for path in files(weeks)} == {0o400}
    assert done.rows == sum(n for (n,) in weeks.rows("select sum(row_count)::int from raw.landing"))
    later = archive.run(weeks.settings, NOW + timedelta(days=30))
    assert weeks.rows(SUMS) == before
    assert weeks.rows("select count(*) from hot.events") == [(0,)]
    march = [s for s in later.steps if (s.table, s.part) == ("events", "month=2026-03")]
    assert [(step.hot_rows, len(step.old)) for step in march] == [(2, 1)]
    assert archive.run(weeks.settings, NOW + timedelta(days=30)).steps == ()


def test_a_dry_run_says_the_same_and_changes_nothing(weeks: Station) -> None:
    hot_days(weeks, 10)
    planned = archive.run(weeks.settings, NOW, is_dry=True)
    assert not files(weeks)
    assert planned.steps == archive.run(weeks.settings, NOW).steps


def test_landing_files_are_shared_when_the_settings_say_so(weeks: Station) -> None:
    hot_days(weeks, 10)
    archive.run(weeks.settings, NOW)
    for is_shared, file_mode, folder_mode in ((True, 0o440, 0o750), (False, 0o400, 0o700)):
        weeks.settings = replace(weeks.settings, share_with_group=is_shared)
        archive.run(weeks.settings, NOW + timedelta(days=30 * is_shared))
        assert {path.stat().st_mode & 0o777 for path in files(weeks)} == {file_mode}
        folders = {path.parent.stat().st_mode & 0o777 for path in files(weeks)}
        assert folders == {folder_mode}
    publish(weeks.settings)
    assert weeks.settings.published_file.stat().st_mode & 0o777 == 0o444


def test_a_long_archive_gives_the_warehouse_back_between_its_steps(
    weeks: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot_days(weeks, 10)
    before, opened = weeks.rows(SUMS), list[float]()
    planned = archive.run(weeks.settings, NOW, is_dry=True).steps

    def connect(settings: Settings, wait_seconds: float) -> AbstractContextManager[Any]:
        opened.append(wait_seconds)
        return connect_live(settings, wait_seconds)

    monkeypatch.setattr(archive, "PIECE_SECONDS", 0)
    monkeypatch.setattr(archive, "connect_live", connect)
    assert archive.run(weeks.settings, NOW, wait_seconds=7).steps == planned
    assert opened.count(7) > len(planned)
    assert weeks.rows(SUMS) == before


def test_ingest_goes_on_over_both_tiers(weeks: Station) -> None:
    hot_days(weeks, 1)
    archive.run(weeks.settings, NOW)
    before = weeks.rows(
        "select count(*) from raw.events union all select count(*) from raw.history"
    )
    weeks.now = NOW
    weeks.poll()
    assert before == weeks.rows(
        "select count(*) from raw.events union all select count(*) from raw.history"
    )
    # a point that was seen weeks ago is no new one, though the array began anew
    weeks.write("nav_log.json", '[{"n": 3}, {"n": 99}]')
    weeks.poll()
    assert weeks.rows("select payload from hot.history") == [('{"n": 99}',)]
    assert verify(weeks.settings).differences == []


def test_a_line_changed_after_it_was_archived_is_superseded(weeks: Station) -> None:
    hot_days(weeks, 1)
    archive.run(weeks.settings, NOW)
    text = weeks.events.read_text().replace('{"n": 3}', '{"n": 4711}')
    weeks.events.write_text(text)
    weeks.now = NOW
    weeks.poll()
    assert weeks.rows(
        "select payload, _superseded_at is not null from raw.events where _offset = 27 order by 1"
    ) == [('{"n": 3}', True), ('{"n": 4711}', False)]
    assert verify(weeks.settings).differences == []
    before = weeks.rows(SUMS)
    archive.run(weeks.settings, NOW + timedelta(days=60))
    assert weeks.rows(SUMS) == before
    assert weeks.rows("select payload from hot.events") == [('{"n": 3}',)]


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_damaged_file_is_named_left_out_and_taken_back_when_it_is_whole(
    weeks: Station, is_gone: bool
) -> None:
    hot_days(weeks, 10)
    archive.run(weeks.settings, NOW)
    before = weeks.rows(SUMS)
    victim = next(path for path in files(weeks) if "events" in path.parts)
    content = victim.read_bytes()
    victim.unlink()
    if not is_gone:
        victim.write_bytes(content[:-40] + b"x" * 40)
    with pytest.raises(duckdb.Error, match=victim.name):
        weeks.rows("select sum(_offset) from raw.events")
    publish(weeks.settings)
    with duckdb.connect(str(weeks.settings.published_file), read_only=True) as reader:
        (left,) = reader.execute("select count(*) from raw.events").fetchall()[0]
        lost = reader.execute("select stream, _file, reason from raw.losses").fetchall()
    assert left < 5
    path = f"landing/{victim.relative_to(weeks.settings.folder('landing'))}"
    assert lost == [("events", path, f"gone or damaged, with {5 - left} archived rows")]
    victim.unlink(missing_ok=True)
    victim.write_bytes(content)
    publish(weeks.settings)
    assert weeks.rows(SUMS) == before
    assert weeks.rows("from raw.losses") == []


def test_bits_that_turned_are_found_by_the_next_archive(weeks: Station) -> None:
    hot_days(weeks, 10)
    archive.run(weeks.settings, NOW)
    victim = files(weeks)[0]
    found = victim.stat()
    victim.chmod(0o600)
    content = bytearray(victim.read_bytes())
    content[20] ^= 1
    victim.write_bytes(bytes(content))
    os.utime(victim, ns=(found.st_atime_ns, found.st_mtime_ns))
    lost = archive.run(weeks.settings, NOW).lost
    assert [one.path for one in lost] == [str(victim.relative_to(weeks.settings.folder("landing")))]
    content[20] ^= 1
    victim.write_bytes(bytes(content))
    assert archive.run(weeks.settings, NOW).lost == ()


def test_a_moved_home_reads_its_own_files(weeks: Station) -> None:
    hot_days(weeks, 10)
    archive.run(weeks.settings, NOW)
    before = weeks.rows(SUMS)
    home = weeks.settings.home.rename(weeks.folder / "moved")
    weeks.settings = replace(weeks.settings, home=home)
    publish(weeks.settings)
    assert weeks.rows(SUMS) == before
    with duckdb.connect(str(weeks.settings.published_file), read_only=True) as reader:
        assert reader.execute(SUMS).fetchall() == before


def test_a_deleted_warehouse_comes_back_with_its_archive(weeks: Station) -> None:
    hot_days(weeks, 10)
    archive.run(weeks.settings, NOW)
    publish(weeks.settings)
    archive.run(weeks.settings, NOW + timedelta(days=3))  # what was published is older
    before = weeks.rows(SUMS)
    weeks.settings.live_file.unlink()
    run_once(weeks.settings, weeks.now)
    assert weeks.rows(SUMS) == before
    assert weeks.rows("from raw.losses") == []


def test_the_files_of_the_published_warehouse_stay_until_the_next_one(weeks: Station) -> None:
    hot_days(weeks, 10)
    archive.run(weeks.settings, NOW)
    publish(weeks.settings)
    old = files(weeks)
    for _ in range(2):
        archive.run(weeks.settings, NOW + timedelta(days=30))
        assert set(old) <= set(files(weeks))
    publish(weeks.settings)
    archive.run(weeks.settings, NOW + timedelta(days=30))
    assert not any("day=" in str(path) for path in files(weeks))


def test_what_is_past_its_time_is_dropped_and_told(weeks: Station) -> None:
    hot_days(weeks, 2, keep=12)
    with duckdb.connect(str(weeks.settings.live_file)) as connection:
        connection.execute(
            "create table main.fct_incidents as select 'main' as bot, null::timestamp as since_at,"
            " timestamp '2026-03-01 11:00' as opened_at, timestamp '2026-03-01 11:30' as ended_at,"
            " timestamp '2026-03-01 11:30' as last_seen_at"
        )
    archive.run(weeks.settings, NOW)
    assert weeks.column("select distinct _observed_at::date::varchar from raw.events order by 1")[
        :2
    ] == ["2026-03-01", "2026-03-12"]
    assert weeks.rows(
        "select sum(regexp_extract(reason, 'retention: (\\d+) rows', 1)::int)::int "
        "from raw.losses where stream = 'events'"
    ) == [(2,)]
    before = weeks.rows(SUMS)
    assert archive.run(weeks.settings, NOW).steps == ()
    assert weeks.rows(SUMS) == before
    weeks.settings.live_file.unlink()  # its ledger tells of more lines than there are


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"hot_day": 1}, "nothing reads `hot_day`"),
        ({"keep_days": "long"}, "no number of days"),
        ({"hot_days": 40, "keep_days": 30}, "less than hot_days"),
        ({"navs": {"keep_days": 40}}, "no raw table `navs`"),
    ],
)
def test_settings_that_say_nothing_sensible_are_refused(
    tmp_path: Path, table: dict[str, Any], told: str
) -> None:
    write_settings(Settings(tmp_path, tmp_path, archive=table))
    with pytest.raises(UsageError, match=told):
        keeps(load_settings(tmp_path), ["nav"])


def test_killed_at_any_step_each_row_is_readable_once(weeks: Station) -> None:
    hot_days(weeks, 18)
    archive.run(weeks.settings, NOW)
    before = weeks.rows(SUMS)
    hot_days(weeks, 15)
    saved = weeks.settings.live_file.read_bytes()
    status, calls = killed_at(0, lambda: archive.run(weeks.settings, NOW))
    assert status == 0
    assert calls > 100
    for moment in moments(calls, 3):
        weeks.settings.live_file.write_bytes(saved)
        weeks.settings.live_file.with_name("warehouse.duckdb.wal").unlink(missing_ok=True)
        status, _ = killed_at(moment, lambda: archive.run(weeks.settings, NOW))
        assert status == signal.SIGKILL
        assert weeks.rows(SUMS) == before, f"after a kill at call {moment} of {calls}"
        archive.run(weeks.settings, NOW)
        assert weeks.rows(SUMS) == before, f"after the run behind call {moment} of {calls}"
        listed = weeks.column("select path from raw.landing order by 1")
        landing = weeks.settings.folder("landing")
        assert [str(path.relative_to(landing)) for path in files(weeks)] == listed
        assert not list(landing.glob(".*.part"))


def test_without_room_nothing_moves_and_one_sentence_says_why(weeks: Station) -> None:
    hot_days(weeks, 10)
    before = weeks.rows(SUMS)
    told = told_without_room(1024, lambda: archive.run(weeks.settings, NOW))
    assert "not all could be archived" in told
    assert weeks.rows(SUMS) == before
    archive.run(weeks.settings, NOW)
    assert weeks.rows(SUMS) == before
