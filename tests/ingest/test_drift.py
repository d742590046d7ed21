"""Keys that come or change their type are facts, and never fail a load."""

from __future__ import annotations

from typing import Any

import pytest
from station import Station

LOG = "execution/events.jsonl"


def changes(station: Station, stream: str = "events") -> list[tuple[Any, ...]]:
    return station.rows(
        "select key_path, change, old_type, new_type from raw.schema_changes"
        f" where stream = '{stream}' order by load_id, key_path, new_type"
    )


def test_key_paths_are_told_when_first_seen(station: Station) -> None:
    station.write(LOG, '{"a": 1, "b": {"c": [{"d": true}]}, "e": null}\n')
    station.poll()
    assert changes(station) == [
        ("a", "first_seen", None, "number"),
        ("b", "first_seen", None, "object"),
        ("b.c", "first_seen", None, "array"),
        ("b.c.[]", "first_seen", None, "object"),
        ("b.c.[].d", "first_seen", None, "boolean"),
    ]


def test_a_new_type_of_a_key_is_told_once_also_after_a_restart(station: Station) -> None:
    text = ""
    for line in ('{"a": 1}', '{"a": "x"}', '{"a": 1.5}', '{"a": "y"}', '{"a": {}}', '{"a": null}'):
        text += line + "\n"
        station.write(LOG, text)
        station.poll()  # each look opens the warehouse anew
    assert changes(station) == [
        ("a", "first_seen", None, "number"),
        ("a", "retyped", "number", "string"),
        ("a", "retyped", "number|string", "object"),
    ]


def test_keys_that_name_things_are_one(station: Station) -> None:
    station.write(LOG, '{"entries": {"BTC:LONG": {"tp": 1}, "ETH:LONG": {"tp": 2}}, "a.b": 1}\n')
    station.poll()
    station.write(LOG, station.events.read_text() * 2)
    station.poll()
    assert [change[0] for change in changes(station)] == [
        "a\\.b", "entries", "entries.*", "entries.*.tp",
    ]  # fmt: skip


def test_state_files_and_series_have_shapes_too(station: Station) -> None:
    station.write("state/state.json", '{"nav": NaN, "mode": "OK"}')
    station.write("nav_log.json", '[{"t": 1}]')
    station.poll()
    assert [change[0] for change in changes(station, "state")] == ["mode"]
    assert [change[0] for change in changes(station, "history")] == ["t"]


def test_a_load_that_fails_forgets_what_it_saw(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.write(LOG, '{"a": 1}\n')
    with monkeypatch.context() as broken:
        broken.setattr("ingest.session._tally", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            station.poll()
    station.poll()
    assert [change[0] for change in changes(station)] == ["a"]


def test_a_deep_line_and_many_keys_are_bounded(station: Station) -> None:
    deep = '{"d": ' + "[" * 900 + "]" * 900 + "}"
    wide = "{" + ",".join(f'"key{n}": {n}' for n in range(6000)) + "}"
    station.write(LOG, f"{deep}\n{wide}\n")
    station.poll()
    assert station.column("select count(*) from raw.events") == [2]


RARE = ('{"n": 1, "new": 2}', '{"n": "1"}', '{"n": true}', '{"p95": 3}', '{"n": {"deep": [1]}}',
        '{"api_key": "hidden", "n": 1}')  # fmt: skip


@pytest.mark.parametrize("count", [500, 20_000])
def test_a_key_of_one_line_among_many_is_told(station: Station, count: int) -> None:
    lines = [f'{{"n": {number}, "p50": {number}.5}}' for number in range(count)]
    for place, rare in enumerate(RARE, 1):
        lines.insert(place * count // 8 + 1, rare)
    station.write(LOG, "\n".join(lines) + "\n")
    station.poll()
    assert {(path, kind) for path, _, _, kind in changes(station)} == {
        ("n", "number"), ("p50", "number"), ("new", "number"), ("n", "string"), ("n", "boolean"),
        ("p95", "number"), ("n", "object"), ("n.deep", "array"), ("n.deep.[]", "number"),
        ("api_key", "string"),
    }  # fmt: skip
