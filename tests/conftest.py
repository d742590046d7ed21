"""What the tests of the report and of its pages in a browser share."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sick_bot import SickBot, build, live_through

# How long an example takes says how busy the machine is, not whether the code is right; and new
# examples are for the soak to find, so that a commit is judged by what it changes.
settings.register_profile(
    "gate",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="WATCHHOUSE_SOAK_SECONDS" not in os.environ,
)
settings.load_profile("gate")


@pytest.fixture(scope="session")
def sick(tmp_path_factory: pytest.TempPathFactory) -> SickBot:
    return live_through(tmp_path_factory.mktemp("sick"))


@pytest.fixture(scope="session")
def built_empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose warehouse was built and published with nothing in it."""
    return build(tmp_path_factory.mktemp("empty"))


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a built warehouse run in one process, where it is built once."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(shared_by(item)))


def shared_by(item: pytest.Item) -> str:
    assert isinstance(item, pytest.Function)
    if "recording" in item.fixturenames and hasattr(item, "callspec"):
        return f"recording {item.callspec.params.get('recording')}"
    homes = (name for name in ("sick", "healthy", "fed") if name in item.fixturenames)
    return next(homes, item.path.name)
