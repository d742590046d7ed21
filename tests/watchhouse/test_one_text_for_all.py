"""The compiled text of a check says the same with a literal clock (dbt) as with many instants."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from ingest.settings import load_settings
from watchhouse.catalog import open_published, read_catalog
from watchhouse.check import around, literal_clock, read_frame, set_instants
from watchhouse.cli import main

RECORDING = Path(__file__).parents[2].parent / "shared/data/recordings/stalled_exits"
EARLY = datetime(2026, 3, 10, 5)  # nobody had looked at the bot yet
INSTANTS = [datetime(2026, 3, 10, 6, 5), datetime(2026, 3, 10, 7, 45), datetime(2026, 3, 10, 8, 59)]

# dbt never closes the log of the run before; jinja reads the `\d` of a pattern in two steps.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not RECORDING.is_dir():
        pytest.skip(f"no recording at {RECORDING}")
    home = tmp_path_factory.mktemp("home")
    assert main(["--home", str(home), "replay", str(RECORDING)]) == 0
    assert main(["--home", str(home), "build"]) == 0
    return home


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Counter[str]:
    return Counter(map(repr, connection.execute(sql).fetchall()))


def test_both_clocks_give_the_same_rows(home: Path) -> None:
    with open_published(load_settings(home)) as connection:
        catalog = read_catalog(connection)
        connection.execute("create temp table instants (as_of timestamp)")
        connection.execute("insert into instants select unnest(?::timestamp[])", [INSTANTS])
        found = 0
        for check in catalog.checks:
            text = around(catalog.templates["verdict"], check, INSTANTS[0])
            literal: Counter[str] = Counter()
            for at in INSTANTS:
                literal += rows(connection, literal_clock(text, at))
            assert rows(connection, text) == literal, check.name
            found += literal.total()
    assert found > len(INSTANTS)


@pytest.mark.parametrize("instants", [INSTANTS, [EARLY, *INSTANTS]])
def test_a_check_alone_says_the_same_where_nothing_is_added_to_it(
    home: Path, instants: list[datetime]
) -> None:
    with open_published(load_settings(home)) as connection:
        catalog = read_catalog(connection)
        set_instants(connection, instants)
        frame = read_frame(connection, catalog, instants[0])
        framed = [around(frame.template, check, instants[0]) for check in catalog.checks]
        texts = [frame.text(check) for check in catalog.checks]
        answers = [rows(connection, text) for text in texts]
        assert answers == [rows(connection, text) for text in framed]
    alone = sum(text != full for text, full in zip(texts, framed, strict=True))
    assert alone == (len(texts) if instants == INSTANTS else 0)
    assert all(answers) == (instants != INSTANTS)  # each is unknown before the first look


def test_every_check_of_the_project_is_kept_with_its_header(home: Path) -> None:
    files = [*Path(__file__).parents[2].glob("checks/*/*.sql")]
    with open_published(load_settings(home)) as connection:
        kept = connection.execute(
            "select count(*), count(means), count(look_at), count(do_text), count(blind_to),"
            " count(proof) from meta.checks"
        ).fetchall()
    assert kept == [(len(files),) * 6]


def test_a_backtest_over_the_whole_recording_sees_the_incident(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    span = ["--since", "2026-03-10T06:00:01", "--until", "2026-03-10T08:59:00"]
    assert main(["--home", str(home), "backtest", *span]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all("CRIT stalled_exits: open position has no exit" in line for line in lines[1:])
