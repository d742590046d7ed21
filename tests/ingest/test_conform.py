"""Blocks of known keys and types are judged by one call, which takes no bad line for a good one."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_vetting import ODD_LINES

from ingest.conform import Conformity, conform, schema_of
from ingest.drift import Shape
from ingest.mask import Masker
from ingest.vet import vetter

KNOWN = {
    "n": 1.5, "text": "x\u00e9", "flag": True, "none": None, "empty": {}, "nothing": [],
    "deep": {"list": [{"a": 1, "b": "y"}], "p50": 2}, "BTCUSDT": {"qty": 1}, "numbers": [1, 2.5],
}  # fmt: skip
ODD = [line for line, _, _ in ODD_LINES if line != b'{"a": "NaN", "b": "1e999"}']

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
objects = st.fixed_dictionaries({}, optional={
    "n": numbers | st.none(), "text": st.text(max_size=9), "flag": st.booleans(),
    "none": st.none(), "empty": st.just({}), "nothing": st.just([]),
    "deep": st.fixed_dictionaries({}, optional={
        "list": st.lists(st.fixed_dictionaries({}, optional={"a": numbers}), max_size=3),
        "p50": numbers,
    }),
    "numbers": st.lists(numbers, max_size=3),
})  # fmt: skip
good_lines = st.builds(
    lambda value, ascii_only: json.dumps(value, ensure_ascii=ascii_only).encode(
        "utf-8", "surrogatepass"
    ),
    objects,
    st.booleans(),
)
bits = st.sampled_from([
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"\n", b"\r", b"\0", b"\\", b"\xff", b"\xed\xa0\x80",
    b"NaN", b"Infinity", b"1e999", b"9" * 400, b"0", b"-", b"e", b" ", b"/**/", b"null", b"\\udc00",
    b'{"n": 1}', b'}{', b'"new": 1', b'"p95"', b"\xef\xbb\xbf",
])  # fmt: skip


def known() -> Shape:
    shape = Shape()
    list(shape.take_in(json.dumps(KNOWN)))
    return shape


def is_conform(block: bytes, shape: Shape | None = None) -> bool:
    schema = schema_of(shape or known())
    assert schema is not None
    return conform(block, pa.array(block.split(b"\n")[:-1], pa.binary()).view(pa.string()), schema)


def assert_all_known(block: bytes) -> None:
    """What the way line by line says of a block that conforms."""
    lines = block.split(b"\n")[:-1]
    found = vetter("events", Masker())(block, 0)
    assert [row.values for row in found.rows] == [((), line.decode()) for line in lines]
    shape = known()
    assert [change for line in lines for change in shape.take_in(line)] == []


@given(st.lists(good_lines, min_size=1, max_size=9))
def test_blocks_of_known_keys_and_types_conform(lines: list[bytes]) -> None:
    block = b"".join(line + b"\n" for line in lines)
    try:
        assert_all_known(block)
    except (AssertionError, UnicodeDecodeError):
        assert not is_conform(block)  # a lone surrogate
    else:
        assert is_conform(block)


@given(st.lists(good_lines, min_size=1, max_size=6), st.data())
def test_no_block_conforms_that_the_way_line_by_line_would_not_take_whole(
    lines: list[bytes], data: st.DataObject
) -> None:
    block = b"".join(line + b"\n" for line in lines)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(block)))
        end = data.draw(st.integers(start, min(len(block), start + 6)))
        block = block[:start] + data.draw(bits | st.binary(max_size=3)) + block[end:]
    if is_conform(block := block.rstrip(b"\n") + b"\n"):
        assert_all_known(block)


@pytest.mark.parametrize(
    "line",
    [
        *ODD,
        b'{"new": 1}', b'{"deep": {"new": 1}}', b'{"deep": {"list": [{"c": 1}]}}',
        b'{"n": "1"}', b'{"n": true}', b'{"flag": 0}', b'{"text": 1}', b'{"none": 1}',
        b'{"empty": {"a": 1}}', b'{"nothing": [1]}', b'{"deep": []}', b'{"p50": 1}',
        b'{"deep": {"p95": 1}}', b'{"numbers": [NaN]}', b'{"deep": {"list": [{"a": -Infinity}]}}',
        b'{"n": ' + b"9" * 400 + b"}", b'{"n": 1, "n": 2}', b'{"text": "a\tb"}',
        b'{"n": 1}{"n": 2}', b'{"n": 1}\0{"n": 2}',
        b'{"nothing": [{}\n{}]}', b'{"n": 1}{"n": 2}\n{"n": 1}\0 }', b'{"text": "}\n{"}',
    ],
)  # fmt: skip
def test_a_line_that_is_odd_or_new_does_not_conform_wherever_it_stands(line: bytes) -> None:
    good = json.dumps(KNOWN).encode()
    assert is_conform(good + b"\n" + good + b"\n")
    for block in ([line], [good, line], [line, good], [good, line, good]):
        assert not is_conform(b"\n".join(block) + b"\n")


@pytest.mark.parametrize("values", [[{"a": 1}, {"a": "x"}], [{str(n): n for n in range(600)}]])
def test_there_is_no_schema_for_a_key_of_two_types_nor_for_very_many_keys(values: Any) -> None:
    shape = Shape()
    for value in values:
        list(shape.take_in(json.dumps(value)))
    assert schema_of(shape) is None
    assert schema_of(Shape()) is None


def test_what_is_odd_again_and_again_is_tried_no_more_until_something_is_learnt() -> None:
    shape = known()
    is_known = Conformity(shape)
    good, odd = b'{"n": 1}\n', b'{"n": NaN}\n'

    def ask(block: bytes) -> bool:
        return is_known(block, pa.array([block[:-1].decode()]))

    assert [ask(odd), ask(odd), ask(good), ask(odd)] == [False, False, True, False]
    assert [ask(odd), ask(odd), ask(good)] == [False, False, False]
    list(shape.take_in('{"new": 1}'))
    is_known.learn()
    assert ask(good)
    assert ask(b'{"new": 2}\n')
