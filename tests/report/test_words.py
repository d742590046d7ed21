from datetime import datetime

import pytest

from watchhouse.report.words import cell, duration, figure, heading, number, sentence


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "none"), (59, "59 s"), (60, "1 min"), (11_940, "3 h 19 min"), (86_400 * 7, "7 d")],
)
def test_a_duration_has_its_two_largest_parts(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_figure_has_its_unit_or_is_unknown() -> None:
    assert figure(10009.361, "USD") == "10,009.36 USD"
    assert figure(37, "orders") == "37 orders"
    assert figure(None, "orders") == "unknown"
    assert figure(11_940, "seconds") == "3 h 19 min"


def test_there_is_no_minus_zero() -> None:
    assert (number(-0.001, 2), number(-0.1, 2), number(0.0, 0)) == ("0.00", "-0.10", "0")


def test_a_cell_is_as_exact_as_its_column_asks() -> None:
    assert cell(0.123456, "nav_usd") == "0.12"
    assert cell(0.123456, "step_ratio") == "0.1235"
    assert cell(12345, "size_bytes") == "12,345"
    assert cell(True, "is_known") == "yes"
    assert cell(None, "reason") == "-"
    assert cell(datetime(2026, 3, 10, 9, 19, 7, 123), "x_at") == "2026-03-10 09:19:07Z"
    assert cell(datetime(9999, 12, 31), "valid_to") == "still"


def test_a_heading_names_unit_or_zone() -> None:
    assert heading("unprotected_usd") == "unprotected (USD)"
    assert heading("started_at") == "started (UTC)"


def test_a_recovery_that_came_is_said_so() -> None:
    assert sentence("exits_have_not_recovered") == "Exits have not recovered"
    assert sentence("exits_have_not_recovered", "info") == "Exits have recovered"
    assert sentence("nav_has_not_settled", "info") == "Nav has settled"
