"""`dbt test` in a home where nothing was ever built."""

import os
import subprocess
import sys
from pathlib import Path

from healthy_bot import ROOT


def test_nothing_built_is_said_once_with_what_to_do(tmp_path: Path) -> None:
    command = "from dbt.cli.main import cli; cli()"
    places = ["--target-path", str(tmp_path), "--log-path", str(tmp_path), "--no-use-colors"]
    run = subprocess.run(
        [sys.executable, "-c", command, "test", "--select", "path:checks", *places],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "WATCHHOUSE_HOME": str(tmp_path / "home")},
    )
    assert run.returncode == 2
    assert run.stdout.count("has never been built") == 1
    assert run.stdout.count("hint: dbt build") == 1
    assert "FAIL" not in run.stdout
