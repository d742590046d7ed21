"""State and config files: what is a version, what is only an observation."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import datetime

from station import Station

from ingest import run_once

GOOD = '{"nav": 1.5, "risk": {"mode": "OK"}}'
OTHER = '{"nav": 2.5, "mode": "OK"}'


def statuses(station: Station, source: str = "state") -> list[str]:
    return station.column(
        f"select status from raw.observations where source = '{source}' order by observed_at"
    )


def versions(station: Station) -> list[str]:
    return station.column("select payload from raw.state order by _observed_at")


def test_each_change_of_content_is_a_version(station: Station) -> None:
    for text in (GOOD, GOOD, OTHER, GOOD):
        station.write("state/state.json", text)
        station.poll()
    assert versions(station) == [GOOD, OTHER, GOOD]
    assert statuses(station) == ["ok"] * 3


def test_damage_is_an_observation_and_its_bytes_are_kept(station: Station) -> None:
    damages = [GOOD[:12], "", GOOD + "{", "\0" * 50, '{"nav": "\udcff"}', GOOD]
    station.write("state/state.json", GOOD)
    station.poll()
    for text in damages:
        station.write("state/state.json", text.encode("utf-8", "surrogateescape"))
        station.poll()
    assert statuses(station) == ["ok", "torn", "empty", "invalid", "invalid", "invalid", "ok"]
    assert versions(station) == [GOOD]
    details = station.column(
        "select detail from raw.observations where detail is not null order by observed_at"
    )
    assert details == [
        "torn at byte 12",
        f"more after the value at byte {len(GOOD)}",
        "NUL bytes at byte 0",
        "invalid UTF-8 at byte 9",
    ]
    heads = station.column("select bytes from raw.quarantine order by load_id")
    torn = GOOD[:12].encode()
    assert [head[:12] for head in heads] == [torn, torn, b"\0" * 12, b'{"nav": "\xff"}']


def test_a_file_that_comes_and_goes_is_told_each_time(station: Station) -> None:
    station.poll()
    file = station.write("state/state.json", GOOD)
    station.poll()
    file.unlink()
    station.poll()
    station.poll()
    station.write("state/state.json", GOOD)
    station.poll()
    assert statuses(station) == ["missing", "ok", "missing", "ok"]
    assert versions(station) == [GOOD]


def test_missing_and_non_finite_values_are_named(station: Station) -> None:
    station.write("state/state.json", '{"nav": NaN, "aum": {"total": Infinity}}')
    station.poll()
    assert station.rows("select payload, _missing_keys, _nonfinite_keys from raw.state") == [
        ('{"nav": null, "aum": {"total": null}}', ["risk.mode"], ["nav", "aum.total"])
    ]


def test_yaml_config_is_kept_as_json_one_row_per_version(station: Station) -> None:
    config = station.settings.bots[0].config
    assert config is not None
    for text in (
        "max: 0.5\nday: 2026-01-02\n",
        "max: 0.5\nday: 2026-01-02\n",
        "max: .nan\n",
        "a: [",
    ):
        (config / "limits.yaml").write_text(text)
        station.poll()
    rows = station.rows("select payload, _nonfinite_keys from raw.limits order by _observed_at")
    assert [(json.loads(payload), keys) for payload, keys in rows] == [
        ({"max": 0.5, "day": "2026-01-02"}, []),
        ({"max": None}, ["max"]),
    ]
    assert statuses(station, "limits") == ["ok", "ok", "invalid"]


def test_every_source_has_an_observation_after_the_first_look(station: Station) -> None:
    station.poll()
    seen = station.rows("select source, _file, status from raw.observations order by source")
    assert seen == [
        ("events", "execution/events.jsonl", "missing"),
        ("history", "nav_log.json", "missing"),
        ("limits", "limits.yaml", "missing"),
        ("state", "state/state.json", "missing"),
        ("talk", "exec.log", "missing"),
    ]


def test_integers_keep_every_digit(station: Station) -> None:
    station.write("state/state.json", '{"nav": 1, "mode": "A", "id": 8389765988016420335}')
    station.poll()
    assert station.column("select payload->>'id' from raw.state") == ["8389765988016420335"]


def test_a_write_in_progress_is_waited_for(station: Station) -> None:
    file = station.write("state/state.json", GOOD[:10])

    def finish() -> None:
        time.sleep(0.3)
        file.write_text(GOOD)

    writer = threading.Thread(target=finish)
    writer.start()
    run_once(station.settings)
    writer.join()
    assert statuses(station) == ["ok"]


def test_the_producers_mtime_is_kept(station: Station) -> None:
    os.utime(station.write("state/state.json", GOOD), (1_700_000_000.5, 1_700_000_000.5))
    station.poll()
    assert station.column("select _mtime from raw.state") == [
        datetime(2023, 11, 14, 22, 13, 20, 500000)
    ]
