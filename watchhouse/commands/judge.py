"""What is wrong, now or then: check, backtest."""

import click

from ingest.errors import WatchhouseError
from watchhouse import backtest as past
from watchhouse.catalog import open_published, read_catalog, read_provenance
from watchhouse.check import run_checks
from watchhouse.commands.common import (
    EXIT,
    VerdictCommand,
    as_json_text,
    bot_option,
    select_option,
    settings_of,
)
from watchhouse.formats import FORMATS, nagios_line
from watchhouse.instant import now, parse_instant
from watchhouse.render import lines
from watchhouse.terminal import print_lines, progress


@click.command(cls=VerdictCommand)
@click.option("--as-of", metavar="TIME", help="The instant to judge, ISO-8601 [now].")
@select_option
@bot_option
@click.option("--all", "unfold", is_flag=True, help="Show also what follows from a root cause.")
@click.option("--format", "style", type=click.Choice(["text", *FORMATS]), default="text")
@click.pass_context
def check(
    ctx: click.Context,
    *,
    as_of: str | None,
    select: tuple[str, ...],
    bot: str | None,
    unfold: bool,
    style: str,
) -> int:
    """Say what is wrong, why, and what to do.

    Exits 0 ok, 1 warn, 2 crit, 3 when there is no verdict.

    \b
    Example: watchhouse check --as-of 2025-10-18T03:20:00Z
    """
    try:
        moment = parse_instant(as_of) if as_of else now()
        settings = settings_of(ctx)
        with open_published(settings) as connection:
            catalog = read_catalog(connection, select)
            verdict = run_checks(connection, catalog, [moment], bot)[0]
            provenance = read_provenance(connection, settings)
    except WatchhouseError as error:
        if style == "nagios":  # it reads stdout only
            click.echo(nagios_line("unknown", error.message))
        raise
    if style == "text":
        one = len(catalog.checks) == 1
        print_lines(lines(verdict, provenance, unfold=unfold, every_row=one))
    else:
        click.echo(FORMATS[style](verdict, catalog))
    return EXIT[verdict.verdict]


@click.command()
@click.option("--since", required=True, metavar="TIME", help="First instant, ISO-8601.")
@click.option("--until", metavar="TIME", help="Last instant, always judged [now].")
@click.option("--every", default="60s", show_default=True, help="Step: 60s, 5m, 1h.")
@select_option
@bot_option
@click.option("--raw", is_flag=True, help="One verdict per instant; equal neighbours stay apart.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def backtest(  # noqa: PLR0913  (one parameter per option)
    ctx: click.Context,
    *,
    since: str,
    until: str | None,
    every: str,
    select: tuple[str, ...],
    bot: str | None,
    raw: bool,
    style: str,
) -> None:
    """Judge every instant of a span with the facts held today.

    \b
    Example: watchhouse backtest --since 2025-10-18 --until 2025-10-19 --every 60s
    """
    last = parse_instant(until) if until else now()
    grid = past.instants(parse_instant(since), last, past.parse_every(every))
    with open_published(settings_of(ctx)) as connection:
        catalog = read_catalog(connection, select)
        with progress("checks") as bar:
            verdicts = run_checks(connection, catalog, grid, bot, bar)
    if style == "json":
        click.echo(
            as_json_text([v.as_json() for v in verdicts] if raw else past.folded_json(verdicts))
        )
    else:
        print_lines(past.lines(verdicts, raw))
