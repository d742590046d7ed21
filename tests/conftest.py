"""What the tests of the report and of its pages in a browser share."""

from pathlib import Path

import pytest
from sick_bot import SickBot, build, live_through


@pytest.fixture(scope="session")
def sick(tmp_path_factory: pytest.TempPathFactory) -> SickBot:
    return live_through(tmp_path_factory.mktemp("sick"))


@pytest.fixture(scope="session")
def built_empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose warehouse was built and published with nothing in it."""
    return build(tmp_path_factory.mktemp("empty"))
