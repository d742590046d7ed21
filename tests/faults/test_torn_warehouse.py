"""A writer killed in the middle of DuckDB's write of a block that is in use."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from station import Station, assert_ledger_adds_up

from ingest.errors import WatchhouseError
from ingest.verify import verify

FIRST, BLOCK, PAGE = 3 * 4096, 256 * 1024, 4096


@pytest.fixture
def torn(station: Station) -> Station:
    """The bytes before a checkpoint, and of one block that it wrote the first pages."""
    live = station.settings.live_file
    for number in range(3):
        station.write("state/state.json", json.dumps({"nav": number, "mode": 1}))
        station.write("execution/events.jsonl", "".join(f'{{"n": {n}}}\n' for n in range(number)))
        station.poll()
    before = live.read_bytes()
    station.write("execution/events.1.jsonl", '{"n": 100}\n')
    station.poll()
    after = live.read_bytes()
    for start in range(FIRST, len(before), BLOCK):
        for pages in range(1, BLOCK // PAGE):
            end = start + pages * PAGE
            live.write_bytes(before[:start] + after[start:end] + before[end:])
            if problem_of(live):
                return station
    raise AssertionError("no block is written in place: nothing is to be mended")


def problem_of(live: Path) -> str:
    try:
        duckdb.connect(str(live), read_only=True).close()
    except duckdb.Error as error:
        return str(error)
    return ""


def die(station: Station) -> None:
    """What a killed writer leaves behind."""
    station.settings.lock_file.with_suffix(".json").write_text('{"pid": 1}')


def test_it_opens_again_and_goes_on(torn: Station, capsys: pytest.CaptureFixture[str]) -> None:
    assert "does not match stored checksum" in problem_of(torn.settings.live_file)
    die(torn)
    torn.poll()
    assert "was left torn" in capsys.readouterr().err
    assert set(torn.payloads()) == {'{"n": 0}', '{"n": 1}', '{"n": 100}'}
    assert len(torn.payloads()) == 3
    assert torn.column("select payload->>'nav' from raw.state order by 1") == ["0", "1", "2"]
    assert_ledger_adds_up(torn)
    assert verify(torn.settings).differences == []
    files = {file.name for file in torn.settings.live_file.parent.iterdir()}
    assert files == {"warehouse.duckdb"}


def test_without_a_killed_writer_it_is_damage_and_stays_as_it_is(torn: Station) -> None:
    before = torn.settings.live_file.read_bytes()
    with pytest.raises(WatchhouseError, match="does not open") as refused:
        torn.poll()
    assert "published warehouse" in str(refused.value.hint)
    assert torn.settings.live_file.read_bytes() == before


def test_what_cannot_be_read_whole_is_damage_and_stays_as_it_is(station: Station) -> None:
    live = station.settings.live_file
    lines = (json.dumps({"n": n, "pad": f"{n * 7919 % 10_007}" * 9}) for n in range(20_000))
    station.write("execution/events.jsonl", "\n".join(lines) + "\n")
    station.poll()
    whole, unread = live.read_bytes(), []
    for start in range(FIRST, len(whole), BLOCK):
        middle = start + BLOCK // 3
        bad = whole[:middle] + bytes(byte ^ 0xFF for byte in whole[middle : middle + 64])
        bad += whole[middle + 64 :]
        live.write_bytes(bad)
        die(station)
        try:
            station.poll()
        except (WatchhouseError, duckdb.Error):
            unread.append(start)
            assert live.read_bytes() == bad
    assert unread
