"""Logs through what a producer and its rotation do to them."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from station import Station, make_station

from ingest import content
from ingest.tree import Tree


def lines(*numbers: int) -> str:
    return "".join(f'{{"n": {number}}}\n' for number in numbers)


def numbers(station: Station) -> list[int]:
    return sorted(int(payload[6:-1]) for payload in station.payloads())


def statuses(station: Station) -> list[str]:
    query = "select status from raw.observations where source = 'events' order by observed_at"
    return station.column(query)


def replace_file(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new.tmp")
    fresh.write_text(text)
    fresh.replace(path)


def test_appends_by_rewriting_the_whole_file_double_nothing(station: Station) -> None:
    for last in range(2, 6):
        replace_file(station.events, lines(*range(1, last)))
        station.poll()
    assert numbers(station) == [1, 2, 3, 4]
    assert station.column("select count(distinct _file_id) from raw.events") == [1]


def test_half_a_line_is_no_data_until_it_is_whole(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1) + '{"n": 2')
    station.poll()
    assert numbers(station) == [1]
    station.write("execution/events.jsonl", lines(1, 2))
    station.poll()
    assert numbers(station) == [1, 2]
    assert station.reasons() == []


def test_rotation_between_looks_keeps_every_line_and_its_file(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2))
    station.poll()
    station.write("execution/events.1.jsonl", lines(1, 2, 3))  # grew, then was renamed
    station.write("execution/events.jsonl", lines(4))
    station.poll()
    assert numbers(station) == [1, 2, 3, 4]
    files = "select path, ordinal from raw.files where stream = 'events' order by path"
    assert station.rows(files) == [
        ("execution/events.1.jsonl", 0),
        ("execution/events.jsonl", 0),
    ]


def test_an_archive_is_known_by_its_decompressed_bytes(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2))
    station.poll()
    station.write(
        "execution/archive/events.5.jsonl.gz", gzip.compress(lines(1, 2, 3).encode() + b"{")
    )
    station.events.unlink()
    station.poll()
    assert numbers(station) == [1, 2, 3]
    assert station.reasons() == ["no newline at the end"]


def test_an_archive_that_is_still_being_written_waits(station: Station) -> None:
    whole = gzip.compress(lines(*range(50)).encode())
    station.write("execution/archive/events.5.jsonl.gz", whole[:-20])
    station.poll()
    assert numbers(station) == []
    station.write("execution/archive/events.5.jsonl.gz", whole)
    station.poll()
    assert numbers(station) == list(range(50))


def test_a_copy_before_truncation_is_not_a_second_file(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2))
    station.poll()
    station.write("execution/events.1.jsonl", lines(1, 2))
    station.poll()
    with station.events.open("r+") as handle:
        handle.truncate(0)
    station.poll()
    station.write("execution/events.jsonl", lines(3))
    station.poll()
    assert numbers(station) == [1, 2, 3]


def test_files_with_the_same_first_lines_are_told_apart(station: Station) -> None:
    station.write("execution/events.1.jsonl", lines(0, 1))
    station.write("execution/events.jsonl", lines(0, 2))
    station.poll()
    assert numbers(station) == [0, 0, 1, 2]
    ordinals = "select ordinal from raw.files where stream = 'events' order by path"
    assert station.column(ordinals) == [0, 1]


def test_a_file_of_the_same_lines_that_was_renamed_is_no_copy(station: Station) -> None:
    old = (1_700_000_000, 1_700_000_000)
    os.utime(station.write("execution/events.jsonl", lines(0)), old)
    station.poll()
    station.events.rename(station.events.with_name("events.1.jsonl"))
    station.write("execution/events.jsonl", lines(0))
    station.poll()
    assert numbers(station) == [0, 0]


def test_a_changed_line_is_superseded_and_the_others_keep_their_keys(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2, 3))
    station.poll()
    keys = station.rows("select _file_id, _offset from raw.events order by all")
    station.write("execution/events.jsonl", '{"n": 1}\n{"n"\n{"n": 3}\n{"n": 4}\n')
    station.poll()
    assert numbers(station) == [1, 3, 4]
    assert station.column("select payload from raw.events where _superseded_at is not null") == [
        '{"n": 2}'
    ]
    assert set(keys) < set(station.rows("select _file_id, _offset from raw.events"))
    assert station.reasons() == ["torn"]
    station.write("execution/events.jsonl", '{"n": 1}\n{"n"\n{"n": 3}\n' + lines(4, 5))
    station.poll()
    assert numbers(station) == [1, 3, 4, 5]


def test_a_repaired_line_comes_back_once(station: Station) -> None:
    for text in (lines(1, 2, 3), '{"n": 1}\n{"n"\n{"n": 3}\n', lines(1, 2, 3)):
        station.write("execution/events.jsonl", text)
        station.poll()
    assert sorted(numbers(station)) == [1, 2, 3]


def test_an_inode_that_is_used_again_is_another_file(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2, 3))
    station.poll()
    inode = station.events.stat().st_ino
    with station.events.open("r+") as handle:  # the same inode, from here on with another content
        handle.write(lines(4, 5, 6, 7, 8))
    station.poll()
    assert station.events.stat().st_ino == inode
    assert numbers(station) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert station.column("select count(distinct _file_id) from raw.events") == [2]


def test_a_recreated_file_is_a_new_one(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2))
    station.poll()
    station.events.unlink()
    station.poll()
    station.write("execution/events.jsonl", lines(3))
    station.poll()
    assert numbers(station) == [1, 2, 3]
    assert station.rows("select * from raw.losses") == []


@pytest.mark.parametrize("shared", ["12\n", '{"n": 1}\n'], ids=["junk", "a header"])
def test_a_new_log_with_a_line_of_the_old_one_supersedes_nothing_of_it(
    station: Station, shared: str
) -> None:
    station.write("execution/events.jsonl", '{"n": 0\n' + lines(*range(2, 60)) + shared)
    station.poll()
    log = station.logs / "execution" / "events.jsonl"
    log.write_text(shared + lines(100))  # the same place and inode, as after a truncation
    station.poll()
    assert {*range(2, 60), 100} <= {*numbers(station)}


def test_a_restored_file_is_the_old_one(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2))
    station.poll()
    station.events.unlink()
    station.poll()
    station.write("execution/events.jsonl", lines(1, 2, 3))
    station.poll()
    assert numbers(station) == [1, 2, 3]


def test_bytes_that_went_away_unread_are_a_loss(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1) + '{"n": 2')
    station.poll()
    station.events.unlink()
    station.poll()
    assert station.rows("select * from raw.losses") == []
    station.poll()
    assert station.rows("select from_offset, to_offset, reason from raw.losses") == [
        (9, 16, "gone before it was read to its end")
    ]


def test_half_a_line_at_the_end_of_a_rotated_file_is_sealed(station: Station) -> None:
    station.write("execution/events.1.jsonl", lines(1) + '{"n": 2')
    for _ in range(3):
        station.poll()
    assert station.reasons() == ["no newline at the end"]


def test_the_same_tree_under_another_path_is_read_once(station: Station) -> None:
    station.write("execution/events.jsonl", lines(1, 2))
    station.poll()
    moved = station.logs.rename(station.folder / "elsewhere")
    (station.folder / "bot logs").symlink_to(moved)
    station.poll()
    assert numbers(station) == [1, 2]


def test_a_symlink_out_of_the_root_is_refused(station: Station) -> None:
    outside = station.folder / "outside.jsonl"
    outside.write_text(lines(1))
    station.events.symlink_to(outside)
    station.poll()
    assert numbers(station) == []
    assert statuses(station) == ["denied"]


def test_temporary_files_are_not_opened(station: Station) -> None:
    station.write("execution/events.1.jsonl.tmp", lines(1))
    station.write("execution/.tmp_events.1.jsonl", lines(1))
    station.poll()
    assert numbers(station) == []


def test_a_file_that_may_not_be_read_is_denied_and_read_later(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    station.write("execution/events.jsonl", lines(1))
    station.poll()
    station.write("execution/events.jsonl", lines(1, 2))
    with monkeypatch.context() as refused:
        refused.setattr(Tree, "open", refuse)
        station.poll()
    station.poll()
    assert numbers(station) == [1, 2]
    assert statuses(station) == ["ok", "denied", "ok"]


def test_what_did_not_change_is_not_opened(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = (1_700_000_000, 1_700_000_000)
    os.utime(station.write("execution/events.jsonl", lines(1)), old)
    os.utime(station.write("execution/events.1.jsonl", lines(2)), old)
    station.poll()
    opened: list[object] = []
    monkeypatch.setattr(content.Content, "__init__", lambda *_: opened.append(1))
    station.poll()
    assert opened == []


def test_a_file_larger_than_memory_allows_is_read_on_from_its_offset(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "WHOLE_FILE_BYTES", 0)
    monkeypatch.setattr("ingest.sweep.WHOLE_FILE_BYTES", 0)
    monkeypatch.setattr(content, "_BLOCK_BYTES", 64)
    station.write("execution/events.jsonl", lines(*range(1000)))
    station.poll()
    station.write("execution/events.jsonl", lines(*range(2000)))
    station.poll()
    assert numbers(station) == list(range(2000))
    assert station.column("select prefix_sha256 from raw.files where stream = 'events'") == [None]


def test_reading_again_into_an_empty_warehouse_gives_the_same_keys(tmp_path: Path) -> None:
    seen = []
    for name in ("one", "two"):
        station = make_station(tmp_path / name)
        station.write("execution/events.1.jsonl", lines(0, 1))
        station.write("execution/events.jsonl", lines(0, 2))
        if name == "two":
            station.write("execution/events.2.jsonl", "")
        station.poll()
        seen.append(station.rows("select _file_id, _offset, payload from raw.events order by all"))
    assert seen[0] == seen[1]
