"""The compiled text of a check says the same with a literal clock (dbt) as with many instants."""

from collections import Counter
from datetime import datetime

import duckdb
from recorded import ROOT, Recording

from watchhouse.catalog import read_catalog
from watchhouse.check import around, literal_clock, read_frame, set_instants
from watchhouse.scratch import SCRATCH


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Counter[str]:
    return Counter(map(repr, connection.execute(sql).fetchall()))


def some_instants(recording: Recording) -> list[datetime]:
    """Early, in the middle of things, and at the end."""
    frames = recording.frames
    return [frames[2], frames[len(frames) // 2], frames[-1]]


def test_both_clocks_give_the_same_rows(recording: Recording) -> None:
    connection, catalog = recording.warehouse, read_catalog(recording.warehouse)
    instants = some_instants(recording)[1:]
    span = set_instants(connection, instants)
    for check in catalog.checks:
        text = around(catalog.templates["verdict"], check, span)
        literal: Counter[str] = Counter()
        for at in instants:
            literal += rows(connection, literal_clock(text, at))
        assert rows(connection, text) == literal, check.name


def test_what_is_read_once_for_all_checks_and_what_is_left_out_changes_no_answer(
    recording: Recording,
) -> None:
    connection, catalog = recording.warehouse, read_catalog(recording.warehouse)
    instants = some_instants(recording)
    span = set_instants(connection, instants)
    frame = read_frame(connection, catalog, span)
    template = catalog.templates["verdict"]
    framed = [around(template, check, span) for check in catalog.checks]
    texts = [frame.text(check) for check in catalog.checks]
    answers = [rows(connection, text) for text in texts]
    assert answers == [rows(connection, text) for text in framed]
    assert sum(f"{SCRATCH}.shared_" in text for text in texts) > len(texts) / 3
    assert any("unmet as (" not in text for text in texts), "no check stands alone"
    assert all("unmet as (" in text for text in framed)


def test_every_check_of_the_project_is_kept_with_its_header(recording: Recording) -> None:
    kept = recording.rows(
        "select count(*), count(means), count(look_at), count(do_text), count(blind_to),"
        " count(proof) from meta.checks"
    )
    assert kept == [(len([*ROOT.glob("checks/*/*.sql")]),) * 6]
