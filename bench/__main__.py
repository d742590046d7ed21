"""python -m bench: every case beside its peer and its limit, at two sizes, in one run.

The cases of a round run one after another, so that what else the machine does meets all of them; a
ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from bench.cases import Figure, measure
from bench.dlt_home import LOADERS, SHAPES, dlt_in
from bench.lines import write_log, write_wide_log

Cases = dict[str, Callable[[], Figure]]
SMALL, BIG, HUGE = 100_000, 1_000_000, 9_100_000


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Rounds at every size but the huge.")
@click.option("--huge", is_flag=True, help="One round more with a log of 5 GB (30 GB of disk).")
@click.option("--dlt", type=click.Choice(["small", "big"]), help="dlt too, in a folder of its own.")
@click.option("--folder", type=click.Path(file_okay=False), help="Where to write [a temporary one]")
def main(rounds: int, huge: bool, dlt: str | None, folder: str | None) -> None:
    """Our speed, that of the peers, and the limit's."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="bench") as name:
        place = Path(name)
        sizes = {"small": SMALL, "big": BIG} | ({"huge": HUGE} if huge else {})
        print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start")
        logs = {size: write_log(place / f"{size}.jsonl", lines) for size, lines in sizes.items()}
        damaged = write_log(place / "damaged.jsonl", SMALL, damaged_every=1000)
        for size, log in logs.items():
            more = _dlt(place, log) if size == dlt else {}
            _bulk(place, log, rounds if size != "huge" else 1, more)
        if huge:
            _wide(place)
        _damage(place, logs["small"], damaged, rounds)
        _append(place, logs["huge" if huge else "big"], rounds)
        _idle(place, rounds)
        _process(place, logs["small"], rounds)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _bulk(place: Path, log: Path, rounds: int, more: Cases) -> None:
    cases: Cases = {
        "DuckDB read_ndjson_objects": partial(measure, "duckdb_bulk", log, place),
        "watchhouse, masking off": partial(measure, "bulk_unmasked", log, place),
        "watchhouse, masking on": partial(measure, "bulk", log, place),
        **more,
        "limit: copied and synced": partial(measure, "copy", log, place),
        "limit: zstd -3": partial(measure, "zstd", log, place),
    }
    size = log.stat().st_size
    _run(f"Bulk load of {size / 1e6:.0f} MB; on disk as a part of the log", cases, rounds, size)


def _dlt(place: Path, log: Path) -> Cases:
    run = dlt_in(place, log)
    return {f"dlt, {loader} loader, {shape}": partial(run, loader, shape)
            for shape in SHAPES for loader in LOADERS}  # fmt: skip


def _damage(place: Path, log: Path, damaged: Path, rounds: int) -> None:
    cases: Cases = {
        "no line damaged": partial(measure, "bulk", log, place),
        "one line of 1,000 damaged": partial(measure, "bulk", damaged, place),
    }
    _run("Bulk load of 55 MB with a NaN, a torn or a blank line now and then", cases, rounds)


def _wide(place: Path) -> None:
    log = write_wide_log(place / "wide.jsonl", BIG)
    cases: Cases = {"watchhouse": partial(measure, "bulk", log, place)}
    _run("Bulk load of 5 GB in lines of 5 KB", cases, 1, log.stat().st_size)
    log.unlink()


def _append(place: Path, log: Path, rounds: int) -> None:
    small = write_log(place / "little.jsonl", SMALL // 10)
    cases: Cases = {
        "watchhouse, a log of 5 MB": partial(measure, "append", small, place),
        f"watchhouse, one of {log.stat().st_size / 1e6:.0f} MB": partial(
            measure, "append", log, place
        ),
        "limit: DuckDB, from a file": partial(measure, "duckdb_append", small, place),
    }
    _run("1,000 lines appended to a log, in a held session", cases, rounds)


def _idle(place: Path, rounds: int) -> None:
    cases: Cases = {
        "watchhouse": partial(measure, "idle", place, place),
        "limit: names and stats": partial(measure, "listing", place, place),
    }
    _run("Idle poll of 10,000 known files, in a held session", cases, rounds)


def _process(place: Path, log: Path, rounds: int) -> None:
    cases: Cases = {
        "watchhouse ingest": partial(measure, "nothing_new", log, place),
        "limit: Python opens the file": partial(measure, "bare_process", log, place),
    }
    _run("A process with nothing new to read", cases, rounds)


def _run(title: str, cases: Cases, rounds: int, raw_bytes: int = 0) -> None:
    found: dict[str, list[Figure]] = {name: [] for name in cases}
    for number in range(rounds):
        for name, case in cases.items():
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
            found[name].append(case())
    print(f"\n{title}\n{'':32}{'wall s':>9}{'ratio':>9}{'CPU s':>9}{'peak MiB':>10}{'disk':>8}")
    base = next(iter(found.values()))
    for name, figures in found.items():
        print(_line(name, figures, base, raw_bytes), flush=True)


def _line(name: str, figures: list[Figure], base: list[Figure], raw_bytes: int) -> str:
    pairs = zip(figures, base, strict=True)
    ratio = statistics.median(one.seconds / other.seconds for one, other in pairs)
    seconds = statistics.median(figure.seconds for figure in figures)
    cpu_seconds = statistics.median(figure.cpu_seconds for figure in figures)
    peak = max(figure.peak_mib for figure in figures)
    last = figures[-1]
    part = f"{last.written_bytes / raw_bytes:.1%}" if raw_bytes else ""
    return (
        f"{name:32}{seconds:9.3f}{ratio:8.2f}x{cpu_seconds:9.3f}{peak:10.0f}{part:>8}  {last.note}"
    ).rstrip()


if __name__ == "__main__":
    main()
