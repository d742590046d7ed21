"""Questions to the warehouse: sql, status."""

# ruff: noqa: PLC0415  (imported where used: the others need not wait for it)

import sys
from pathlib import Path

import click

from ingest.errors import WatchhouseError
from watchhouse.catalog import open_published
from watchhouse.commands.common import as_json_text, settings_of
from watchhouse.instant import now, parse_instant
from watchhouse.sql import run_sql
from watchhouse.terminal import print_lines


@click.command()
@click.argument("query", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="Read the query from a file.")
@click.option("--format", "style", type=click.Choice(["table", "csv", "json"]), default="table")
@click.pass_context
def sql(ctx: click.Context, query: str | None, file: Path | None, style: str) -> None:
    """Run a query on the published warehouse; `-` reads it from stdin.

    \b
    Example: watchhouse sql "from fct_nav limit 5"
    """
    text = _query(ctx, query, file)
    with open_published(settings_of(ctx)) as connection:
        run_sql(connection, text, style, sys.stdout)


@click.command()
@click.option("--as-of", metavar="TIME", help="The instant to tell of, ISO-8601 [now].")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def status(ctx: click.Context, as_of: str | None, style: str) -> None:
    """Say how far each file of each bot was read, what is late and what was bad.

    \b
    Example: watchhouse status
    """
    from watchhouse import status as files

    moment = parse_instant(as_of) if as_of else now()
    with open_published(settings_of(ctx)) as connection:
        statuses = files.file_statuses(connection, moment)
    if style == "json":
        click.echo(as_json_text([one.as_json() for one in statuses]))
    else:
        print_lines(files.lines(statuses, moment))


def _query(ctx: click.Context, query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise click.UsageError("give a query, `-` or --file", ctx)
    if file is None:
        return sys.stdin.read() if query == "-" else str(query)
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise WatchhouseError(f"cannot read {file}: {error}") from error
