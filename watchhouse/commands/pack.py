"""An incident to take along: bundle."""

# ruff: noqa: PLC0415  (the other commands must not pay for what reads recordings)

from datetime import datetime, timedelta
from pathlib import Path

import click

from ingest.errors import UsageError, WatchhouseError
from watchhouse.backtest import parse_every
from watchhouse.catalog import open_published, read_catalog
from watchhouse.causes import family_of
from watchhouse.check import run_checks
from watchhouse.commands.common import bot_option, settings_of
from watchhouse.incidents import find, read_incidents
from watchhouse.instant import iso, parse_instant
from watchhouse.verdict import Verdict


@click.command()
@click.argument("incident", required=False)
@click.option("--check", "name", metavar="CHECK", help="Instead of an incident: what fires …")
@click.option("--as-of", metavar="TIME", help="… at this instant, ISO-8601.")
@bot_option
@click.option(
    "--before",
    default="1h",
    show_default=True,
    help="How long before it, or its root cause, began.",
)
@click.option("--after", default="10m", show_default=True, help="How long after it was last seen.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder [incidents/ in the home].")
@click.pass_context
def bundle(  # noqa: PLR0913  (one parameter per option)
    ctx: click.Context,
    *,
    incident: str | None,
    name: str | None,
    as_of: str | None,
    bot: str | None,
    before: str,
    after: str,
    out: Path | None,
) -> None:
    """Write an incident as a recording, with the config and the findings, and print its folder.

    Whoever gets it runs `watchhouse replay FOLDER --config FOLDER/config`, build and check.

    \b
    Example: watchhouse bundle 3f2a
    """
    from ingest.registry import load_registry
    from watchhouse.bundle import Span, write_bundle

    if (incident is None) == (name is None or as_of is None):
        raise UsageError("say what to take along", "an incident, or --check and --as-of")
    settings = settings_of(ctx)
    with open_published(settings) as connection:
        catalog = read_catalog(connection)
        if incident:
            one = find(read_incidents(connection), incident)
            at, check, bot = one.last_seen_at, one.check_name, one.bot
        else:
            at, check = parse_instant(str(as_of)), str(name)
        verdict = run_checks(connection, catalog, [at], bot)[0]
        who, since = _begins(verdict, check, bot)
        span = Span(who, since - parse_every(before), at + parse_every(after))
        folder = out or settings.folder("incidents") / f"{check}-{who}-{at:%Y-%m-%dT%H%M%SZ}"
        own = run_checks(connection, catalog, [at], who)[0]
        registry = load_registry(settings.registry_file)
        count = write_bundle(connection, registry, span, own, folder)
    click.echo(f"{count} frames; watchhouse replay, build, check --as-of {iso(at)}", err=True)
    click.echo(folder)


def _begins(verdict: Verdict, check: str, bot: str | None) -> tuple[str, datetime]:
    """The bot that the check fires for, and since when it or what it follows from holds."""
    found = [f for f in verdict.findings if f.check == check and bot in (None, f.bot)]
    if not found or found[0].bot is None:
        raise WatchhouseError(
            f"`{check}` finds nothing at {iso(verdict.as_of)}",
            f"watchhouse check --as-of {iso(verdict.as_of)}",
        )
    who = found[0].bot
    together = found + family_of(verdict.findings, who, check)
    earliest = min(f.since or verdict.as_of for f in together)
    return who, max(earliest, verdict.as_of - timedelta(days=7))
