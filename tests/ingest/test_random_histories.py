"""Whatever happens to a log between looks, each line that a look could see is kept once."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import booleans, integers
from station import assert_ledger_adds_up, make_station

from ingest import open_session

KEPT = 3


def is_event(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class LogHistory(RuleBasedStateMachine):
    """A producer of unique lines, a look now and then, and an account of what must be kept."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="history"))
        self.station = make_station(self.folder)
        self.log = self.station.events
        self.stack = ExitStack()
        self.count = 0
        self.seen: set[str] = set()
        self.changed: set[str] = set()
        self.copy = b""
        self.is_restored = False

    @rule()
    def restart(self) -> None:
        self.stack.close()
        self.station.session = self.stack.enter_context(open_session(self.station.settings))

    def teardown(self) -> None:
        self.stack.close()
        if self.station.settings.live_file.exists():
            assert_ledger_adds_up(self.station)
        shutil.rmtree(self.folder)

    def line(self) -> str:
        self.count += 1
        return f'{{"n": {self.count}, "pad": "{"x" * (self.count * 7 % 40)}"}}'

    def files(self) -> list[Path]:
        return [p for p in self.log.parent.rglob("events*") if p.is_file()]

    def lines_on_disk(self) -> list[str]:
        lines: list[str] = []
        for path in self.files():
            raw = path.read_bytes()
            text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
            lines += [line for line in text.split("\n")[:-1] if line]
        return lines

    def rotated(self, rank: int) -> Path:
        return self.log.with_name(f"events.{rank}.jsonl") if rank else self.log

    @rule(lines=integers(1, 4), whole_file=booleans())
    def append(self, lines: int, whole_file: bool) -> None:
        added = "".join(f"{self.line()}\n" for _ in range(lines)).encode()
        before = self.log.read_bytes() if self.log.exists() else b""
        if whole_file:
            fresh = self.log.with_suffix(".tmp")
            fresh.write_bytes(before + added)
            fresh.replace(self.log)
        else:
            with self.log.open("ab") as handle:
                handle.write(added)

    @rule()
    def append_half_a_line(self) -> None:
        with self.log.open("ab") as handle:
            handle.write(self.line()[:-1].encode())

    @rule()
    def finish_the_line(self) -> None:
        with self.log.open("ab") as handle:
            handle.write(f', "end": {self.line()}}}\n'.encode())

    @precondition(lambda self: self.log.exists())
    @rule()
    def rotate(self) -> None:
        archive = self.log.parent / "archive"
        archive.mkdir(exist_ok=True)
        for rank in range(KEPT, 0, -1):
            if self.rotated(rank - 1).exists():
                self.rotated(rank - 1).replace(self.rotated(rank))
        oldest = self.rotated(KEPT)
        if oldest.exists():
            (archive / f"{oldest.name}.gz").write_bytes(gzip.compress(oldest.read_bytes()))
            oldest.unlink()

    @precondition(lambda self: self.log.exists() and not self.rotated(1).exists())
    @rule(look_between=booleans())
    def copytruncate(self, look_between: bool) -> None:
        shutil.copyfile(self.log, self.rotated(1))
        if look_between:
            self.look()
        with self.log.open("r+b") as handle:
            handle.truncate(0)

    @precondition(lambda self: self.log.exists())
    @rule(recreate=booleans())
    def delete(self, recreate: bool) -> None:
        self.log.unlink()
        if recreate:
            self.log.write_text(f"{self.line()}\n")

    @precondition(lambda self: self.log.exists() and self.log.read_bytes().count(b"\n") > 3)
    @rule(at=integers(0, 100), same_length=booleans())
    def damage_a_line(self, at: int, same_length: bool) -> None:
        lines = self.log.read_bytes().split(b"\n")
        # By its first two lines alone a restored log is known beside its original.
        place = max(at % (len(lines) - 1), 2 * (self.is_restored or bool(self.copy)))
        if place >= len(lines):
            return
        old = lines[place]
        lines[place] = b"#" * len(old) if same_length else old[: len(old) // 2]
        self.changed.add(old.decode())
        self.log.write_bytes(b"\n".join(lines))

    @precondition(lambda self: self.log.exists())
    @rule()
    def back_up(self) -> None:
        self.copy = self.log.read_bytes()

    @precondition(lambda self: self.copy)
    @rule(cut=integers(0, 30))
    def restore(self, cut: int) -> None:
        """What stands in the log and not in the copy may be replaced by what comes after it."""
        if self.log.exists():
            self.changed.update(self.log.read_text().split("\n"))
        self.changed.update(self.copy.decode().split("\n")[-4:])
        if (restored := self.copy[: len(self.copy) - cut]).count(b"\n") > 1:
            self.is_restored = True
            self.log.write_bytes(restored)

    @rule()
    def look(self) -> None:
        self.station.poll()
        self.seen.update(self.lines_on_disk())

    @invariant()
    def every_line_seen_stands_once(self) -> None:
        if not self.seen:
            return
        standing = self.station.payloads()
        assert len(standing) == len(set(standing))
        whole = {line for line in self.seen if is_event(line)}
        assert whole - self.changed <= set(standing)
        bad = self.station.rows("select bytes from raw.quarantine")
        kept = "".join(row[0].decode() for row in bad)
        for line in self.seen - whole:
            assert line in kept or line in standing


TestLogHistory = LogHistory.TestCase
TestLogHistory.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
