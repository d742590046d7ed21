"""Lines taken from all over a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, lists

from ingest.content import Content, open_content
from ingest.tree import Seen, Tree

LONG = 70_000


def sample_of(folder: Path, data: bytes) -> list[tuple[bytes, int]]:
    (folder / "x.jsonl").write_bytes(data)
    seen = Tree(folder).find("x.jsonl")
    assert isinstance(seen, Seen)
    with open_content(Tree(folder), seen) as content:
        assert isinstance(content, Content)
        return list(content.sample())


@given(lists(binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=300))
def test_a_sample_is_of_whole_lines_at_their_places(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    data = b"\n".join(parts)
    found = sample_of(tmp_path_factory.mktemp("sample"), data)
    for line, offset in found:
        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
        assert data[offset : offset + len(line)] == line
        assert offset == 0 or data[offset - 1 : offset] == b"\n"
    assert len({offset for _, offset in found}) == len(found)
    assert bool(found) == (b"\n" in data)


@given(integers(1, 4))
def test_all_lines_of_a_short_file_are_in_its_sample(
    tmp_path_factory: pytest.TempPathFactory, count: int
) -> None:
    lines = [b'{"n": %d}\n' % n for n in range(count)]
    found = sample_of(tmp_path_factory.mktemp("sample"), b"".join(lines))
    assert [line for line, _ in found] == lines


def test_a_sample_leaves_out_lines_that_are_long(tmp_path: Path) -> None:
    data = b'{"a": 1}\n{"b": "' + b"x" * LONG + b'"}\n{"c": 1}\n'
    lines = [line for line, _ in sample_of(tmp_path, data)]
    assert lines[0] == b'{"a": 1}\n'
    assert max(map(len, lines)) < LONG
