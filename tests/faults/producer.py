"""A producer of unique lines and versions that does everything to its files that bots do."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

KEPT = 3


@dataclass
class Producer:
    """Knows every line it wrote, and which of them it has changed or thrown away itself."""

    logs: Path
    random: Random
    count: int = 0
    changed: set[str] = field(default_factory=set)
    clock_seconds: int = 0
    copy: bytes = b""
    since_copy: set[str] = field(default_factory=set)
    is_restored: bool = False

    @property
    def log(self) -> Path:
        return self.logs / "execution" / "events.jsonl"

    @property
    def state(self) -> Path:
        return self.logs / "state" / "state.json"

    def step(self) -> str:
        """Do one thing; returns its name."""
        usual = [self.append] * 4 + [self.replace_with_more] * 4 + [self.publish] * 4
        rare = [self.append_half, self.rotate, self.copytruncate, self.delete, self.recreate,
                self.damage, self.back_up, self.restore, self.append_odd_lines,
                self.step_clock]  # fmt: skip
        action = self.random.choice(usual + rare)
        action()
        if self.copy:
            self.since_copy.update(self.content().decode().split("\n"))
        return action.__name__

    def line(self) -> str:
        self.count += 1
        return f'{{"n": {self.count}, "pad": "{"x" * self.random.randrange(200)}"}}'

    def lines(self) -> bytes:
        return "".join(f"{self.line()}\n" for _ in range(self.random.randrange(1, 60))).encode()

    def content(self) -> bytes:
        return self.log.read_bytes() if self.log.exists() else b""

    def append(self) -> None:
        with self.log.open("ab") as handle:
            handle.write(self.lines())

    def append_half(self) -> None:
        with self.log.open("ab") as handle:
            handle.write(self.line()[: self.random.randrange(1, 9)].encode())

    def append_odd_lines(self) -> None:
        """Nothing, blanks, bytes that are no JSON; each odd line is unique too."""
        odd = [b"", b"  ", b"\r", b"\0" * 9, b"12", f"traceback {self.line()}".encode()]
        with self.log.open("ab") as handle:
            handle.write(b"\n".join(self.random.choices(odd, k=3)) + b"\n")

    def step_clock(self) -> None:
        """The clock of the machine that ingests; forward, or back."""
        self.clock_seconds += self.random.randrange(-7200, 7200)

    def replace_with_more(self) -> None:
        fresh = self.log.with_name("events.jsonl.x.tmp")
        fresh.write_bytes(self.content() + self.lines())
        fresh.replace(self.log)

    def publish(self) -> None:
        self.count += 1
        fresh = self.state.with_name(".tmp_state")
        fresh.write_text(json.dumps({"nav": self.count, "mode": 1}))
        fresh.replace(self.state)

    def place(self, rank: int) -> Path:
        return self.log.with_name(f"events.{rank}.jsonl") if rank else self.log

    def rotate(self) -> None:
        archive = self.log.parent / "archive"
        archive.mkdir(exist_ok=True)
        for rank in range(KEPT, 0, -1):
            if self.place(rank - 1).exists():
                self.place(rank - 1).replace(self.place(rank))
        if (oldest := self.place(KEPT)).exists():
            fresh = archive / ".tmp_gz"
            fresh.write_bytes(gzip.compress(oldest.read_bytes()))
            fresh.replace(archive / f"{oldest.name}.gz")
            oldest.unlink()

    def copytruncate(self) -> None:
        if self.log.exists() and not self.place(1).exists():
            shutil.copyfile(self.log, self.place(1))
            self.log.write_bytes(b"")

    def delete(self) -> None:
        self.log.unlink(missing_ok=True)

    def recreate(self) -> None:
        self.delete()
        self.log.write_bytes(self.lines())

    def damage(self) -> None:
        """Any line but the first two of a short restored log: by them it is known as a copy."""
        lines = self.content().split(b"\n")
        if len(lines) > 4:
            is_short = self.is_restored and len(lines) < 20
            at = self.random.randrange(2 * is_short, len(lines) - 1)
            self.changed.add(lines[at].decode())
            lines[at] = self.random.choice(
                [b"#" * len(lines[at]), lines[at][: len(lines[at]) // 2]]
            )
            self.log.write_bytes(b"\n".join(lines))

    def back_up(self) -> None:
        self.copy = self.content()
        self.since_copy = set()

    def restore(self) -> None:
        """What stood in the log after the copy may be replaced by what now comes after it."""
        cut = self.copy[: len(self.copy) - self.random.randrange(30)]
        if cut.count(b"\n") > 1:
            self.is_restored = True
            self.changed |= self.since_copy - set(self.copy.decode().split("\n"))
            self.changed.update(self.content().decode().split("\n"))
            self.changed.update(self.copy.decode().split("\n")[-4:])  # what is cut off below
            self.log.write_bytes(cut)

    def texts_on_disk(self) -> Iterator[str]:
        for path in self.log.parent.rglob("events*"):
            raw = path.read_bytes()
            yield (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()

    def torn_ends_on_disk(self) -> list[int]:
        """The lengths of what stands after a last newline: a look sees them and reads them not."""
        ends = (len(text.rpartition("\n")[2].encode()) for text in self.texts_on_disk())
        return [length for length in ends if length]

    def lines_on_disk(self) -> set[str]:
        found: set[str] = set()
        for text in self.texts_on_disk():
            found.update(line for line in text.split("\n")[:-1] if line.strip())
        return found
