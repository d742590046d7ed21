"""What the commands share: options, the settings, exit codes, errors told in one sentence."""

import json
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ingest.errors import WatchhouseError
from ingest.settings import Bot, Settings, load_settings

if TYPE_CHECKING:
    from watchhouse.catalog import Provenance

# 3 is whatever is no verdict: unknown, wrong usage, nothing selected, no warehouse.
EXIT = {"ok": 0, "warn": 1, "crit": 2, "unknown": 3}
NO_VERDICT = 3

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


def settings_of(ctx: click.Context) -> Settings:
    """The settings of the home that the command line names."""
    return load_settings(ctx.obj)


def with_bots(settings: Settings, bots: Sequence[str]) -> Settings:
    """The settings with the bots given on the command line, if any."""
    return replace(settings, bots=tuple(map(Bot.parse, bots))) if bots else settings


def tell(error: click.ClickException | WatchhouseError) -> int:
    """Say on stderr what went wrong, with its hint; returns the exit code."""
    if isinstance(error, click.ClickException):
        error.show()
    else:
        hint = f"\n\nhint: {error.hint}" if error.hint else ""
        click.echo(f"error: {error.message}{hint}", err=True)
    return error.exit_code


def tell_source(source: "Provenance") -> None:
    """Say on stderr, beside an answer, how old the file is that gave it."""
    if said := source.sentence():
        click.echo(said, err=True)


def as_json_text(value: object) -> str:
    """Plain JSON on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


class VerdictCommand(click.Command):
    """A command whose exit code is a verdict, so that no failure may look like one."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse; wrong usage is no verdict."""
        try:
            return super().make_context(*args, **kwargs)
        except click.ClickException as error:
            tell(error)
            raise click.exceptions.Exit(NO_VERDICT) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run; neither is an error, foreseen or not: Python itself would exit 1, a warning."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, WatchhouseError) as error:
            tell(error)
        except (click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception:  # noqa: BLE001  (printed whole; the exit code is what matters here)
            traceback.print_exc()
        return NO_VERDICT
