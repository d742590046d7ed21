"""`watchhouse report`: parse, call, print the path."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import click

from ingest.errors import WatchhouseError
from ingest.settings import Settings, load_settings
from watchhouse.catalog import open_published
from watchhouse.instant import parse_instant
from watchhouse.terminal import progress


@click.command()
@click.argument("span", metavar="24h|7d|30d|FROM..TO")
@click.option("--bot", metavar="NAME", help="One bot only [all].")
@click.option("--as-of", metavar="TIME", help="Where the span ends, ISO-8601 [now].")
@click.option("--out", type=click.Path(path_type=Path), help="The file [reports/ in the home].")
@click.option(
    "--format", "style", type=click.Choice(["html", "md", "txt"]), default="html",
    help="A page, or a few lines for a chat on stdout.",
)  # fmt: skip
@click.pass_context
def report(
    ctx: click.Context, span: str, bot: str | None, as_of: str | None, out: Path | None, style: str
) -> None:
    """Draw a span as one offline HTML page and print its path; reports/index.html lists them all.

    \b
    Example: watchhouse report 24h --as-of 2025-10-18T03:20:00Z
             watchhouse report 2025-10-17..2025-10-18 --format txt
    """
    from watchhouse.report.brief import brief  # noqa: PLC0415
    from watchhouse.report.page import make_report  # noqa: PLC0415  (altair: a second to import)

    settings = load_settings(ctx.obj)
    until = parse_instant(as_of) if as_of else None
    with open_published(settings) as connection, progress("panels") as bar:
        page = make_report(connection, settings.project, span, until, bot, bar)
    if style == "html":
        file = out or default_file(settings, span, page.window.until, bot)
        write_page(file, page.html)
        if not out:
            list_reports(settings)
        click.echo(file)
        return
    text = brief(page.sections, page.window, is_markdown=style == "md")
    if out:
        write_page(out, text + "\n")
    click.echo(out or text)


def default_file(settings: Settings, span: str, until: datetime, bot: str | None) -> Path:
    """Where a report goes unless told: reports/ in the home.

    No colons in the name: some file systems and mail programs refuse them.
    """
    start, dots, _ = span.partition("..")
    first = f"{parse_instant(start):%Y-%m-%dT%H%M%SZ}" if dots else span
    stem = "-".join([first, *([bot] if bot else []), f"{until:%Y-%m-%dT%H%M%SZ}"])
    return settings.folder("reports") / f"{stem}.html"


def list_reports(settings: Settings) -> None:
    """Write the list of the home's reports anew."""
    from watchhouse.report.index import INDEX, index_of  # noqa: PLC0415

    folder = settings.folder("reports")
    if folder.is_dir():
        write_page(folder / INDEX, index_of(folder, settings.project))


def write_page(file: Path, text: str) -> None:
    """Write a page whole or not at all; raises `WatchhouseError` when it cannot be written."""
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(file)
    except OSError as error:
        with suppress(OSError):  # read-only: it was never there
            part.unlink(missing_ok=True)
        raise WatchhouseError(f"cannot write {file}: {error.strerror}", "--out FILE") from error
