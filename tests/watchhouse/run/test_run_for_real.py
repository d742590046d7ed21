"""The watch as a process of its own: it ends well, dies with its children, and is alone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest import Bot, Settings, load_settings
from ingest.settings import write_settings
from watchhouse.run.child import Child


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    logs = tmp_path / "bot" / "logs"
    (logs / "execution").mkdir(parents=True)
    (logs / "execution" / "risk_vetoes.jsonl").write_text('{"ts": 1}\n')
    plain = load_settings(tmp_path / "a home")
    plan = {"commit_seconds": 1}
    write_settings(Settings(plain.home, plain.project, (Bot("main", logs),), run=plan))
    return load_settings(plain.home)


def watch(settings: Settings) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "watchhouse.cli", "--home", str(settings.home), "run"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def watching(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    with watch(settings) as process:
        wait_for(settings.live_file.exists)
        yield process
        process.kill()


def wait_for(it_is_so: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not it_is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    task = Path(f"/proc/{pid}/task/{pid}/children")
    if not task.exists():
        pytest.skip("no /proc to find the children in")
    return [int(word) for word in task.read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_it_ends_well_when_asked_and_leaves_nobody_behind(
    settings: Settings, watching: subprocess.Popen[str]
) -> None:
    left = children(watching.pid)
    assert left
    with watch(settings) as second:
        assert second.wait(30) == 1
        assert second.stderr and "being watched by another" in second.stderr.read()
    watching.send_signal(signal.SIGTERM)
    assert watching.wait(60) == 0
    assert not any(map(is_alive, left))


def test_killed_it_takes_its_children_with_it(watching: subprocess.Popen[str]) -> None:
    left = children(watching.pid)
    watching.kill()
    watching.wait()
    wait_for(lambda: not any(map(is_alive, left)))


def test_a_step_that_hangs_is_killed_at_its_deadline(settings: Settings, tmp_path: Path) -> None:
    settings.make_home()
    child = Child(settings, ("ingest", "--follow"), tmp_path / "log")
    wait_for(settings.live_file.exists)
    assert child.ended((0,), 3600) is None
    ended = child.ended((0,), 0.001)
    assert ended and ended.outcome == "hung" and not is_alive(child.pid)


def test_a_step_that_is_killed_is_told_as_killed(settings: Settings, tmp_path: Path) -> None:
    settings.make_home()
    child = Child(settings, ("ingest", "--follow"), tmp_path / "log")
    os.kill(child.pid, signal.SIGKILL)
    wait_for(lambda: child.ended(()))
    ended = child.ended(())
    assert ended and (ended.outcome, ended.said) == ("failed", "killed by signal 9")


def test_a_step_that_fails_is_told_by_its_last_words(settings: Settings, tmp_path: Path) -> None:
    child = Child(settings, ("status",), tmp_path / "log")
    wait_for(lambda: child.ended((0,)))
    ended = child.ended((0,))
    assert ended and (ended.outcome, ended.said) == ("failed", "hint: watchhouse build")
