"""What is no question is refused, by parser and engine; no byte of a home changes."""

import hashlib
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from ingest.errors import WatchhouseError
from ingest.settings import load_settings
from watchhouse.cli import main
from watchhouse.query.engine import Limits, open_locked
from watchhouse.query.guard import one_question

# Places in the statements: {home}, {landing} (a file of rows to overwrite), {out} (a new file).
HOSTILE = [
    # a statement that writes files
    "copy positions to '{landing}'",
    "copy positions to '{landing}' (format parquet, use_tmp_file false)",
    "copy (select 1) to '{out}' (format csv)",
    "copy positions from '{landing}'",
    "explain analyze copy positions to '{landing}'",
    "explain (analyze) copy positions to '{landing}' (use_tmp_file false)",
    "explain\n/* */ analyze copy positions to '{out}'",
    "/* a comment first */ explain analyze copy positions to '{out}'",
    "export database '{out}'",
    "import database '{home}'",
    # another file or address
    "attach '{home}/live/warehouse.duckdb' as live",
    "attach '{out}' as fresh",
    "attach ':memory:' as memory",
    "detach warehouse",
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('{home}/settings.toml')",
    "select * from read_csv('/etc/passwd')",
    "select * from read_parquet('{landing}')",
    "from '{landing}'",
    "from 'file.csv'",
    "from glob('{home}/**')",
    "from sniff_csv('/etc/passwd')",
    "from parquet_metadata('{landing}')",
    "from query('from ''{landing}''')",
    "select * from 'https://example.com/x.parquet'",
    "select getenv('HOME')",
    "from duckdb_secrets()",
    "create secret s (type s3, key_id 'x', secret 'y')",
    # a variable of this program
    "from connection",
    "from HOSTILE",
    # a setting, an extension, a program
    "set enable_external_access = true",
    "reset enable_external_access",
    "set temp_directory = '{home}'",
    "pragma enable_profiling",
    "pragma profiling_output = '{out}'",
    "install httpfs",
    "force install httpfs from community",
    "load '{out}.duckdb_extension'",
    "use memory",
    "set variable x = 1",
    "prepare q as select 1",
    "execute q",
    # a change
    "insert into positions select * from positions",
    "update positions set loss = 0",
    "delete from positions",
    "truncate positions",
    "merge into positions using navs on true when matched then delete",
    "drop table positions",
    "alter table positions add column x int",
    "comment on table positions is 'x'",
    "create table t as select 1",
    "create temp table t as select 1",
    "create or replace view positions as select 1",
    "create macro m() as 1",
    "with gone as (delete from positions returning *) select * from gone",
    "vacuum",
    "checkpoint",
    "force checkpoint",
    "begin; delete from positions; commit",
    # more than one, or hidden behind another
    "select 1; drop table positions",
    "select 1; select 2",
    "pivot positions on symbol using sum(loss); drop table positions",
    "create type e as enum ('a'); pivot positions on symbol using sum(loss)",
    "explain delete from positions",
    "explain analyze insert into positions select * from positions",
    "explain pragma database_list",
    "explain select 1; drop table positions",
    "explain create table t as select 1",
    "",
    "-- nothing",
]
# The engine lets these change a setting, or ends the program over the file that it may not write.
SETTERS = [
    "call enable_logging(storage = 'file', storage_path = '{out}')",
    "from enable_logging(storage = 'file', storage_path = '{out}')",
    "select * from query('from Enable_Logging()')",
    "from disable_logging()",
    "from enable_profiling()",
    "from truncate_duckdb_logs()",
]


@pytest.fixture
def home(home: Path) -> Path:
    """The toy home with the other things that a home holds."""
    (home / "live").mkdir()
    (home / "live" / "warehouse.duckdb").write_bytes((home / "warehouse.duckdb").read_bytes())
    landing = home / "landing" / "events" / "bot=main" / "day=2026-03-10"
    landing.mkdir(parents=True)
    duckdb.sql("select 1 as n").write_parquet(str(landing / "0.parquet"))
    (home / "settings.toml").write_text("")
    (home / "warehouse.duckdb").chmod(0o444)
    return home


def meant(home: Path, statement: str) -> str:
    places = {
        "{home}": str(home),
        "{landing}": str(next(home.glob("landing/**/*.parquet"))),
        "{out}": str(home / "out"),
    }
    for place, path in places.items():
        statement = statement.replace(place, path)
    return statement


def bytes_of(home: Path) -> dict[Path, str]:
    files = (file for file in home.rglob("*") if file.is_file())
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_every_hostile_statement_is_refused_with_a_reason(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bytes_of(home)
    answered = []
    for statement in HOSTILE + SETTERS:
        code = main(["--home", str(home), "sql", "--", meant(home, statement)])
        told = capsys.readouterr()
        if code != 1 or told.out or "error: " not in told.err or "hint: " not in told.err:
            answered.append((statement, code, told))
    assert answered == []
    assert bytes_of(home) == before


def test_the_engine_alone_lets_nothing_reach_a_file(home: Path) -> None:
    """The second layer: the same statements with no parser before them."""
    before = bytes_of(home)
    for statement in HOSTILE:
        with open_locked(load_settings(home), Limits()) as connection, suppress(duckdb.Error):
            connection.execute(meant(home, statement))
    assert bytes_of(home) == before


@pytest.mark.parametrize("setting", ["enable_external_access", "python_enable_replacements"])
def test_settings_are_shut_and_locked(home: Path, setting: str) -> None:
    with open_locked(load_settings(home), Limits()) as connection:
        (value,) = connection.execute(f"select current_setting('{setting}')").fetchall()[0]
        assert value is False
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            connection.execute(f"set {setting} = true")


def test_landing_files_are_read_through_their_view_and_not_written(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = next(home.glob("landing/**/*.parquet"))
    outside = home / "outside.parquet"
    outside.write_bytes(landing.read_bytes())
    listed = [landing.relative_to(home / "landing"), "../outside.parquet"]
    file = home / "warehouse.duckdb"
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        paths = [str(path) for path in listed]
        connection.execute(
            "create schema if not exists raw;"
            f"create table raw.landing as select unnest({paths}) as path, null as lost_at"
        )
        connection.execute(f"create view raw.events as from read_parquet('{landing}')")
        connection.execute(f"create view raw.others as from read_parquet('{outside}')")
    before = bytes_of(home)
    assert main(["--home", str(home), "sql", "--format", "csv", "select n from raw.events"]) == 0
    assert capsys.readouterr().out == "n\n1\n"
    for refused in ("from raw.others", *(meant(home, one) for one in HOSTILE if "copy" in one)):
        assert main(["--home", str(home), "sql", "--", refused]) == 1
    assert bytes_of(home) == before


def test_a_pivot_is_what_duckdb_wrote_and_nothing_else(home: Path) -> None:
    with open_locked(load_settings(home), Limits()) as connection:
        pivot = one_question(connection, "pivot positions on symbol using sum(loss)")
        assert [statement.type.name for statement in pivot] == ["CREATE", "SELECT"]
        forged = "create temp table t as select 1; select * from t"
        with pytest.raises(WatchhouseError, match="2 statements"):
            one_question(connection, forged)
