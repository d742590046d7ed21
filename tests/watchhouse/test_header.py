from watchhouse.header import parse_header


def test_labels_may_go_on_over_lines() -> None:
    sql = """{{ config(meta={}) }}
-- Means: a position
--        has no exit
-- Look at: fct_positions
-- Do: place it
--
-- Blind to: manual orders
select 1 -- Do: not this
-- Means: nor this
"""
    assert parse_header(sql) == {
        "Means": "a position has no exit",
        "Look at": "fct_positions",
        "Do": "place it",
        "Blind to": "manual orders",
    }


def test_no_header_is_empty() -> None:
    assert parse_header("select 1") == {}
