"""The lines of a log as what was done to its file, look by look: appends, and rewriting."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Piece:
    """A line of a log, or bytes that were quarantined: where they stood in their file, the look
    that saw them, and the look (UTC) that found them changed or gone.
    """

    seen_at: datetime
    file_id: str
    start: int
    text: bytes
    gone_at: datetime | None


def written(
    pieces: Sequence[Piece], looks: Sequence[datetime], halves: Mapping[datetime, int]
) -> Iterator[tuple[datetime, int | None, bytes]]:
    """Each look that found the file changed, the size it was appended at, and what was appended;
    no size: the whole file anew. `halves` are bytes of a half line at the end, by look.
    """
    by_look: dict[datetime, list[Piece]] = {}
    for piece in pieces:
        by_look.setdefault(piece.seen_at, []).append(piece)
    losses = {piece.gone_at for piece in pieces}
    held: list[Piece] = []
    size, ahead = 0, b""
    for look in looks:
        new = by_look.get(look, [])
        if look in losses and any(piece.gone_at == look for piece in held):
            held = _rewritten(held, new, look)
            text, ahead = _joined(held), b""
            size = len(text)
            yield look, None, text
            continue
        held += new
        text = _joined(new)
        if text:
            text, ahead = text.removeprefix(ahead), b""
        elif look in halves and not ahead:  # the beginning of the line that came next
            later = _joined([piece for piece in pieces if piece.seen_at > look])
            text = ahead = later[: halves[look]]
        if text:
            yield look, size or None, text
            size += len(text)


def _joined(pieces: Sequence[Piece]) -> bytes:
    return b"".join(piece.text for piece in pieces)


def _rewritten(held: list[Piece], new: list[Piece], look: datetime) -> list[Piece]:
    """The file without what is gone, the new pieces where they stand in the file as it is now.

    What did not change has kept its old place in the warehouse, so it is counted along.
    """
    lost = next(piece.file_id for piece in held if piece.gone_at == look)
    first = next(number for number, piece in enumerate(held) if piece.file_id == lost)
    position, waiting = held[first].start, [*new]
    done = [piece for piece in held[:first] if piece.gone_at != look]
    for piece in held[first:]:
        if piece.gone_at == look:
            continue
        while waiting and waiting[0].start <= position:
            position += len(waiting[0].text)
            done.append(waiting.pop(0))
        done.append(piece)
        position += len(piece.text)
    return done + waiting
