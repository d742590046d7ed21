"""Where raw rows are: archive."""

# ruff: noqa: PLC0415  (DuckDB and the registry are imported where used)

import click

from watchhouse.commands.common import settings_of


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.pass_context
def archive(ctx: click.Context, dry_run: bool) -> int:
    """Move the raw rows of sealed days to Parquet files, and drop what is past its time.

    \b
    Prints table, bot, day or month, what is done with it and the rows; [archive] of settings.toml
    says how long. Exit code 1 when a file is gone or damaged.
    Example: watchhouse archive --dry-run
    """
    from ingest.archive import run
    from ingest.lock import PATIENCE_SECONDS

    done = run(settings_of(ctx), is_dry=dry_run, wait_seconds=PATIENCE_SECONDS)
    for step in done.steps:
        rows = step.hot_rows or sum(one.row_count for one in step.old)
        what = "dropped" if step.keeps_pinned else "archived" if step.hot_rows else "merged"
        click.echo(f"{step.table}\t{step.bot}\t{step.part}\t{what}\t{rows}")
    for one in done.lost:
        click.echo(f"landing/{one.path} is gone or damaged: {one.row_count} rows", err=True)
    would = "would leave" if dry_run else "left"
    click.echo(f"{done.rows} rows {would} the warehouse, in {len(done.steps)} files", err=True)
    return int(bool(done.lost))
