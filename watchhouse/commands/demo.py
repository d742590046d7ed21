"""A simulated bot's day, shown."""

# ruff: noqa: PLC0415  (the simulation and the charts are imported where used)

from datetime import timedelta

import click

from watchhouse.catalog import open_published, read_catalog, read_provenance
from watchhouse.check import run_checks
from watchhouse.commands.common import settings_of
from watchhouse.instant import iso
from watchhouse.render import lines
from watchhouse.terminal import print_lines, progress

HOURS = timedelta(hours=4)


@click.command()
@click.pass_context
def demo(ctx: click.Context) -> int:
    """Play a simulated bot's day with an incident in it, load it, build, check.

    \b
    Example: watchhouse demo
    """
    from watchhouse.demo import STORY, day, run_demo
    from watchhouse.report.command import default_file, list_reports, write_page
    from watchhouse.report.page import make_report

    click.echo(STORY, err=True)
    with progress("loops") as bar:
        played = run_demo(settings_of(ctx), day(), bar)
    settings, at = played.settings, iso(played.last_at)
    with open_published(settings) as connection:
        catalog = read_catalog(connection)
        verdict = run_checks(connection, catalog, [played.last_at])[0]
        print_lines(lines(verdict, read_provenance(connection, settings)))
        page = make_report(connection, settings.project, "24h", played.last_at)
    file = default_file(settings, "24h", played.last_at, None)
    write_page(file, page.html)
    list_reports(settings)
    click.echo(
        f"\nAll of this is simulated. The warehouse is {settings.published_file},\n"
        f"the report of the day {file}\nWhat to type next:\n"
        f"  watchhouse --home '{settings.home}' check --as-of {at}\n"
        f"  watchhouse --home '{settings.home}' sql 'from fct_exit_coverage limit 5'\n"
        f"  watchhouse --home '{settings.home}' backtest --since {iso(played.last_at - HOURS)}"
        f" --until {at}\n"
        "  watchhouse init --bot mine=/path/to/bot/logs,config=/path/to/bot/config",
        err=True,
    )
    return 0
