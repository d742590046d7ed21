"""A report for a chat, the list of all reports, and what a window is compared with."""

import re
import shutil
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
from watchhouse.report.index import index_of
from watchhouse.report.page import make_report
from watchhouse.report.panel import Table, parse_panel
from watchhouse.report.window import Window, parse_span

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 3, 10, 9, 19)


@pytest.mark.parametrize("is_markdown", [False, True])
def test_a_chat_gets_few_lines_with_verdict_figures_and_findings(
    sick: SickBot, is_markdown: bool
) -> None:
    with open_published(load_settings(sick.home)) as connection:
        page = make_report(connection, ROOT, "24h", sick.last_at)
    text = brief(page.sections, page.window, is_markdown=is_markdown)
    assert len(text.splitlines()) <= MOST_LINES and len(text) <= MOST_CHARACTERS
    assert "CRIT main" in text and "NAV at the end: " in text and "Refused: " in text


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


def page(verdict: str, until: str) -> str:
    said = f"{{&#34;verdict&#34;: &#34;{verdict}&#34;, &#34;until&#34;: &#34;{until}&#34;, "
    rest = '&#34;span&#34;: &#34;24h&#34;, &#34;bots&#34;: &#34;a&#34;, &#34;sentence&#34;: "}'
    rest = rest.replace('"}', "&#34;&lt;script&gt;&#34;}")
    return f'<meta name="watchhouse" content="{said}{rest}">'


def test_the_list_has_every_report_the_latest_first(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page("ok", "2026-03-09T00:00:00Z"))
    (tmp_path / "b c.html").write_text(page("crit", "2026-03-10T00:00:00Z"))
    (tmp_path / "other.html").write_text("<p>something else</p>")
    html = index_of(tmp_path, ROOT)
    assert re.findall(r'class="verdict (\w+)" href="([^"]+)"', html) == [
        ("crit", "b%20c.html"),
        ("ok", "a.html"),
    ]
    assert "<script" not in html and "&lt;script&gt;" in html


def test_restarts_and_config_changes_are_marked_on_every_time_chart(
    sick: SickBot, tmp_path: Path
) -> None:
    shutil.copy(sick.home / "warehouse.duckdb", tmp_path)
    (tmp_path / "warehouse.duckdb").chmod(0o644)
    at = sick.last_at - timedelta(hours=1)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("update fct_executor_lives set started_at = $1 where bot = 'main'", [at])
        connection.execute(
            "update dim_config_versions set version = 2, valid_from = $1 where bot = 'main'", [at]
        )
    with open_published(load_settings(tmp_path)) as connection:
        html = make_report(connection, ROOT, "24h", sick.last_at, "main").html
    for svg in re.findall(r"<svg xmlns.*?</svg>", html, re.DOTALL):
        assert f"restart {at:%d %b %H:%M:%S}Z" in svg and f"config {at:%d %b %H:%M:%S}Z" in svg
