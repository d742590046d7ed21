"""The exit scan: what is covered, and what is to be closed."""

from collections.abc import Iterable, Iterator, Mapping

from watchhouse.world.account import Levels, Position
from watchhouse.world.diagnostics import Scan
from watchhouse.world.screener import Wish

UNDERWATER = -0.02  # fraction of the entry, from which a position without levels is counted


def scan(
    positions: Iterable[Position], levels: Mapping[str, Levels], marks: Mapping[str, float]
) -> Scan:
    """Coverage of the positions by the registry, by key."""
    by_key = {p.key: p for p in positions}
    bare = [p for key, p in by_key.items() if key not in levels]
    return Scan(
        open=len(by_key),
        registered=len(by_key) - len(bare),
        missing=len(bare),
        stale=len(levels.keys() - by_key.keys()),
        underwater=sum(p.gain_ratio(marks[p.symbol]) <= UNDERWATER for p in bare),
    )


def due(
    positions: Iterable[Position],
    levels: Mapping[str, Levels],
    marks: Mapping[str, float],
    loop: int,
) -> Iterator[Wish]:
    """Closes of the positions beyond a level or over their time; none without levels."""
    for p in positions:
        level = levels.get(p.key)
        if level is None or p.until_loop is None:
            continue
        reason = level.crossed(p.side, marks[p.symbol])
        if reason is None and loop >= p.until_loop:
            reason = "TIME_STOP"
        if reason is not None:
            yield Wish(p.symbol, p.side, p.quantity * marks[p.symbol], reason)
