from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from watchhouse.report.panel import Panel, Table
from watchhouse.report.points import Point, line_points, step_points, thinned

START = datetime(2026, 3, 10)
LINE = Panel("p", "line", {"x": "at", "y": "nav", "gap": "900 seconds", "flag": "flag"}, "")
STEP = Panel("p", "step", {"x": "a", "x2": "b", "y": "n", "series": "which"}, "")


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def point(minute: float, value: float, flag: str | None = None) -> Point:
    return Point("nav", at(minute), value, flag=flag)


values = st.lists(
    st.tuples(st.floats(-1e9, 1e9, allow_nan=False), st.integers(0, 30)), min_size=1, max_size=400
)


@given(values, st.integers(10, 60))
def test_thinning_keeps_the_ends_the_extremes_and_every_flag(
    some: list[tuple[float, int]], most: int
) -> None:
    points = [point(i, value, "flag" if n == 0 else None) for i, (value, n) in enumerate(some)]
    kept = thinned(points, most)
    flags = [p for p in points if p.flag]
    assert len(kept) <= max(most, len(flags) + 4)
    assert kept == sorted(kept, key=lambda p: p.at)
    assert {*flags, points[0], points[-1]} <= {*kept}
    assert min(p.value for p in kept) == min(p.value for p in points)
    assert max(p.value for p in kept) == max(p.value for p in points)


def test_every_bucket_keeps_its_own_lowest_and_highest() -> None:
    wave = [point(i, (-1) ** i * (i // 100 + 1)) for i in range(10_000)]
    kept = {(p.at, p.value) for p in thinned(wave, 1000)}
    assert len(kept) <= 1000
    for hundred in range(100):
        some = [p for p in wave[hundred * 100 : hundred * 100 + 100] if (p.at, p.value) in kept]
        assert {p.value for p in some} >= {hundred + 1, -hundred - 1}


def test_few_points_are_left_as_they_are() -> None:
    points = [point(i, i) for i in range(1000)]
    assert thinned(points, 1000) == points


def test_points_of_one_instant_are_thinned_too() -> None:
    kept = thinned([point(0, i) for i in range(50)], 10)
    assert {0.0, 49.0} <= {p.value for p in kept} and len(kept) <= 10


def test_a_line_breaks_where_nothing_was_said_and_null_is_no_point() -> None:
    rows = [(at(0), 1.0, None), (at(15), 2.0, "x"), (at(16), None, None), (at(31), 3.0, None)]
    points = line_points(LINE, Table(("at", "nav", "flag"), rows))
    assert [(p.value, p.part, p.flag) for p in points] == [
        (1.0, 0, None),
        (2.0, 0, "x"),
        (3.0, 1, None),
    ]


def test_a_step_is_cut_at_a_hole_and_joined_where_intervals_meet() -> None:
    rows = [(at(0), at(10), 1, "open"), (at(10), at(30), 2, "open"), (at(0), at(30), 5, "held")]
    points = step_points(STEP, Table(("a", "b", "n", "which"), rows), [(at(15), at(20))])
    drawn = [(p.series, p.part, (p.at - START).seconds // 60, p.value) for p in points]
    assert drawn == [
        *[("open", 0, 0, 1.0), ("open", 0, 10, 1.0), ("open", 0, 10, 2.0), ("open", 0, 15, 2.0)],
        *[("open", 1, 20, 2.0), ("open", 1, 30, 2.0)],
        *[("held", 0, 0, 5.0), ("held", 0, 15, 5.0), ("held", 1, 20, 5.0), ("held", 1, 30, 5.0)],
    ]


def test_equal_neighbours_in_time_fold_into_one_row() -> None:
    rows = [(at(0), at(1), 1, "x"), (at(1), at(2), 1, "x"), (at(3), at(4), 1, "x")]
    folded = Table(("a", "b", "n", "which"), rows).folded("a", "b")
    assert folded.rows == [(at(0), at(2), 1, "x"), (at(3), at(4), 1, "x")]
