import io
import json
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from pyarrow import parquet

from watchhouse.cli import main

QUERY = "select symbol, loss, valid_to, [1, 2] as list from positions order by all limit 1"


def test_json_is_a_list_of_rows(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "sql", QUERY, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"symbol": "BTCUSDT", "loss": 1.0, "valid_to": "2026-03-10T10:00:00Z", "list": [1, 2]}
    ]


def test_no_rows_are_an_empty_list(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--home", str(home), "sql", "from positions where false", "--format", "json"])
    assert json.loads(capsys.readouterr().out) == []


def test_csv_has_a_header(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--home", str(home), "sql", QUERY, "--format", "csv"])
    assert capsys.readouterr().out == (
        'symbol,loss,valid_to,list\nBTCUSDT,1.0,2026-03-10T10:00:00Z,"[1, 2]"\n'
    )


def test_a_pipe_gets_every_row_of_a_table(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--home", str(home), "sql", "from range(5000)"])
    assert "4999" in capsys.readouterr().out


def test_a_query_comes_from_stdin_or_a_file(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("select 41 as n"))
    main(["--home", str(home), "sql", "-", "--format", "csv"])
    (tmp_path / "q.sql").write_text("select 42 as n")
    main(["--home", str(home), "sql", "--file", str(tmp_path / "q.sql"), "--format", "csv"])
    assert capsys.readouterr().out == "n\n41\nn\n42\n"


def test_a_wrong_query_is_one_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "sql", "select nothing"]) == 1
    assert capsys.readouterr().err.startswith("error: Binder Error")


def test_no_query_is_wrong_usage(home: Path) -> None:
    assert main(["--home", str(home), "sql"]) == 2


def test_when_the_file_was_published_is_said_beside_the_answer(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(home / "warehouse.duckdb") as db:
        db.execute(
            "create table meta.published as select timestamp '2026-03-10 14:00' published_at"
        )
    main(["--home", str(home), "sql", "select 1 as n", "--format", "csv"])
    told = "published 2026-03-10T14:00:00Z by load 7, read to: main 2026-03-10T14:00:00Z\n"
    assert capsys.readouterr() == ("n\n1\n", told)


def test_jsonl_is_a_row_per_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--home", str(home), "sql", "from range(3) t(n)", "--format", "jsonl"])
    assert capsys.readouterr().out == '{"n": 0}\n{"n": 1}\n{"n": 2}\n'


def test_parquet_goes_to_a_file_with_its_types(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.parquet"
    words = ["sql", QUERY, "--format", "parquet", "--out", str(file)]
    assert main(["--home", str(home), *words]) == 0
    read = parquet.read_table(file)
    assert read.to_pylist()[0]["valid_to"] == datetime(2026, 3, 10, 10)
    assert read.column_names == ["symbol", "loss", "valid_to", "list"]


def test_a_failed_answer_leaves_the_file_as_it_was(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.csv"
    file.write_text("before")
    bad = "select if(n = 50000, error('no'), n) from range(60000) t(n)"
    words = ["sql", bad, "--format", "csv", "--out", str(file)]
    assert main(["--home", str(home), *words]) == 1
    assert [(f.name, f.read_text()) for f in tmp_path.glob("*q.csv*")] == [("q.csv", "before")]


def test_an_answer_never_goes_into_the_home(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(home)
    before = (home / "warehouse.duckdb").read_bytes()
    for file in (home / "warehouse.duckdb", tmp_path / "link" / "warehouse.duckdb"):
        assert main(["--home", str(home), "sql", "select 1", "--out", str(file)]) == 1
        assert "lies in the home" in capsys.readouterr().err
    assert (home / "warehouse.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    "query",
    [
        "pivot positions on symbol using sum(loss)",
        "pivot positions on symbol in ('BTCUSDT') using sum(loss)",
        "select * from (pivot positions on symbol using sum(loss) group by bot)",
        "unpivot positions on loss",
        "explain select * from positions",
        "EXPLAIN ANALYZE from positions",
        "explain (format json) with p as (from positions) from p;",
        "explain pivot positions on symbol in ('BTCUSDT') using sum(loss)",
        "describe positions",
        "summarize positions",
        "show all tables",
        "pragma table_info('positions')",
        "values (1), (2)",
    ],
)
def test_questions_of_every_kind_are_answered(
    home: Path, capsys: pytest.CaptureFixture[str], query: str
) -> None:
    assert main(["--home", str(home), "sql", query]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 2


ENDLESS = "select count(*) from range(100_000_000_000) t(n) where hash(n) % 7 = 0"


def test_a_query_stops_when_its_time_is_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "sql", ENDLESS, "--timeout", "0.2"]) == 1
    assert "stopped after 0.2 s" in capsys.readouterr().err


def test_a_query_gets_no_more_memory_than_allowed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hungry = "select list(n) from range(20_000_000) t(n)"
    assert main(["--home", str(home), "sql", hungry, "--memory", "20MB"]) == 1
    assert "hint: ask for less, or give it more" in capsys.readouterr().err
    assert main(["--home", str(home), "sql", "select 1", "--memory", "much'"]) == 1
    assert "no limit of memory" in capsys.readouterr().err


def test_ctrl_c_ends_an_answer_without_a_traceback(home: Path) -> None:
    words = ["sql", "from range(100_000_000_000) t(n)", "--format", "jsonl"]
    command = [sys.executable, "-m", "watchhouse.cli", "--home", str(home), *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as run:
        assert run.stdout
        assert run.stdout.readline() == '{"n": 0}\n'
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=20)
    assert run.returncode == 130
    assert err.startswith("interrupted")
