"""A report for a chat, the list of all reports, and what a window is compared with."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sick_bot import SickBot

from ingest.errors import UsageError
from ingest.settings import load_settings
from watchhouse.catalog import open_published
from watchhouse.cli import main
from watchhouse.instant import iso
from watchhouse.report.brief import MOST_CHARACTERS, MOST_LINES, brief
from watchhouse.report.compare import beside
from watchhouse.report.draw import DRAWN, draw
from watchhouse.report.index import index_of
from watchhouse.report.marks import Marks, read_marks
from watchhouse.report.page import Report
from watchhouse.report.panel import Table, parse_panel
from watchhouse.report.window import Window, parse_span

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 3, 10, 9, 19)


def test_a_chat_gets_few_lines_with_verdict_figures_and_findings(page: Report) -> None:
    for is_markdown in (False, True):
        text = brief(page.sections, page.window, is_markdown=is_markdown)
        assert len(text.splitlines()) <= MOST_LINES and len(text) <= MOST_CHARACTERS
        assert "CRIT main" in text and "NAV at the end: " in text and "Refused: " in text


def test_a_chat_of_many_bots_ends_where_it_must(page: Report) -> None:
    text = brief([page.sections[0]] * 9, page.window, is_markdown=False)
    assert len(text.splitlines()) <= MOST_LINES and len(text) <= MOST_CHARACTERS
    assert text.count("CRIT main") >= 5 and text.endswith("…"), "every verdict before any detail"


def test_the_second_half_is_compared_with_the_first(
    sick: SickBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both halves lie in the data: each figure stands beside that of the half before it."""
    middle = sick.last_at - timedelta(hours=1)
    words = ["report", f"{iso(middle)}..{iso(sick.last_at)}", "--bot", "main"]
    out = tmp_path / "half.html"
    assert main(["--home", str(sick.home), *words, "--out", str(out)]) == 0
    html = out.read_text()
    figures = re.findall(r"<dt>(.*?)</dt><dd class=\"value\">(.*?)</dd>.*?before: (.*?) ·", html)
    found = {name: (now, before) for name, now, before in figures}
    with open_published(load_settings(sick.home)) as connection:
        counts = [
            connection.execute(
                "select count(*) from fct_vetoes where bot = 'main'"
                " and occurred_at > $1 and occurred_at <= $2",
                [end - timedelta(hours=1), end],
            ).fetchall()[0][0]
            for end in (sick.last_at, middle)
        ]
    said = tuple(f"{count:,} order{'s' * (count != 1)}" for count in counts)
    assert found["Refused"] == said
    assert not [*tmp_path.glob("index.html")], "the list is of the home's own reports"
    capsys.readouterr()
    assert main(["--home", str(sick.home), *words, "--as-of", iso(sick.last_at)]) == 2


def test_a_span_may_have_two_ends() -> None:
    assert parse_span("2026-03-01..2026-03-03T12:00Z") == (
        datetime(2026, 3, 1),
        datetime(2026, 3, 3, 12),
    )
    with pytest.raises(UsageError, match="ends before it begins"):
        parse_span("2026-03-03..2026-03-01")


def test_the_window_before_is_as_long_and_ends_where_this_begins() -> None:
    window = Window("24h", AT - timedelta(days=1), AT - timedelta(hours=3), AT)
    assert (window.before.since, window.before.until) == (
        AT - timedelta(days=2),
        AT - timedelta(days=1),
    )


def test_a_row_that_was_only_before_is_kept() -> None:
    header = "-- title: t\n-- chart: table\n-- unit: u\n-- compare: n\nselect 1"
    now, before = Table(("k", "n"), [("a", 1)]), Table(("k", "n"), [("b", 2)])
    both = beside(parse_panel("99_x", header), now, before)
    assert both == Table(("k", "n", "n_before"), [("a", 1, None), ("b", None, 2)])


def said_by(verdict: str, until: str) -> str:
    said = f"{{&#34;verdict&#34;: &#34;{verdict}&#34;, &#34;until&#34;: &#34;{until}&#34;, "
    rest = '&#34;span&#34;: &#34;24h&#34;, &#34;bots&#34;: &#34;a&#34;, &#34;sentence&#34;: "}'
    rest = rest.replace('"}', "&#34;&lt;script&gt;&#34;}")
    return f'<meta name="watchhouse" content="{said}{rest}">'


def test_the_list_has_every_report_the_latest_first(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(said_by("ok", "2026-03-09T00:00:00Z"))
    (tmp_path / "b c.html").write_text(said_by("crit", "2026-03-10T00:00:00Z"))
    (tmp_path / "other.html").write_text("<p>something else</p>")
    html = index_of(tmp_path, ROOT)
    assert re.findall(r'class="verdict (\w+)" href="([^"]+)"', html) == [
        ("crit", "b%20c.html"),
        ("ok", "a.html"),
    ]
    assert "<script" not in html and "&lt;script&gt;" in html


def chart(kind: str) -> tuple[str, list[tuple[object, ...]]]:
    """A panel's text with one row of each kind of time chart."""
    says = ["title: t", "unit: u", "x: x", "y: y", "x2: x2", "state: state", "states: ok=ok"]
    header = "".join(f"-- {line}\n" for line in [*says, "gap: 900 seconds", f"chart: {kind}"])
    return f"{header}select 1", [(AT - HOUR, AT, 1.0, "ok")]


HOUR = timedelta(hours=1)
EVENTS = (("restart", AT - HOUR / 2, "run <b>"), ("config", AT - HOUR / 3, "runtime: changed"))


@pytest.mark.parametrize("kind", DRAWN)
def test_restarts_config_changes_and_the_verdict_are_marked_on_every_time_chart(kind: str) -> None:
    text, rows = chart(kind)
    window = Window("1h", AT - HOUR, AT - HOUR, AT)
    marks = Marks(EVENTS, (("crit", AT - HOUR, AT, "it broke"),))
    table = Table(("x", "x2", "y", "state"), rows)
    drawing = draw(parse_panel("99_x", text), table, [], window, "n", marks)
    for svg in drawing.svgs:
        assert "restart 10 Mar 08:49:00Z, run &lt;b&gt;" in svg
        assert "config 10 Mar 08:59:00Z, runtime: changed" in svg
        assert ("all checks: crit" in svg) is (kind not in ("lanes", "strip"))


def test_marks_are_of_the_bot_and_the_window() -> None:
    window = Window("1h", AT - HOUR, AT - HOUR, AT)
    with duckdb.connect() as db:
        db.execute("create table fct_executor_lives (bot text, run_id text, started_at timestamp)")
        db.execute(
            "create table dim_config_versions"
            " (bot text, surface text, version int, changes text, valid_from timestamp)"
        )
        db.execute(
            "create table report_states (bot text, check_name text, state text,"
            " started_at timestamp, ended_at timestamp, reason text)"
        )
        for bot, at in (("a", AT), ("b", AT), ("a", AT - 2 * HOUR)):
            db.execute("insert into fct_executor_lives values (?, 'r', ?)", [bot, at])
            for version in (1, 2):
                row = [bot, version, at]
                db.execute("insert into dim_config_versions values (?, 'f', ?, 'c', ?)", row)
        for state in ("ok", "crit"):
            row = [state, AT - HOUR, AT]
            db.execute("insert into report_states values ('a', 'all checks', ?, ?, ?, 'why')", row)
        marks = read_marks(db, "a", window)
    assert marks.events == (("config", AT, "f: c"), ("restart", AT, "run r"))
    assert marks.states == (("crit", AT - HOUR, AT, "why"),)
