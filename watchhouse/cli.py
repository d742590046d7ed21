"""The command `watchhouse`: parse, call, print. stdout is data, stderr is talk."""

# ruff: noqa: PLC0415  (`check` must not pay for dbt and pyarrow: those are imported where used)

import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ingest.errors import WatchhouseError
from ingest.settings import Bot, Settings, load_settings, write_settings
from watchhouse import backtest as past
from watchhouse.catalog import open_published, read_catalog, read_provenance
from watchhouse.check import run_checks
from watchhouse.instant import iso, now, parse_instant
from watchhouse.render import lines
from watchhouse.report.command import report as report_command
from watchhouse.sql import run_sql
from watchhouse.terminal import print_lines, progress

if TYPE_CHECKING:
    from ingest import LoadReport

# 3 is whatever is no verdict: unknown, wrong usage, nothing selected, no warehouse.
EXIT = {"ok": 0, "warn": 1, "crit": 2, "unknown": 3}
NO_VERDICT = 3
LOCK_WAIT_SECONDS = 60
HOURS = timedelta(hours=4)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; an error is one sentence and a hint."""
    try:
        code = cli.main(args=None if argv is None else [*argv], standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (click.ClickException, WatchhouseError) as error:
        return _tell(error)
    except click.Abort:
        click.echo("interrupted; what was committed is kept", err=True)
        return 130
    except BrokenPipeError:
        # The reader of the pipe has left: say nothing, also not when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_VERDICT


def _tell(error: click.ClickException | WatchhouseError) -> int:
    if isinstance(error, click.ClickException):
        error.show()
    else:
        hint = f"\n\nhint: {error.hint}" if error.hint else ""
        click.echo(f"error: {error.message}{hint}", err=True)
    return error.exit_code


class VerdictCommand(click.Command):
    """A command whose exit code is a verdict, so that no failure may look like one."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse; wrong usage is no verdict."""
        try:
            return super().make_context(*args, **kwargs)
        except click.ClickException as error:
            _tell(error)
            raise click.exceptions.Exit(NO_VERDICT) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run; neither is an error, foreseen or not: Python itself would exit 1, a warning."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, WatchhouseError) as error:
            _tell(error)
        except (click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception:  # noqa: BLE001  (printed whole; the exit code is what matters here)
            traceback.print_exc()
        return NO_VERDICT


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--home", metavar="DIR", help="Home of the warehouse [WATCHHOUSE_HOME, else ./var].")
@click.version_option(package_name="watchhouse")
@click.pass_context
def cli(ctx: click.Context, home: str | None) -> None:
    """The memory and the night watch of a trading bot."""
    ctx.obj = home


cli.add_command(report_command)


def _settings(ctx: click.Context) -> Settings:
    return load_settings(ctx.obj)


def _with_bots(settings: Settings, bots: Sequence[str]) -> Settings:
    return replace(settings, bots=tuple(map(Bot.parse, bots))) if bots else settings


bots_option = click.option(
    "--bot",
    "bots",
    multiple=True,
    metavar="NAME=LOGS[,config=DIR][,text=FILE]",
    help="A bot and its folders; repeatable [the bots of settings.toml].",
)
select_option = click.option(
    "--select", multiple=True, metavar="NAME", help="Checks or playbooks; repeatable [all]."
)
bot_option = click.option("--bot", metavar="NAME", help="One bot only [all].")


@cli.command()
@bots_option
@click.pass_context
def init(ctx: click.Context, bots: tuple[str, ...]) -> None:
    """Make the home and remember the bots in its settings.toml.

    \b
    Example: watchhouse init --bot main=/srv/bot/logs,config=/srv/bot/config
    """
    settings = _with_bots(_settings(ctx), bots)
    write_settings(settings)
    names = ", ".join(bot.name for bot in settings.bots) or "no bots yet"
    click.echo(f"{settings.home} is ready: {names}", err=True)


@cli.command()
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

        run(_with_bots(_settings(ctx), bots), every, _tell_news)
        return 0
    if verify:
        return _verify(_with_bots(_settings(ctx), bots))
    at = parse_instant(observed_at) if observed_at else None
    settings = _with_bots(_settings(ctx), bots)
    _tell_load(run_once(settings, at, as_of_mtime=as_of_mtime, wait_seconds=LOCK_WAIT_SECONDS))
    return 0


def _verify(settings: Settings) -> int:
    from ingest.verify import verify

    found = verify(settings, LOCK_WAIT_SECONDS)
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


@cli.command()
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

    settings = _settings(ctx)
    with progress("frames") as bar:
        done = run(
            settings, recording, bot=bot, start=start, upto=upto, config=config, progress=bar
        )
    click.echo(
        f"{done.bot}: {done.frames} frames from {iso(done.first_at)} to {iso(done.last_at)},"
        f" {done.rows} rows, {done.quarantined} quarantined",
        err=True,
    )


@cli.command()
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

    settings = _settings(ctx)
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


@cli.command()
@click.pass_context
def publish(ctx: click.Context) -> None:
    """Give readers a verified copy of the live warehouse.

    \b
    Example: watchhouse publish
    """
    from ingest.publish import publish as run

    settings = _settings(ctx)
    run(settings)
    click.echo(f"published {settings.published_file}", err=True)


@cli.command(cls=VerdictCommand)
@click.option("--as-of", metavar="TIME", help="The instant to judge, ISO-8601 [now].")
@select_option
@bot_option
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def check(
    ctx: click.Context, as_of: str | None, select: tuple[str, ...], bot: str | None, style: str
) -> int:
    """Say what is wrong, why, and what to do.

    Exits 0 ok, 1 warn, 2 crit, 3 when there is no verdict.

    \b
    Example: watchhouse check --as-of 2025-10-18T03:20:00Z
    """
    moment = parse_instant(as_of) if as_of else now()
    settings = _settings(ctx)
    with open_published(settings) as connection:
        catalog = read_catalog(connection, select)
        verdict = run_checks(connection, catalog, [moment], bot)[0]
        provenance = read_provenance(connection, settings)
    if style == "json":
        click.echo(_json(verdict.as_json()))
    else:
        print_lines(lines(verdict, catalog, provenance))
    return EXIT[verdict.verdict]


@cli.command()
@click.option("--since", required=True, metavar="TIME", help="First instant, ISO-8601.")
@click.option("--until", metavar="TIME", help="Last instant, always judged [now].")
@click.option("--every", default="60s", show_default=True, help="Step: 60s, 5m, 1h.")
@select_option
@bot_option
@click.option("--raw", is_flag=True, help="One verdict per instant; equal neighbours stay apart.")
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
    style: str,
) -> None:
    """Judge every instant of a span with the facts held today.

    \b
    Example: watchhouse backtest --since 2025-10-18 --until 2025-10-19 --every 60s
    """
    last = parse_instant(until) if until else now()
    grid = past.instants(parse_instant(since), last, past.parse_every(every))
    with open_published(_settings(ctx)) as connection:
        catalog = read_catalog(connection, select)
        with progress("checks") as bar:
            verdicts = run_checks(connection, catalog, grid, bot, bar)
    if style == "json":
        click.echo(_json([v.as_json() for v in verdicts] if raw else past.folded_json(verdicts)))
    else:
        print_lines(past.lines(verdicts, catalog, raw))


@cli.command()
@click.argument("query", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="Read the query from a file.")
@click.option("--format", "style", type=click.Choice(["table", "csv", "json"]), default="table")
@click.pass_context
def sql(ctx: click.Context, query: str | None, file: Path | None, style: str) -> None:
    """Run a query on the published warehouse; `-` reads it from stdin.

    \b
    Example: watchhouse sql "from fct_nav limit 5"
    """
    text = _query(ctx, query, file)
    with open_published(_settings(ctx)) as connection:
        run_sql(connection, text, style, sys.stdout)


@cli.command()
@click.option("--as-of", metavar="TIME", help="The instant to tell of, ISO-8601 [now].")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def status(ctx: click.Context, as_of: str | None, style: str) -> None:
    """Say how far each file of each bot was read, what is late and what was bad.

    \b
    Example: watchhouse status
    """
    from watchhouse import status as files

    moment = parse_instant(as_of) if as_of else now()
    with open_published(_settings(ctx)) as connection:
        statuses = files.file_statuses(connection, moment)
    if style == "json":
        click.echo(_json([one.as_json() for one in statuses]))
    else:
        print_lines(files.lines(statuses, moment))


@cli.command()
@click.pass_context
def demo(ctx: click.Context) -> int:
    """Play a simulated bot's day with an incident in it, load it, build, check.

    \b
    Example: watchhouse demo
    """
    from watchhouse.demo import STORY, day, run_demo
    from watchhouse.report.command import default_file, write_page
    from watchhouse.report.page import make_report

    click.echo(STORY, err=True)
    with progress("loops") as bar:
        played = run_demo(_settings(ctx), day(), bar)
    settings, at = played.settings, iso(played.last_at)
    with open_published(settings) as connection:
        catalog = read_catalog(connection)
        verdict = run_checks(connection, catalog, [played.last_at])[0]
        print_lines(lines(verdict, catalog, read_provenance(connection, settings)))
        page = make_report(connection, settings.project, "24h", played.last_at)
    file = default_file(settings, "24h", played.last_at, None)
    write_page(file, page.html)
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


def _query(ctx: click.Context, query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise click.UsageError("give a query, `-` or --file", ctx)
    if file is None:
        return sys.stdin.read() if query == "-" else str(query)
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise WatchhouseError(f"cannot read {file}: {error}") from error


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


if __name__ == "__main__":
    sys.exit(main())
