from pathlib import Path

import pytest
from sick_bot import SickBot

from watchhouse.cli import main
from watchhouse.instant import iso


def test_the_page_lies_in_the_home_unless_told_otherwise(
    sick: SickBot, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report", "7d", "--bot", "spare", "--as-of", iso(sick.last_at)]
    assert main(["--home", str(sick.home), *words]) == 0
    file = Path(capsys.readouterr().out.strip())
    assert file.parent == sick.home / "reports"
    assert file.name == f"7d-spare-{sick.last_at:%Y-%m-%dT%H%M%S}Z.html"
    assert file.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("span", ["tomorrow", "0h", "999999d", "24"])
def test_a_wrong_span_is_wrong_usage(
    sick: SickBot, capsys: pytest.CaptureFixture[str], span: str
) -> None:
    assert main(["--home", str(sick.home), "report", span]) == 2
    assert "hint: " in capsys.readouterr().err


def test_without_a_warehouse_the_way_out_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path), "report", "24h"]) == 1
    assert "hint: watchhouse build" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_leaves_nothing(
    sick: SickBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").mkdir()
    words = ["report", "24h", "--bot", "spare", "--out", str(tmp_path / "taken")]
    assert main(["--home", str(sick.home), *words, "--as-of", iso(sick.last_at)]) == 1
    assert "cannot write" in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == [tmp_path / "taken"]
