"""Another process holds the live file for long, while `ingest --follow` runs.

WATCHHOUSE_HELD_SECONDS makes it longer (600: the ten minutes of a long build).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from station import Station

from ingest import run_once, write_settings

SECONDS = float(os.environ.get("WATCHHOUSE_HELD_SECONDS", "5"))
WATCHHOUSE = Path(sys.executable).with_name("watchhouse")
HOLD = """
import sys, duckdb
with duckdb.connect(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


def publish_versions(station: Station, until: float, written: list[int]) -> None:
    while time.monotonic() < until:
        written.append(len(written))
        fresh = station.logs / "state" / ".tmp_state"
        fresh.write_text(json.dumps({"nav": written[-1], "mode": 1}))
        fresh.replace(station.logs / "state" / "state.json")
        with station.events.open("a") as handle:
            handle.write(f'{{"n": {written[-1]}}}\n')
        time.sleep(1.5)  # long enough to rest one look on a busy machine


def wait_until_committed(station: Station) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if not list(station.settings.folder("spool").rglob("*.look")):
            return
        time.sleep(0.2)


def test_every_version_of_the_meantime_is_committed_afterwards(station: Station) -> None:
    write_settings(station.settings)
    run_once(station.settings)
    written: list[int] = []
    hold = [sys.executable, "-c", HOLD, str(station.settings.live_file)]
    follow = [WATCHHOUSE, "--home", station.settings.home, "ingest", "--follow", "--every", "0.5"]
    environment = os.environ | {"WATCHHOUSE_PROJECT": str(station.settings.project)}
    with subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin and holder.stdout and holder.stdout.readline() == "held\n"
        begun = time.monotonic()
        with subprocess.Popen(
            follow, stderr=subprocess.PIPE, text=True, env=environment
        ) as follower:
            assert follower.stderr
            said = follower.stderr.readline()
            assert "the state files go to the spool meanwhile" in said
            time.sleep(0.5)  # it watches the files now
            publish_versions(station, begun + SECONDS, written)
            spooled = len(list(station.settings.folder("spool").rglob("*.look")))
            holder.stdin.close()
            holder.wait()
            wait_until_committed(station)
            follower.send_signal(signal.SIGTERM)
            assert follower.wait(60) == 0
            said += follower.stderr.read()
    assert spooled, "nothing waited while the warehouse was held"
    run_once(station.settings)  # the last version may have come after the last look
    print(f"{len(written)} versions in {SECONDS} s, {spooled} looks in the spool in the end")
    assert said.count("go to the spool") == 1, "it says so once"
    states = station.column("select payload from raw.state order by _observed_at")
    assert [json.loads(state)["nav"] for state in states] == written
    assert [json.loads(payload)["n"] for payload in station.payloads()] == written
    assert list(station.settings.folder("spool").rglob("*.look")) == []
