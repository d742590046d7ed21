"""Each recording replayed, built and judged once."""

from collections.abc import Iterator

import pytest
from recorded import CONFIG, RECORDINGS, Recording

from ingest import load_settings
from ingest.replay import replay
from watchhouse.build import build
from watchhouse.catalog import open_published


@pytest.fixture(
    scope="session",
    params=[
        "healthy",
        "stalled_exits",
        "nav_spike",
        "positions_stuck_veto_storm",
        "telemetry_corruption",
    ],
)
def recording(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Recording]:
    if not RECORDINGS.is_dir():
        pytest.skip(f"no recordings beside the repository: {RECORDINGS}")
    settings = load_settings(tmp_path_factory.mktemp(request.param))
    replay(settings, RECORDINGS / request.param, config=CONFIG)
    assert build(settings).is_good
    with open_published(settings) as warehouse:
        yield Recording(request.param, warehouse)
