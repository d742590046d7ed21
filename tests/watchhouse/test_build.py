"""`watchhouse build` on a project of three models, with dbt in this process as in the command."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from ingest.lock import writer_lock
from ingest.settings import load_settings
from watchhouse.cli import main

ROOT = Path(__file__).parents[2]
PROJECT = """
name: toy
profile: watchhouse
model-paths: [models]
test-paths: [checks]
analysis-paths: [analyses]
flags: {send_anonymous_usage_stats: false}
vars: {limit_usd: 10, as_of: ""}
"""
CHECK = """
-- Means: the NAV is gone,
--     or nearly so.
-- Look at: fct_nav
-- Do: stop the bot.
{{ config(meta={"needs": ["nav"], "explained_by": ["other"], "proof": "delete from fct_nav"}) }}
select as_of, 'main' as bot, 'nav' as subject, 'crit' as severity, as_of as since, 'gone' as reason
from /*clock*/(select timestamp '2026-03-10' as as_of)/*clock*/ as clock
where (select nav from {{ ref("fct_nav") }}) < {{ var("limit_usd") }}
"""
QUIET = """
select as_of, '' as bot, '' as subject, 'warn' as severity, as_of as since, '' as reason
from /*clock*/(select timestamp '2026-03-10' as as_of)/*clock*/ as clock where false
"""
FILES = {
    "dbt_project.yml": PROJECT,
    "profiles.yml": (ROOT / "profiles.yml").read_text(),
    "models/staging/_sources.yml": "sources: [{name: raw, tables: []}]",
    "models/fct_nav.sql": "{{ config(materialized='table') }} select 5 as nav",
    "models/_models.yml": """
models: [{name: fct_nav, columns: [{name: nav, data_tests: [not_null]}]}]
""",
    "checks/nav_spike/nav_is_gone.sql": CHECK,
    "checks/warehouse/nothing_is_wrong.sql": QUIET,
    "analyses/verdict.sql": "/*check*/",
    "analyses/excepted.sql": "select '' as name where false",
    "analyses/bots.sql": (
        "select as_of, 'main' as bot"
        " from /*clock*/(select timestamp '2026-03-10' as as_of)/*clock*/ as clock"
    ),
    "analyses/not_applicable.sql": (
        "select as_of, '' as bot, '' as surface"
        " from /*clock*/(select timestamp '2026-03-10' as as_of)/*clock*/ as clock where false"
    ),
}

# dbt never closes the log of the run before,
# and leaves a pool behind where it stops early.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*Pool.__del__:pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a b")


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folders for all tests, so that dbt parses what changed only."""
    project = folder / "project"
    for name, text in FILES.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
    monkeypatch.setenv("WATCHHOUSE_PROJECT", str(project))
    monkeypatch.setenv("WATCHHOUSE_HOME", str(folder / "home"))
    return project


def rows(query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(load_settings().published_file, read_only=True) as db:
        return db.execute(query).fetchall()


def test_a_build_keeps_the_checks_with_the_models_and_publishes(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["build"]) == 0
    assert capfd.readouterr().out == ""  # dbt's own words go to stderr
    assert rows(
        "select name, playbook, means, look_at, do_text, blind_to, needs, explained_by, proof, file"
        " from meta.checks where playbook = 'nav_spike'"
    ) == [
        (
            "nav_is_gone",
            "nav_spike",
            "the NAV is gone, or nearly so.",
            "fct_nav",
            "stop the bot.",
            None,
            ["nav"],
            ["other"],
            "delete from fct_nav",
            "checks/nav_spike/nav_is_gone.sql",
        )
    ]
    assert rows("select name from meta.templates order by 1") == [
        ("bots",),
        ("excepted",),
        ("not_applicable",),
        ("verdict",),
    ]
    assert rows("select * from meta.vars where name = 'limit_usd'") == [("limit_usd", "10")]
    assert main(["check", "--format", "json", "--as-of", "2026-03-11"]) == 2
    finding = json.loads(capfd.readouterr().out)["findings"][0]
    assert (finding["since"], finding["do"]) == ("2026-03-11T00:00:00Z", "stop the bot.")


def test_a_build_needs_nothing_of_the_last_lets_go_of_the_home_and_need_not_publish(
    project: Path,
) -> None:
    load_settings().published_file.unlink(missing_ok=True)
    kept = load_settings().home / "dbt"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    (kept / "partial_parse.msgpack").write_bytes(b"half a file")
    assert main(["build", "--no-publish"]) == 0
    assert not load_settings().published_file.exists()
    take = (
        "from ingest.settings import load_settings; from ingest.store import connect_live\n"
        "with connect_live(load_settings()) as db: print(db.execute('from fct_nav').fetchall())"
    )
    other = subprocess.run([sys.executable, "-c", take], capture_output=True, text=True, check=True)
    assert other.stdout == "[(5,)]\n"


def test_a_failed_model_blinds_its_own_checks_and_no_others(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = "{{ config(materialized='table') }} select error('no') as nav"
    (project / "models/fct_nav.sql").write_text(broken)
    assert main(["build"]) == 1
    err = capfd.readouterr().err
    assert "not built, left as they were: fct_nav" in err
    assert "1 of 2 checks are unknown by that" in err
    assert main(["check", "--format", "json", "--as-of", "2026-03-11"]) == 3
    assert json.loads(capfd.readouterr().out)["unknown"] == [
        {"check": "nav_is_gone", "bot": None, "why": "the last build failed at fct_nav"}
    ]


def test_a_check_that_does_not_compile_stops_before_anything_is_published(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    load_settings().published_file.unlink(missing_ok=True)
    broken = "{% if execute %}{{ exceptions.raise_compiler_error('no such limit') }}{% endif %}"
    (project / "checks/warehouse/nothing_is_wrong.sql").write_text(broken)
    assert main(["build"]) == 1
    err = capfd.readouterr().err
    assert "no such limit" in err
    assert "error: dbt compile stopped; nothing published" in err
    assert not load_settings().published_file.exists()


def test_a_failed_test_of_a_model_is_told_and_published(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "models/fct_nav.sql").write_text("select null as nav")
    assert main(["build"]) == 1
    assert "tests of the models failed" in capfd.readouterr().err
    assert rows("from fct_nav") == [(None,)]


def test_a_project_that_does_not_parse_is_no_traceback(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "models/fct_nav.sql").write_text("select {{ 5 as nav")
    assert main(["build"]) == 1
    err = capfd.readouterr().err
    assert "Compilation Error" in err
    assert "error: dbt build stopped; nothing published" in err
    assert "Traceback" not in err


def dbt(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("dbt")), *words, "--no-use-colors"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_plain_dbt_waits_for_a_writer_once_and_gives_up_in_a_sentence(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHHOUSE_LOCK_WAIT_SECONDS", "1")
    with writer_lock(load_settings()):
        run = dbt(project, "build")
    assert run.returncode != 0
    assert run.stderr.count("waiting for process") == 1
    assert "is being written by process" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_plain_dbt_waits_for_a_writer_then_builds_and_readers_wait_for_nobody(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHHOUSE_LOCK_WAIT_SECONDS", "600")
    main(["build"])
    with ThreadPoolExecutor() as other:
        with writer_lock(load_settings()):
            waiting = other.submit(dbt, project, "run")
            judged = dbt(project, "test", "--target", "published", "--target-path", "t2")
            assert not waiting.done()
        built = waiting.result()
    assert (judged.stderr, "PASS=2 WARN=0 ERROR=1" in judged.stdout) == ("", True), judged.stdout
    assert built.stderr.count("waiting for process") == 1
    assert built.returncode == 0, built.stdout


def test_plain_dbt_on_a_home_never_published_says_so(project: Path) -> None:
    load_settings().published_file.unlink(missing_ok=True)
    run = dbt(project, "test", "--target", "published")
    assert run.returncode != 0
    assert "no warehouse at" in run.stdout
    assert "hint: watchhouse build" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
