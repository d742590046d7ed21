"""What is measured, each in a process of its own; see `measure`."""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from bench.lines import veto_lines
from bench.station import log_of, make_station, masking
from ingest import open_session, run_once
from ingest.settings import write_settings

REPEATS = 5


@dataclass(frozen=True)
class Figure:
    """Seconds of wall and CPU of one case, the peak memory of its process, and what it wrote."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    written_bytes: int = 0
    note: str = ""


Case = Callable[[Path, Path], Figure]


def bulk(log: Path, folder: Path, is_masking: bool) -> Figure:
    """Ours: one look at a bot with one log, from opening the warehouse to closing it."""
    settings = make_station(folder)
    os.link(log, log_of(settings))
    with masking(is_masking):
        figure = _timed(partial(run_once, settings))
    return _written(figure, settings.live_file)


def duckdb_bulk(log: Path, folder: Path) -> Figure:
    """The peer: DuckDB's own reader into a file, nothing vetted, no ledger."""
    file = _empty(folder) / "peer.duckdb"

    def load() -> None:
        with duckdb.connect(str(file)) as connection:
            connection.execute(
                "create table lines as select * from read_ndjson_objects($log)", {"log": str(log)}
            )

    return _written(_timed(load), file)


def copy(log: Path, folder: Path) -> Figure:
    """The limit of the machine: every byte read and written once, to the disk."""
    file = _empty(folder) / "copy"

    def run() -> None:
        shutil.copyfile(log, file)
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())

    return _written(_timed(run), file)


def zstd(log: Path, folder: Path) -> Figure:
    """The limit of storage: the same lines under zstd -3, 8 MiB at a time."""
    file = _empty(folder) / "lines.zst"

    def run() -> None:
        codec = pa.Codec("zstd", compression_level=3)
        with log.open("rb") as source, file.open("wb") as target:
            while block := source.read(8 << 20):
                target.write(codec.compress(block, asbytes=True))

    return _written(_timed(run), file)


def append(log: Path, folder: Path) -> Figure:
    """1,000 new lines in a log that was read: the look that takes them in, in a held session."""
    settings = make_station(folder)
    shutil.copyfile(log, log_of(settings))
    lines = "".join(veto_lines(1000, seed=2))
    figures = []
    with open_session(settings) as session:
        session.poll()
        for _ in range(REPEATS):
            with log_of(settings).open("a", encoding="utf-8") as file:
                file.write(lines)
            time.sleep(0.05)  # a file written within a clock tick of the look is read again
            figures.append(_timed(session.poll))
    return _median(figures)


def duckdb_append(log: Path, folder: Path) -> Figure:
    """The limit: DuckDB alone takes in the same 1,000 lines from a file of their own."""
    figures = []
    lines = _empty(folder) / "lines.jsonl"
    lines.write_text("".join(veto_lines(1000, seed=2)), encoding="utf-8")
    with duckdb.connect(str(folder / "peer.duckdb")) as connection:
        read = f"select * from read_ndjson_objects('{lines}')"
        connection.execute(f"create table lines as {read}")
        for _ in range(REPEATS):
            figures.append(_timed(partial(connection.execute, f"insert into lines {read}")))
    return _median(figures)


def idle(log: Path, folder: Path) -> Figure:
    """A look at 10,000 known files of which none changed; it opens none of them."""
    settings = make_station(folder)
    logs, opened = settings.bots[0].logs, list[str]()
    for number in range(10_000):
        (logs / "state" / f"{number}.json").write_text(f'{{"n": {number}}}', encoding="utf-8")
    time.sleep(0.05)

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(logs) in str(arguments[0]):
            opened.append(str(arguments[0]))

    with open_session(settings) as session:
        session.poll()
        sys.addaudithook(note)
        figure = _median([_timed(session.poll) for _ in range(REPEATS)])
    return replace(figure, note=f"{len(opened)} opened")


def listing(log: Path, folder: Path) -> Figure:
    """The limit: the same 10,000 files listed and their stats taken."""
    state = folder.parent / "idle" / "logs" / "state"

    def look() -> None:
        with os.scandir(state) as entries:
            assert sum(entry.stat().st_size > 0 for entry in entries) == 10_000

    return _median([_timed(look) for _ in range(REPEATS)])


def nothing_new(log: Path, folder: Path) -> Figure:
    """`watchhouse ingest` as a process, after everything was read."""
    settings = make_station(folder)
    os.link(log, log_of(settings))
    time.sleep(0.05)
    run_once(settings)
    write_settings(settings)
    project = {"WATCHHOUSE_PROJECT": str(settings.project), "WATCHHOUSE_HOME": str(settings.home)}
    command = [sys.executable, "-m", "watchhouse.cli", "ingest"]
    return _median([_timed_process(command, project) for _ in range(REPEATS)])


def bare_process(log: Path, folder: Path) -> Figure:
    """The limit: a Python process that imports DuckDB and opens a warehouse."""
    file = folder.parent / "nothing_new" / "home" / "live" / "warehouse.duckdb"
    code = f"import duckdb; duckdb.connect({str(file)!r})"
    return _median([_timed_process([sys.executable, "-c", code], {}) for _ in range(REPEATS)])


CASES: dict[str, Case] = {
    "bulk": partial(bulk, is_masking=True),
    "bulk_unmasked": partial(bulk, is_masking=False),
    "duckdb_bulk": duckdb_bulk,
    "copy": copy,
    "zstd": zstd,
    "append": append,
    "duckdb_append": duckdb_append,
    "idle": idle,
    "listing": listing,
    "nothing_new": nothing_new,
    "bare_process": bare_process,
}


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _cpu_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def _timed(run: Callable[[], object], who: int = resource.RUSAGE_SELF) -> Figure:
    wall, cpu = time.perf_counter(), _cpu_seconds(who)
    run()
    wall, cpu = time.perf_counter() - wall, _cpu_seconds(who) - cpu
    return Figure(wall, cpu, resource.getrusage(who).ru_maxrss / 1024)


def _timed_process(command: list[str], environment: dict[str, str]) -> Figure:
    run = partial(
        subprocess.run, command, env=os.environ | environment, check=True, capture_output=True
    )
    return _timed(run, resource.RUSAGE_CHILDREN)


def _median(figures: list[Figure]) -> Figure:
    seconds = statistics.median(figure.seconds for figure in figures)
    cpu_seconds = statistics.median(figure.cpu_seconds for figure in figures)
    return Figure(seconds, cpu_seconds, max(figure.peak_mib for figure in figures))


def _written(figure: Figure, file: Path) -> Figure:
    return replace(figure, written_bytes=file.stat().st_size)


def measure(name: str, log: Path, folder: Path) -> Figure:
    """Run a case in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, "-m", "bench.cases", name, str(log), str(folder / name)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Figure(**json.loads(output))


if __name__ == "__main__":
    _name, _log, _folder = sys.argv[1:]
    print(json.dumps(asdict(CASES[_name](Path(_log), Path(_folder)))))
