"""Whatever is changed in the warehouse of what was read, the other reading tells it."""

from __future__ import annotations

import gzip

import duckdb
import pytest
from station import Station
from test_event_logs import lines
from test_verify import ODD

from ingest.verify import verify

TEXT = "2026-03-01 12:00:00,001 INFO [exutil] [risk] block\nTraceback\n  File x\nno time\n"
MUTATIONS = [
    """update hot.events set payload = '{"n": 3.5}' where payload = '{"n": 3}'""",
    """update hot.events set payload = '{"n": 4}' where payload = '{"n": 3}'""",
    "update hot.events set payload = 'null' where _offset = 9 and _file like '%.1.%'",
    "update hot.events set _offset = _offset + 1 where _offset = 9",
    "update hot.events set _length = _length + 1 where _offset = 9",
    "delete from hot.events where _file like '%.gz'",
    "delete from hot.events where _file like '%.1.%' and _offset = 0",
    "delete from hot.events where _file like '%/events.jsonl' and _nonfinite_keys <> []",
    "update raw.quarantine set sha256 = repeat('0', 64) where _file like '%.gz'",
    "update raw.quarantine set _length = _length - 1 where _file like '%/events.jsonl'",
    "delete from raw.quarantine where reason like '%UTF-8%'",
    "update hot.talk set message = '' where _offset = 0",
    "update hot.talk set message = 'lock' where _offset = 0",
    "update hot.talk set level = 'ERROR' where _offset = 0",
    "update hot.talk set logged_at = logged_at + interval 1 hour where _offset = 0",
    "update hot.talk set tag = 'nav' where _offset = 0",
    "delete from hot.talk where _offset > 0",
    """update hot.state set payload = '{"nav": 2}'""",
    "delete from hot.state",
    """update hot.history set payload = '{"t": 3}' where payload = '{"t": 2}'""",
    "delete from hot.history where _position = 0",
    "update hot.loads set blank_bytes = blank_bytes + 1 where blank_bytes > 0",
]


@pytest.fixture
def read(station: Station) -> Station:
    station.write("execution/events.jsonl", ODD)
    station.write("execution/events.1.jsonl", lines(1, 2))
    station.write("execution/archive/events.5.jsonl.gz", gzip.compress(lines(3).encode() + b"{"))
    station.write("state/state.json", '{"nav": 1, "mode": 1}')
    station.write("nav_log.json", '[{"t": 1, "nav": NaN}, {"t": 2}]')
    station.write("exec.log", TEXT)
    station.poll()
    return station


def test_each_of_many_changes_is_told(read: Station) -> None:
    assert verify(read.settings).differences == []
    whole = read.settings.live_file.read_bytes()
    untold = []
    for mutation in MUTATIONS:
        with duckdb.connect(str(read.settings.live_file)) as warehouse:
            (changed,) = warehouse.execute(mutation).fetchall()[0]
        assert changed, mutation
        if not verify(read.settings).differences:
            untold.append(mutation)
        read.settings.live_file.write_bytes(whole)
    assert "\n".join(untold) == ""
