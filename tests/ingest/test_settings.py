import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import Bot, Settings, UsageError, load_settings, write_settings


def test_a_bot_is_read_from_one_argument() -> None:
    bot = Bot.parse("main=/srv/my bot/logs,config=/srv/my bot/config,text=/var/log/bot.log")
    assert bot == Bot(
        "main", Path("/srv/my bot/logs"), Path("/srv/my bot/config"), Path("/var/log/bot.log")
    )


def test_a_comma_in_a_path_belongs_to_the_path() -> None:
    assert Bot.parse("main=/srv/a,b/logs").logs == Path("/srv/a,b/logs")


def test_relative_paths_are_taken_from_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Bot.parse("main=logs").logs == tmp_path / "logs"


@pytest.mark.parametrize(
    "spec",
    ["", "main", "main=", "=logs", "main=a,conf=b", "main=a,text=b,text=c", "_watch=a", "a b=c"],
)
def test_what_names_no_bot_is_refused_with_the_syntax(spec: str) -> None:
    with pytest.raises(UsageError) as error:
        Bot.parse(spec)
    assert error.value.hint


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    bots = (Bot("main", tmp_path / 'odd "name"', None, tmp_path / "x.log"), Bot("two.b", tmp_path))
    project = load_settings().project
    written = Settings(
        tmp_path / "home", project, bots, (r"sk-\d+",), archive={"hot_days": 9},
        share_with_group=True,
    )  # fmt: skip
    write_settings(written)
    assert load_settings(tmp_path / "home") == written


def test_the_home_is_open_to_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home", tmp_path)
    settings.make_home()
    folders = [settings.home, *settings.home.iterdir()]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_home_may_be_shared_with_its_group_and_no_more(tmp_path: Path) -> None:
    file = write_settings(Settings(tmp_path / "home", tmp_path, share_with_group=True))
    settings = load_settings(file.parent)

    def shared() -> set[str]:
        settings.make_home()
        paths = [settings.home, *settings.home.iterdir()]
        return {path.name for path in paths if path.stat().st_mode & 0o777 == 0o750}

    assert shared() == {"home", "landing", "reports"}
    assert file.stat().st_mode & 0o777 == 0o600
    settings = replace(settings, share_with_group=None)
    settings.folder("reports").chmod(0o700)
    assert shared() == {"home", "landing"}, "left as they are"
    settings = replace(settings, share_with_group=False)
    assert shared() == set()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "colour"),
        ("[bots.main]\nlogs = '/x'\npath = '/y'", "path"),
        ("[mask]\nwords = []", "words"),
        ("[mask]\npatterns = ['(']", "regular expressions"),
        ("[bots.main]\nconfig = '/x'", "main"),
        ("[bots", "settings.toml"),
        ("[share]\ngroup = 'yes'", "share"),
        ("[share]\nworld = true", "world"),
    ],
)
def test_settings_that_nothing_reads_are_refused_by_name(
    tmp_path: Path, text: str, named: str
) -> None:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(UsageError, match=named):
        load_settings(tmp_path)


def test_environment_names_home_and_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHHOUSE_HOME", str(tmp_path / "h"))
    monkeypatch.setenv("WATCHHOUSE_PROJECT", str(tmp_path / "p"))
    settings = load_settings()
    assert (settings.home, settings.project) == (tmp_path / "h", tmp_path / "p")


def test_settings_and_errors_bring_none_of_the_readers() -> None:
    code = (
        "import sys, ingest.errors, ingest.settings;"
        "print([m for m in ('duckdb', 'pyarrow', 'yaml', 'orjson') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
