"""python -m bench.soak_run: `watchhouse run` beside a bot that lives twenty times as fast.

A simulated bot writes a loop every three seconds instead of every sixty, six incidents happen to
it, the watch is killed with -9 every five minutes, and a server on this machine takes its messages.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from statistics import median

import click
import duckdb

from bench.live_bot import live
from ingest.settings import Bot, Settings, load_settings, write_settings
from watchhouse.instant import parse_instant
from watchhouse.world import Incident

LOOP_SECONDS = 3.0
KILL_SECONDS = 300.0
SAMPLE_SECONDS = 5.0
FILE = "state/positions_ledger.json"
OPENING = ("WARN", "CRIT", "UNKNOWN")

# Which check must announce each incident, and in which minutes of the hour it happens. What is told
# of that check from then until so many minutes after is told of the incident.
AFTER_MINUTES = 10
INJECTED: tuple[tuple[str, str, float, float], ...] = (
    ("nav_spike", "nav jumped", 1.5, 3),
    ("registry_gap", "open position has no exit", 10, 13),
    ("veto_storm", "one gate refuses most orders", 18, 24),
    ("damage", "state file is damaged", 29, 30),
    ("executor_dies", "executor is silent", 34, 41),
    ("two_writers", "two executors run", 46, 48),
)


@dataclass
class Sink:
    """What reached the server: messages and pings, each with its seconds since the start.

    `takes` is asked before each answer: the HTTP status, 200 for what was taken.
    """

    takes: Callable[[], int] = lambda: 200
    begun: float = field(default_factory=time.monotonic)
    lines: list[tuple[float, str]] = field(default_factory=list)
    pings: list[float] = field(default_factory=list)

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.begun

    def closed(self) -> set[str]:
        """The checks of which an end was told."""
        return {line.split(",")[0].split(": ")[1] for _, line in self.lines if "ENDED" in line[:6]}


@dataclass
class Sampled:
    """Memory in MiB per process name, with the seconds of each look."""

    memory: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))


def incidents(minutes: float) -> tuple[Incident, ...]:
    """The six, on the loops of a soak of so many minutes; damage strikes loop after loop."""

    def loop(minute: float) -> int:
        return int(minute * minutes / 60 * 60 / LOOP_SECONDS)

    made: list[Incident] = []
    for kind, _, first, last in INJECTED:
        if kind == "damage":
            loops = range(loop(first), loop(last))
            made += [Incident("damage", number, file=FILE, how="torn") for number in loops]
        elif kind == "nav_spike":  # a fall: a rise would be a peak, and refuse every order after it
            made.append(Incident(kind, loop(first), loop(last), multiplier=0.85))
        else:
            made.append(Incident(kind, loop(first), loop(last)))  # type: ignore[arg-type]
    return tuple(made)


def live_until(
    home: Path, minutes: float, stop: threading.Event, written: dict[int, float]
) -> None:
    """Write the bot's loops as their time comes, until told to stop.

    `written` gets, by a file's mtime in ms, when it was really written (epoch seconds).
    """
    for mtime, at in live(home.parent / "bot", LOOP_SECONDS, incidents(minutes), stop.wait):
        written[mtime] = at


def serve(sink: Sink) -> HTTPServer:
    """A server that takes messages as apprise's `json://` sends them, and pings."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self._answer() != 200:
                return
            told = [(sink.seconds(), line) for line in body["message"].split("\n")]
            sink.lines += told
            for at, line in told:
                say(f"{at / 60:5.1f} min  {line[:150]}")

        def do_GET(self) -> None:
            if self._answer() == 200:
                sink.pings.append(sink.seconds())

        def _answer(self) -> int:
            status = sink.takes()
            with suppress(OSError):  # whoever asked has given up
                self.send_response(status)
                self.end_headers()
            return status

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def settings_of(home: Path, port: int) -> Settings:
    """A home of its own that watches the bot, tells the server and makes a report now and then."""
    bot = Bot("main", home.parent / "bot" / "logs", home.parent / "bot" / "config")
    here = f"127.0.0.1:{port}/"
    told = {"urls": [f"json://{here}"], "ping_url": f"http://{here}", "most_per_hour": 1000}
    run = {"commit_seconds": 1, "reports": {"24h": "*/20 * * * *"}}
    settings = Settings(home, load_settings().project, (bot,), run=run, notify=told)
    write_settings(settings)
    return settings


def start_watch(settings: Settings) -> subprocess.Popen[bytes]:
    """The watch as an operator would start it."""
    command = [sys.executable, "-m", "watchhouse.cli", "--home", str(settings.home), "run"]
    with (settings.home / "watch.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def family(pid: int) -> Iterator[tuple[int, str]]:
    """The watch and its children, each with the command that it runs."""
    try:
        own = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        own = []
    yield pid, "run"
    for child in map(int, own):
        try:
            words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
            yield child, words[words.index("--home") + 2]
        except (OSError, ValueError, IndexError):
            continue


def mebibytes(pid: int) -> float:
    """Resident memory of a process."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
        return next(int(x.split()[1]) for x in text.splitlines() if x.startswith("VmRSS")) / 1024
    except (OSError, StopIteration):
        return 0.0


def soak(settings: Settings, sink: Sink, minutes: float, settle: float) -> tuple[Sampled, int]:
    """Watch, sample, kill; afterwards nothing is killed until all six are closed or time is up."""
    sampled, kills, dice = Sampled(), 0, random.Random(7)
    watch = start_watch(settings)
    next_kill = KILL_SECONDS
    wanted = {words for _, words, _, _ in INJECTED}
    while (now := sink.seconds()) < minutes * 60 + settle * 60:
        if now > minutes * 60 and wanted <= sink.closed():
            break
        for pid, name in family(watch.pid):
            sampled.memory[name].append((now, mebibytes(pid)))
        if next_kill <= now < minutes * 60:
            next_kill, kills = next_kill + KILL_SECONDS, kills + 1
            victims = [pid for pid, _ in family(watch.pid)]
            # every other time the watch itself, else whichever of its children
            victim = victims[0] if kills % 2 or not victims[1:] else dice.choice(victims[1:])
            os.kill(victim, signal.SIGKILL)
            say(f"{now / 60:5.1f} min  kill -9 of {'the watch' if victim == watch.pid else victim}")
        if watch.poll() is not None:
            watch = start_watch(settings)
        time.sleep(SAMPLE_SECONDS)
    watch.send_signal(signal.SIGTERM)
    watch.wait(120)
    return sampled, kills


@dataclass(frozen=True)
class Telling:
    """What was told of one check, from the line that opened it to the one that ended it."""

    check: str
    opened: float
    lines: list[str]
    ended: float | None = None


def tellings(sink: Sink) -> list[Telling]:
    """Every opening with what was told of it after, in the order of the openings.

    Seconds since the start. A line that nothing opened (an end of nothing) opens a telling too.
    """
    told: list[Telling] = []
    open_now: dict[str, int] = {}
    for at, line in sink.lines:
        word, _, what = line.split(" since ")[0].split(", ")[0].partition(" main: ")
        number = open_now.get(what)
        if number is None or word in OPENING:
            number = open_now[what] = len(told)
            told.append(Telling(what, at, []))
        told[number].lines.append(line)
        if word == "ENDED":
            told[number] = replace(told[number], ended=at)
            del open_now[what]
    return told


def of_injected(told: list[Telling], words: str, first: float, last: float) -> list[Telling]:
    """What was told of an incident between two instants in minutes."""
    until = last + AFTER_MINUTES
    return [one for one in told if one.check == words and first <= one.opened / 60 <= until]


def steps(settings: Settings) -> dict[str, list[float]]:
    """How long each end of a step took, by the journal; a cycle is from build to message."""
    begun: datetime | None = None
    took: dict[str, list[float]] = defaultdict(list)
    for file in settings.folder("journal").glob("notices-[0-9]*.jsonl"):
        for line in file.read_text().splitlines():
            entry = json.loads(line)
            if entry.get("what") != "step":
                continue
            took[f"{entry['step']} {entry['outcome']}"].append(entry["seconds"])
            at = parse_instant(entry["at"])
            if entry["step"] == "build":
                begun = at - timedelta(seconds=entry["seconds"])
            elif entry["step"] == "notify" and begun:
                took["cycle"].append((at - begun).total_seconds())
                begun = None
    return took


def lags(settings: Settings, written: Mapping[int, float]) -> list[float]:
    """Seconds from each write of diagnostics.json to the look that saw it, ascending."""
    with duckdb.connect(settings.live_file, read_only=True) as connection:
        rows = connection.execute(
            "select epoch_us(_mtime), epoch(_observed_at) from raw.diagnostics"
        ).fetchall()
    times = ((round(at / 1000), seen) for at, seen in rows)
    return sorted(seen - written[at] for at, seen in times if at in written)


def print_told(sink: Sink, minutes: float) -> bool:
    """Whether each of the six was told once when it opened and once when it ended; all that was."""
    told, good = tellings(sink), True
    for kind, words, first, last in INJECTED:
        own = of_injected(told, words, first * minutes / 60, last * minutes / 60)
        is_once = len(own) == 1 and len(own[0].lines) >= 2 and own[0].ended is not None
        good &= is_once
        told = [one for one in told if one not in own]
        print(f"injected {kind}, {words}: {'once' if is_once else 'NOT ONCE'}")
        _print_lines(own)
    print(f"told besides: {len(told)}")
    _print_lines(told)
    return good


def _print_lines(told: list[Telling]) -> None:
    for one in told:
        end = "open" if one.ended is None else f"{one.ended / 60:.1f}"
        print(f"    {one.opened / 60:5.1f} to {end} min")
        for line in one.lines:
            print(f"        {line}")


def print_all(
    settings: Settings,
    sink: Sink,
    sampled: Sampled,
    minutes: float,
    kills: int,
    written: Mapping[int, float],
) -> bool:
    """The figures; whether each of the six was told once when it opened and once when it ended."""
    print(f"kills {kills}, messages' lines {len(sink.lines)}, pings {len(sink.pings)}")
    good = print_told(sink, minutes)
    for name, samples in sorted(sampled.memory.items()):
        at = [max((m for s, m in samples if a <= s < b), default=0.0) for a, b in _WINDOWS]
        print(f"memory   {name:<14} MiB at 8-12 min {at[0]:.0f}, at 56-60 min {at[1]:.0f}")
    for name, seconds in sorted(steps(settings).items()):
        took = f"median {median(seconds):.1f} s, most {max(seconds):.1f} s"
        print(f"step     {name:<20} {len(seconds):>4} times, {took}")
    if late := lags(settings, written):
        p99 = late[int(0.99 * len(late))]
        seen = f"{len(late)} of {len(written)} versions"
        print(
            f"lag      median {median(late):.2f} s, p99 {p99:.2f} s, most {late[-1]:.2f} s, {seen}"
        )
    return good


_WINDOWS = ((480, 720), (3360, 3600))


def say(text: str) -> None:
    """What goes on, on stderr."""
    print(text, file=sys.stderr, flush=True)


@click.command()
@click.option("--minutes", default=60.0, show_default=True)
@click.option("--settle", default=20.0, show_default=True, help="Minutes more for what is open.")
@click.option("--home", required=True, type=click.Path(path_type=Path), help="Must not exist yet.")
def main(minutes: float, settle: float, home: Path) -> None:
    """Soak the watch; exits 1 when an incident was not told exactly once open and once closed."""
    sink, stop = Sink(), threading.Event()
    written: dict[int, float] = {}
    settings = settings_of(home.absolute(), serve(sink).server_port)
    bot = threading.Thread(target=live_until, args=(settings.home, minutes, stop, written))
    bot.start()
    try:
        sampled, kills = soak(settings, sink, minutes, settle)
    finally:
        stop.set()
        bot.join()
    if not print_all(settings, sink, sampled, minutes, kills, written):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
