"""python -m bench.trouble_run: `watchhouse run` on a full disk, and with nobody who listens.

The disk (a tmpfs) is full while NAV jumps; the server neither answers nor, later, takes anything
while two executors run. Whatever happened must be told once, when the trouble is over, and each
line of the bot's logs be in the warehouse once. Needs the right to mount.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import click
import duckdb

from bench.live_bot import live
from bench.soak_run import LOOP_SECONDS, Sink, say, serve, settings_of, start_watch, tellings
from ingest import run_once
from ingest.settings import Settings
from ingest.verify import verify
from watchhouse.world import Incident

MEGABYTES = 300
# Each begins in the middle of a trouble and goes on after it.
INCIDENTS = (Incident("nav_spike", 80, 900), Incident("two_writers", 120, 900))
FULL_UNTIL, MUTE_UNTIL, REFUSED_UNTIL = 330.0, 450.0, 540.0
TOLD = ("nav jumped", "two executors run")


def fill(disk: Path) -> Path:
    """Leave nothing of it; the file that does it."""
    filler, chunk = disk / "filler", bytes(1 << 16)
    with filler.open("wb", buffering=0) as room:
        while True:
            try:
                room.write(chunk)
            except OSError:
                return filler


def wait_for(it_is_so: Callable[[], object], seconds: float, what: str) -> None:
    """Wait; SystemExit when it does not come to pass."""
    until = time.monotonic() + seconds
    while not it_is_so():
        if time.monotonic() > until:
            raise SystemExit(f"after {seconds:.0f} s still not: {what}")
        time.sleep(1)


def trouble(settings: Settings, sink: Sink, watch: subprocess.Popen[bytes]) -> None:
    """Full disk, mute server, refusing server; each incident is told once it can be."""
    wait_for(lambda: sink.pings, 230, "a first good cycle")
    filler = fill(settings.home)
    say(f"{sink.seconds() / 60:5.1f} min  the disk is full")
    wait_for(lambda: sink.seconds() > FULL_UNTIL, FULL_UNTIL, "the end of the full disk")
    filler.unlink()
    say(f"{sink.seconds() / 60:5.1f} min  there is room again")
    sink.takes = lambda: _answer(sink)
    wait_for(lambda: sink.seconds() > REFUSED_UNTIL, REFUSED_UNTIL, "the end of the silence")
    for words in TOLD:
        wait_for(lambda w=words: _told(sink, w), 600, words)  # type: ignore[misc]
    pings = len(sink.pings)
    wait_for(lambda: len(sink.pings) >= pings + 2, 600, "two more good cycles")
    if watch.poll() is not None:
        raise SystemExit("the watch has ended")


def _answer(sink: Sink) -> int:
    """Nothing at all for a while, then 500, then as it should be."""
    while sink.seconds() < MUTE_UNTIL:
        time.sleep(1)
    return 500 if sink.seconds() < REFUSED_UNTIL else 200


def _told(sink: Sink, words: str) -> int:
    return len([one for one in tellings(sink) if one.check == words])


def looked(settings: Settings, begun: float) -> str:
    """The gaps between looks that lasted longer than three cycles, in minutes of the run."""
    with duckdb.connect(str(settings.live_file), read_only=True) as connection:
        rows = connection.execute(
            "select epoch(lag(polled_at) over (order by polled_at)), epoch(polled_at)"
            " from raw.polls where _bot = 'main'"
        ).fetchall()
    gaps = [(a - begun, b - begun) for a, b in rows if a and b - a > 15]
    return ", ".join(f"{a / 60:.1f} to {b / 60:.1f}" for a, b in gaps) or "none"


@click.command()
@click.option("--home", required=True, type=click.Path(path_type=Path), help="Must not exist yet.")
def main(home: Path) -> None:
    """Run it; exits 1 when something was not told once or does not add up."""
    folder, sink, stop = home.absolute(), Sink(), threading.Event()
    folder.mkdir(parents=True)
    size = f"size={MEGABYTES}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(folder)], check=True)
    settings = settings_of(folder, serve(sink).server_port)
    begun = time.time()
    play = live(folder.parent / "bot", LOOP_SECONDS, INCIDENTS, stop.wait)
    bot = threading.Thread(target=lambda: deque(play, maxlen=0))
    bot.start()
    watch = start_watch(settings)
    try:
        trouble(settings, sink, watch)
    finally:
        stop.set()
        bot.join()
        watch.terminate()
        watch.wait(120)
        print((folder / "watch.log").read_text())
    run_once(settings)  # what the bot wrote at the end
    wrong = [str(one) for one in verify(settings).differences]
    print(f"no look longer than 15 s, min: {looked(settings, begun)}; differences {wrong}")
    for one in tellings(sink):
        print(f"{one.opened / 60:5.1f} min", *one.lines, sep="\n    ")
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    if wrong or any(_told(sink, words) != 1 for words in TOLD):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
