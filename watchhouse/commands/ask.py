"""Questions to the warehouse, and to the watch itself: sql, status, doctor."""

# ruff: noqa: PLC0415  (imported where used: the others need not wait for it)

import sys
from pathlib import Path

import click

from ingest.errors import WatchhouseError
from watchhouse.catalog import open_published, read_provenance
from watchhouse.commands.common import as_json_text, settings_of, tell_source
from watchhouse.instant import now, parse_instant
from watchhouse.query.ask import Asker
from watchhouse.query.engine import Limits
from watchhouse.query.formats import STYLES
from watchhouse.terminal import print_lines


@click.command()
@click.argument("query", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="Read the query from a file.")
@click.option("--format", "style", type=click.Choice([*STYLES]), default="table")
@click.option("--out", type=click.Path(path_type=Path), help="Write the answer to a file.")
@click.option("--memory", default=Limits.memory, show_default=True, help="Most memory: 500MB, 4GB.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=Limits.seconds,
    show_default=True,
    help="Most seconds.",
)
@click.pass_context
def sql(
    ctx: click.Context,
    *,
    query: str | None,
    file: Path | None,
    style: str,
    out: Path | None,
    memory: str,
    timeout: float,
) -> None:
    """Ask the published warehouse one SELECT; `-` reads it from stdin, nothing opens a prompt.

    Whatever is no question is refused: the warehouse cannot be changed from here, and no other
    file can be reached.

    \b
    Example: watchhouse sql "from fct_nav limit 5"
    Example: watchhouse sql --file q.sql --format parquet --out q.parquet
    """
    asker = Asker(settings_of(ctx), Limits(memory, timeout), style)
    if query is None and file is None and out is None and sys.stdin.isatty():
        from watchhouse.query.prompt import converse

        converse(asker)
        return
    text = _query(ctx, query, file)
    try:
        source = asker.ask(text, sys.stdout) if out is None else asker.ask_into(text, out)
    except KeyboardInterrupt:
        raise click.Abort from None
    tell_source(source)


@click.command()
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
    settings = settings_of(ctx)
    with open_published(settings) as connection:
        statuses = files.file_statuses(connection, moment)
        tell_source(read_provenance(connection, settings))
    if style == "json":
        click.echo(as_json_text([one.as_json() for one in statuses]))
    else:
        print_lines(files.lines(statuses, moment))


@click.command()
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--metrics", type=click.Path(path_type=Path), metavar="FILE",
    help="Write Prometheus text there as well; for node_exporter, *.prom.",
)  # fmt: skip
@click.pass_context
def doctor(ctx: click.Context, style: str, metrics: Path | None) -> int:
    """Say what keeps the watch from watching, and how to mend it.

    Looks at home, disk, lock, the bots' files, the published file and the last runs; changes
    nothing. Exits 1 when something is bad.

    \b
    Example: watchhouse doctor
    """
    from watchhouse.doctor import examine, lines
    from watchhouse.metrics import metrics as as_metrics
    from watchhouse.metrics import write_metrics

    moment = now()
    examined = examine(settings_of(ctx), moment)
    if metrics:
        write_metrics(metrics, as_metrics(examined, moment))
    if style == "json":
        click.echo(as_json_text([vars(symptom) for symptom in examined.symptoms]))
    else:
        print_lines(lines(examined))
    return int(not examined.is_well)


def _query(ctx: click.Context, query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise click.UsageError("give a query, `-` or --file; a terminal gets a prompt", ctx)
    if file is None:
        return sys.stdin.read() if query == "-" else str(query)
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WatchhouseError(f"cannot read {file}: {error}") from error
