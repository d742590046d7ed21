"""A disk of a few megabytes, and what is left free on it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Mount one at `folder`, which is made; the test is skipped where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system may be mounted here: {error}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def leave(folder: Path, free_kib: int) -> Path:
    """Fill the disk up to so much free space; the file that does it."""
    filler = folder / "filler"
    filler.unlink(missing_ok=True)
    found = subprocess.run(
        ["df", "--output=avail", "-k", str(folder)], capture_output=True, text=True, check=True
    )
    filler.write_bytes(bytes(max(0, int(found.stdout.split()[-1]) - free_kib) << 10))
    return filler
