"""What the repository must not hold, and that its pages name only what exists."""

import re
import subprocess
from pathlib import Path

import click
import pytest

from watchhouse.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = [
    *("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/decisions.md"),
    *("docs/sql-cookbook.md", "docs/operations.md"),
]
HERE = Path(__file__).relative_to(ROOT).as_posix()
# Folders of somebody's machine, and addresses that belong into a user's own pip configuration.
MACHINE = re.compile(
    r"(?<![\w.$}])/(?:work|home|root|Users|opt)/\w|file:///|--(?:extra-)?index-url"
)


def tracked() -> list[str]:
    git = ["git", "-C", str(ROOT), "ls-files", "-z"]
    names = subprocess.run(git, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def test_no_file_names_a_folder_of_a_machine_or_an_index() -> None:
    texts = {name: (ROOT / name).read_bytes().decode(errors="replace") for name in tracked()}
    found = {name: MACHINE.findall(text) for name, text in texts.items() if name != HERE}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_readme_fits_on_few_screens() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


@pytest.mark.parametrize("name", PAGES)
def test_commands_named_in_a_page_exist(name: str) -> None:
    for command, words in re.findall(
        r"watchhouse (?:--home \S+ )?([a-z]+)\b([^`\n#|;]*)", code(name)
    ):
        found = cli.commands.get(command)
        assert found, f"{name}: watchhouse {command}"
        known = {option for p in found.params for option in p.opts if isinstance(p, click.Option)}
        assert {*re.findall(r"(?<!\S)--[a-z-]+", words)} <= known, f"{name}: watchhouse {command}"


@pytest.mark.parametrize("name", PAGES)
def test_make_targets_named_in_a_page_exist(name: str) -> None:
    targets = {*re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}
    assert {*re.findall(r"\bmake ([a-z]+)", code(name))} <= targets


@pytest.mark.parametrize("name", PAGES)
def test_files_named_in_a_page_exist(name: str) -> None:
    places = r"(?:ingest|watchhouse|models|checks|macros|seeds|tests|docs|analyses|\.ci)"
    named = re.findall(rf"(?<![\w/.]){places}/[\w./-]*[\w/]", (ROOT / name).read_text())
    strangers = [path for path in named if not (ROOT / path).exists()]
    assert strangers == []


def code(name: str) -> str:
    """What stands as code in a page: fenced blocks and back-quoted words."""
    text = (ROOT / name).read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"(?<!`)`([^`\n]+)`", text)])
