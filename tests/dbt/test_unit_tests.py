"""The unit tests of the models: of the code, not the data, so builds leave them out."""

import os
import subprocess
import sys

from healthy_bot import ROOT, Built


def test_every_unit_test_of_the_models_passes(healthy: Built) -> None:
    command = "from dbt.cli.main import cli; cli()"
    places = ["--target-path", str(healthy.home / "dbt"), "--log-path", str(healthy.home / "dbt")]
    run = subprocess.run(
        [sys.executable, "-c", command, "test", "--select", "test_type:unit", *places],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "WATCHHOUSE_HOME": str(healthy.home)},
    )
    assert run.returncode == 0, run.stdout[-4000:]
    assert "TOTAL=0" not in run.stdout
