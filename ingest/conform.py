"""Blocks of lines whose keys and types are all known: Arrow's reader judges them, many at once."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from ingest.drift import Shape

# For each line the reader appends to every column: with more of them it is slow.
_COLUMNS = 500
# The reader takes in so much at once; a longer line is none that it can read.
_PIECE_BYTES = 1024 * 1024
_TYPES = {"string": pa.string(), "number": pa.float64(), "boolean": pa.bool_()}
# After so many blocks in a row that do not conform and tell nothing new, no more are tried.
_PATIENCE = 3


class Conformity:
    """Whether the blocks of a span conform to what is known of their stream, while that pays."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self.learn()

    def learn(self) -> None:
        """Take the shape as it is now."""
        self._schema = schema_of(self._shape)
        self._failed = 0

    def __call__(self, text: bytes, lines: pa.StringArray) -> bool:
        """Whether the lines of a block (`text` without its newlines) do; see `conform`."""
        if self._schema is None or self._failed == _PATIENCE:
            return False
        is_known = conform(text, lines, self._schema)
        self._failed = 0 if is_known else self._failed + 1
        return is_known


class _NoSchemaError(Exception):
    pass


def schema_of(shape: Shape) -> pa.Schema | None:
    """The keys and types of a shape; None if Arrow has no word for them or they are too many."""
    if shape.types != {"object"}:
        return None
    try:
        return pa.schema(list(_fields(shape, iter(range(_COLUMNS)))))
    except _NoSchemaError:
        return None


def _fields(shape: Shape, left: Iterator[int]) -> Iterator[pa.Field]:
    for key, below in shape.below.items():
        yield pa.field(key, _type(below, left))


def _type(shape: Shape, left: Iterator[int]) -> pa.DataType:
    if next(left, None) is None or len(shape.types) > 1:
        raise _NoSchemaError
    match next(iter(shape.types), None):
        case None:
            return pa.null()
        case "object":
            return pa.struct(list(_fields(shape, left)))
        case "array":
            return pa.list_(_type(shape.below.get("[]", Shape()), left))
        case kind:
            return _TYPES[kind]


def conform(text: bytes, lines: pa.StringArray, schema: pa.Schema) -> bool:
    """Whether each line of a block is one JSON object, without a blank or a non-finite number, and
    has no key and no type that the schema has not; False also when that cannot be said.

    `lines` are those of `text` without their newlines. As each begins with `{` and ends with `}`,
    no value can go on beyond a newline: a string cannot hold one, and what follows an object
    within a value is not another. So many objects as lines means one in each.
    """
    ends = pc.and_(pc.starts_with(lines, "{"), pc.ends_with(lines, "}"))
    if not pc.all(ends).as_py() or b"\0" in text:
        return False
    options = pj.ReadOptions(use_threads=False, block_size=_PIECE_BYTES)
    known = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    objects = 0
    try:
        lines.validate(full=True)
        for batch in pj.open_json(pa.BufferReader(text), options, known):
            if not all(map(_is_finite, batch.columns)):
                return False
            objects += len(batch)
    except pa.ArrowException:
        return False
    return objects == len(lines)


def _is_finite(values: pa.Array) -> bool:
    kind = values.type
    if pa.types.is_struct(kind):
        return all(map(_is_finite, values.flatten()))
    if pa.types.is_list(kind):
        return _is_finite(pc.list_flatten(values))
    return not pa.types.is_floating(kind) or pc.all(pc.is_finite(values)).as_py() is not False
