"""A span of the past judged, thresholds tried on it: backtest."""

# ruff: noqa: PLC0415  (what only --set and --dead need)

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchhouse import backtest as past
from watchhouse.catalog import Catalog, open_published, read_catalog, read_provenance
from watchhouse.check import Progress, run_checks
from watchhouse.commands.common import (
    as_json_text,
    bot_option,
    select_option,
    settings_of,
    tell_source,
)
from watchhouse.instant import now, parse_instant
from watchhouse.terminal import print_lines, progress

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@click.command()
@click.option("--since", required=True, metavar="TIME", help="First instant, ISO-8601.")
@click.option("--until", metavar="TIME", help="Last instant, always judged [now].")
@click.option("--every", default="60s", show_default=True, help="Step: 60s, 5m, 1h.")
@select_option
@bot_option
@click.option("--raw", is_flag=True, help="One verdict per instant; equal neighbours stay apart.")
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="LIMIT=VALUE,…",
    help="Try values of a limit and say what each costs; repeatable.",
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="Known incidents, for delays and false alarms: a CSV of check,from,until.",
)
@click.option("--dead", is_flag=True, help="List limits that nothing in the span has tripped.")
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
    sets: tuple[str, ...],
    labels: Path | None,
    dead: bool,
    style: str,
) -> None:
    """Judge every instant of a span with the facts held today.

    \b
    Example: watchhouse backtest --since 2025-10-18 --until 2025-10-19 --every 60s
             watchhouse backtest --since 2025-10-18 --set nav_step_ratio=0.01,0.05
    """
    if dead + bool(sets or labels) + raw > 1:
        raise click.UsageError("use one of --raw, --dead and --set", ctx)
    last = parse_instant(until) if until else now()
    grid = past.instants(parse_instant(since), last, past.parse_every(every))
    settings = settings_of(ctx)
    with open_published(settings) as connection, progress("checks") as bar:
        catalog, source = read_catalog(connection, select), read_provenance(connection, settings)
        if dead:
            told, text = _dead(connection, catalog, grid, bot, bar)
        elif sets or labels:
            told, text = _prices(connection, catalog, grid, sets, labels, bot)
        else:
            verdicts = run_checks(connection, catalog, grid, bot, bar)
            told = [v.as_json() for v in verdicts] if raw else past.folded_json(verdicts)
            text = past.lines(verdicts, raw)
    click.echo(as_json_text(told)) if style == "json" else print_lines(text)
    tell_source(source)


def _dead(
    connection: "DuckDBPyConnection",
    catalog: Catalog,
    grid: Sequence[datetime],
    bot: str | None,
    bar: Progress | None,
) -> tuple[list[dict[str, object]], list[str]]:
    from watchhouse import tuning

    found = tuning.dead(connection, catalog, grid, bot, bar)
    return [one.as_json() for one in found], tuning.dead_lines(found)


def _prices(
    connection: "DuckDBPyConnection",
    catalog: Catalog,
    grid: Sequence[datetime],
    sets: Sequence[str],
    labels: Path | None,
    bot: str | None,
) -> tuple[list[dict[str, object]], list[str]]:
    from watchhouse import tuning

    tried = tuning.parse_sets(sets) if sets else []
    known = tuning.read_labels(labels, catalog) if labels else None
    chosen = tuning.readers(catalog, tried)
    told = [*tuning.prices(connection, chosen, grid, tried, known, bot)]
    return [one.as_json() for one in told], tuning.price_lines(told)
