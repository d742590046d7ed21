"""The bot of every test in this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from station import Station, assert_ledger_adds_up, make_station


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = make_station(tmp_path)
    yield made
    if made.settings.live_file.exists():
        assert_ledger_adds_up(made)
