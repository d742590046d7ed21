"""Locks against real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest import Settings, WatchhouseError
from ingest.lock import HeldError, may_write, writer_lock

HOLD = """
import sys, time
from pathlib import Path
from ingest import Settings
from ingest.lock import writer_lock
with writer_lock(Settings(Path(sys.argv[1]), Path.cwd())):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def holder(home: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(home), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


@contextmanager
def waiter(home: Path) -> Iterator[subprocess.Popen[str]]:
    code = HOLD.replace("Path.cwd()))", "Path.cwd()), wait_seconds=30)")
    command = [sys.executable, "-c", code, str(home), "30"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        yield process
        process.kill()


def wait_for_places(home: Settings, count: int) -> None:
    until = time.monotonic() + 30
    while len(list(home.folder("queue").glob("*"))) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home", tmp_path)


def test_a_held_home_is_refused_at_once_naming_the_holder(home: Settings) -> None:
    with holder(home.home, 30) as process:
        started = time.monotonic()
        with pytest.raises(WatchhouseError, match=str(process.pid)), writer_lock(home):
            pass
        assert time.monotonic() - started < 1


def test_who_waits_says_for_whom_and_goes_on(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with holder(home.home, 0.5) as process, writer_lock(home, wait_seconds=20):
        said = capsys.readouterr().err
    assert str(process.pid) in said
    assert said.count("\n") == 1


def test_a_killed_holder_does_not_block(home: Settings) -> None:
    with holder(home.home, 30) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with writer_lock(home):
            pass


def test_who_waits_is_served_before_who_came_later(home: Settings) -> None:
    with holder(home.home, 30) as first, waiter(home.home) as second:
        wait_for_places(home, 1)
        assert not may_write(home)  # now there are two places
        first.kill()
        assert second.stdout and second.stdout.readline() == "held\n"
        assert not may_write(home)
        second.kill()
        second.wait()
        assert may_write(home)


def test_who_was_refused_keeps_its_place(home: Settings) -> None:
    with holder(home.home, 30) as first:
        with pytest.raises(HeldError), writer_lock(home):
            pass
        with waiter(home.home) as second:
            wait_for_places(home, 2)
            first.kill()
            first.wait()
            with writer_lock(home):
                assert second.poll() is None
            assert second.stdout and second.stdout.readline() == "held\n"


def test_a_place_that_nobody_waits_at_holds_up_nobody(home: Settings) -> None:
    place = home.folder("queue") / f"{0:020d}-1"
    place.parent.mkdir(parents=True)
    place.touch()
    assert not may_write(home)
    os.utime(place, (0, 0))
    with writer_lock(home):
        assert not place.exists()
    assert list(place.parent.iterdir()) == []


def test_a_place_of_a_process_that_was_killed_holds_up_nobody(home: Settings) -> None:
    with holder(home.home, 30) as first, waiter(home.home) as second:
        wait_for_places(home, 1)
        for process in (second, first):
            process.kill()
            process.wait()
        with writer_lock(home):
            pass


def test_one_process_may_take_the_lock_again(home: Settings) -> None:
    with writer_lock(home), writer_lock(home):
        assert home.lock_file.with_suffix(".json").exists()
    assert not home.lock_file.with_suffix(".json").exists()


@pytest.mark.parametrize("in_the_way", ["home", "home/writer.lock/"])
def test_a_home_that_cannot_be_written_is_one_sentence(home: Settings, in_the_way: str) -> None:
    place = home.project / in_the_way
    if in_the_way.endswith("/"):
        place.mkdir(parents=True)
    else:
        place.write_text("a file where the home should be")
    with pytest.raises(WatchhouseError, match="cannot be written") as refused, writer_lock(home):
        pass
    assert refused.value.hint == "watchhouse doctor"
