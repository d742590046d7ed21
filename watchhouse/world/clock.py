"""The simulated clock and the two ways in which the bot writes a moment."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID


class Clock:
    """The time of one process while it works through a loop."""

    def __init__(self, now: datetime, rng: Random) -> None:
        self.now = now
        self._rng = rng

    def tick(self, low_ms: int = 4, high_ms: int = 18) -> datetime:
        """Let some milliseconds pass."""
        microseconds = self._rng.randint(low_ms * 1000, high_ms * 1000)
        self.now += timedelta(microseconds=microseconds)
        return self.now

    @property
    def iso(self) -> str:
        """Now as ISO-8601 text."""
        return iso(self.now)

    @property
    def epoch(self) -> float:
        """Now as epoch seconds."""
        return self.now.timestamp()


def iso(at: datetime) -> str:
    """ISO-8601 with microseconds and offset, as most of the bot's stamps."""
    return at.isoformat(timespec="microseconds")


def iso_ms(at: datetime) -> str:
    """ISO-8601 cut to the exchange's milliseconds."""
    return iso(at.replace(microsecond=at.microsecond // 1000 * 1000))


def short_id(rng: Random, prefix: str) -> str:
    """An id such as `sig_1f02c9d0aa`."""
    return f"{prefix}_{rng.getrandbits(40):010x}"


def run_id(rng: Random) -> str:
    """A uuid4 from the seeded generator."""
    return str(UUID(int=rng.getrandbits(128), version=4))
