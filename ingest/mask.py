"""Secrets are taken out of payloads before they land anywhere."""

# ruff: noqa: PLC0415  (a look with nothing new must not pay for pyarrow)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from ingest.jsontext import is_json

if TYPE_CHECKING:
    import pyarrow as pa

MASK = "***"
_NAME = (
    r"[\w.-]*(?:api[_-]?key|secret|signature|token|passw(?:or)?d|passphrase|private[_-]?key"
    r"|listen[_-]?key|authorization)"
)
# In each, group 1 stays and group 2 goes; none of them eats a quote that JSON needs.
_PATTERNS = (
    rf'("{_NAME}"\s*:\s*")((?:[^"\\]|\\.)+)',
    rf'(\\"{_NAME}\\"\s*:\s*\\")([^"\\]+)',
    rf"('{_NAME}'\s*:\s*')([^'\"\\]+)",
    rf"(\b{_NAME}\s*[=:]\s*)([^\s\"'\\&,;{{}}()\[\]]{{8,}})",
    r"(\b(?:Bearer|Basic)\s+)([\w.~+/=-]{8,})",
    r"(\bbot\d{6,}:)([\w-]{20,})",
)
# Without one of these words no pattern can match: a plain search is far faster than a pattern.
_WORDS = (
    "apikey", "api_key", "api-key", "secret", "signature", "token", "passw", "passphrase",
    "privatekey", "private_key", "private-key", "listenkey", "listen_key", "listen-key",
    "authorization", "bearer", "basic", "bot",
)  # fmt: skip
_SUSPECT = "|".join((*_WORDS[:-1], r"bot\d"))


class Masker:
    """Replaces secrets by `***` and counts them, on any thread.

    `extra` are patterns whose whole match is a secret; re.error when one of them is no pattern.
    """

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self.count = 0
        self._turn = Lock()
        self._extra = [re.compile(pattern) for pattern in extra]

    @cached_property
    def _known(self) -> list[re.Pattern[str]]:
        return [re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS]

    def __call__(self, text: str) -> str:
        """The text without its secrets."""
        lower = text.lower()
        patterns = self._extra
        if any(word in lower for word in _WORDS):
            patterns = self._extra + self._known
        for pattern in patterns:
            text, found = pattern.subn(_hide, text)
            if found:
                with self._turn:
                    self.count += found
        return text

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """For texts that land nowhere: they are held against others."""
        before = self.count
        yield
        self.count = before

    def suspects(self, texts: pa.StringArray) -> pa.BooleanArray:
        """Which of many texts may hold a secret; a pattern of the settings leaves none out."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._extra:
            return pa.repeat(True, len(texts))
        return pc.match_substring_regex(texts, _SUSPECT, ignore_case=True)

    def payload(self, text: str) -> str:
        """JSON text without its secrets, still JSON whatever the patterns took out."""
        masked = self(text)
        if masked is not text and not is_json(masked):
            return f'{{"masked": "{MASK}"}}'
        return masked

    def raw(self, data: bytes) -> bytes:
        """Bytes of any encoding without the secrets in them."""
        return self(data.decode("latin-1")).encode("latin-1")


def _hide(match: re.Match[str]) -> str:
    return f"{match[1] if match.re.groups == 2 else ''}{MASK}"
