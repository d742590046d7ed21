"""Every panel file: its header says what it must, its SQL runs and gives the same rows twice."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sick_bot import SickBot

from ingest.errors import WatchhouseError
from ingest.settings import load_settings
from watchhouse.catalog import open_published, read_catalog
from watchhouse.report.judged import judge_window, store_judged
from watchhouse.report.panel import NEEDED, Panel, Table, load_panels, parse_panel, run_panel
from watchhouse.report.window import Window, find_window

ROOT = Path(__file__).parents[2]
PANELS = load_panels(ROOT / "reports" / "panels")
GOOD = "-- title: How many?\n-- chart: table\n-- unit: rows\nselect $bot as bot"


def run_all(home: Path, bot: str, until: datetime) -> dict[str, Table]:
    with open_published(load_settings(home)) as connection:
        catalog = read_catalog(connection)
        window = find_window(connection, "24h", until, bot)
        verdicts = judge_window(connection, catalog, window)
        store_judged(connection, catalog, bot, verdicts, verdicts[-1])
        return {panel.name: run_panel(connection, panel, window, bot) for panel in PANELS}


def test_every_panel_answers_on_a_sick_bot(sick: SickBot) -> None:
    found = run_all(sick.home, "main", sick.last_at)
    # no price crossed an exit, and nobody touched the config
    quiet = ["16_how_soon_did_crossed_exits_close", "22_what_changed_in_the_config"]
    assert [name for name, table in found.items() if not table.rows] == quiet
    assert run_all(sick.home, "main", sick.last_at) == found


def test_every_panel_runs_on_an_empty_warehouse(built_empty: Path) -> None:
    found = run_all(built_empty, "main", datetime(2026, 3, 10))
    figures = found["01_how_did_the_span_go"]
    values = dict(zip(figures.column("figure"), figures.column("value"), strict=True))
    assert values.pop("Looked at") == 0
    assert {*values.values()} == {None}


def test_every_panel_reads_the_surfaces_of_the_registry() -> None:
    registry = (ROOT / "models" / "staging" / "_sources.yml").read_text()
    for panel in PANELS:
        for surface in panel.needs:
            assert f"- name: {surface}\n" in registry, f"{panel.name} needs {surface}"


def test_every_panel_orders_its_rows() -> None:
    for panel in PANELS:
        assert re.search(r"\norder by\s", panel.sql), (
            f"{panel.name}: the same file must give the same bytes"
        )


def test_panels_are_numbered_once() -> None:
    numbers = [panel.name[:2] for panel in PANELS]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("chart", NEEDED)
def test_a_panel_without_title_is_refused(chart: str) -> None:
    with pytest.raises(WatchhouseError, match="lacks `title`"):
        parse_panel("99_x", f"-- chart: {chart}\n-- unit: rows\nselect 1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select 1", "chart `` is none of"),
        (GOOD.replace("table", "pie"), "chart `pie` is none of"),
        (GOOD.replace("table", "line"), "the header lacks `x`"),
        (GOOD.replace("$bot", "$now"), r"parameter \$now is none of"),
    ],
)
def test_a_wrong_header_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(WatchhouseError, match=f"panel 99_x: {said}") as error:
        parse_panel("99_x", text)
    assert error.value.hint == "reports/panels/99_x.sql"


def test_a_long_entry_goes_on_in_the_next_line() -> None:
    panel = parse_panel("99_x", GOOD.replace("many?", "many\n-- rows are there?"))
    assert panel.title == "How many rows are there?"


def run_text(text: str) -> Table:
    at = datetime(2026, 3, 10)
    panel: Panel = parse_panel("99_x", text)
    with duckdb.connect() as connection:
        return run_panel(connection, panel, Window("1h", at, at - timedelta(hours=1), at), "main")


def test_a_panel_gets_the_parameters_that_it_names() -> None:
    assert run_text(GOOD).rows == [("main",)]
    assert run_text(GOOD.replace("$bot", "$until - $since")).rows == [(timedelta(hours=1),)]


def test_sql_that_fails_is_told_with_its_panel() -> None:
    with pytest.raises(WatchhouseError, match=r"panel 99_x: .*nowhere"):
        run_text(GOOD + " from nowhere")


def test_a_column_that_is_not_there_is_told() -> None:
    line = GOOD.replace("table", "line\n-- x: at\n-- y: nav\n-- gap: 900 seconds")
    with pytest.raises(WatchhouseError, match="`x` names `at`, which is no column"):
        run_text(line)
