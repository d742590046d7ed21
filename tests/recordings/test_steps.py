"""Homes built in steps hold what one build of everything leaves: make steps."""

import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from recorded import CONFIG, RECORDINGS

from ingest import Bot, Settings, load_settings, open_session, run_once
from ingest.replay import read_frames, replay
from tests.dbt.same_tables import differing
from watchhouse.build import build
from watchhouse.world.play import play
from watchhouse.world.year import busy_days, settings_of

REAL = RECORDINGS.parent / "real-2025-10.tar.xz"
STEPS = 5
pytestmark = pytest.mark.skipif(
    "WATCHHOUSE_STEPS" not in os.environ, reason="takes minutes; make steps runs it"
)


def replay_in_steps(name: str) -> Callable[[Settings], None]:
    def read(settings: Settings) -> None:
        recording, start = RECORDINGS / name, 0
        count = len(read_frames(recording))
        for step in range(1, STEPS + 1):
            upto = count * step // STEPS - 1
            replay(settings, recording, config=CONFIG, start=start, upto=upto)
            assert build(settings, publish_it=False).is_good
            start = upto + 1

    return read


def real_logs(settings: Settings) -> None:
    """Five looks at the logs of a live bot, each an import."""
    looks, logs = settings.home / "looks", settings.home / "bot" / "logs"
    with tarfile.open(REAL) as archive:
        archive.extractall(looks, filter="data")
    seen_as = Settings(settings.home, settings.project, (Bot("real", logs),))
    for look in sorted(looks.iterdir()):
        shutil.rmtree(logs.parent, ignore_errors=True)
        shutil.copytree(look, logs.parent)
        run_once(seen_as, as_of_mtime=True)
        assert build(seen_as, publish_it=False).is_good


def two_days(settings: Settings) -> None:
    """A busy bot's days, built in the middle of each, at a midnight and after it."""
    seen_as, world = settings_of(settings.home, settings.project), busy_days(2)
    bot = seen_as.bots[0]
    (bot.logs.parent / "config").mkdir(parents=True)
    bot.logs.mkdir()
    looks = play(world, bot.logs, bot.config)
    for last_loop in (700, 1441, 1530, 2100, world.loops - 1):
        with open_session(seen_as) as session:
            for look in looks:
                session.poll(look.at)
                if look.loop == last_loop:
                    break
        assert build(seen_as, publish_it=False).is_good


@pytest.mark.parametrize(
    "read",
    [
        *(
            pytest.param(replay_in_steps(name), id=name)
            for name in (
                "healthy",
                "stalled_exits",
                "nav_spike",
                "positions_stuck_veto_storm",
                "telemetry_corruption",
            )
        ),
        pytest.param(real_logs, id="real_logs"),
        pytest.param(two_days, id="two_days"),
    ],
)
def test_steps_leave_what_one_build_leaves(
    read: Callable[[Settings], None], tmp_path: Path
) -> None:
    if not RECORDINGS.is_dir():
        pytest.skip(f"no recordings beside the repository: {RECORDINGS}")
    settings = load_settings(tmp_path / "home")
    read(settings)
    shutil.copytree(settings.home, tmp_path / "steps")
    assert build(settings, publish_it=False, full_refresh=True).is_good
    assert differing(settings.home, tmp_path / "steps") == []
