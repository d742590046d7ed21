"""Starts one ingest after another and kills each when its time is up: `python nursery.py HOME …`.

Everything is imported before the first child is forked, so that a child costs milliseconds. Reads
one command a line (`milliseconds`, then nothing, `clock SECONDS-OFF` or `replay RECORDING FIRST
LAST`, then perhaps `unlogged`; no time: to the end) and answers with the child's exit code,
negative for a signal.
"""

import os
import resource
import select
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb  # noqa: F401

import ingest.bulk
import ingest.rewrite  # noqa: F401
from ingest import Bot, Settings, commit, spool
from ingest import session as sessions
from ingest.errors import WatchhouseError
from ingest.replay import replay

_, home, project, logs, limit = sys.argv
settings = Settings(Path(home), Path(project), (Bot("main", Path(logs)),))


def set_clock(off: timedelta) -> None:
    for module in (commit, sessions, spool):
        module.utc_now = lambda: datetime.now(UTC).replace(tzinfo=None) + off  # type: ignore


def child(words: list[str]) -> None:
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        if words[-1:] == ["unlogged"]:
            words.pop()
            commit._LOG_BYTES = 0  # as for a long load: its commit is the checkpoint
        if words[:1] == ["clock"]:
            set_clock(timedelta(seconds=int(words[1])))
            sessions.run_once(settings)
        elif words:
            start, last = int(words[2]), int(words[3])
            replay(settings, Path(words[1]), bot="main", start=start, upto=last)
        else:
            sessions.run_once(settings)
    except WatchhouseError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
    except BaseException as error:  # noqa: BLE001 - a fault is told by its exit code
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(9)
    os._exit(0)


for line in sys.stdin:
    milliseconds, *words = line.split()
    pid = os.fork()
    if pid == 0:
        child(words)
    done = os.pidfd_open(pid)
    if float(milliseconds) and not select.select([done], [], [], float(milliseconds) / 1000)[0]:
        os.kill(pid, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    os.close(done)
