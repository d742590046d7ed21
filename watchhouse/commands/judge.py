"""What is wrong, now or then: check, explain, backtest."""

# ruff: noqa: PLC0415  (`check` must not pay for what only the others need)

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.errors import UsageError, WatchhouseError
from ingest.settings import Settings
from watchhouse import backtest as past
from watchhouse.catalog import Catalog, Provenance, open_published, read_catalog, read_provenance
from watchhouse.check import Progress, run_checks
from watchhouse.commands.common import (
    EXIT,
    VerdictCommand,
    as_json_text,
    bot_option,
    select_option,
    settings_of,
)
from watchhouse.formats import FORMATS, nagios_line
from watchhouse.incidents import Incident, read_incidents
from watchhouse.instant import now, parse_instant
from watchhouse.render import lines
from watchhouse.terminal import print_lines, progress
from watchhouse.verdict import Verdict

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@click.command(cls=VerdictCommand)
@click.option("--as-of", metavar="TIME", help="The instant to judge, ISO-8601 [now].")
@click.option(
    "--known-then", is_flag=True, help="Judge with what had been read by then; takes a build."
)
@select_option
@bot_option
@click.option("--all", "unfold", is_flag=True, help="Show also what follows from a root cause.")
@click.option("--no-journal", is_flag=True, help="Do not keep the verdict; past ones never are.")
@click.option("--catch-up", is_flag=True, help="Keep also what nobody asked since the last time.")
@click.option("--format", "style", type=click.Choice(["text", *FORMATS]), default="text")
@click.pass_context
def check(  # noqa: PLR0913  (one parameter per option)
    ctx: click.Context,
    *,
    as_of: str | None,
    known_then: bool,
    select: tuple[str, ...],
    bot: str | None,
    unfold: bool,
    no_journal: bool,
    catch_up: bool,
    style: str,
) -> int:
    """Say what is wrong, why, and what to do.

    Exits 0 ok, 1 warn, 2 crit, 3 when there is no verdict.

    \b
    Example: watchhouse check --as-of 2025-10-18T03:20:00Z
    """
    is_kept = not (as_of or select or bot or no_journal)
    try:
        moment = parse_instant(as_of) if as_of else now()
        if known_then and not as_of:
            raise UsageError("--known-then needs an instant", "--as-of TIME")
        settings = settings_of(ctx)
        with _warehouse(settings, moment if known_then else None) as connection:
            catalog = read_catalog(connection, select)
            verdict = run_checks(connection, catalog, [moment], bot)[0]
            source = Source(
                settings, catalog, read_provenance(connection, settings), read_incidents(connection)
            )
            if is_kept:
                _keep(connection, source, verdict, catch_up)
    except WatchhouseError as error:
        if style == "nagios":  # it reads stdout only
            click.echo(nagios_line("unknown", error.message))
        raise
    if style == "text":
        one = len(catalog.checks) == 1
        print_lines(
            lines(verdict, source.provenance, source.incidents, unfold=unfold, every_row=one)
        )
    else:
        click.echo(FORMATS[style](verdict, catalog))
    return EXIT[verdict.verdict]


@contextmanager
def _warehouse(settings: Settings, then: datetime | None) -> Iterator["DuckDBPyConnection"]:
    """The published warehouse, or one rebuilt from what had been read by an instant."""
    if then is None:
        with open_published(settings) as connection:
            yield connection
        return
    from watchhouse.known_then import rebuilt

    with rebuilt(settings, then) as scratch, open_published(scratch) as connection:
        yield connection


@dataclass(frozen=True)
class Source:
    """What the published file says of itself and of the past."""

    settings: Settings
    catalog: Catalog
    provenance: Provenance
    incidents: Sequence[Incident]


def _keep(
    connection: "DuckDBPyConnection", source: Source, verdict: Verdict, late_ones: bool
) -> None:
    """Into the journal; a home that cannot be written makes no verdict wrong."""
    from watchhouse.record import catch_up, record

    settings, catalog, commit = source.settings, source.catalog, source.provenance.commit
    try:
        if late_ones:
            catch_up(connection, catalog, settings, verdict.as_of, commit)
        record(settings, verdict, catalog, commit)
    except OSError as error:
        click.echo(f"the verdict is not kept in the journal: {error.strerror}", err=True)


@click.command()
@click.argument("name", metavar="CHECK")
@click.option("--as-of", metavar="TIME", help="The instant to explain, ISO-8601 [now].")
@bot_option
@click.pass_context
def explain(ctx: click.Context, name: str, as_of: str | None, bot: str | None) -> None:
    """Say of one check what it means, what it read, how near it is to turning, when it fired.

    \b
    Example: watchhouse explain nav_jumped --as-of 2025-10-18T03:20:00Z
    """
    from watchhouse.explain import explain as run
    from watchhouse.explained import lines as told

    moment = parse_instant(as_of) if as_of else now()
    with open_published(settings_of(ctx)) as connection:
        catalog = read_catalog(connection, (name,))
        if len(catalog.checks) != 1:
            raise WatchhouseError(
                f"`{name}` is not one check", ", ".join(check.name for check in catalog.checks)
            )
        print_lines(told(run(connection, catalog, moment, bot)))


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
    with open_published(settings_of(ctx)) as connection, progress("checks") as bar:
        catalog = read_catalog(connection, select)
        if dead:
            told, text = _dead(connection, catalog, grid, bot, bar)
        elif sets or labels:
            told, text = _prices(connection, catalog, grid, sets, labels, bot)
        else:
            verdicts = run_checks(connection, catalog, grid, bot, bar)
            told = [v.as_json() for v in verdicts] if raw else past.folded_json(verdicts)
            text = past.lines(verdicts, raw)
    click.echo(as_json_text(told)) if style == "json" else print_lines(text)


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
