"""A healthy bot's few hours, read loop by loop and built once, for the tests of the dbt project."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest import Bot, load_settings, open_session
from watchhouse.playbook import checks_of
from watchhouse.world import World, play

ROOT = Path(__file__).parents[2]
# At this NAV the bot's own guard sees a jump, as `nav_guard_cannot_see_a_jump` asks for.
WORLD = World(seed=7, loops=240, nav=100_000.0)
Node = dict[str, Any]


@dataclass(frozen=True)
class Built:
    """A home with a built warehouse, the manifest of its build, the looks that were taken."""

    home: Path
    manifest: dict[str, Any]
    looks: Sequence[datetime]
    run: subprocess.CompletedProcess[str]

    @property
    def checks(self) -> dict[str, Node]:
        """Nodes of the checks by name."""
        return {str(node["name"]): dict(node) for node in checks_of(self.manifest)}

    @property
    def models(self) -> dict[str, Node]:
        """Nodes of the models by name."""
        nodes = self.manifest["nodes"].values()
        return {node["name"]: node for node in nodes if node["resource_type"] == "model"}

    def compiled(self, model: str) -> str:
        """The SQL of a model as it ran, if it ran."""
        node = self.models[model]
        folder = self.home / "dbt" / "compiled" / node["package_name"]
        file = folder / node["original_file_path"]
        return file.read_text() if file.exists() else "select 'not built'"


def live_through(home: Path) -> Built:
    """Let the world pass, reading at each of its looks, and build at its end."""
    looks = _look_at_all(home)
    # A process of its own: dbt keeps state and leaves files open.
    command = [sys.executable, "-m", "watchhouse.cli", "--home", str(home), "build"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    manifest = home / "dbt" / "manifest.json"
    assert manifest.exists(), run.stderr
    # A failed model is one failed test, not the failure of everything: see test_build_is_good.
    return Built(home, json.loads(manifest.read_text()), looks, run)


def _look_at_all(home: Path) -> list[datetime]:
    logs, config = home / "bot" / "logs", home / "bot" / "config"
    logs.mkdir(parents=True)
    config.mkdir()
    settings = replace(load_settings(home), bots=(Bot("main", logs, config, logs / "exec.log"),))
    looks = []
    with open_session(settings) as session:
        for look in play(WORLD, logs, config):
            session.poll(look.at)
            looks.append(look.at.replace(tzinfo=None))
    return looks
