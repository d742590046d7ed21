"""What the watch remembers of its own verdicts: incidents, ack, silence."""

import getpass

import click

from ingest.errors import UsageError
from watchhouse import incidents as kept
from watchhouse.backtest import parse_every
from watchhouse.catalog import open_published, read_catalog, read_provenance
from watchhouse.commands.common import as_json_text, bot_option, settings_of, tell_source
from watchhouse.instant import now, parse_instant, short
from watchhouse.terminal import print_lines

_LATER = "shown after the next ingest and build"
reason_option = click.option("--reason", required=True, help="Why, for whoever reads it next.")
author_option = click.option("--author", help="Who says so [you].")


@click.command()
@click.option("--open", "which", flag_value="open", help="Only those that are open.")
@click.option("--all", "which", flag_value="all", help="Every one, not only the last ten ended.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def incidents(ctx: click.Context, which: str | None, style: str) -> None:
    """List what `check` found, from its opening to the quiet that ended it.

    \b
    Example: watchhouse incidents --open
    """
    settings = settings_of(ctx)
    with open_published(settings) as connection:
        found = kept.chosen(kept.read_incidents(connection), which or "recent")
        tell_source(read_provenance(connection, settings))
    if style == "json":
        click.echo(as_json_text([one.as_json() for one in found]))
    else:
        print_lines(kept.lines(found, now()))


@click.command()
@click.argument("incident")
@reason_option
@author_option
@click.option("--until", metavar="TIME", help="When it expires, ISO-8601 [when it has ended].")
@click.pass_context
def ack(
    ctx: click.Context, incident: str, reason: str, author: str | None, until: str | None
) -> None:
    """Say that you know of an incident; its beginning is name enough.

    \b
    Example: watchhouse ack 3f2a --reason "exits are being seeded"
    """
    settings = settings_of(ctx)
    with open_published(settings) as connection:
        found = kept.find(kept.read_incidents(connection), incident)
    end = parse_instant(until) if until else None
    kept.acknowledge(settings, found, author or getpass.getuser(), reason, end)
    click.echo(f"acknowledged {found.incident_id} ({found.check_name}); {_LATER}", err=True)


@click.command()
@click.option("--check", "name", metavar="CHECK", help="One check only [all].")
@bot_option
@click.option("--for", "span", required=True, metavar="SPAN", help="How long: 30m, 2h, 1d.")
@reason_option
@author_option
@click.pass_context
def silence(
    ctx: click.Context,
    *,
    name: str | None,
    bot: str | None,
    span: str,
    reason: str,
    author: str | None,
) -> None:
    """Announce nothing of a check or a bot for a while; verdicts stay as they are.

    \b
    Example: watchhouse silence --bot main --for 2h --reason "exchange maintenance"
    """
    if not (name or bot):
        raise UsageError("say what is to be silent", "--check NAME, --bot NAME, or both")
    settings = settings_of(ctx)
    with open_published(settings) as connection:
        known = read_catalog(connection, (name,) if name else ())
    if name and known.check(name) is None:
        raise UsageError(f"`{name}` is a playbook, not a check", "one silence per check")
    until = now().replace(microsecond=0) + parse_every(span)
    kept.silence(settings, name, bot, author or getpass.getuser(), reason, until)
    click.echo(f"silent until {short(until)}; {_LATER}", err=True)
