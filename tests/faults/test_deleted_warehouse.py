"""A warehouse that was deleted: what is at hand comes back, what is not is told."""

from __future__ import annotations

import gzip
import json

import pytest
from station import Station, assert_ledger_adds_up

from ingest import run_once
from ingest.publish import publish

KEYS = "select _file_id, _offset, payload from raw.events order by all"
VERSIONS = "select payload from raw.state order by _observed_at"
LOSSES = "select stream, _file, from_offset, to_offset, reason from raw.losses order by all"


def live_on(station: Station, *navs: int) -> None:
    for nav in navs:
        station.write("state/state.json", json.dumps({"nav": nav, "mode": 1}))
        run_once(station.settings)


def write_log(station: Station, name: str, first: int, count: int) -> bytes:
    content = "".join(f'{{"n": {n}}}\n' for n in range(first, first + count))
    return station.write(f"execution/{name}", content).read_bytes()


def delete(station: Station) -> None:
    for file in station.settings.live_file.parent.iterdir():
        file.unlink()


def test_what_is_on_the_disk_is_read_again_under_the_same_keys(station: Station) -> None:
    write_log(station, "events.jsonl", 0, 500)
    write_log(station, "events.1.jsonl", 500, 500)
    live_on(station, 1)
    before = station.rows(KEYS)
    delete(station)
    run_once(station.settings)
    assert station.rows(KEYS) == before
    assert station.column(VERSIONS) == ['{"nav": 1, "mode": 1}']
    assert station.rows(LOSSES) == []


def test_what_is_gone_with_it_is_a_loss_with_its_interval(station: Station) -> None:
    rotated = write_log(station, "events.1.jsonl", 0, 50)
    write_log(station, "events.jsonl", 50, 50)
    live_on(station, 1, 2, 3)
    looks = station.column("select polled_at from raw.polls order by all")
    (station.logs / "execution" / "events.1.jsonl").unlink()
    delete(station)
    run_once(station.settings)
    run_once(station.settings)
    assert station.rows(LOSSES) == [
        ("events", "execution/events.1.jsonl", 0, len(rotated),
         f"the warehouse was deleted: {len(rotated)} bytes are gone"),
        ("state", "state/state.json", None, None,
         "the warehouse was deleted: 2 versions are gone"),
    ]  # fmt: skip
    assert station.rows("select from_at, to_at from raw.losses where stream = 'state'") == [
        (looks[0], looks[2])
    ]


def test_a_version_that_was_overwritten_before_the_next_look_is_gone_too(station: Station) -> None:
    live_on(station, 1)
    delete(station)
    live_on(station, 2)
    assert station.column("select reason from raw.losses") == [
        "the warehouse was deleted: 1 versions are gone"
    ]


def test_points_that_a_series_has_dropped_are_gone(station: Station) -> None:
    station.write("nav_log.json", "[1, 2, 3, 4]")
    run_once(station.settings)
    station.write("nav_log.json", "[3, 4, 5]")
    delete(station)
    run_once(station.settings)
    assert station.rows("select stream, reason from raw.losses") == [
        ("history", "the warehouse was deleted: 1 points are gone")
    ]


def test_twins_and_archives_are_not_taken_for_losses(station: Station) -> None:
    content = write_log(station, "events.jsonl", 0, 20)
    station.write("execution/events.1.jsonl", content[:9] + b'{"n": 99}\n')
    run_once(station.settings)
    station.write("execution/archive/events.5.jsonl.gz", gzip.compress(content))
    (station.logs / "execution" / "events.jsonl").unlink()
    delete(station)
    run_once(station.settings)
    assert station.rows(LOSSES) == []


@pytest.mark.parametrize("versions_after", [(), (3, 4)])
def test_a_published_copy_is_taken_up(
    station: Station, versions_after: tuple[int, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(station, "events.jsonl", 0, 100)
    live_on(station, 1, 2)
    publish(station.settings)
    live_on(station, *versions_after)
    (station.logs / "execution" / "events.jsonl").unlink()
    delete(station)
    run_once(station.settings)
    run_once(station.settings)
    assert "taken up from the published warehouse" in capsys.readouterr().err
    navs = [json.loads(payload)["nav"] for payload in station.column(VERSIONS)]
    assert navs == sorted({1, 2, *versions_after[-1:]})
    assert len(station.payloads()) == 100
    assert station.column("select reason from raw.losses") == [
        "the warehouse was deleted: 1 versions are gone"
    ] * bool(versions_after)
    assert_ledger_adds_up(station)


def test_a_published_copy_that_does_not_open_is_left_alone(station: Station) -> None:
    write_log(station, "events.jsonl", 0, 10)
    run_once(station.settings)
    station.settings.published_file.write_bytes(b"no warehouse")
    delete(station)
    run_once(station.settings)
    assert len(station.payloads()) == 10
    assert list(station.settings.live_file.parent.glob(".*")) == []


def test_a_write_ahead_log_without_its_warehouse_is_not_mixed_into_a_new_one(
    station: Station,
) -> None:
    write_log(station, "events.jsonl", 0, 10)
    run_once(station.settings)
    station.settings.live_file.with_name("warehouse.duckdb.wal").write_bytes(b"of another file")
    station.settings.live_file.unlink()
    run_once(station.settings)
    assert len(station.payloads()) == 10
