"""Each line lands once: as a row, a blank or quarantine, whatever stands in it."""

from __future__ import annotations

import json
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import binary, lists, recursive, sampled_from, text
from station import Station

from ingest.content import LINE_BYTES
from ingest.jsontext import NotJsonError, decode
from ingest.mask import Masker
from ingest.vet import vetter

GOOD = b'{"a": 1}'
ODD_LINES: list[tuple[bytes, list[str], list[str]]] = [
    (b'{"a": 1', [], ["torn"]),
    (GOOD + b" " + GOOD, [], ["more after the value"]),
    (b"\0" * 100 + GOOD, ['{"a": 1}'], ["NUL bytes"]),
    (b"\0" * 100, [], ["NUL bytes"]),
    (b'{"a": "\xff"}', [], ["invalid UTF-8"]),
    (b"\xef\xbb\xbf" + GOOD, ['{"a": 1}'], []),
    (GOOD + b"\r", ['{"a": 1}'], []),
    (b"  ", [], []),
    (b"", [], []),
    (b"Traceback (most recent call last):", [], ["not JSON"]),
    (b"[1, 2]", [], ["not an object"]),
    (b"12", [], ["not an object"]),
    (b'{"a": NaN, "b": {"c": [1, -Infinity]}}', ['{"a": null, "b": {"c": [1, null]}}'], []),
    (b'{"a": 1e999}', ['{"a": null}'], []),
    (b'{"a": "NaN", "b": "1e999"}', ['{"a": "NaN", "b": "1e999"}'], []),
    (b'{"a": NaN, "b"', [], ["torn"]),
    (b'{"id": 8389765988016420335123}', ['{"id": 8389765988016420335123}'], []),
    (b'{"a": 1, "a": 2}', ['{"a": 1, "a": 2}'], []),
    (b"[" * 10_000 + b"]" * 10_000, [], ["nested too deep"]),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, [], ["nested too deep"]),
    (b'{"a": "\\ud800"}', [], ["broken JSON"]),
]


@pytest.mark.parametrize(("line", "payloads", "reasons"), ODD_LINES)
def test_an_odd_line_between_good_ones_harms_neither(
    station: Station, line: bytes, payloads: list[str], reasons: list[str]
) -> None:
    station.write("execution/events.jsonl", b'{"n": 1}\n' + line + b'\n{"n": 2}\n')
    station.poll()
    assert station.payloads() == ['{"n": 1}', *payloads, '{"n": 2}']
    assert station.reasons() == reasons


def test_pretty_printed_json_is_kept_in_quarantine(station: Station) -> None:
    pretty = json.dumps({"a": [1, {"b": 2}]}, indent=2).encode() + b"\n"
    station.write("execution/events.jsonl", pretty + GOOD + b"\n")
    station.poll()
    assert station.payloads() == ['{"a": 1}']
    kept = station.column("select bytes from raw.quarantine order by _offset")
    assert b"".join(kept) == pretty


def test_non_finite_values_are_named(station: Station) -> None:
    station.write("execution/events.jsonl", '{"nav": NaN, "aum": {"total": [0, Infinity]}}\n')
    station.poll()
    assert station.column("select _nonfinite_keys from raw.events") == [["nav", "aum.total.1"]]


def test_a_line_of_many_megabytes_is_kept_by_its_hash_and_head(station: Station) -> None:
    long = b'{"a": "' + b"x" * (LINE_BYTES + 9) + b'"}\n'
    station.write("execution/events.jsonl", GOOD + b"\n" + long + GOOD + b"\n")
    station.poll()
    assert station.payloads() == ['{"a": 1}'] * 2
    query = "select _offset, _length, reason, octet_length(bytes) from raw.quarantine"
    assert station.rows(query) == [(9, len(long), "line too long", 64 * 1024)]


TOKENS = [b"\n", b"\r\n", b"\0\0", b'{"a": 1}', b'{"a": NaN}', b"\xef\xbb\xbf", b"{", b"}"]
pieces = st.one_of(binary(max_size=12), sampled_from(TOKENS))


@given(lists(pieces, max_size=30).map(b"".join))
def test_parts_of_a_block_add_up_to_its_bytes(block: bytes) -> None:
    block += b"\n"
    for kind in ("events", "text"):
        vetted = vetter(kind, Masker())(block, 100)
        assert vetted.row_bytes + vetted.bad_bytes + vetted.blank_bytes == len(block)
        spans = [(part.offset, part.length) for part in [*vetted.rows, *vetted.bad]]
        assert len({offset for offset, _ in spans}) == len(spans)
        assert all(at >= 100 and at + length <= 100 + len(block) for at, length in spans)
        for bad in vetted.bad:
            at = bad.offset - 100
            assert bad.head == block[at : at + bad.length]


values = recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | text(),
    lambda inner: lists(inner, max_size=4) | st.dictionaries(text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_json_dumps_writes_is_read_with_its_values(value: object) -> None:
    raw = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        decoded = decode(raw)
    except NotJsonError as error:
        assert error.reason == "invalid UTF-8"  # a lone surrogate
        return
    finite = json.loads(raw, parse_constant=lambda _: None)
    assert json.loads(decoded.text) == finite
    assert len(decoded.nonfinite) == json.dumps(_tokens(value)).count('"token"')


def _tokens(value: object) -> object:
    if isinstance(value, dict):
        return [_tokens(item) for item in value.values()]
    if isinstance(value, list):
        return [_tokens(item) for item in value]
    return "token" if isinstance(value, float) and not isfinite(value) else None


@given(values.filter(lambda v: isinstance(v, dict | list)), st.data())
def test_a_cut_off_document_is_torn(value: object, data: st.DataObject) -> None:
    raw = json.dumps(value).encode()
    cut = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(NotJsonError) as error:
        decode(raw[:cut])
    assert error.value.is_torn
