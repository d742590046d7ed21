"""The watch that goes on by itself: run."""

# ruff: noqa: PLC0415  (imported where used: the others need not wait for it)

import click

from ingest.errors import UsageError
from watchhouse.commands.common import settings_of


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
