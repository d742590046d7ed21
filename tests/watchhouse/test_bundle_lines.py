"""From lines with their places to what was done to a log."""

from datetime import datetime, timedelta

import pytest

from watchhouse.bundle_lines import Piece, written

LOOKS = [datetime(2026, 3, 10, 6, minute) for minute in range(4)]
FIRST, SECOND, THIRD, LAST = LOOKS


def file_after(pieces: list[Piece], halves: dict[datetime, int] | None = None) -> list[bytes]:
    """The file as it stands after each look."""
    states, content = [], b""
    changes = {look: (size, text) for look, size, text in written(pieces, LOOKS, halves or {})}
    for look in LOOKS:
        if look in changes:
            size, text = changes[look]
            assert size in (None, len(content))
            content = text if size is None else content + text
        states.append(content)
    return states


def line(
    start: int, text: bytes, seen_at: datetime, gone_at: datetime | None = None, file: str = "a"
) -> Piece:
    return Piece(seen_at, file, start, text, gone_at)


def test_lines_are_appended_as_they_were_seen() -> None:
    pieces = [line(0, b"1\n", FIRST), line(2, b"2\n", THIRD)]
    assert file_after(pieces) == [b"1\n", b"1\n", b"1\n2\n", b"1\n2\n"]
    assert [size for _, size, _ in written(pieces, LOOKS, {})] == [None, 2]


def test_half_a_line_is_there_before_the_rest_of_it() -> None:
    pieces = [line(0, b"1\n", FIRST), line(2, b"two\n", THIRD)]
    assert file_after(pieces, {SECOND: 2}) == [b"1\n", b"1\ntw", b"1\ntwo\n", b"1\ntwo\n"]


@pytest.mark.parametrize("gone", [1, 2, 3])
@pytest.mark.parametrize("new", [b"a much longer line\n", b"x\n"])
def test_a_changed_line_stands_where_it_stood_and_new_ones_at_the_end(
    gone: int, new: bytes
) -> None:
    lines = [b"one\n", b"two\n", b"three\n", b"four\n"]
    starts = [sum(map(len, lines[:number])) for number in range(4)]
    held = [
        line(start, text, FIRST, THIRD if number == gone else None)
        for number, (start, text) in enumerate(zip(starts, lines, strict=True))
    ]
    after = [*lines[:gone], new, *lines[gone + 1 :], b"five\n"]
    # Lines that did not change keep their old places, new ones have those of the file as it is.
    changed = line(starts[gone], new, THIRD, file="b")
    added = line(len(b"".join(after)) - 5, b"five\n", THIRD, file="b")
    later = line(len(b"".join(after)), b"six\n", LAST, file="b")
    states = file_after([*held, changed, added, later])
    assert states[1:] == [b"".join(lines), b"".join(after), b"".join(after) + b"six\n"]


def test_a_removed_line_leaves_the_others_and_older_rotated_ones() -> None:
    pieces = [
        line(900, b"old\n", FIRST, file="rotated"),
        line(0, b"one\n", SECOND, THIRD),
        line(4, b"two\n", SECOND),
        line(4, b"three\n", THIRD + timedelta()),
    ]
    assert file_after(pieces)[1:3] == [b"old\none\ntwo\n", b"old\ntwo\nthree\n"]
