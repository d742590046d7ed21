"""Recordings laid down frame by frame; what is no recording is refused."""

from __future__ import annotations

import base64
import json
import lzma
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from station import Station

from ingest import UsageError, WatchhouseError
from ingest.replay import replay

Operation = dict[str, Any]


def operation(op: str, path: str, **more: object) -> Operation:
    return {"op": op, "path": path, "mtime": 1_700_000_000.25} | more


FRAMES: list[list[Operation]] = [
    [
        operation("put", "state/state.json", text='{"nav": 1, "mode": "A"}'),
        operation("put", "execution/events.jsonl", text='{"n": 1}\n'),
    ],
    [
        operation("append", "execution/events.jsonl", at=9, text='{"n": 2}\n', new_inode=True),
        operation("rewrite", "state/state.json", text='{"nav": 2, "mode": "A"}'),
        operation("put", "exec.log", text="hello\n"),
    ],
    [
        operation("rename", "execution/events.1.jsonl", **{"from": "execution/events.jsonl"}),
        operation("put", "execution/events.jsonl", b64=base64.b64encode(b'{"n": 3}\n').decode()),
        operation("touch", "state/state.json"),
    ],
    [operation("delete", "state/state.json"), operation("append", "exec.log", at=6, text="x\n")],
]


def record(folder: Path, frames: list[list[Operation]] = FRAMES, first: float = 1000.5) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"n": n, "ts": first + 60 * n, "note": None, "ops": operations})
        for n, operations in enumerate(frames)
    ]
    (folder / "frames.jsonl.xz").write_bytes(lzma.compress("\n".join(lines).encode() + b"\n"))
    return folder


def test_each_frame_is_looked_at_in_its_own_time(station: Station, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    done = replay(
        station.settings, record(tmp_path / "story"), progress=lambda *step: seen.append(step)
    )
    assert (done.bot, done.frames) == ("story", 4)
    assert done.first_at == datetime(1970, 1, 1, 0, 16, 40, 500000)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert station.column("select _observed_at from raw.state order by 1") == [
        datetime(1970, 1, 1, 0, 16, 40, 500000),
        datetime(1970, 1, 1, 0, 17, 40, 500000),
    ]
    assert station.payloads() == ['{"n": 1}', '{"n": 2}', '{"n": 3}']
    assert station.column("select _mtime from raw.state limit 1") == [
        datetime(2023, 11, 14, 22, 13, 20, 250000)
    ]
    assert station.column("select message from raw.talk order by _offset") == ["hello", "x"]
    statuses = "select status from raw.observations where source = 'state' order by observed_at"
    assert station.column(statuses) == ["ok", "ok", "missing"]


def test_a_replay_in_steps_ends_as_one_in_one_go(station: Station, tmp_path: Path) -> None:
    story = record(tmp_path / "story")
    replay(station.settings, story, bot="whole")
    replay(station.settings, story, bot="steps", upto=0)
    replay(station.settings, story, bot="steps", start=1, upto=2)
    replay(station.settings, story, bot="steps", start=3)
    for bot_rows in ("state", "events", "talk"):
        counts = station.rows(f"select _bot, count(*) from raw.{bot_rows} group by 1 order by 1")
        assert counts[0][1] == counts[1][1]


def test_the_config_folder_is_read_with_each_frame(station: Station, tmp_path: Path) -> None:
    (tmp_path / "cfg").mkdir()
    (tmp_path / "cfg" / "limits.yaml").write_text("max: 1\n")
    replay(station.settings, record(tmp_path / "story"), config=tmp_path / "cfg")
    assert station.column("select payload from raw.limits") == ['{"max": 1}']


def test_a_bot_looked_at_later_is_not_replayed_over(station: Station, tmp_path: Path) -> None:
    story = record(tmp_path / "story")
    replay(station.settings, story)
    with pytest.raises(WatchhouseError, match="story") as error:
        replay(station.settings, story)
    assert "--bot" in (error.value.hint or "")
    logs = station.settings.home / "replay" / "story" / "logs"
    assert (logs / "execution" / "events.1.jsonl").exists()
    replay(station.settings, record(tmp_path / "later", first=9000), bot="story")
    assert not (logs / ".tmp_state.json").exists()


def test_going_on_needs_the_folder_as_it_was_left(station: Station, tmp_path: Path) -> None:
    story = record(tmp_path / "story")
    with pytest.raises(WatchhouseError, match="no replay to go on with"):
        replay(station.settings, story, start=1)
    replay(station.settings, story, upto=0)
    with pytest.raises(WatchhouseError, match="up to frame 0, not up to frame 2"):
        replay(station.settings, story, start=3)
    with pytest.raises(UsageError, match="no such frames"):
        replay(station.settings, story, start=9)


def _frames_file(content: bytes) -> bytes:
    return lzma.compress(content)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "holds no"),
        (b"plain", "does not read"),
        (_frames_file(b"{}\n")[:-5], "does not read"),
        (_frames_file(b""), "no frame"),
        (_frames_file(b"{\n"), "does not read"),
        (_frames_file(b'{"n": 1}\n'), "damaged"),
        (_frames_file(b"[1]\n"), "damaged"),
        (_frames_file(b'{"n": 1, "ts": 1, "ops": [{"op": "burn", "path": "x"}]}'), "burn"),
        (
            _frames_file(b'{"n":1,"ts":1,"ops":[{"op":"put","path":"../x","mtime":1,"text":""}]}'),
            "leave",
        ),
    ],
)
def test_what_is_no_recording_is_refused_with_nothing_written(
    station: Station, tmp_path: Path, content: bytes | None, named: str
) -> None:
    folder = tmp_path / "story"
    folder.mkdir()
    if content is not None:
        (folder / "frames.jsonl.xz").write_bytes(content)
    with pytest.raises(WatchhouseError, match=named):
        replay(station.settings, folder)
    assert not station.settings.home.exists()
