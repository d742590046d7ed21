"""python -m bench.all_at_once: everything that a home is used for, at once, for twenty minutes.

Three simulated bots write live; ingest looks every second; build and check, publish, archive and
report come when they are due; four analysts ask the published file, one in a session that stays
open. Printed: per kind of work how often, failures, waits for the writer, seconds; from a file's
write to a published file that holds it; each question against the same one with nobody else there.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copytree
from statistics import median
from typing import Any

import click
import duckdb

from bench.live_bot import live
from ingest.settings import Bot, Settings, load_settings, write_settings

BOTS = {"north": 3.0, "south": 5.0, "east": 7.0}  # seconds of a loop
FILE = "state/positions_ledger.json"
HOLDERS = ("ingest", "build", "publish", "archive")
# Which cookbook questions the analysts ask, by number.
ASKED = (1, 2, 5, 9, 14, 24)


@dataclass
class Tally:
    """One kind of work: seconds of each time, how often it waited, what went wrong."""

    seconds: list[float] = field(default_factory=list)
    waits: int = 0
    longest_wait: float = 0.0
    failures: list[str] = field(default_factory=list)


def live_on(name: str, loop_seconds: float, folder: Path, written: Any) -> None:
    """A bot that lives on; tells when the files of each mtime were written."""
    for mtime, at in live(folder, loop_seconds):
        written.put((name, mtime, at))


def cookbook(project: Path, numbers: Collection[int]) -> dict[str, str]:
    """The SQL of questions of the cookbook."""
    page = (project / "docs" / "sql-cookbook.md").read_text(encoding="utf-8")
    found = re.findall(r"^### (\d+)\. .*?```sql\n(.*?)```", page, re.MULTILINE | re.DOTALL)
    return {f"question {number}": text for number, text in found if int(number) in numbers}


def analyse(file: Path, asked: dict[str, str], stays: bool, told: Any) -> None:
    """Ask one question after another, each in a new session, or all in the first one."""
    held = duckdb.connect(str(file), read_only=True) if stays else None
    while True:
        for name, text in asked.items():
            begun = time.monotonic()
            try:
                connection = held or duckdb.connect(str(file), read_only=True)
                connection.execute(text).fetchall()
                if not held:
                    connection.close()
                wrong = None
            except duckdb.Error as error:
                wrong = str(error).splitlines()[0]
            told.put((name, time.monotonic() - begun, wrong))
            time.sleep(0.5)


class Stage:
    """The home, and what is counted of the work on it."""

    def __init__(self, settings: Settings, seconds: float) -> None:
        self.settings = settings
        self.until = time.monotonic() + seconds
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)

    def left(self) -> float:
        """Seconds until the end."""
        return self.until - time.monotonic()

    def command(self, *words: str) -> list[str]:
        """A command line of `watchhouse` on the home."""
        return [sys.executable, "-m", "watchhouse.cli", "--home", str(self.settings.home), *words]

    def work(self, kind: str, good: set[int], *words: str) -> None:
        """One command; its exit code must be among the good ones, its waits are counted."""
        begun = time.monotonic()
        run = subprocess.run(self.command(*words), capture_output=True, text=True, check=False)
        took, tally = time.monotonic() - begun, self.tallies[kind]
        tally.seconds.append(took)
        if "waiting for" in run.stderr:
            tally.waits += 1
            tally.longest_wait = max(tally.longest_wait, took)
        if run.returncode not in good:
            tally.failures.append(f"{run.returncode}: {run.stderr.strip()[-400:]}")

    def repeat(self, every: float, *works: tuple[str, set[int], tuple[str, ...]]) -> None:
        """The works one after another, each round beginning `every` seconds after the last one."""
        while self.left() > 0:
            begun = time.monotonic()
            for kind, good, words in works:
                self.work(kind, good, *words)
            time.sleep(max(0.0, min(every - (time.monotonic() - begun), self.left())))

    def collect(self, told: Any) -> None:
        """The analysts' answers, all together and each question by itself."""
        while self.left() > 0:
            with suppress(queue.Empty):
                name, seconds, wrong = told.get(timeout=1)
                for kind in ("all questions", name):
                    self.tallies[kind].seconds.append(seconds)
                    if wrong:
                        self.tallies[kind].failures.append(wrong)

    def archive(self, days: list[int]) -> None:
        """Every minute; the hot window shrinks by a day each time, so that there is work."""
        while self.left() > 0:
            hot = days.pop(0) if len(days) > 1 else days[0]
            write_settings(replace(self.settings, archive={"hot_days": max(1, hot)}))
            self.work("archive", {0}, "archive")
            time.sleep(max(0.0, min(60.0, self.left())))


def follow(stage: Stage) -> None:
    """`ingest --follow` every second until the end: seconds between commits that had news."""
    command = stage.command("ingest", "--follow", "--every", "1")
    tally, held_since, before = stage.tallies["ingest"], 0.0, time.monotonic()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        threading.Timer(max(0.0, stage.left()), process.terminate).start()
        for line in process.stderr or ():
            if "go to the spool" in line:
                tally.waits, held_since = tally.waits + 1, time.monotonic()
            elif "new rows" in line:
                now = time.monotonic()
                tally.seconds.append(now - before)
                waited, before = now - held_since if held_since else 0.0, now
                tally.longest_wait, held_since = max(tally.longest_wait, waited), 0.0
            elif line.strip():
                tally.failures.append(line.strip())
    if process.returncode:
        tally.failures.append(f"exit code {process.returncode}")


def see(stage: Stage, written: Any) -> list[float]:
    """Seconds from each write of a state file to the first published file that holds it."""
    waiting: dict[tuple[str, int], float] = {}
    seen, inode, file = [], 0, stage.settings.published_file
    while stage.left() > 0:
        time.sleep(0.2)
        while not written.empty():
            name, mtime, at = written.get()
            waiting[name, mtime] = at
        if (found := file.stat().st_ino) == inode:
            continue
        inode, now = found, time.time()
        with duckdb.connect(str(file), read_only=True) as connection:
            rows = connection.execute(_VERSIONS, [FILE]).fetchall()
        for key in rows:
            if (at := waiting.pop(key, None)) is not None and at < now:
                seen.append(now - at)
    return seen


def watch_holds(stage: Stage) -> None:
    """How long each command held the warehouse without a break, from who the lock says has it."""
    file, holder, since = stage.settings.lock_file.with_suffix(".json"), None, 0.0
    while stage.left() > 0:
        time.sleep(0.02)
        try:
            now = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            now = None
        if now != holder:
            if holder:
                words = holder["command"].split()
                kind = next((word for word in words if word in HOLDERS), "other")
                stage.tallies[f"held: {kind}"].seconds.append(time.monotonic() - since)
            holder, since = now, time.monotonic()


_VERSIONS = "select _bot, epoch_ms(mtime) from hot.observations where _file = ?"


def prepare(home: Path, seed: Path | None) -> Settings:
    """A home with the three bots, with older days of `seed` if there is one; built once."""
    if seed:
        copytree(seed / "live", home / "live")
    bots = []
    for name in BOTS:
        for part in ("logs", "config"):
            (home / "bots" / name / part).mkdir(parents=True)
        bots.append(Bot(name, home / "bots" / name / "logs", home / "bots" / name / "config"))
    settings = Settings(home, load_settings(home).project, tuple(bots))
    write_settings(settings)
    return settings


def idle(file: Path, asked: dict[str, str]) -> dict[str, list[float]]:
    """Seconds of each question, twenty times, in new sessions, with nobody else at the home."""
    took: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(20):
        for name, text in asked.items():
            begun = time.monotonic()
            with duckdb.connect(str(file), read_only=True) as connection:
                connection.execute(text).fetchall()
            took[name].append(time.monotonic() - begun)
    return took


def run(stage: Stage, asked: dict[str, str], days: list[int]) -> list[float]:
    """All of it until the end; returns the seconds until each write was visible."""
    written: Any = multiprocessing.Queue()
    told: Any = multiprocessing.Queue()
    home, file = stage.settings.home, stage.settings.published_file
    bots = [
        multiprocessing.Process(target=live_on, args=(name, every, home / "bots" / name, written))
        for name, every in BOTS.items()
    ]
    for bot in bots:
        bot.start()
    time.sleep(max(BOTS.values()))
    stage.work("first ingest", {0}, "ingest")
    stage.work("first build", {0}, "build")
    stage.until += sum(stage.tallies["first build"].seconds)
    analysts = [
        multiprocessing.Process(target=analyse, args=(file, asked, number == 0, told))
        for number in range(4)
    ]
    judged = ("check", {0, 1, 2, 3}, ("check",))
    threads = [
        threading.Thread(target=follow, args=(stage,)),
        threading.Thread(target=stage.repeat, args=(30, ("build", {0}, ("build",)), judged)),
        threading.Thread(target=stage.repeat, args=(20, ("publish", {0}, ("publish",)))),
        threading.Thread(target=stage.repeat, args=(60, ("report", {0}, ("report", "24h")))),
        threading.Thread(target=stage.archive, args=(days,)),
        threading.Thread(target=watch_holds, args=(stage,)),
        threading.Thread(target=stage.collect, args=(told,)),
    ]
    for process in analysts:
        process.start()
    for thread in threads:
        thread.start()
    seen = see(stage, written)
    for thread in threads:
        thread.join()
    for process in (*analysts, *bots):
        process.terminate()
    return seen


def _spread(seconds: list[float]) -> str:
    found = sorted(seconds) or [0.0]
    p99 = found[int(0.99 * (len(found) - 1))]
    return f"p50 {median(found):.2f} s, p99 {p99:.2f} s, most {found[-1]:.2f} s"


@click.command()
@click.option("--minutes", default=20.0, show_default=True)
@click.option("--home", required=True, type=click.Path(path_type=Path), help="Must not exist yet.")
@click.option("--seed", type=click.Path(path_type=Path), help="A home of bench.year: older days.")
@click.option("--hot-days", default="3000", help="Of archive, one run after the other: 9,8,7.")
def main(minutes: float, home: Path, seed: Path | None, hot_days: str) -> None:
    """Everything at once; exits 1 when anything failed."""
    settings = prepare(home.absolute(), seed)
    stage = Stage(settings, minutes * 60)
    asked = cookbook(settings.project, ASKED)
    seen = run(stage, asked, [int(day) for day in hot_days.split(",")])
    alone = idle(settings.published_file, asked)
    for name, tally in stage.tallies.items():
        waited = f", waited {tally.waits} times, at most {tally.longest_wait:.1f} s"
        against = f"; alone {_spread(alone[name])}" if name in alone else ""
        print(f"{name:<13} {len(tally.seconds):>5} times, {len(tally.failures)} failures"
              f"{waited if tally.waits else ''}, {_spread(tally.seconds)}{against}")  # fmt: skip
        for failure in tally.failures[:3]:
            print(f"    {failure}")
    print(f"visible       {len(seen):>5} writes, {_spread(seen)}; load {os.getloadavg()[0]:.1f}")
    if any(tally.failures for tally in stage.tallies.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
