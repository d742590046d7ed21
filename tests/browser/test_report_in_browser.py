"""The report in Debian's Chromium, as its reader sees it: desk, phone, dark, by keyboard."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from sick_bot import ROOT, SickBot

from ingest.settings import load_settings
from watchhouse.catalog import open_published
from watchhouse.report.page import make_report

CHROMIUM = "/usr/bin/chromium"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 800}


@dataclass
class Watched:
    """A page in a browser, and what it should never do."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if shutil.which(CHROMIUM) is None:
        if os.environ.get("WATCHHOUSE_REQUIRE_BROWSER") == "1":
            pytest.fail(f"no browser at {CHROMIUM}, and this run requires one")
        pytest.skip(f"no browser at {CHROMIUM}; apt-get install chromium")
    with sync_playwright() as playwright:
        # The sandbox needs rights that a container's root lacks; the page is our own file.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def file(sick: SickBot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with open_published(load_settings(sick.home)) as connection:
        report = make_report(connection, ROOT, "24h", sick.last_at, "main")
    path = tmp_path_factory.mktemp("page") / "a report.html"
    path.write_text(report.html, encoding="utf-8")
    return path


@pytest.fixture(params=["desk", "phone", "dark"])
def watched(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Watched]:
    page = browser.new_page(
        viewport=PHONE if request.param == "phone" else DESK,
        color_scheme="dark" if request.param == "dark" else "light",
    )
    watched = Watched(page)
    page.on("console", lambda message: watched.said.append(message.text))
    page.on("pageerror", lambda error: watched.said.append(str(error)))
    page.on("request", lambda request: watched.asked.append(request.url))
    page.goto(file.as_uri())
    yield watched
    page.close()


def test_nothing_is_asked_of_the_network_and_nothing_complains(
    watched: Watched, file: Path
) -> None:
    assert [url for url in watched.asked if not url.startswith("data:")] == [file.as_uri()]
    assert watched.said == []


def test_every_chart_is_drawn_in_one_of_its_sizes(watched: Watched) -> None:
    charts = watched.page.locator("section.panel:has(svg.desk)")
    assert charts.count() == 9
    for place in range(9):
        seen = charts.nth(place).locator("svg.desk, svg.phone").locator("visible=true")
        assert seen.count() == 1
        box = seen.bounding_box()
        assert box and box["width"] > 250 and box["height"] > 60
        assert seen.locator("path").count() > 3


def test_the_page_fits_its_width(watched: Watched) -> None:
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert watched.page.evaluate(wide) == 0


# Relative luminance of the text against the nearest background behind it, as WCAG counts it.
CONTRASTS = """
() => {
  const lum = c => { const v = c.map(x => { x /= 255;
    return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4 });
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2] };
  const rgb = t => (t.match(/[\\d.]+/g) || []).map(
    (n, i) => t.startsWith('color(') && i < 3 ? 255 * n : +n);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c } return [255, 255, 255] };
  const low = [];
  const words = 'p, span, dt, dd, h1, h3, h4, th, td, li, summary, text';
  for (const e of document.querySelectorAll(words)) {
    if (!e.textContent.trim() || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const [a, b] = [lum(rgb(e.tagName === 'text' ? style.fill : style.color)), lum(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(ratio.toFixed(2) + ' ' + e.textContent.trim().slice(0, 40));
  }
  return low;
}
"""


def test_text_stands_out_from_what_is_behind_it(watched: Watched) -> None:
    assert watched.page.evaluate(CONTRASTS) == []


def test_a_table_opens_by_keyboard(watched: Watched) -> None:
    details = watched.page.locator("section.line details").first
    details.locator("summary").focus()
    watched.page.keyboard.press("Enter")
    assert details.locator("table").is_visible()
    assert details.locator("tbody tr").count() > 50


def test_marks_say_what_they_are_when_pointed_at(watched: Watched) -> None:
    titles = watched.page.locator("section.lanes svg title").all_text_contents()
    assert any("nav jumped: crit" in title for title in titles)


def test_axe_finds_no_violation_of_wcag_aa(watched: Watched) -> None:
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    found = Axe().run(watched.page, options=rules)
    violations = found.response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in violations] == []
