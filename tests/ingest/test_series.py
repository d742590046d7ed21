"""The array that is rewritten with each point."""

from __future__ import annotations

import json

import pytest
from station import Station


def points(*values: float) -> list[dict[str, float]]:
    return [{"t": 1000.5 + value, "nav": value} for value in values]


def write(station: Station, *values: float, indent: int | None = 2) -> None:
    station.write("nav_log.json", json.dumps(points(*values), indent=indent))


def positions(station: Station) -> list[tuple[int, float]]:
    return station.rows(
        "select _position, cast(payload->>'nav' as double) from raw.history"
        " order by _load_id, _position"
    )


@pytest.mark.parametrize("indent", [None, 2])
def test_only_new_points_become_rows(station: Station, indent: int | None) -> None:
    for last in (0, 1, 3, 3, 6):
        write(station, *range(last), indent=indent)
        station.poll()
    assert positions(station) == [(n, float(n)) for n in range(6)]


def test_points_dropped_at_the_front_and_a_reset_lose_nothing(station: Station) -> None:
    for values in ((1, 2, 3), (2, 3, 4), (9,), (9, 10)):
        write(station, *values)
        station.poll()
    assert [nav for _, nav in positions(station)] == [1, 2, 3, 4, 9, 10]
    details = station.column("select detail from raw.observations where detail is not null")
    assert details == ["shrank from 3 to 1 points"]


def test_another_indentation_makes_no_new_points(station: Station) -> None:
    for indent in (None, 4):
        write(station, 1, 2, indent=indent)
        station.poll()
    assert len(positions(station)) == 2


@pytest.mark.parametrize(
    ("damage", "status"), [("", "empty"), ("[{", "torn"), ("{}", "invalid"), ("[1] x", "invalid")]
)
def test_damage_is_told_and_the_next_good_array_goes_on(
    station: Station, damage: str, status: str
) -> None:
    write(station, 1, 2)
    station.poll()
    station.write("nav_log.json", damage)
    station.poll()
    write(station, 1, 2, 3)
    station.poll()
    assert [nav for _, nav in positions(station)] == [1, 2, 3]
    seen = station.column(
        "select status from raw.observations where source = 'history' order by observed_at"
    )
    assert seen == ["ok", status, "ok"]


def test_damage_after_the_known_points_is_told(station: Station) -> None:
    station.write("nav_log.json", "[1, 2]")
    station.poll()
    station.write("nav_log.json", "[1, 2, 3, 4")
    station.poll()
    assert station.column("select detail from raw.observations where status = 'torn'") == [
        "torn at byte 11"
    ]


def test_a_point_written_twice_is_one_point(station: Station) -> None:
    station.write("nav_log.json", '[{"t": 1}, {"t": 1}]')
    station.poll()
    station.write("nav_log.json", '[{"t": 1}, {"t": 1}, {"t": 1}, {"t": NaN}]')
    station.poll()
    assert station.rows("select payload, _nonfinite_keys from raw.history order by _position") == [
        ('{"t": 1}', []),
        ('{"t": null}', ["t"]),
    ]
