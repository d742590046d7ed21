import subprocess
import sys
from pathlib import Path

import click
import pytest

from watchhouse.cli import cli, main


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    command = cli.commands[name]
    text = command.get_help(click.Context(command, info_name=name))
    assert f"Example: watchhouse {name}" in text


def test_wrong_usage_exits_2_except_where_the_code_is_a_verdict(home: Path) -> None:
    assert main(["--home", str(home), "sql", "--bogus"]) == 2
    assert main(["--home", str(home), "nonsense"]) == 2
    assert main(["--home", str(home), "backtest"]) == 2
    assert main(["--home", str(home), "check", "--format", "xml"]) == 3


def test_bots_are_remembered_and_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs, home = tmp_path / "the logs", str(tmp_path / "home")
    (logs / "state").mkdir(parents=True)
    (logs / "state" / "nav.json").write_text('{"nav": 1, "updated_ts": 1}')
    assert main(["--home", home, "init", "--bot", f"main={logs}"]) == 0
    assert main(["--home", home, "ingest"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "main: 1 files looked at" in err
    assert "1 new rows" in err


@pytest.mark.parametrize("words", [["ingest"], ["ingest", "--bot", "main=/nowhere"], ["publish"]])
def test_what_cannot_be_done_is_one_sentence_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(["--home", str(tmp_path), *words]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert "\n\nhint: " in err


def test_help_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--help"]) == 0
    assert "Exits 0 ok, 1 warn, 2 crit, 3" in capsys.readouterr().out


def test_a_reader_that_leaves_the_pipe_is_no_traceback(home: Path) -> None:
    command = f"'{sys.executable}' -m watchhouse.cli --home '{home}' sql 'from range(900000)' "
    run = subprocess.run(
        ["bash", "-c", f"{command} --format csv | head -1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (run.stdout, run.stderr) == ("range\n", "")


def test_the_command_starts_without_dbt() -> None:
    command = "import sys, watchhouse.cli; print({'dbt', 'rich'} & set(sys.modules) or 'none')"
    run = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert run.stdout == "none\n"
