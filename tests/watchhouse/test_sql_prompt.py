"""The prompt of `watchhouse sql` in a terminal, and what it offers to type."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from ingest.settings import load_settings
from watchhouse.query.engine import Limits, open_locked
from watchhouse.query.schema import SchemaCompleter, read_schema

ENDLESS = "select count(*) from range(100_000_000_000) t(n) where hash(n) % 7 = 0;"
UP = "\x1b[A"
# Ctrl-C reaches the program whose terminal it is.
SIT_DOWN = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from watchhouse.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Terminal:
    """A person's side of the terminal: types, and waits for words on the screen."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unread = ""

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def see(self, words: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while words not in self._unread:
            ready, _, _ = select.select([self._descriptor], [], [], end - time.monotonic())
            assert ready, f"{words!r} is not on the screen: {self._unread[-500:]!r}"
            seen = os.read(self._descriptor, 65536).decode(errors="replace")
            if "\x1b[6n" in seen:  # where is the cursor?
                self.type("\x1b[1;1R")
            self._unread += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)
        self._unread = self._unread.split(words, 1)[1]


@contextmanager
def prompt(home: Path) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    command = [sys.executable, "-c", SIT_DOWN, "--home", str(home), "sql"]
    environment = os.environ | {"XDG_STATE_HOME": str(home / "state"), "TERM": "xterm"}
    ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    with subprocess.Popen(command, env=environment, start_new_session=True, **ends) as run:  # type: ignore[call-overload]
        os.close(theirs)
        try:
            yield Terminal(ours)
            assert run.wait(timeout=20) == 0
        finally:
            run.kill()
            os.close(ours)


def test_ctrl_c_cancels_the_query_and_not_the_prompt(home: Path) -> None:
    with prompt(home) as terminal:
        terminal.see("sql>")
        terminal.type("select 6 * 7 as n;\r")
        terminal.see("42")
        terminal.see("sql>")
        terminal.type(f"{ENDLESS}\r")
        terminal.see("% 7 = 0;")
        time.sleep(0.5)
        terminal.type("\x03")
        terminal.see("cancelled")
        terminal.see("sql>")
        terminal.type("drop table positions;\r")
        terminal.see("DROP is refused")
        terminal.see("sql>")
        terminal.type("select symbol from pos\t")
        terminal.see("itions")
        terminal.type(" where loss = 20;\r")
        terminal.see("BTCUSDT")
        terminal.see("sql>")
        terminal.type("not finished\x03")
        terminal.see("sql>")
        terminal.type("exit\r")
    history = home / "state" / "watchhouse" / "sql_history"
    assert "+select symbol from positions where loss = 20;" in history.read_text()
    assert history.stat().st_mode & 0o777 == 0o600


def test_a_question_goes_over_lines_and_comes_back_from_the_history(home: Path) -> None:
    with prompt(home) as terminal:
        terminal.see("sql>")
        terminal.type("select 40 +\r")
        terminal.see("...>")
        terminal.type("3 as n;\r")
        terminal.see("43")
        terminal.see("sql>")
        terminal.type(f"{UP}\r")
        terminal.see("43")
        terminal.see("sql>")
        terminal.type("\x04")


@pytest.fixture
def completer(home: Path) -> SchemaCompleter:
    with open_locked(load_settings(home), Limits()) as connection:
        return SchemaCompleter(read_schema(connection))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("from pos", ["positions"]),
        ("select * from meta.che", ["meta.checks"]),
        ("select po from positions p where p.lo", ["loss"]),
        ("select positions.sy", ["symbol"]),
        ("from positions where lo", ["loss"]),
        ("selec", ["select"]),
        ("from positions orde", ["order"]),
        ("FROM POS", ["positions"]),
    ],
)
def test_what_fits_is_offered(completer: SchemaCompleter, typed: str, offered: list[str]) -> None:
    completions = completer.get_completions(Document(typed), CompleteEvent())
    assert [completion.text for completion in completions] == offered
