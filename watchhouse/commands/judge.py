"""What is wrong, now or then, and why: check, explain."""

# ruff: noqa: PLC0415  (`check` must not pay for what only the others need)

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from ingest.errors import UsageError, WatchhouseError
from ingest.settings import Settings
from watchhouse.catalog import Catalog, Provenance, open_published, read_catalog, read_provenance
from watchhouse.check import run_checks
from watchhouse.commands.common import (
    EXIT,
    VerdictCommand,
    bot_option,
    select_option,
    settings_of,
    tell_source,
)
from watchhouse.formats import FORMATS, nagios_line
from watchhouse.incidents import Incident, read_incidents
from watchhouse.instant import now, parse_instant
from watchhouse.render import lines
from watchhouse.terminal import print_lines
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
        at = parse_instant(as_of) if as_of else now()
        if known_then and not as_of:
            raise UsageError("--known-then needs an instant", "--as-of TIME")
        settings = settings_of(ctx)
        with _warehouse(settings, at if known_then else None) as connection:
            source = _read(connection, settings, select)
            verdict = run_checks(connection, source.catalog, [at], bot)[0]
            if is_kept:
                _keep(connection, source, verdict, catch_up)
    except WatchhouseError as error:
        if style == "nagios":  # it reads stdout only
            click.echo(nagios_line("unknown", error.message))
        raise
    _print(verdict, source, style, unfold)
    return EXIT[verdict.verdict]


def _print(verdict: Verdict, source: "Source", style: str, unfold: bool) -> None:
    if style != "text":
        click.echo(FORMATS[style](verdict, source.catalog))
        tell_source(source.provenance)
        return
    one = len(source.catalog.checks) == 1
    print_lines(lines(verdict, source.provenance, source.incidents, unfold=unfold, every_row=one))


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


def _read(connection: "DuckDBPyConnection", settings: Settings, select: Sequence[str]) -> Source:
    catalog, provenance = read_catalog(connection, select), read_provenance(connection, settings)
    return Source(settings, catalog, provenance, read_incidents(connection))


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
    settings = settings_of(ctx)
    with open_published(settings) as connection:
        catalog = read_catalog(connection, (name,))
        if len(catalog.checks) != 1:
            raise WatchhouseError(
                f"`{name}` is not one check", ", ".join(check.name for check in catalog.checks)
            )
        print_lines(told(run(connection, catalog, moment, bot)))
        tell_source(read_provenance(connection, settings))
