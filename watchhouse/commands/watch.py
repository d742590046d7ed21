"""The watch that goes on by itself and tells people: run, notify."""

# ruff: noqa: PLC0415  (imported where used: the others need not wait for it)

from datetime import timedelta

import click

from ingest.errors import UsageError
from watchhouse.catalog import open_published, read_provenance
from watchhouse.commands.common import settings_of
from watchhouse.instant import now

OLD = timedelta(minutes=15)


@click.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Watch until SIGTERM or Ctrl-C: ingest, build, check and the reports, each when it is due.

    The table [run] of settings.toml says when; see docs/operations.md.

    \b
    Example: watchhouse run
    """
    from watchhouse.run.plan import read_plan
    from watchhouse.run.watch import run as watch

    settings = settings_of(ctx)
    if not settings.bots:
        raise UsageError(
            f"`{settings.settings_file}` names no bot", "watchhouse init --bot main=/path/to/logs"
        )
    plan = read_plan(settings)
    times = ", ".join(f"{span} at `{cron}`" for span, cron in plan.reports.items())
    click.echo(f"watching {', '.join(bot.name for bot in settings.bots)}: build and check at"
               f" `{plan.build}`, reports {times} (UTC)", err=True)  # fmt: skip
    watch(settings, plan)


@click.command()
@click.option("--test", "tries", is_flag=True, help="Send a message that says it is a test.")
@click.pass_context
def notify(ctx: click.Context, tries: bool) -> None:
    """Tell the targets of [notify] in settings.toml what opened, worsened or ended since last time.

    What a target did not take is sent again the next time.

    \b
    Example: watchhouse notify --test
    """
    from watchhouse import notify as news
    from watchhouse.incidents import read_incidents

    settings = settings_of(ctx)
    targets = news.read_targets(settings)
    if tries:
        if not targets.urls:
            raise UsageError(
                f"`{settings.settings_file}` names no target", '[notify] with urls = ["json://…"]'
            )
        news.send(targets, "Watchhouse: a test", "This is how an incident will reach you.")
        click.echo(f"sent to {len(targets.urls)} targets", err=True)
        return
    with open_published(settings) as connection:
        incidents = read_incidents(connection)
        published_at = read_provenance(connection, settings).published_at
    at = now()
    for one in news.announce(settings, targets, incidents, at):
        click.echo(one.sentence, err=True)
    if published_at is not None and published_at > at - OLD:
        news.ping(targets)
