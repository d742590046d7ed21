"""State and config files: one JSON or YAML document, judged whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import yaml

from ingest.jsontext import Decoded, NotJsonError, decode
from ingest.registry import Source


@dataclass(frozen=True, slots=True)
class Document:
    """The verdict on a file's bytes: status ok, empty, torn or invalid; payload only when ok."""

    status: str
    sha256: str
    payload: str | None = None
    missing_keys: list[str] = field(default_factory=list)
    nonfinite_keys: list[str] = field(default_factory=list)
    detail: str | None = None


def read_document(source: Source, raw: bytes) -> Document:
    """Judge the content of a state or config file; never raises for bad content."""
    digest = hashlib.sha256(raw).hexdigest()
    if not raw.strip():
        return Document("empty", digest, detail=f"{len(raw)} bytes" if raw else None)
    try:
        decoded = _decode(source, raw)
    except NotJsonError as error:
        return Document("torn" if error.is_torn else "invalid", digest, detail=str(error))
    missing = [keys.split("|")[0] for keys in source.required if not _has(decoded.value, keys)]
    return Document("ok", digest, decoded.text, missing, decoded.nonfinite)


def _decode(source: Source, raw: bytes) -> Decoded:
    if not source.path.endswith((".yaml", ".yml")):
        return decode(raw)
    try:
        value = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise NotJsonError("broken YAML", mark.index if mark else 0) from error
    return decode(json.dumps(value, default=str, ensure_ascii=False).encode())


def _has(value: Any, alternatives: str) -> bool:
    return any(_has_path(value, path.split(".")) for path in alternatives.split("|"))


def _has_path(value: Any, path: list[str]) -> bool:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
