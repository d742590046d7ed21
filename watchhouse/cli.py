"""The command `watchhouse`. stdout is data, stderr is talk."""

import os
import sys
from collections.abc import Sequence

import click

from ingest.errors import WatchhouseError
from watchhouse.commands import ask, demo, judge, load, pack, recall, span, store, watch
from watchhouse.commands.common import NO_VERDICT, tell
from watchhouse.report.command import report


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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--home", metavar="DIR", help="Home of the warehouse [WATCHHOUSE_HOME, else ./var].")
@click.version_option(package_name="watchhouse")
@click.pass_context
def cli(ctx: click.Context, home: str | None) -> None:
    """The memory and the night watch of a trading bot."""
    ctx.obj = home


COMMANDS = [
    *(load.init, load.ingest, load.replay, load.build, load.publish, store.archive),
    *(judge.check, judge.explain, span.backtest),
    *(recall.incidents, recall.ack, recall.silence, pack.bundle),
    *(report, ask.sql, ask.status, ask.doctor),
    *(watch.run, watch.notify),
    demo.demo,
]
for command in COMMANDS:
    cli.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
