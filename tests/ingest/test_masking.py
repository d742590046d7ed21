"""No secret lands: not in rows, not in quarantine."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from station import Station

from ingest.mask import Masker

ORDER_ERROR = {
    "event_type": "order_error",
    "exc": "400 for url: https://fapi/v1/order?symbol=BTCUSDT&signature=9f8e7d6c5b4a39281706&x=1",
    "payload": {"headers": {"X-MBX-APIKEY": 'vmPUZE6mv9SD5V"NHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco'}},
    "raw": '{"apiSecret": "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"}',
    "note": "{'authorization': 'Bearer abc.DEF-123', 'listenKey': 'pqia91ma19a5s61cv6a81va'}",
    "telegram": "https://api.telegram.org/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/send",
}
SECRETS = ["9f8e7d6c", "vmPUZE", "NHk4HlW", "NhqPtmd", "DEF-123", "pqia91ma", "AAHdqTcv"]


def test_secrets_of_an_order_error_do_not_land(station: Station) -> None:
    whole = json.dumps(ORDER_ERROR)
    station.write("execution/events.jsonl", whole + "\n" + whole[:-1] + "\n")
    station.write("state/state.json", whole)
    station.write(
        "exec.log", "2026-03-10 06:00:00,013 INFO [exutil] key api_key=abcdef0123456789\n"
    )
    station.poll()
    landed = "".join(
        str(row)
        for table in ("events", "state", "quarantine", "talk", "observations")
        for row in station.rows(f"select * from raw.{table}")
    )
    assert [secret for secret in [*SECRETS, "abcdef0123"] if secret in landed] == []
    payload = json.loads(station.payloads()[0])
    assert payload["payload"]["headers"]["X-MBX-APIKEY"] == "***"
    assert payload["event_type"] == "order_error"
    assert station.column("select masked_count from raw.polls")[0] >= 3 * 5


@pytest.mark.parametrize(
    "text",
    [
        '{"position_key": "BTCUSDT:LONG", "tokens": 3, "keys": ["a"]}',
        '{"reason": "symbol_cap", "secrets_found": 0}',
        "robot basics: bearer of news",
    ],
)
def test_plain_words_stay(text: str) -> None:
    assert Masker()(text) == text


def test_a_pattern_of_the_settings_is_masked_and_the_payload_stays_json(station: Station) -> None:
    station.settings = replace(station.settings, mask_patterns=(r"wallet-\d+", '"odd": '))
    station.write("execution/events.jsonl", '{"a": "wallet-123"}\n{"odd": 1}\n')
    station.poll()
    assert station.payloads() == ['{"a": "***"}', '{"masked": "***"}']
