"""A finding of a check, and the order of what checks say."""

from dataclasses import dataclass
from datetime import datetime

# Worst first. `info` never counts; what cannot be known is worse than a warning.
RANK = {"crit": 0, "unknown": 1, "warn": 2, "info": 3, "ok": 4}
JUDGED = ("crit", "warn")


@dataclass(frozen=True)
class Finding:
    """One row of a check at one instant."""

    check: str
    playbook: str
    bot: str | None
    subject: str | None
    severity: str
    since: datetime | None
    reason: str
    evidence: dict[str, object]
    do: str | None
    explained_by: tuple[str, ...] = ()  # firing checks that are its cause and fit in time
