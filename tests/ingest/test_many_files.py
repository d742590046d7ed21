"""Many files under one glob: what did not change costs no look inside and no line anywhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from station import Station, make_station

from ingest import open_session
from ingest.tree import Tree

REGISTRY = """
sources:
  - name: raw
    tables:
      - {name: state, config: {meta: {root: logs, path: "state/*.json", kind: snapshot}}}
      - {name: events, config: {meta: {root: logs, path: "execution/*.jsonl", kind: events}}}
      - {name: talk, config: {meta: {root: text, path: exec.log, kind: text}}}
"""
COUNT = 300
_opened: list[str] = []
_is_watching = False


def note(event: str, arguments: tuple[object, ...]) -> None:
    if _is_watching and event == "open":
        _opened.append(str(arguments[0]))


sys.addaudithook(note)  # cannot be taken away again


@contextmanager
def opened() -> Iterator[list[str]]:
    global _is_watching  # noqa: PLW0603 - a hook has no other way to be told
    _opened.clear()
    _is_watching = True
    yield _opened
    _is_watching = False


@pytest.fixture
def many(tmp_path: Path) -> Station:
    made = make_station(tmp_path, REGISTRY)
    for number in range(COUNT):
        made.write(f"state/{number}.json", f'{{"n": {number}}}')
        made.write(f"execution/{number}.jsonl", f'{{"n": {number}}}\n')
    time.sleep(0.03)  # a file written within a tick of the clock is looked at once more
    return made


def test_a_look_at_known_files_opens_none_and_writes_nothing_about_them(many: Station) -> None:
    spool = many.settings.folder("spool") / "main"
    with open_session(many.settings) as session:
        session.poll()
        known = (spool / "seen.json").stat()
        with opened() as files:
            report = session.poll()
        assert [file for file in files if file.startswith(str(many.logs))] == []
        assert len(files) < 20
        assert report.bots[0].files == 2 * COUNT
        assert (spool / "seen.json").stat() == known
    assert many.column("select count(*) from raw.state") == [COUNT]


def test_the_one_that_changed_is_the_one_that_is_read(many: Station) -> None:
    with open_session(many.settings) as session:
        session.poll()
        many.write("state/7.json", '{"n": -7}')
        many.write("execution/7.jsonl", '{"n": 7}\n{"n": -7}\n')
        with opened() as files:
            session.poll()
    inside = {Path(file).name for file in files if file.startswith(str(many.logs))}
    assert inside == {"7.json", "7.jsonl"}
    assert many.payloads()[-1] == '{"n": -7}'


def test_a_state_file_that_its_glob_finds_no_more_is_missing(many: Station) -> None:
    many.poll()
    (many.logs / "state" / "7.json").unlink()
    for _ in range(2):
        many.poll()
    changes = "select status from raw.observations where _file = 'state/7.json' order by all"
    assert many.column(changes) == ["missing", "ok"]


def test_a_glob_finds_files_at_its_depth_and_no_rotated_or_unfinished_ones(tmp_path: Path) -> None:
    for path in ("a/1.log", "a/1.1.log", "a/1.log.2", "b/2.log", "b/c/3.log", "b/.tmp_4.log",
                 "b/5.log.tmp", "d.log/6.txt"):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()

    def found(pattern: str) -> list[str]:
        return sorted(path for path, _ in Tree(tmp_path).match(pattern))

    assert found("*/*.log") == ["a/1.log", "b/2.log"]
    assert found("**/*.log") == ["a/1.log", "b/2.log", "b/c/3.log"]
    assert found("b/[0-9].log") == ["b/2.log"]
    assert found("*.log") == []
    assert found("e/7.log") == ["e/7.log"]


def test_a_log_has_the_rotated_siblings_that_bear_its_name(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    for name in ("x.jsonl", "x.1.jsonl", "x.jsonl.2", "xy.1.jsonl", "x.1.json", "x.0.jsonl",
                 "archive/x.3.jsonl.gz"):  # fmt: skip
        (tmp_path / name).touch()
    ranks = {seen.path: seen.rank for seen in Tree(tmp_path).rotated("x.jsonl")}
    assert ranks == {"x.1.jsonl": 1, "x.jsonl.2": 2, "archive/x.3.jsonl.gz": 3}
