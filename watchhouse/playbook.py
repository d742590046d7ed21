"""The page docs/playbook.md, generated from the checks' own files: `make playbook`."""

# ruff: noqa: PLC0415  (dbt takes seconds to import, and a test renders without it)

import csv
import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import yaml

from ingest.errors import WatchhouseError
from ingest.settings import load_settings
from watchhouse.header import parse_header

PLAYBOOKS = {
    "positions_stuck": "Positions stuck, no new trades",
    "nav_spike": "NAV spikes, drawdown whiplash",
    "stalled_exits": "Stalled exit pipeline",
    "screener_stall": "Screener, risk or router stalls",
    "telemetry_corruption": "Telemetry corruption, bad state files",
    "warehouse": "The watch itself",
}
_INTRO = """\
# Playbook

One entry per check; `make playbook` writes this page from the headers in `checks/`, so edit there.
`watchhouse check` and `dbt test --select path:checks` print the *Do* of whatever they find.
A limit stands here with its value in `dbt_project.yml`; where the bot's own config sets it, that
value is used. What no check can decide is in [not-decidable.md](not-decidable.md).
"""
_NO_CHECK = "[none](not-decidable.md)"
_LIMIT = re.compile(r"\blimit\(\s*[\"'](\w+)[\"']\s*\)")


def read_lines(file: Path) -> dict[str, str]:
    """The playbooks' lines by id, in our words, in the playbooks' order."""
    with file.open(encoding="utf-8", newline="") as rows:
        return {row["line"]: row["text"] for row in csv.DictReader(rows)}


def checks_of(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The nodes of dbt's manifest that are checks: tests with a file of their own."""
    tests = (node for node in manifest["nodes"].values() if node["resource_type"] == "test")
    found = (node for node in tests if not node.get("test_metadata"))
    return sorted(found, key=lambda node: str(node["name"]))


def page(
    checks: Sequence[Mapping[str, Any]], lines: Mapping[str, str], limits: Mapping[str, object]
) -> str:
    """The whole page: `checks` from the manifest, `lines` by id, `limits` by name."""
    parts = [_INTRO]
    for folder, title in PLAYBOOKS.items():
        entries = [_entry(check, limits) for check in checks if check["fqn"][1] == folder]
        parts += [f"## {title}\n\nFolder `checks/{folder}/`.\n", *entries]
    return "\n".join([*parts, _coverage(checks, lines)])


def _entry(check: Mapping[str, Any], limits: Mapping[str, object]) -> str:
    header, meta = parse_header(check["raw_code"]), check["config"]["meta"]
    names = sorted(set(_LIMIT.findall(check["raw_code"])))
    points = {label: header.get(label) for label in ("Means", "Look at", "Do", "Blind to")} | {
        "Limits": ", ".join(f"`{name}` {limits[name]}" for name in names),
        "Needs": ", ".join(f"`{name}`" for name in meta["needs"]),
        "Often caused by": ", ".join(map(_link, meta.get("explained_by", []))),
        "Lines": ", ".join(meta["playbook_lines"]),
    }
    told = [f"- **{label}**: {text}" for label, text in points.items() if text]
    return "\n".join([f"### {_sentence(check['name'])}\n", *told, ""])


def _coverage(checks: Sequence[Mapping[str, Any]], lines: Mapping[str, str]) -> str:
    rows = ["## Every line of the playbooks\n", "| line | says | checks |", "|---|---|---|"]
    for line, text in lines.items():
        by = [c["name"] for c in checks if line in c["config"]["meta"]["playbook_lines"]]
        rows.append(f"| {line} | {text} | {', '.join(map(_link, by)) or _NO_CHECK} |")
    return "\n".join([*rows, ""])


def _sentence(name: str) -> str:
    return name.replace("_", " ")


def _link(name: str) -> str:
    return f"[{_sentence(name)}](#{name.replace('_', '-')})"


def parse_project(project: Path) -> Mapping[str, Any]:
    """dbt's manifest of the project as it stands. Raises WatchhouseError if dbt cannot parse it."""
    from dbt.cli.main import dbtRunner

    with tempfile.TemporaryDirectory() as scratch, redirect_stdout(sys.stderr):
        where = ["--project-dir", project, "--profiles-dir", project]
        kept = ["--target-path", scratch, "--log-path", scratch]
        result = dbtRunner().invoke(["parse", "--quiet", *map(str, [*where, *kept])])
        if not result.success:
            raise WatchhouseError("dbt cannot parse the project", "dbt's words above")
        manifest: Mapping[str, Any] = json.loads((Path(scratch) / "manifest.json").read_text())
        return manifest


def main() -> None:
    """Print the page of the project."""
    project = load_settings().project
    limits = yaml.safe_load((project / "dbt_project.yml").read_text())["vars"]
    lines = read_lines(project / "docs" / "playbook-lines.csv")
    sys.stdout.write(page(checks_of(parse_project(project)), lines, limits))


if __name__ == "__main__":
    main()
