"""Telemetry that the bot's own code wrote, accounted for by an independent reading."""

from __future__ import annotations

import base64
import hashlib
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import load_settings
from ingest.registry import load_registry
from ingest.replay import replay

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "recordings"
NAMES = ["healthy", "telemetry_corruption"]


@dataclass
class Played:
    """What a replay stored, and what the frames say was there."""

    database: duckdb.DuckDBPyConnection
    last: dict[str, bytes]
    versions: dict[str, list[bytes | None]]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.database.execute(query).fetchall()


def simulate(recording: Path) -> tuple[dict[str, bytes], dict[str, list[bytes | None]]]:
    """The bytes of each file after the last frame, and at every frame."""
    files: dict[str, bytes] = {}
    history: dict[str, list[bytes | None]] = {}
    with lzma.open(recording / "frames.jsonl.xz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            for op in json.loads(line)["ops"]:
                _apply(files, op)
            for path in files.keys() | history.keys():
                history.setdefault(path, [None] * number).append(files.get(path))
    return files, history


def _apply(files: dict[str, bytes], op: dict[str, Any]) -> None:
    data = base64.b64decode(op["b64"]) if "b64" in op else op.get("text", "").encode()
    if op["op"] == "append":
        files[op["path"]] += data
    elif op["op"] == "rename":
        files[op["path"]] = files.pop(op["from"])
    elif op["op"] == "delete":
        del files[op["path"]]
    elif op["op"] != "touch":
        files[op["path"]] = data


@pytest.fixture(scope="module", params=NAMES)
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Played]:
    recording = RECORDINGS / request.param
    if not recording.is_dir():
        pytest.skip(f"no recordings at {RECORDINGS}")
    settings = load_settings(tmp_path_factory.mktemp("home"))
    replay(settings, recording)
    with duckdb.connect(str(settings.live_file), read_only=True) as database:
        yield Played(database, *simulate(recording))


def sources(kind: str) -> list[tuple[str, str]]:
    registry = load_registry(load_settings().registry_file)
    return [(source.name, source.path) for source in registry if source.kind == kind]


def test_rows_blanks_and_quarantine_are_the_bytes_of_each_log(played: Played) -> None:
    for name, path in sources("events"):
        raw = played.last.get(path, b"")
        kept = played.rows(
            f"select sum(_length) from (select _length from raw.{name} where _superseded_at is null"
            f" union all select _length from raw.quarantine where stream = '{name}'"
            " and _superseded_at is null)"
        )[0][0]
        blank = played.rows(f"select sum(blank_bytes) from raw.loads where stream = '{name}'")[0][0]
        assert (kept or 0) + (blank or 0) == raw.rfind(b"\n") + 1, name


def test_no_line_stands_twice(played: Played) -> None:
    for name, path in sources("events"):
        twice = f"select 1 from raw.{name} group by _file_id, _offset having count(*) > 1"
        assert played.rows(twice) == []
        good = sum(_is_json(line) for line in played.last.get(path, b"").split(b"\n")[:-1] if line)
        standing = f"select count(*) from raw.{name} where _superseded_at is null"
        assert played.rows(standing)[0][0] == good, name


def test_snapshots_are_the_valid_contents_that_followed_each_other(played: Played) -> None:
    for name, path in sources("snapshot"):
        good = [raw for raw in played.versions.get(path, []) if raw is not None and _is_json(raw)]
        expected = [hashlib.sha256(raw).hexdigest() for raw, _ in groupby(good)]
        stored = played.rows(f"select _sha256 from raw.{name} order by _observed_at")
        assert [sha for (sha,) in stored] == expected, name


def test_series_are_the_points_of_every_frame(played: Played) -> None:
    for name, path in sources("series"):
        points: dict[str, None] = {}
        for raw in played.versions.get(path, []):
            if raw and _is_json(raw):
                points |= {json.dumps(point): None for point in json.loads(raw)}
        stored = played.rows(f"select payload from raw.{name} order by _load_id, _position")
        assert [json.loads(text) for (text,) in stored] == [json.loads(point) for point in points]


def test_the_ledger_adds_up(played: Played) -> None:
    unequal = "to_offset - from_offset <> row_bytes + blank_bytes + quarantined_bytes"
    assert played.rows(f"select * from raw.loads where {unequal}") == []
    assert played.rows("select * from raw.losses") == []


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except ValueError:
        return False
    return True
