"""nav_log.json: the bot's own NAV history, an array that is rewritten whole every loop."""

from dataclasses import dataclass

MAX_POINTS = 259_200


@dataclass(frozen=True)
class NavPoint:
    """One point: epoch seconds, USD, USD."""

    t: float
    nav: float
    unrealized: float


class NavLog:
    """The points and their text, kept so that a long history is not rendered again every loop."""

    def __init__(self) -> None:
        self.points: list[NavPoint] = []
        self._texts: list[str] = []

    def add(self, point: NavPoint) -> None:
        """Append a point; the oldest one goes when there are too many."""
        self.points.append(point)
        self._texts.append(
            f'  {{\n    "nav": {point.nav},\n    "t": {point.t},\n'
            f'    "unrealized_pnl": {point.unrealized}\n  }}'
        )
        if len(self.points) > MAX_POINTS:
            del self.points[0], self._texts[0]

    def clear(self) -> None:
        """Start a new history, as the bot does when it cannot read the old one."""
        self.points.clear()
        self._texts.clear()

    def content(self) -> bytes:
        """The whole array, indented, keys sorted."""
        return ("[\n" + ",\n".join(self._texts) + "\n]").encode()
