"""The stand-in bot of the ingest tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "ingest"))

from station import Station, make_station


@pytest.fixture
def station(tmp_path: Path) -> Station:
    made = make_station(tmp_path)
    (made.logs / "state").mkdir()
    return made
