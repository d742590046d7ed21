from datetime import datetime, timedelta

import pytest

from ingest.errors import UsageError
from watchhouse.backtest import instants
from watchhouse.report.window import Window, parse_span

UNTIL = datetime(2026, 3, 10, 9, 19)


@pytest.mark.parametrize("hours", [1, 3, 24, 168, 720, 8760])
def test_a_window_is_judged_at_most_a_thousand_times(hours: int) -> None:
    window = Window("x", UNTIL, UNTIL - timedelta(hours=hours), UNTIL)
    grid = instants(window.since, window.until, window.step)
    assert len(grid) <= 1001  # the end itself is always judged
    assert window.step >= timedelta(minutes=1)
    assert len(grid) > 300 or window.step == timedelta(minutes=1)


def test_a_span_is_a_number_of_hours_or_days() -> None:
    assert parse_span("24h", UNTIL) == (UNTIL - timedelta(hours=24), UNTIL)
    assert parse_span("7d", UNTIL)[0] == UNTIL - timedelta(days=7)


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "0h", "1w", "24h ", "1e3h", "٣h"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a span"):
        parse_span(text)
