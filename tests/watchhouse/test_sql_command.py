import io
import json
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("query", ["delete from positions", "create table t (a int)"])
def test_writing_is_refused(home: Path, capsys: pytest.CaptureFixture[str], query: str) -> None:
    assert main(["--home", str(home), "sql", query]) == 1
    assert "read-only" in capsys.readouterr().err


def test_a_wrong_query_is_one_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home), "sql", "select nothing"]) == 1
    assert capsys.readouterr().err.startswith("error: Binder Error")


def test_no_query_is_wrong_usage(home: Path) -> None:
    assert main(["--home", str(home), "sql"]) == 2
