"""Another reading of the same files finds every byte that the warehouse does not hold."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from station import Station
from test_event_logs import lines
from test_recordings import RECORDINGS

from ingest import Bot, WatchhouseError, load_settings, write_settings
from ingest.replay import replay
from ingest.verify import Difference, verify

ODD = (
    b'{"a": 1}\n\n{"a": NaN, "b": [1e999, -Infinity]}\n{"x": 9007199254740993}\r\n'
    b'\xef\xbb\xbf{"b": 1}\n{"a": 1}{"a": 2}\n\0\0\0{"n": 1}\n\xff\xfe\n[1]\nplain\n'
    b'{"token": "abcdefgh"}\n{"deep": ' + b"[" * 900 + b"]" * 900 + b"}\n"
)


def damage(station: Station, statement: str) -> None:
    with duckdb.connect(str(station.settings.live_file)) as connection:
        connection.execute(statement)


def whats(station: Station) -> list[tuple[int, int, str]]:
    return [(one.start, one.end, one.what) for one in verify(station.settings).differences]


def test_odd_bytes_agree(station: Station) -> None:
    station.write("execution/events.jsonl", ODD)
    station.write("execution/events.1.jsonl", lines(1, 2))
    station.write("execution/archive/events.5.jsonl.gz", gzip.compress(lines(3).encode() + b"{"))
    station.write("state/state.json", '{"nav": NaN}')
    station.write("nav_log.json", '[{"t": 1, "nav": NaN}, {"t": 2}]')
    station.write("exec.log", "2026-03-01 12:00:00,001 INFO [exutil] [risk] block\nTraceback\n")
    station.poll()
    found = verify(station.settings)
    assert found.differences == []
    assert (found.files, found.not_at_hand) == (6, 0)


def test_a_rewritten_a_moved_and_a_shrunk_log_agree(station: Station) -> None:
    nuls = "\0\0\0\n\0" + lines(9)
    for text in (lines(1, 2, 3, 4), lines(1, 22, 3, 4), lines(1, 3, 4, 5), lines(1, 3)):
        station.write("execution/events.jsonl", text.replace(lines(3), nuls + lines(3)))
        station.poll()
        assert whats(station) == []


def test_a_copy_that_goes_on_where_its_original_was_cut_agrees(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2, 3) + '{"n": 4')
    station.poll()
    station.events.rename(station.events.with_name("events.1.jsonl"))
    station.write("execution/events.jsonl", lines(1, 2, 3) + '{"n": 4{"n": 5}\n' + lines(6))
    station.poll()
    station.poll()
    assert station.rows("select _length from raw.quarantine order by 1") == [(7,), (16,)]
    assert verify(station.settings).differences == []


@pytest.mark.parametrize(
    ("statement", "difference"),
    [
        ("delete from hot.events where _offset in (9, 18)", (9, 27, "is in no row")),
        ("""update hot.events set payload = '{"n": 7}' where _offset = 9""", (9, 18, "differs")),
        ("update hot.loads set row_bytes = row_bytes - 1", (0, 36, "does not account")),
        ("update hot.events set _superseded_at = now() where _offset = 27", (27, 36, "is in no")),
        ("insert into hot.events (_bot, _file_id, _offset, _length, payload) select 'main',"
         " any_value(_file_id), 12, 5, '{}' from raw.events", (12, 17, "no line stands for")),
    ],
)  # fmt: skip
def test_what_the_warehouse_does_not_hold_is_told_byte_by_byte(
    station: Station, statement: str, difference: tuple[int, int, str]
) -> None:
    station.write("execution/events.jsonl", lines(1, 2, 3, 4))
    station.poll()
    assert whats(station) == []
    damage(station, statement)
    start, end, what = difference
    ((found_start, found_end, found),) = whats(station)
    assert (found_start, found_end) == (start, end)
    assert what in found
    station.settings.live_file.unlink()  # the ledger does not add up any more


def test_a_changed_byte_in_a_file_is_told(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2, 3))
    station.write("state/state.json", '{"nav": 1}')
    station.poll()
    station.write("execution/events.jsonl", lines(1, 9, 3))
    assert verify(station.settings).differences == [
        Difference("main", "events", "execution/events.jsonl", 9, 18, "differs from what was read")
    ]


def test_what_was_overwritten_since_is_counted_and_no_difference(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2))
    station.write("state/state.json", '{"nav": 1}')
    station.poll()
    station.write("execution/events.jsonl", lines(7))
    station.write("state/state.json", '{"nav": 2}')
    found = verify(station.settings)
    assert (found.differences, found.not_at_hand) == ([], 2)


def test_the_command_fails_on_a_difference(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2))
    station.poll()
    write_settings(station.settings)
    program = "import sys; from watchhouse.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "--home", str(station.settings.home)]
    environment = os.environ | {"WATCHHOUSE_PROJECT": str(station.settings.project)}
    for statement, code, output in (
        ("select 1", 0, ""),
        ("delete from hot.events where _offset = 9",
         1, "main events execution/events.jsonl 9-18: is in no row and no quarantine\n"),
    ):  # fmt: skip
        damage(station, statement)
        done = subprocess.run(
            [*command, "ingest", "--verify"], capture_output=True, text=True, env=environment,
            check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (code, output)
    station.settings.live_file.unlink()


def test_no_warehouse_is_an_error(station: Station) -> None:
    with pytest.raises(WatchhouseError, match="no warehouse"):
        verify(station.settings)


def test_a_recording_with_every_kind_of_damage_agrees(tmp_path: Path) -> None:
    recording = RECORDINGS / "telemetry_corruption"
    if not recording.is_dir():
        pytest.skip(f"no recordings at {RECORDINGS}")
    settings = load_settings(tmp_path)
    replay(settings, recording)
    logs = settings.folder("replay") / recording.name / "logs"
    bot = Bot(recording.name, logs, text=logs / "exec.log")
    found = verify(type(settings)(settings.home, settings.project, (bot,)))
    assert found.differences == []
    assert (found.files, found.not_at_hand) == (21, 0)
