"""kill -9 at random points of ingest, between random deeds of the producer.

WATCHHOUSE_SOAK_SECONDS and WATCHHOUSE_SOAK_SEED make it longer and other (`make soak`).
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from operator import le
from pathlib import Path
from random import Random

from children import nursery
from producer import Producer
from station import Station, assert_ledger_adds_up, make_station

from ingest.verify import verify

SECONDS = float(os.environ.get("WATCHHOUSE_SOAK_SECONDS", "20"))
SEED = int(os.environ.get("WATCHHOUSE_SOAK_SEED", "1"))
EPISODE = 40


def is_event(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def live_through(station: Station, seed: int) -> tuple[int, int]:
    """One history; returns how many ingests were killed and how many ended by themselves."""
    random = Random(seed)
    producer = Producer(station.logs, random)
    (station.logs / "state").mkdir()
    seen: set[str] = set()
    versions: list[int] = []
    torn: Counter[int] = Counter()
    killed = done = 0
    deeds: list[str] = []
    with nursery(station) as children:
        usual = 200.0
        for turn in range(EPISODE):
            deeds += [producer.step() for _ in range(random.randrange(1, 4))]
            is_last = turn == EPISODE - 1
            patience = 0 if is_last or random.random() < 0.2 else random.uniform(1, usual)
            begun = time.monotonic()
            torn.update(producer.torn_ends_on_disk())
            how = "unlogged" if random.random() < 0.3 else ""
            code = children.run(patience, "clock", producer.clock_seconds, how)
            assert code in (0, -9), (seed, deeds, code)
            deeds.append("look" if code == 0 else "kill")
            killed, done = killed + (code == -9), done + (code == 0)
            if code == 0:
                usual = 0.8 * usual + 0.2 * 1000 * (time.monotonic() - begun)
                seen |= producer.lines_on_disk()
                if producer.state.exists():
                    versions.append(json.loads(producer.state.read_text())["nav"])
    judge(station, producer, seen, versions, torn, f"seed {seed}: {' '.join(deeds)}")
    return killed, done


def judge(
    station: Station,
    producer: Producer,
    seen: set[str],
    versions: list[int],
    torn: Counter[int],
    story: str,
) -> None:
    standing = station.payloads()
    assert len(standing) == len(set(standing)), story
    # A line cut before its newline may end with the blanks that came after it: a row has none.
    whole = {line.strip() for line in seen if is_event(line)}
    assert whole - {line.strip() for line in producer.changed} <= set(standing), story
    # What the producer replaced is superseded: flagged, and still there.
    rows = set(station.column("select payload from raw.events"))
    assert whole <= rows, story
    kept = "".join(row[0].decode() for row in station.rows("select bytes from raw.quarantine"))
    # A run of NULs is quarantined by itself: the line behind it is one like any other.
    odd = {line.lstrip("\0") for line in seen if not is_event(line)}
    assert all(line in kept or line in rows for line in odd), story
    assert_ledger_adds_up(station)
    assert verify(station.settings).differences == [], story
    navs = station.column(
        "select cast(payload->>'nav' as int) from raw.state order by _observed_at"
    )
    assert set(versions) <= set(navs), story
    assert navs == sorted(set(navs)), story
    assert list(station.settings.folder("spool").rglob("*.look")) == [], story
    lost = station.column(
        "select to_offset - from_offset from raw.losses where stream = 'events' order by 1 desc"
    )
    # Whole lines are read by the look that sees them: what was seen and is lost are torn ends, or
    # what one has beyond the same end that was quarantined when the file rested in its rotation.
    ends = sorted(torn.elements(), reverse=True)
    assert len(lost) <= len(ends), story
    assert all(map(le, lost, ends)), story


def test_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    end = time.monotonic() + SECONDS
    killed = done = histories = 0
    while time.monotonic() < end:
        station = make_station(tmp_path / str(histories))
        dead, well = live_through(station, SEED * 1_000_000 + histories)
        killed, done, histories = killed + dead, done + well, histories + 1
    print(f"\n{histories} histories, {killed} ingests killed, {done} ended; seed {SEED}")
    assert killed > 10
