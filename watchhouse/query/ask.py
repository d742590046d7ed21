"""One question, from its text to its answer in a stream or a file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ingest.errors import WatchhouseError
from ingest.settings import Settings
from watchhouse.catalog import Provenance, read_provenance
from watchhouse.query.engine import Limits, open_locked, told
from watchhouse.query.formats import write_answer
from watchhouse.query.guard import one_question


@dataclass(frozen=True)
class Asker:
    """Who asks: whose file, at which cost, in which format. Each question opens the file anew.

    So an analyst who leaves a prompt open for a week still asks the file published last.
    """

    settings: Settings
    limits: Limits
    style: str

    def ask(self, text: str, out: TextIO) -> Provenance:
        """Answer one question on `out`; returns what the file that answered says of itself.

        Raises `WatchhouseError` for what is refused, fails or takes too long, and
        `KeyboardInterrupt` for Ctrl-C; what was written until then stands.
        """
        with open_locked(self.settings, self.limits) as connection:
            *first, last = one_question(connection, text)
            provenance = read_provenance(connection, self.settings)
            with told(connection, self.limits):
                for statement in first:
                    connection.execute(statement)
                write_answer(connection, last, self.style, out)
        return provenance

    def ask_into(self, text: str, file: Path) -> Provenance:
        """Answer into `file`: the whole answer, or the file as it was; returns as `ask`.

        Raises as `ask`, and `WatchhouseError` for a file in the home or one not to be written.
        """
        if file.resolve().is_relative_to(self.settings.home.resolve()):
            raise WatchhouseError(f"{file} lies in the home of the warehouse", "another folder")
        with _whole(file) as out:
            return self.ask(text, out)


@contextmanager
def _whole(file: Path) -> Iterator[TextIO]:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            yield out
        part.replace(file)
    except OSError as error:
        raise WatchhouseError(f"cannot write {file}: {error.strerror}", "--out FILE") from error
    finally:
        part.unlink(missing_ok=True)
