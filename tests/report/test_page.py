"""The page as a whole: its bytes, its numbers, its words when there is nothing to say."""

import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest
from sick_bot import SickBot

from ingest.settings import load_settings
from watchhouse.catalog import open_published
from watchhouse.cli import main
from watchhouse.instant import iso
from watchhouse.report.page import Report, make_report

ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


def make(home: Path, until: datetime, bot: str | None = "main") -> Report:
    with open_published(load_settings(home)) as connection:
        return make_report(connection, ROOT, "24h", until, bot)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture(scope="module")
def whole(sick: SickBot) -> str:
    """The page of all bots."""
    return make(sick.home, sick.last_at, None).html


def test_the_same_file_gives_the_same_bytes(sick: SickBot, whole: str, tmp_path: Path) -> None:
    """Another process, with another order of its sets and another zone, writes the same page."""
    out = tmp_path / "a.html"
    command = [sys.executable, "-m", "watchhouse.cli", "--home", str(sick.home), "report"]
    words = ["24h", "--as-of", iso(sick.last_at), "--out", str(out)]
    env = {"PYTHONHASHSEED": "1", "PATH": "/usr/bin:/bin", "TZ": "Asia/Tokyo"}
    run = subprocess.run([*command, *words], capture_output=True, text=True, check=True, env=env)
    assert run.stdout == f"{out}\n"
    assert out.read_bytes() == whole.encode()


def test_the_page_is_offline_and_without_scripts(page: Report) -> None:
    assert "<script" not in page.html
    links = set(re.findall(r"(?:href|src)=\"([^\"]*)\"", page.html))
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "url(" not in re.sub(r"url\(#", "", page.html)
    assert set(re.findall(r"https?://[^\"'<\s]*", page.html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_ids_are_there_once(page: Report) -> None:
    ids = re.findall(r" id=\"([^\"]*)\"", page.html)
    assert len(ids) == len(set(ids))


def test_the_verdict_is_that_of_check(
    sick: SickBot, page: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--home", str(sick.home), "check", "--bot", "main", "--as-of", iso(sick.last_at)])
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("CRIT") and page.verdict == "crit"
    cause = line.removeprefix("CRIT main: ").split(" since")[0]
    assert cause.capitalize() in text_of(page.html)


def test_numbers_of_the_page_are_those_of_sql(sick: SickBot, page: Report) -> None:
    said = text_of(page.html)
    query = """
        select
            (select arg_max(nav_usd, occurred_at) from fct_nav where surface = 'nav'
                and is_real and not is_outlier) as nav,
            (select count(*) from fct_vetoes) as refused,
            (select max(unprotected_usd) from fct_exit_coverage) as worst,
            (select sum(fill_count) from fct_pipeline_minutes) as filled
    """
    with open_published(load_settings(sick.home)) as connection:
        nav, refused, worst, filled = connection.execute(query).fetchall()[0]
        steps = connection.execute(
            "select nav_usd / previous_nav_usd from fct_nav where surface = 'nav'"
            " and is_real and abs(step_ratio) > 0.5"
        ).fetchall()
    assert f"NAV at the end {nav:,.2f} USD" in said
    assert f"Refused {refused:,} orders" in said
    assert f"at worst {worst:,.2f} USD" in said
    assert f"Filled {filled:,} orders" in said
    assert steps and all(f"\N{MULTIPLICATION SIGN}{ratio:.3f}" in page.html for (ratio,) in steps)


def test_every_chart_is_drawn_for_desk_and_phone(page: Report) -> None:
    charts = re.findall(r"<svg[^>]*class=\"chart (desk|phone)\".*?</svg>", page.html, re.DOTALL)
    assert charts.count("desk") == charts.count("phone") == 9
    for svg in re.findall(r"<svg xmlns.*?</svg>", page.html, re.DOTALL):
        assert len([*ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}path")]) > 3


def test_a_gap_in_looking_is_grey_and_no_line_goes_through(page: Report) -> None:
    exits = page.html.split('id="b0-13_had_every')[1].split("<details>")[0]
    assert "no data" in exits
    lines = re.findall(r"<path d=\"([^\"]*)\" stroke=\"#0067a5\"", exits.split("phone")[0])
    assert len(lines) >= 2  # the line of the open positions is in pieces


def test_a_hostile_reason_is_text(sick: SickBot, tmp_path: Path) -> None:
    shutil.copy(sick.home / "warehouse.duckdb", tmp_path)
    (tmp_path / "warehouse.duckdb").chmod(0o644)
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("update fct_vetoes set reason = ?", [HOSTILE])
        connection.execute("update fct_refusal_runs set reason = ?", [HOSTILE])
    html = make(tmp_path, sick.last_at).html
    assert "<script" not in html and "{{7*7}}" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_an_empty_warehouse_is_unknown(built_empty: Path, sick: SickBot) -> None:
    whole = make(built_empty, sick.last_at, None)
    assert whole.verdict == "unknown" and "UNKNOWN" in whole.html
    one = make(built_empty, sick.last_at)
    assert one.verdict == "unknown" and "nothing about it was read in this span" in one.html
    assert "None in this span" not in one.html


def test_an_hour_after_the_last_look_nothing_is_well(sick: SickBot) -> None:
    late = make(sick.home, sick.last_at + timedelta(hours=1), "spare")
    assert late.verdict == "unknown"


def test_all_bots_are_on_the_page_unless_one_is_asked_for(whole: str) -> None:
    assert '<a href="#b0">main</a>' in whole and '<a href="#b1">spare</a>' in whole
    assert len(whole) < 2_000_000


def test_the_sql_of_every_panel_is_on_the_page(page: Report) -> None:
    for file in sorted((ROOT / "reports" / "panels").glob("*.sql")):
        assert f"SQL of {file.stem}" in page.html
