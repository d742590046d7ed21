"""A recording laid down frame by frame, each frame looked at in its own time."""

from __future__ import annotations

import base64
import lzma
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from ingest.errors import UsageError, WatchhouseError
from ingest.session import Session, open_session
from ingest.settings import Bot, Settings

FRAMES = "frames.jsonl.xz"
_OPERATIONS = {"put", "rewrite", "truncate_write", "append", "rename", "touch", "delete"}
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Replayed:
    """What a replay did: frames laid down, rows loaded, and the span of time they stand for."""

    bot: str
    frames: int
    rows: int
    quarantined: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class _Frame:
    number: int
    at: datetime
    operations: list[dict[str, Any]]


def replay(
    settings: Settings,
    recording: Path,
    *,
    bot: str | None = None,
    start: int = 0,
    upto: int | None = None,
    config: Path | None = None,
    progress: Progress | None = None,
) -> Replayed:
    """Lay frames `start` to `upto` (inclusive) over `replay/<bot>/logs` in the home, poll at each.

    `start` > 0 goes on where an earlier replay of the same bot ended or was cut off: the folder is
    laid down anew up to there. `config` is the folder of the bot's config root. `progress` is
    called with (frames done, frames in all).
    Raises WatchhouseError, with nothing written, when this is no recording or when the bot was
    looked at later than its first frame.
    """
    recorded = read_frames(recording)
    frames = _chosen(recorded, recording, start, upto)
    name = bot or recording.resolve().name
    logs = settings.folder("replay") / name / "logs"
    # Of the whole recording, so that a replay in steps is that of one in one go.
    writes_text = any(o["path"] == "exec.log" for f in recorded for o in f.operations)
    text = logs / "exec.log" if writes_text else None
    subject = Bot(name, logs, config and config.absolute(), text)
    _check_target(logs, start)
    settings.make_home()
    with_subject = replace(settings, bots=(subject,))
    created = not logs.exists()
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with open_session(with_subject) as session:
            _refuse_earlier(session, name, frames[0].at)
            earlier = [frame for frame in recorded if frame.number < start]
            _refuse_a_gap(session, name, earlier)
            _empty(logs)
            for frame in earlier:
                _lay_down(logs, frame)
            return _play(session, subject, frames, progress)
    finally:
        if created and not any(logs.iterdir()):
            logs.rmdir()


def read_frames(recording: Path) -> list[_Frame]:
    """The frames of a recording, all of them checked.

    Raises WatchhouseError saying what makes the folder no recording.
    """
    file = recording / FRAMES
    if not file.is_file():
        raise _no_recording(recording, f"it holds no `{FRAMES}`")
    try:
        lines = lzma.decompress(file.read_bytes()).splitlines()
        frames = [_frame(recording, orjson.loads(line)) for line in lines]
    except (lzma.LZMAError, orjson.JSONDecodeError, OSError) as error:
        raise _no_recording(recording, f"`{FRAMES}` does not read: {error}") from error
    if not frames:
        raise _no_recording(recording, f"`{FRAMES}` holds no frame")
    return frames


def _play(session: Session, bot: Bot, frames: list[_Frame], progress: Progress | None) -> Replayed:
    rows = quarantined = 0
    for done, frame in enumerate(frames, 1):
        _lay_down(bot.logs, frame)
        report = session.poll(frame.at)
        rows += report.rows
        quarantined += report.quarantined
        if progress:
            progress(done, len(frames))
    return Replayed(bot.name, len(frames), rows, quarantined, frames[0].at, frames[-1].at)


def _no_recording(recording: Path, why: str) -> WatchhouseError:
    return WatchhouseError(
        f"`{recording}` is no recording: {why}", f"a recording is a folder with `{FRAMES}`"
    )


def _frame(recording: Path, content: Any) -> _Frame:
    try:
        for operation in content["ops"]:
            _check_operation(operation)
        at = datetime.fromtimestamp(content["ts"], UTC).replace(tzinfo=None)
        return _Frame(int(content["n"]), at, content["ops"])
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise _no_recording(recording, f"a frame is damaged: {error!r}") from error


def _check_operation(operation: dict[str, Any]) -> None:
    if operation["op"] not in _OPERATIONS:
        raise ValueError(f"unknown operation {operation['op']}")
    paths = [operation["path"]] + ([operation["from"]] if operation["op"] == "rename" else [])
    if any(PurePosixPath(p).is_absolute() or ".." in PurePosixPath(p).parts for p in paths):
        raise ValueError(f"{paths} leave the folder")
    float(operation["mtime"])
    if operation["op"] == "append":
        int(operation["at"])
    _data(operation)


def _chosen(frames: list[_Frame], recording: Path, start: int, upto: int | None) -> list[_Frame]:
    chosen = [f for f in frames if f.number >= start and (upto is None or f.number <= upto)]
    if not chosen:
        numbers = f"{frames[0].number} to {frames[-1].number}"
        raise UsageError(f"`{recording}` holds no such frames", f"its frames are {numbers}")
    return chosen


def _check_target(logs: Path, start: int) -> None:
    if start > 0 and not logs.is_dir():
        raise WatchhouseError(
            f"there is no replay to go on with at `{logs}`", "start at frame 0, without --from"
        )


def _refuse_earlier(session: Session, bot: str, first: datetime) -> None:
    last = session.last_poll(bot)
    if last is not None and last >= first:
        raise WatchhouseError(
            f"bot `{bot}` was looked at until {last}Z, the first frame is of {first}Z",
            "--bot NAME replays under another name, --home under another home",
        )


def _refuse_a_gap(session: Session, bot: str, earlier: list[_Frame]) -> None:
    last = session.last_poll(bot)
    if earlier and earlier[-1].at != last:
        done = [frame.number for frame in earlier if last is not None and frame.at <= last]
        so_far = f"up to frame {done[-1]}" if done else "at no frame"
        raise WatchhouseError(
            f"bot `{bot}` was looked at {so_far}, not up to frame {earlier[-1].number}",
            f"--from {done[-1] + 1 if done else 0} goes on there",
        )


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _lay_down(logs: Path, frame: _Frame) -> None:
    for operation in frame.operations:
        _apply(logs, operation, frame.number)


def _apply(root: Path, operation: dict[str, Any], frame: int) -> None:
    path, name = root / operation["path"], operation["op"]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if name == "put":
            _replace(path, _data(operation))
        elif name == "append":
            if (size := path.stat().st_size) != operation["at"]:
                raise _wrong_start(path, frame, f"holds {size} bytes, not {operation['at']}")
            _append(path, operation)
        elif name in ("rewrite", "truncate_write"):
            with path.open("r+b") as handle:
                handle.write(_data(operation))
                handle.truncate()
        elif name == "rename":
            (root / operation["from"]).replace(path)
        elif name == "touch":
            _replace(path, path.read_bytes())
        else:
            path.unlink()
    except FileNotFoundError as error:
        raise _wrong_start(path, frame, "is missing") from error
    if name != "delete":
        os.utime(path, (operation["mtime"], operation["mtime"]))


def _append(path: Path, operation: dict[str, Any]) -> None:
    if operation.get("new_inode"):
        _replace(path, path.read_bytes() + _data(operation))
    else:
        with path.open("ab") as handle:
            handle.write(_data(operation))


def _replace(path: Path, data: bytes) -> None:
    # A new inode, as after a rename over; the rename itself would flush to disk each time.
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def _data(operation: dict[str, Any]) -> bytes:
    if "b64" in operation:
        return base64.b64decode(operation["b64"])
    return str(operation.get("text", "")).encode()


def _wrong_start(path: Path, frame: int, what: str) -> WatchhouseError:
    return WatchhouseError(
        f"frame {frame} does not fit: `{path}` {what}",
        "the recording contradicts itself, or another program wrote into the folder",
    )
