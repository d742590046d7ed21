"""A healthy world: the same bytes per seed, nothing lost, nothing wrong."""

import gzip
import hashlib
import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from watchhouse.world import Incident, World, play


def fingerprint(logs: Path) -> dict[str, tuple[str, float]]:
    return {
        str(p.relative_to(logs)): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime)
        for p in sorted(logs.rglob("*"))
        if p.is_file()
    }


def test_a_seed_gives_the_same_bytes_and_times(tmp_path: Path) -> None:
    incidents = (Incident("two_writers", 5, 8), Incident("executor_restart", 12))
    prints, looks = [], []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        world = World(seed=seed, loops=20, incidents=incidents, rotate_bytes=9_000)
        looks.append(list(play(world, tmp_path / name)))
        prints.append(fingerprint(tmp_path / name))
    assert prints[0] == prints[1]
    assert looks[0] == looks[1]
    assert prints[0] != prints[2]


def test_an_incident_changes_nothing_before_it(tmp_path: Path) -> None:
    list(play(World(loops=20), tmp_path / "healthy"))
    storm = World(loops=20, incidents=(Incident("veto_storm", 20), Incident("nav_spike", 25)))
    list(play(storm, tmp_path / "storm"))
    assert fingerprint(tmp_path / "healthy") == fingerprint(tmp_path / "storm")


def test_every_attempt_is_acked_or_refused(play_world: Any) -> None:
    played = play_world(loops=240)
    truth = played.end.truth
    assert truth.attempts == truth.acks + sum(truth.refusals.values())
    attempts = {row["attempt_id"] for row in played.rows("orders_attempted")}
    acks = {r["attempt_id"] for r in played.rows("orders_executed") if "ts_ack" in r}
    refused = {
        row["veto_detail"]["intent"]["attempt_id"]
        for row in played.rows("risk_vetoes")
        if "run_id" in row
    }
    assert (len(attempts), len(acks)) == (truth.attempts, truth.acks)
    assert attempts == acks | refused
    assert not acks & refused
    assert set(truth.refusals) == {"min_notional"}
    assert truth.signals + truth.closes == truth.attempts


def test_the_files_say_what_the_truth_says(play_world: Any) -> None:
    played = play_world(loops=240)
    truth, executed = played.end.truth, played.rows("orders_executed")
    filled = {r["orderId"]: r for r in executed if r["event_type"] == "order_fill"}
    closes = [r for r in executed if r["event_type"] == "order_close"]
    assert (len(filled), len(closes)) == (truth.fills, truth.closes)
    assert len(filled) < sum(r["event_type"] == "order_fill" for r in executed)  # cumulative rows
    assert len(played.rows("risk_vetoes")) == truth.veto_lines
    assert len(played.rows("signal_metrics")) == truth.attempts
    open_quantity: Counter[str] = Counter()
    for row in filled.values():
        sign = 1 if row["side"] == "BUY" else -1
        key = f"{row['symbol']}:{row['positionSide']}"
        open_quantity[key] += sign * row["executedQty"]
    still_open = {key: qty for key, qty in open_quantity.items() if abs(qty) > 1e-9}
    assert still_open == pytest.approx(truth.positions)


def test_nav_follows_fills_and_fees_to_the_dollar(play_world: Any) -> None:
    played = play_world(loops=240)
    executed = played.rows("orders_executed")
    gain = sum(r["realizedPnlUsd"] for r in executed if r["event_type"] == "order_close")
    filled = {r["orderId"]: r for r in executed if r["event_type"] == "order_fill"}
    fees = sum(r["fee_total"] for r in filled.values())
    assert played.end.truth.wallet == pytest.approx(World().nav + gain - fees, abs=6.0)
    navs = [look.truth.nav for look in played.looks if look.note is None]
    assert max(abs(b - a) for a, b in itertools.pairwise(navs)) < 8.0
    assert len(set(navs)) == len(navs)


def test_files_of_one_loop_agree_by_key(lay: Any) -> None:
    for look, logs in lay(World(loops=60)):
        state, ledger, tp_sl = (
            json.loads(path.read_text()) if (path := logs / "state" / name).exists() else {}
            for name in ("positions_state.json", "positions_ledger.json", "position_tp_sl.json")
        )
        rows = {f"{p['symbol']}:{p['side']}": p["qty"] for p in state["positions"]}
        assert rows == pytest.approx(look.truth.positions)
        assert {e["position_key"] for e in ledger["entries"]} == rows.keys()
        assert rows.keys() == tp_sl.get("entries", {}).keys() == look.truth.registered


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_healthy_bot_is_never_idle_after_its_first_events(play_world: Any, seed: int) -> None:
    played = play_world(seed=seed, loops=240, watch=("state/diagnostics.json",))
    for state in played.seen["state/diagnostics.json"]:
        liveness = state["runtime_diagnostics"]["liveness"]
        for name in ("signals", "orders", "exits", "router"):
            missing = liveness["missing"].get(f"{name}_idle_seconds", False)
            assert liveness[f"idle_{name}"] == missing
    assert not liveness["missing"]


def test_published_exit_coverage_lags_one_loop(play_world: Any) -> None:
    played = play_world(watch=("state/diagnostics.json",), sync_state=False)
    opened = [len(look.truth.positions) for look in played.looks]
    published = [
        state["runtime_diagnostics"]["exit_pipeline"]["open_positions_count"]
        for state in played.seen["state/diagnostics.json"]
    ]
    assert published == [0, *opened[:-1]]
    assert max(opened) > 1


def test_rotation_keeps_four_files_and_one_archive_that_is_overwritten(tmp_path: Path) -> None:
    list(play(World(loops=150), tmp_path / "whole"))
    list(play(World(loops=150, rotate_bytes=3_000), tmp_path / "cut"))
    whole = (tmp_path / "whole/execution/sync_heartbeats.jsonl").read_bytes()
    folder = tmp_path / "cut" / "execution"
    parts = [folder / f"sync_heartbeats.{n}.jsonl" for n in (4, 3, 2, 1)]
    parts.append(folder / "sync_heartbeats.jsonl")
    archived = gzip.decompress((folder / "archive/sync_heartbeats.5.jsonl.gz").read_bytes())
    assert all(0 < p.stat().st_size <= 3_000 for p in parts)
    kept = archived + b"".join(p.read_bytes() for p in parts)
    assert whole.endswith(kept)
    assert len(kept) < len(whole)
    assert not (folder / "sync_heartbeats.5.jsonl").exists()
