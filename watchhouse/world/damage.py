"""Damage to one file after a loop's writes; the next loop makes state files good again."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from watchhouse.world.desk import Desk
from watchhouse.world.knobs import How, Incident

UNREADABLE: frozenset[How] = frozenset({"torn", "empty", "nul", "garbage", "vanished"})
DEFAULT_KEYS: dict[How, tuple[str, ...]] = {
    "nan": ("nav", "nav_usd"),
    "missing_keys": ("updated_ts",),
}
HALF_LINE = b'{"symbol": "ETHUSDT", "event_type": "risk_'
BAD_LINE = b'{"ts": 0.0, "symbol": "SOL\xff\xfeUSDT", "signal": "BUY"}\n'


def _torn_middle(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    middle = len(lines) // 2
    lines[middle] = lines[middle][: len(lines[middle]) // 2] + b"\n"
    return b"".join(lines)


BYTEWISE: Mapping[How, Callable[[bytes], bytes]] = {
    "torn": lambda content: content[: len(content) * 11 // 20],
    "empty": lambda content: b"",
    "nul": lambda content: bytes(len(content)),
    "garbage": lambda content: content + b'}\n{"updated_at": ',
    "partial_line": lambda content: content + HALF_LINE,
    "invalid_utf8": lambda content: content + BAD_LINE,
    "torn_middle_line": _torn_middle,
}


class Damages:
    """The world's damage incidents, struck and healed loop by loop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._incidents = [i for i in desk.world.incidents if i.kind == "damage"]
        self._old: dict[str, bytes] = {}
        self._good: dict[str, tuple[bytes, bytes | None]] = {}  # file -> good and damaged content

    def heal(self) -> None:
        """Put back state files that nobody has rewritten since they were damaged."""
        for name, (good, bad) in self._good.items():
            if name.endswith(".json") and self._desk.disk.read(name) == bad:
                self._desk.disk.put(name, good)
        self._good.clear()

    def strike(self, loop: int) -> list[str]:
        """Damage what is due after this loop; returns a note for each file."""
        for incident in self._incidents:
            if loop == max(incident.first_loop - incident.back, 0) and incident.how == "older":
                self._old[incident.file] = self._desk.disk.read(incident.file) or b""
        return [self._hit(i) for i in self._incidents if i.first_loop == loop]

    def _hit(self, incident: Incident) -> str:
        disk, name = self._desk.disk, incident.file
        good = disk.read(name)
        if good is None:
            raise ValueError(f"cannot damage {name}: it does not exist at this loop")
        bad = self._old[name] if incident.how == "older" else damaged(good, incident)
        if bad is None:
            disk.delete(name)
        else:
            disk.put(name, bad)
        self._good[name] = (good, bad)
        if name == "nav_log.json" and incident.how in UNREADABLE:
            self._desk.nav_log.clear()  # the bot's answer to a read error: a new, empty history
        return f"damage: {incident.how} {name}"


def damaged(content: bytes, incident: Incident) -> bytes | None:
    """The content after the damage; None when the file is gone.

    Raises KeyError when a key to be damaged is not there, ValueError for `older`, which needs
    a past that a content does not have.
    """
    if incident.how == "vanished":
        return None
    if incident.how == "older":
        raise ValueError("older content is not made from the present one")
    if incident.how in BYTEWISE:
        return BYTEWISE[incident.how](content)
    return _edited(json.loads(content), incident)


def _edited(document: dict[str, Any], incident: Incident) -> bytes:
    if incident.how == "zero_mark":
        for position in document["positions"]:
            position["mark_price"] = 0.0
    for key in incident.keys or DEFAULT_KEYS.get(incident.how, ()):
        *path, last = key.split(".")
        parent = document
        for part in path:
            parent = parent[part]
        if incident.how == "missing_keys":
            del parent[last]
        else:
            parent[last] = float("nan") if parent[last] is not None else None
    return json.dumps(document, separators=(",", ":")).encode()
