"""The executor's own log: local times, tags, lines that belong to the one before."""

from __future__ import annotations

from datetime import datetime

from station import Station

LOG = b"""\
2026-03-10 06:00:00,013 INFO [exutil] [screener] attempted=3 emitted=1
2026-03-10 06:00:01,500 ERROR [exutil] LOOP_CRASH cycle=7
Traceback (most recent call last):
  File "x.py", line 1, in <module>

[sync] tail equity resolved: 10
2026-02-31 06:00:00,000 INFO [exutil] no such day
bad \xff byte
cut of
"""


def test_lines_become_rows_with_time_level_tag_and_message(station: Station) -> None:
    station.write("exec.log", LOG)
    station.poll()
    assert station.rows("select logged_at, level, tag, message from raw.talk order by _offset") == [
        (datetime(2026, 3, 10, 6, 0, 0, 13000), "INFO", "screener", "attempted=3 emitted=1"),
        (datetime(2026, 3, 10, 6, 0, 1, 500000), "ERROR", None, "LOOP_CRASH cycle=7"),
        (None, None, None, "Traceback (most recent call last):"),
        (None, None, None, '  File "x.py", line 1, in <module>'),
        (None, None, "sync", "tail equity resolved: 10"),
        (None, "INFO", None, "no such day"),
        (None, None, None, "cut of"),
    ]
    assert station.reasons() == ["invalid UTF-8"]


def test_a_growing_log_is_read_on(station: Station) -> None:
    for end in (50, 200, len(LOG)):
        station.write("exec.log", LOG[:end])
        station.poll()
    assert station.column("select count(*) from raw.talk") == [7]


def test_a_rotated_log_by_number_is_found(station: Station) -> None:
    station.write("exec.log", b"one\n")
    station.poll()
    station.write("exec.log.1", b"one\ntwo\n")
    station.write("exec.log", b"three\n")
    station.poll()
    assert station.column("select message from raw.talk order by _load_id, message desc") == [
        "one",
        "two",
        "three",
    ]
