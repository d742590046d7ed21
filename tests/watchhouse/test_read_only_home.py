"""A home that may be read and not written: a snapshot, a read-only mount."""

import json
import shutil
import subprocess
import sys

import pytest
from sick_bot import SickBot

COMMANDS = [
    ["sql", "--format", "json", "select count(*) as n from fct_nav"],
    ["check", "--format", "json"],
    ["status", "--format", "json"],
    ["build"],
    ["publish"],
    ["archive"],
    ["init", "--bot", "main=/srv/logs"],
]
RUN = """
import contextlib, io, json, sys
from watchhouse.cli import main
for words in json.loads(sys.argv[2]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--home", sys.argv[1], *words])
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
"""
MOUNTED = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


def test_readers_answer_and_writers_say_what_is_wrong(sick: SickBot) -> None:
    run = in_read_only(str(sick.home), sys.executable, "-c", RUN, str(sick.home),
                       json.dumps(COMMANDS))  # fmt: skip
    told = dict(zip((words[0] for words in COMMANDS), map(json.loads, run), strict=True))
    assert json.loads(told["sql"][1])[0]["n"] > 0
    assert json.loads(told["check"][1])["findings"]
    assert "not kept in the journal" in told["check"][2]
    assert json.loads(told["status"][1])
    for name in ("build", "publish", "archive", "init"):
        code, _, said = told[name]
        assert code == 1
        assert "Read-only file system" in said
        assert "hint: " in said


def in_read_only(folder: str, *command: str) -> list[str]:
    """What a command prints that sees `folder` mounted read-only; skips where nobody may mount."""
    unshare = shutil.which("unshare")
    shell = [unshare or "", "--map-root-user", "--mount", "sh", "-c"]
    if not unshare or subprocess.run([*shell, MOUNTED, folder, "true"], check=False).returncode:
        pytest.skip("nothing may be mounted read-only here")
    run = subprocess.run(
        [*shell, MOUNTED, folder, *command], capture_output=True, text=True, check=False
    )
    assert not run.stderr
    return run.stdout.splitlines()
