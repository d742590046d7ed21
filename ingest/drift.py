"""Key paths and their types: what a stream never had before is a row of raw.schema_changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

# What is left of a line without these tells its keys and types: of a million lines a few differ.
_VALUES = b"0123456789+-. \t"
_SIGNS = 200_000
_DEPTH = 24
_CHILDREN = 5_000
_TYPES = {str: "string", int: "number", float: "number", bool: "boolean", dict: "object",
          list: "array"}  # fmt: skip
_DOT = re.compile(r"(?<!\\)\.")

Text = TypeVar("Text", str, bytes)
# (key path, change, old types, new type)
Change = tuple[str, str, str | None, str]


@dataclass(slots=True)
class Shape:
    """The types seen at one key path, and what was seen below it."""

    path: str = ""
    types: set[str] = field(default_factory=set)
    below: dict[str, Shape] = field(default_factory=dict)

    def take_in(self, payload: str | bytes) -> Iterator[Change]:
        """What is new in a JSON text."""
        yield from self._take_in(orjson.loads(payload), 0)

    def restore(self, path: str, kind: str) -> None:
        """Know again what an earlier session saw."""
        shape = self
        for step in _DOT.split(path):
            shape = shape.step(step.replace("\\.", "."))
        shape.types.add(kind)

    def step(self, key: str) -> Shape:
        """The shape below a key; keys that name things, as symbols do, are one: `*`."""
        found = self.below.get(key)
        if found is None:
            name = key if key == "[]" or any(map(str.islower, key)) else "*"
            found = self.below.get(name)
            if found is None:
                escaped = name.replace(".", "\\.")
                found = Shape(f"{self.path}.{escaped}" if self.path else escaped)
            if len(self.below) < _CHILDREN:
                self.below[key] = self.below[name] = found
        return found

    def _take_in(self, value: Any, depth: int) -> Iterator[Change]:
        kind = _TYPES.get(type(value))
        if kind is None:  # null says nothing of a type
            return
        if kind not in self.types:
            before = "|".join(sorted(self.types)) or None
            self.types.add(kind)
            if self.path:
                yield self.path, "retyped" if before else "first_seen", before, kind
        if depth == _DEPTH:
            return
        if kind == "object":
            for key, item in value.items():
                yield from self.step(key)._take_in(item, depth + 1)
        elif kind == "array":
            below = self.step("[]")
            for item in value:
                yield from below._take_in(item, depth + 1)


def sign(line: bytes, keys: Iterable[str]) -> int:
    """A number that a line with other top-level keys, or other types of values, does not share.

    Never 0. Nested keys that differ by digits alone can share it.
    """
    return hash((tuple(keys), line.translate(None, _VALUES))) or 1


def sign_of(text: str) -> int:
    """The sign of a JSON text."""
    value = orjson.loads(text)
    return sign(text.encode(), value if type(value) is dict else ())


def unlike(lines: dict[int, Text], known: set[int]) -> list[Text]:
    """Of lines by their signs those whose sign is not known yet, and is from now on.

    A sign of 0 counts as known.
    """
    if len(known) > _SIGNS:
        known.clear()
    new = [line for one, line in lines.items() if one and one not in known]
    known.update(lines)
    return new
