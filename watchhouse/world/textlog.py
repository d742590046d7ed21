"""The executor's text log: `YYYY-MM-DD HH:MM:SS,mmm LEVEL [exutil] [tag] message`."""

from watchhouse.world.clock import Clock
from watchhouse.world.writers import Disk


class TextLog:
    """Lines of one process, appended in place to exec.log when flushed."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._lines: list[str] = []

    def say(self, clock: Clock, tag: str, message: str, level: str = "INFO") -> None:
        """One stamped line."""
        stamp = f"{clock.now:%Y-%m-%d %H:%M:%S},{clock.now.microsecond // 1000:03d}"
        self._lines.append(f"{stamp} {level} [exutil] [{tag}] {message}")

    def bare(self, line: str) -> None:
        """A line without a stamp, as other processes print them into the same file."""
        self._lines.append(line)

    def flush(self) -> None:
        """Append what was said."""
        if self._lines:
            self._disk.extend("exec.log", ("\n".join(self._lines) + "\n").encode())
            self._lines.clear()
