"""From the bots' files to the published warehouse: init, ingest, replay, build, publish."""

# ruff: noqa: PLC0415  (`check` must not pay for dbt and pyarrow: those are imported where used)

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.settings import Settings, write_settings
from watchhouse.commands.common import bots_option, settings_of, with_bots
from watchhouse.instant import iso, parse_instant
from watchhouse.terminal import progress

if TYPE_CHECKING:
    from ingest import LoadReport


@click.command()
@bots_option
@click.pass_context
def init(ctx: click.Context, bots: tuple[str, ...]) -> None:
    """Make the home and remember the bots in its settings.toml.

    \b
    Example: watchhouse init --bot main=/srv/bot/logs,config=/srv/bot/config
    """
    settings = with_bots(settings_of(ctx), bots)
    write_settings(settings)
    names = ", ".join(bot.name for bot in settings.bots) or "no bots yet"
    click.echo(f"{settings.home} is ready: {names}", err=True)


@click.command()
@bots_option
@click.option(
    "--as-of-mtime", is_flag=True, help="An import: the look stands at the newest file time."
)
@click.option("--observed-at", metavar="TIME", help="When the look was taken, ISO-8601 [now].")
@click.option(
    "--follow", is_flag=True, help="Go on until SIGTERM or Ctrl-C, looking again and again."
)
@click.option(
    "--every", default=5.0, show_default=True, help="Seconds between commits of --follow."
)
@click.option("--verify", is_flag=True, help="Load nothing: hold the files against the warehouse.")
@click.pass_context
def ingest(
    ctx: click.Context,
    bots: tuple[str, ...],
    as_of_mtime: bool,
    observed_at: str | None,
    follow: bool,
    every: float,
    verify: bool,
) -> int:
    """Read what is new in the bots' files, once.

    \b
    Example: watchhouse ingest --bot main=/srv/bot/logs
    """
    if verify and (follow or as_of_mtime or observed_at):
        raise click.UsageError("--verify stands alone", ctx)
    if as_of_mtime and observed_at:
        raise click.UsageError("use one of --as-of-mtime and --observed-at", ctx)
    if follow and (as_of_mtime or observed_at):
        raise click.UsageError("--follow looks at the files as they are now", ctx)
    from ingest import run_once

    if follow:
        from ingest.follow import follow as run

        run(with_bots(settings_of(ctx), bots), every, _tell_news)
        return 0
    if verify:
        return _verify(with_bots(settings_of(ctx), bots))
    at = parse_instant(observed_at) if observed_at else None
    settings = with_bots(settings_of(ctx), bots)
    _tell_load(run_once(settings, at, as_of_mtime=as_of_mtime))
    return 0


def _verify(settings: Settings) -> int:
    from ingest.lock import PATIENCE_SECONDS
    from ingest.verify import verify

    found = verify(settings, PATIENCE_SECONDS)
    for one in found.differences:
        click.echo(f"{one.bot} {one.stream} {one.file} {one.start}-{one.end}: {one.what}")
    click.echo(
        f"{found.files} files, {found.bytes} bytes compared, {len(found.differences)} differences;"
        f" {found.not_at_hand} files not at hand any more",
        err=True,
    )
    return 1 if found.differences else 0


def _tell_news(report: "LoadReport") -> None:
    if report.rows or report.quarantined:
        _tell_load(report)


def _tell_load(report: "LoadReport") -> None:
    for bot in report.bots:
        click.echo(
            f"{bot.bot}: {bot.files} files looked at {iso(bot.observed_at)}, {bot.unreadable}"
            f" unreadable, {bot.rows} new rows, {bot.quarantined} quarantined",
            err=True,
        )
    for notice in report.notices:
        click.echo(notice, err=True)


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--from", "start", default=0, show_default=True, help="First frame.")
@click.option("--upto", type=int, help="Last frame [all].")
@click.option("--config", type=click.Path(path_type=Path), help="The bot's config folder.")
@click.option("--bot", metavar="NAME", help="Name of the bot [the recording's].")
@click.pass_context
def replay(
    ctx: click.Context,
    recording: Path,
    start: int,
    upto: int | None,
    config: Path | None,
    bot: str | None,
) -> None:
    """Lay a recording over a folder in the home and read each frame at its own time.

    \b
    Example: watchhouse replay ../recordings/healthy --config ../config
    """
    from ingest.replay import replay as run

    settings = settings_of(ctx)
    with progress("frames") as bar:
        done = run(
            settings, recording, bot=bot, start=start, upto=upto, config=config, progress=bar
        )
    click.echo(
        f"{done.bot}: {done.frames} frames from {iso(done.first_at)} to {iso(done.last_at)},"
        f" {done.rows} rows, {done.quarantined} quarantined",
        err=True,
    )


@click.command()
@click.option("--no-publish", is_flag=True, help="Leave the published file as it is.")
@click.option("--full-refresh", is_flag=True, help="Rebuild incremental models from scratch.")
@click.pass_context
def build(ctx: click.Context, no_publish: bool, full_refresh: bool) -> int:
    """Build the models, keep the checks with them, publish.

    The exit code is about the models, never about the bot.

    \b
    Example: watchhouse build && watchhouse check
    """
    from watchhouse.build import build as run

    settings = settings_of(ctx)
    built = run(settings, publish_it=not no_publish, full_refresh=full_refresh)
    if built.not_built:
        click.echo(f"not built, left as they were: {', '.join(built.not_built)}", err=True)
    if not built.tests_ok:
        click.echo("tests of the models failed; see dbt's words above", err=True)
    if built.broken_checks:
        click.echo(f"{built.broken_checks} of {built.checks} checks are unknown by that", err=True)
    where = f"published {settings.published_file}" if built.published else "nothing published"
    click.echo(f"{built.checks} checks kept; {where}", err=True)
    return int(not built.is_good)


@click.command()
@click.pass_context
def publish(ctx: click.Context) -> None:
    """Give readers a verified copy of the live warehouse.

    \b
    Example: watchhouse publish
    """
    from ingest.lock import PATIENCE_SECONDS
    from ingest.publish import publish as run

    settings = settings_of(ctx)
    run(settings, PATIENCE_SECONDS)
    click.echo(f"published {settings.published_file}", err=True)
