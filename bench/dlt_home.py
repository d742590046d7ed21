"""The peer dlt in an environment of its own: it is no dependency of this project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.cases import Figure

LOADERS = ("parquet", "default")
SHAPES = ("keys", "text")


def dlt_in(folder: Path, log: Path) -> Callable[[str, str], Figure]:
    """Install dlt into `folder` from the package index; returns how to load the log with it.

    Raises subprocess.CalledProcessError when it does not install or load.
    """
    place, target = folder / "dlt", folder / "dlt_home"
    python = str(place / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "dlt[duckdb,parquet]"], check=True)

    def run(loader: str, shape: str) -> Figure:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        script = str(Path(__file__).with_name("dlt_peer.py"))
        command = [python, script, str(log), str(target), loader, shape]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        figure = Figure(**json.loads(done.stdout.splitlines()[-1]))
        return replace(figure, written_bytes=(target / "dlt.duckdb").stat().st_size)

    return run
