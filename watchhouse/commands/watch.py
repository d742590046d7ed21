"""The watch that goes on by itself and tells people: run, notify."""

# ruff: noqa: PLC0415  (imported where used: the others need not wait for it)

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from ingest.errors import UsageError
from watchhouse.catalog import open_published, read_catalog, read_provenance
from watchhouse.commands.common import settings_of
from watchhouse.instant import now

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from watchhouse.news import Topic
    from watchhouse.notify import Targets

OLD = timedelta(minutes=15)


@click.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Watch until SIGTERM or Ctrl-C: ingest, build, check and the reports, each when it is due.

    The table [run] of settings.toml says when; see docs/operations.md.

    \b
    Example: watchhouse run
    """
    from watchhouse.notify import read_targets
    from watchhouse.run.plan import read_plan
    from watchhouse.run.watch import run as watch

    settings = settings_of(ctx)
    if not settings.bots:
        raise UsageError(
            f"`{settings.settings_file}` names no bot", "watchhouse init --bot main=/path/to/logs"
        )
    plan = read_plan(settings)
    read_targets(settings)
    times = ", ".join(f"{span} at `{cron}`" for span, cron in plan.reports.items())
    click.echo(f"watching {', '.join(bot.name for bot in settings.bots)}: build and check at"
               f" `{plan.build}`, reports {times} (UTC)", err=True)  # fmt: skip
    watch(settings, plan)


def read_topics(
    connection: "DuckDBPyConnection", targets: "Targets", at: datetime
) -> "Iterator[Topic]":
    """Everything that may be told at an instant, with the proofs of what is over."""
    from watchhouse.incidents import read_incidents
    from watchhouse.news import of_doubts, of_incidents, proof_of

    catalog = read_catalog(connection)
    longest = timedelta(minutes=targets.unknown_minutes)
    yield from of_incidents(read_incidents(connection), at, proof_of(connection, catalog))
    yield from of_doubts(connection, len(catalog.checks), longest, at)


@click.command()
@click.option("--test", "tries", is_flag=True, help="Send a message that says it is a test.")
@click.pass_context
def notify(ctx: click.Context, tries: bool) -> None:
    """Tell the targets of [notify] in settings.toml what opened, worsened or ended since last time.

    What a target did not take is sent again the next time.

    \b
    Example: watchhouse notify --test
    """
    from watchhouse.notify import announce, ping, read_targets, send

    settings = settings_of(ctx)
    targets = read_targets(settings)
    if tries:
        if not targets.urls:
            raise UsageError(
                f"`{settings.settings_file}` names no target", '[notify] with urls = ["json://…"]'
            )
        send(targets, "Watchhouse: a test", "This is how an incident will reach you.")
        click.echo(f"sent to {len(targets.urls)} targets", err=True)
        return
    with open_published(settings) as connection:
        published_at = read_provenance(connection, settings).published_at
        at = now()
        topics = [*read_topics(connection, targets, at)]
        for sentence in announce(settings, targets, topics, at):
            click.echo(sentence, err=True)
    if published_at is not None and published_at > at - OLD:
        ping(targets)
