"""What the lanes draw is what the checks say."""

import random
from datetime import timedelta
from itertools import pairwise

from sick_bot import SickBot

from ingest.settings import load_settings
from watchhouse.catalog import open_published, read_catalog
from watchhouse.check import run_checks
from watchhouse.finding import JUDGED
from watchhouse.report.judged import ALL, judge_window, stretches
from watchhouse.report.window import find_window


def test_every_lane_is_whole_and_says_what_the_checks_said(sick: SickBot) -> None:
    with open_published(load_settings(sick.home)) as connection:
        catalog = read_catalog(connection)
        window = find_window(connection, "24h", sick.last_at, "main")
        verdicts = judge_window(connection, catalog, window)
        lanes = [*stretches(verdicts, catalog, "main")]
        instants = random.Random(7).sample([v.as_of for v in verdicts[1:]], 20)
        said = run_checks(connection, catalog, instants, "main")
    for name in [ALL, *(check.name for check in catalog.checks)]:
        lane = [stretch for stretch in lanes if stretch.check == name]
        assert lane[-1].ended_at == window.until
        # a finding may begin between two instants; nothing overlaps and nothing else is left out
        for left, right in pairwise(lane):
            assert left.ended_at <= right.started_at < left.ended_at + window.step
            assert left.state != right.state
    for verdict in said:
        fired = {f.check: f.severity for f in verdict.findings if f.severity in JUDGED}
        drawn = {s.check: s.state for s in lanes if s.started_at < verdict.as_of <= s.ended_at}
        assert {c: s for c, s in drawn.items() if c != ALL and s in JUDGED} == fired
        assert drawn[ALL] == verdict.verdict


def test_the_gap_in_looking_is_unknown(sick: SickBot) -> None:
    with open_published(load_settings(sick.home)) as connection:
        catalog = read_catalog(connection)
        window = find_window(connection, "24h", sick.last_at, "main")
        lanes = [*stretches(judge_window(connection, catalog, window), catalog, "main")]
    middle = sick.gap[1] - timedelta(minutes=4)
    states = {s.state for s in lanes if s.check == ALL and s.started_at < middle <= s.ended_at}
    assert states == {"unknown"}
