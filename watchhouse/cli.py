"""The command `watchhouse`. stdout is data, stderr is talk."""

import os
import sys
from collections import UserDict
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from ingest.errors import WatchhouseError
from watchhouse.commands.common import NO_VERDICT, tell


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; an error is one sentence and a hint."""
    try:
        code = cli.main(args=None if argv is None else [*argv], standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (click.ClickException, WatchhouseError) as error:
        return tell(error)
    except click.Abort:
        click.echo("interrupted; what was committed is kept", err=True)
        return 130
    except BrokenPipeError:
        # The reader of the pipe has left: say nothing, also not when Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_VERDICT
    except OSError as error:
        where = f"`{error.filename}`" if error.filename else "the disk"
        return tell(WatchhouseError(f"{where}: {error.strerror or error}", "watchhouse doctor"))


class Commands(UserDict[str, Any]):
    """The module of each command; what is looked up is the command, imported only then."""

    def __getitem__(self, name: str) -> click.Command:
        """The command of that name; KeyError when there is none."""
        command = getattr(import_module(super().__getitem__(name)), name)
        assert isinstance(command, click.Command)
        return command


COMMANDS = {
    "watchhouse.commands.load": ("init", "ingest", "replay", "build", "publish"),
    "watchhouse.commands.store": ("archive",),
    "watchhouse.commands.judge": ("check", "explain"),
    "watchhouse.commands.span": ("backtest",),
    "watchhouse.commands.recall": ("incidents", "ack", "silence"),
    "watchhouse.commands.pack": ("bundle",),
    "watchhouse.report.command": ("report",),
    "watchhouse.commands.ask": ("sql", "status", "doctor"),
    "watchhouse.commands.watch": ("run", "notify"),
    "watchhouse.commands.demo": ("demo",),
}


@click.group(
    commands=Commands({name: module for module, names in COMMANDS.items() for name in names}),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--home", metavar="DIR", help="Home of the warehouse [WATCHHOUSE_HOME, else ./var].")
@click.version_option(package_name="watchhouse")
@click.pass_context
def cli(ctx: click.Context, home: str | None) -> None:
    """The memory and the night watch of a trading bot."""
    ctx.obj = home


if __name__ == "__main__":
    sys.exit(main())
