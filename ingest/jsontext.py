"""JSON as the bot writes it: exact text, strict grammar, but with bare NaN and Infinity named."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from math import isinf
from typing import Any

import orjson

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|NaN|-?Infinity|-?\d[\d.]*[eE]\+?\d{3,}', re.DOTALL)
_CUT_TOKEN = re.compile(rb"(?:Na?|-?I(?:n(?:f(?:i(?:n(?:it?)?)?)?)?)?)\Z")
_MARK = f"non-finite {secrets.token_hex(8)}"
_MARK_TEXT = orjson.dumps(_MARK)
_BOM = b"\xef\xbb\xbf"


class NotJsonError(ValueError):
    """The bytes are not JSON: `reason` is one of a few words, `at` the byte that shows it."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(f"{reason} at byte {at}")
        self.reason = reason
        self.at = at

    @property
    def is_torn(self) -> bool:
        """The bytes end before the value does: a write that was cut off."""
        return self.reason == "torn"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A JSON value, its text (non-finite numbers replaced by null), and the keys of those."""

    value: Any
    text: str
    nonfinite: list[str]


def decode(raw: bytes) -> Decoded:
    """Decode one JSON value; the text is the producer's own, so integers stay exact.

    Raises NotJsonError.
    """
    start = len(_BOM) if raw.startswith(_BOM) else 0
    body = raw[start:].strip()
    try:
        return Decoded(orjson.loads(body), body.decode(), [])
    except orjson.JSONDecodeError as error:
        if _has_nonfinite(body, error):
            return _decode_nonfinite(body, raw)
        raise _not_json(body, error, raw) from None


def is_json(text: str) -> bool:
    """The text is one JSON value."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _has_nonfinite(body: bytes, error: orjson.JSONDecodeError) -> bool:
    return b"NaN" in body or b"Infinity" in body or "infinity" in error.msg


def _decode_nonfinite(body: bytes, raw: bytes) -> Decoded:
    try:
        # First a number of the same length: the byte at which another fault stands stays right.
        orjson.loads(_replaced(body, lambda token: b"0.".ljust(len(token), b"0")))
        value = orjson.loads(_replaced(body, lambda _: _MARK_TEXT))
    except orjson.JSONDecodeError as error:
        raise _not_json(body, error, raw) from None
    text = _replaced(body, lambda _: b"null").decode()
    return Decoded(orjson.loads(text), text, list(_marked(value)))


def _replaced(body: bytes, by: Any) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        token = match[0]
        if token[0] == 0x22 or (token[-1] < 0x3A and not isinf(float(token))):
            return token
        replacement: bytes = by(token)
        return replacement

    return _TOKEN.sub(one, body)


def _marked(value: Any) -> list[str]:
    found: list[str] = []
    open_values: list[tuple[str, Any]] = [("", value)]
    while open_values:
        path, current = open_values.pop()
        if isinstance(current, dict):
            items: Any = current.items()
        elif isinstance(current, list):
            items = enumerate(current)
        else:
            if current == _MARK:
                found.append(path)
            continue
        inside = [(f"{path}.{key}" if path else str(key), item) for key, item in items]
        open_values.extend(reversed(inside))
    return found


def _not_json(body: bytes, error: orjson.JSONDecodeError, raw: bytes) -> NotJsonError:
    shift = raw.find(body) if body else 0
    try:
        text = body.decode()
    except UnicodeDecodeError as wrong:
        torn = wrong.reason == "unexpected end of data"
        return NotJsonError("torn" if torn else "invalid UTF-8", shift + wrong.start)
    at = shift + len(text[: error.pos].encode())
    if b"\0" in body:
        return NotJsonError("NUL bytes", shift + body.index(b"\0"))
    cut = _CUT_TOKEN.search(body)
    if cut and at - shift - cut.start() in (0, 1):
        return NotJsonError("torn", at)
    return NotJsonError(_reason(body, error.msg), at)


def _reason(body: bytes, message: str) -> str:
    if "unexpected end" in message or not body:
        return "torn"
    if "after document" in message:
        return "more after the value"
    if "depth" in message:
        return "nested too deep"
    return "broken JSON" if body[:1] in (b"{", b"[") else "not JSON"
