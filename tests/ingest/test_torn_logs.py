"""Half a line at the end of a log: damage where the writer replaces the whole file, else not."""

from __future__ import annotations

from pathlib import Path

from station import REGISTRY, Station, assert_ledger_adds_up, make_station
from test_event_logs import lines, numbers

LOG = "execution/events.jsonl"
REPLACED = REGISTRY.replace("jsonl, kind: events}", "jsonl, kind: events, append: rewrite}")


def seen(station: Station) -> list[tuple[str, str | None]]:
    return station.rows(
        "select status, detail from raw.observations where source = 'events' order by observed_at"
    )


def test_half_a_line_of_a_replaced_log_is_torn_until_it_is_whole(tmp_path: Path) -> None:
    station = make_station(tmp_path, REPLACED)
    for text in (lines(1), lines(1) + '{"n": 2', lines(1) + '{"n": 2', lines(1, 2), '{"n": 3'):
        station.write(LOG, text)
        station.poll()
    assert seen(station) == [
        ("ok", None),
        ("torn", "7 bytes after the last newline"),
        ("ok", None),
        ("torn", "7 bytes after the last newline"),
    ]
    assert numbers(station) == [1, 2]
    assert_ledger_adds_up(station)


def test_a_torn_log_is_well_again_when_its_half_line_is_quarantined(tmp_path: Path) -> None:
    station = make_station(tmp_path, REPLACED)
    for text in (lines(1) + '{"n": 2', lines(1) + '{"n": 2\n'):
        station.write(LOG, text)
        station.poll()
    assert [status for status, _ in seen(station)] == ["torn", "ok"]
    assert station.reasons() == ["torn"]


def test_half_a_line_of_an_appended_log_is_no_damage(station: Station) -> None:
    station.write(LOG, lines(1) + '{"n": 2')
    station.poll()
    assert seen(station) == [("ok", None)]
