"""python -m bench.year --days 365 --home …: a home with a busy bot's many days, not yet built."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from ingest import load_settings
from watchhouse.world.year import settings_of, write_days


@click.command()
@click.option("--days", default=365, show_default=True, help="How many days, ending on 2026-03-31.")
@click.option("--home", required=True, type=click.Path(path_type=Path), help="Must not exist yet.")
@click.option("--pool", type=click.Path(path_type=Path), help="Keeps the lived days [HOME/../pool]")
@click.option("--seed", default=7, show_default=True)
def main(days: int, home: Path, pool: Path | None, seed: int) -> None:
    """Write the days; the first time some of them are lived loop by loop, which takes minutes."""
    begun = time.perf_counter()

    def say(text: str) -> None:
        print(f"{time.perf_counter() - begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    settings = settings_of(home, load_settings(home).project)
    write_days(settings, days, pool or home.parent / "pool", seed, say)
    size = settings.live_file.stat().st_size
    print(f"{days} days in {settings.home}: {size / 1e6:.0f} MB of raw tables")


if __name__ == "__main__":
    main()
