"""A bundle is a recording: replayed, it gives the rows that the warehouse held of that stretch."""

import json
import lzma
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sick_bot import SickBot

from ingest.registry import load_registry
from ingest.replay import replay
from ingest.settings import Settings, load_settings
from watchhouse.bundle import Span, write_bundle
from watchhouse.cli import main
from watchhouse.instant import iso
from watchhouse.verdict import Verdict

START, END = datetime(2026, 3, 10, 6, 15), datetime(2026, 3, 10, 6, 54, 30)
NOBODY = Verdict(END, "ok", {}, (), (), (), 0)


@pytest.fixture(scope="module")
def bundled(fed: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "one"
    with duckdb.connect(str(fed.published_file), read_only=True) as connection:
        registry = load_registry(fed.registry_file)
        assert write_bundle(connection, registry, Span("main", START, END), NOBODY, folder) == 41
    return folder


@pytest.fixture(scope="module")
def replayed(bundled: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = load_settings(tmp_path_factory.mktemp("replayed"))
    replay(settings, bundled, bot="main")
    return settings


def rows(file: Path, query: str) -> Counter[str]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return Counter(map(repr, connection.execute(query).fetchall()))


def both(fed: Settings, replayed: Settings, query: str) -> Iterator[Counter[str]]:
    yield rows(fed.published_file, query)
    yield rows(replayed.live_file, query)


@pytest.mark.parametrize("table", ["nav", "positions_state", "risk_snapshot", "diagnostics"])
def test_versions_of_a_state_file_are_the_same_at_the_same_looks(
    fed: Settings, replayed: Settings, table: str
) -> None:
    query = f"""select _observed_at, _nonfinite_keys, _missing_keys, json(payload) from raw.{table}
        where _observed_at > timestamp '{START}' and _observed_at <= timestamp '{END}'"""
    held, again = both(fed, replayed, query)
    assert again == held
    assert len(held) > 25


@pytest.mark.parametrize("table", ["risk_vetoes", "orders_executed", "signal_metrics"])
def test_lines_of_a_log_are_the_same_also_those_from_before(
    fed: Settings, replayed: Settings, table: str
) -> None:
    held, again = both(fed, replayed, f"select payload from raw.{table} order by _offset")
    assert again == held
    assert held
    since = f"_observed_at > timestamp '{START}'"
    query = f"select _observed_at, _offset, payload from raw.{table} where {since}"
    held, again = both(fed, replayed, query)
    assert again == held


def test_damage_is_the_same_damage(fed: Settings, replayed: Settings) -> None:
    query = f"""select source, observed_at, status from raw.observations
        where observed_at > timestamp '{START}' and status in ('torn', 'empty', 'invalid')"""
    held, again = both(fed, replayed, query)
    assert again == held
    assert held.total() == 3  # a torn and an empty file, half a line
    bad = "select stream, _length, reason, bytes, observed_at from raw.quarantine"
    held, again = both(fed, replayed, bad)
    assert again == held
    assert held.total() == 3


def test_a_line_changed_in_place_is_changed_again(fed: Settings, replayed: Settings) -> None:
    query = """select _offset, _observed_at > timestamp '{}', _superseded_at, payload
        from raw.order_metrics where _observed_at <= timestamp '{}'"""
    held, again = both(fed, replayed, query.format(START, END))
    assert again == held
    loads = """select observed_at, kept_count, superseded_count, quarantined_count from raw.loads
        where superseded_count > 0"""
    held, again = both(fed, replayed, loads)
    assert again == held
    assert held.total() == 1


def test_findings_and_config_of_the_incident_lie_beside_it(
    sick: SickBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = iso(sick.last_at)
    words = ["--check", "open_position_has_no_exit", "--as-of", at, "--before", "5m"]
    out = tmp_path / "bundle"
    assert main(["--home", str(sick.home), "bundle", *words, "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    said = json.loads((out / "findings.json").read_text())
    assert "open_position_has_no_exit" in {f["check"] for f in said["findings"]}
    assert list(said["bots"]) == ["main"]
    assert "global" in json.loads((out / "config" / "risk_limits.json").read_text())
    frames = lzma.decompress((out / "frames.jsonl.xz").read_bytes()).splitlines()
    assert json.loads(frames[-1])["ts"] == pytest.approx(
        (sick.last_at - datetime(1970, 1, 1)).total_seconds()
    )
    assert main(["--home", str(sick.home), "bundle", *words, "--out", str(out)]) == 1  # is there


def test_what_does_not_fire_has_no_bundle(
    sick: SickBot, capsys: pytest.CaptureFixture[str]
) -> None:
    early = iso(sick.last_at - timedelta(hours=2))
    words = ["bundle", "--check", "nav_jumped", "--as-of", early]
    assert main(["--home", str(sick.home), *words]) == 1
    assert "finds nothing" in capsys.readouterr().err
    assert main(["--home", str(sick.home), "bundle"]) == 2
