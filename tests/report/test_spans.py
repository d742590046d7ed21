from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from watchhouse.report.spans import Span, merged, outside, silent
from watchhouse.report.window import Window

START = datetime(2026, 3, 10)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def span(a: int, b: int) -> Span:
    return at(a), at(b)


WINDOW = Window("2h", at(0), at(0), at(120))
spans = st.lists(
    st.tuples(st.integers(0, 118), st.integers(1, 60)).map(lambda ab: span(ab[0], sum(ab)))
)


def minutes(some: list[Span]) -> set[int]:
    return {m for m in range(200) for a, b in some if a <= at(m) < b}


def test_a_silence_longer_than_patience_is_a_band_also_at_both_ends() -> None:
    points = [at(m) for m in (20, 25, 30, 70, 75)]
    assert silent(points, WINDOW, timedelta(minutes=15)) == [
        span(0, 20),
        span(30, 70),
        span(75, 120),
    ]


def test_without_points_everything_is_silent() -> None:
    assert silent([], WINDOW, timedelta(minutes=15)) == [span(0, 120)]


@given(spans)
def test_merged_spans_cover_the_same_and_do_not_touch(some: list[Span]) -> None:
    whole = merged(some)
    assert minutes(whole) == minutes(some)
    assert all(left[1] < right[0] for left, right in pairwise(whole))


@given(spans, st.integers(0, 100), st.integers(1, 100))
def test_outside_is_what_the_holes_leave(some: list[Span], start: int, length: int) -> None:
    holes = merged(some)
    left = outside(span(start, start + length), holes)
    assert minutes(left) == minutes([span(start, start + length)]) - minutes(holes)
