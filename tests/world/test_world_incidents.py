"""Each incident does what it says, and only while it is on."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from watchhouse.world import Incident, World, play

DIAGNOSTICS = "state/diagnostics.json"


def exit_pipeline(state: dict[str, Any]) -> dict[str, Any]:
    pipeline: dict[str, Any] = state["runtime_diagnostics"]["exit_pipeline"]
    return pipeline


def liveness(state: dict[str, Any]) -> dict[str, Any]:
    flags: dict[str, Any] = state["runtime_diagnostics"]["liveness"]
    return flags


def strike(
    tmp_path: Path, loop: int = 10, **damage: Any
) -> tuple[Path, bytes | None, bytes | None, Any]:
    """Damage a file after a loop; its bytes then, and after the next loop; the looks."""
    name = damage["file"]
    incident = Incident("damage", loop, **damage)
    struck = healed = None
    looks = []
    for look in play(World(loops=loop + 2, incidents=(incident,), sync_state=False), tmp_path):
        content = (tmp_path / name).read_bytes() if (tmp_path / name).exists() else None
        struck = content if look.loop == loop else struck
        healed = content if look.loop == loop + 1 else healed
        looks.append(look)
    return tmp_path / name, struck, healed, looks


def test_a_veto_storm_refuses_every_full_size_entry(play_world: Any) -> None:
    played = play_world(Incident("veto_storm", 20, reason="max_trade_nav"), loops=80)
    before = [look.truth for look in played.looks if look.loop < 20][-1]
    after = played.end.truth
    assert after.acks - after.closes == before.acks - before.closes
    assert after.refusals["max_trade_nav"] >= 60
    raw = [r for r in played.rows("risk_vetoes") if r["veto_reason"] == "max_trade_nav"]
    assert {r["original_reason"] for r in raw} == {"trade_gt_max_trade_nav_pct"}
    assert len(raw) == after.refusals["max_trade_nav"] == after.counters["max_trade_nav"]


def test_a_share_of_a_storm_lets_the_rest_through(play_world: Any) -> None:
    truth = play_world(Incident("veto_storm", 20, 60, share=0.5), loops=61).end.truth
    assert 8 < truth.refusals["symbol_cap"] < 35


def test_the_drawdown_circuit_chatters_with_three_lines_per_refusal(play_world: Any) -> None:
    played = play_world(Incident("dd_circuit", 30), loops=240, watch=("state/risk_snapshot.json",))
    truth = played.end.truth
    refused = truth.refusals["portfolio_dd_circuit"]
    assert refused > 3
    assert truth.counters["portfolio_dd_circuit"] == 2 * refused
    rows = [r for r in played.rows("risk_vetoes") if r["veto_reason"] == "portfolio_dd_circuit"]
    assert len(rows) == 3 * refused
    assert sum("run_id" in r for r in rows) == refused
    active = [s["circuit_breaker"]["active"] for s in played.seen["state/risk_snapshot.json"]]
    flips = sum(a != b for a, b in itertools.pairwise(active))
    assert flips > 2
    assert not any(active[:30])


def test_a_nav_spike_leaves_the_peak_alone_and_trips_the_circuit(play_world: Any) -> None:
    watch = ("state/nav.json", "state/risk_snapshot.json", "cache/peak_state.json")
    played = play_world(Incident("nav_spike", 30, 33), loops=80, sync_state=True)
    navs = [p["nav"] for p in json.loads((played.logs / "nav_log.json").read_text())]
    assert navs[30] / navs[29] == pytest.approx(3.05, rel=0.01)
    assert navs[34] / navs[33] == pytest.approx(1 / 3.05, rel=0.01)
    peak = json.loads((played.logs / watch[2]).read_text())["peak"]
    assert peak < 1.01 * World().nav
    risk = json.loads((played.logs / watch[1]).read_text())
    assert risk["portfolio_dd_pct"] == pytest.approx(1 - 1 / 3.05, rel=0.01)
    assert risk["circuit_breaker"]["active"]
    assert risk["anomalies"] == {}
    assert played.end.truth.refusals["portfolio_dd_circuit"] > 5
    assert played.end.truth.nav == played.end.truth.wallet


def test_a_spike_of_zero_is_a_nav_of_zero(play_world: Any) -> None:
    played = play_world(Incident("nav_spike", 10), loops=30, watch=("state/nav.json",))
    assert played.end.truth.nav > 0
    played = play_world(Incident("nav_spike", 10, multiplier=0.0), loops=30)
    nav = json.loads((played.logs / "state/nav.json").read_text())
    assert (nav["nav"], nav["nav_detail"]["source"]) == (0.0, "unavailable")
    assert played.end.truth.refusals["max_trade_nav"] > 0


def test_a_registry_gap_leaves_positions_without_levels_underwater(play_world: Any) -> None:
    keys = ("ETHUSDT:LONG", "SOLUSDT:SHORT")
    gap = Incident("registry_gap", 10, 59, keys=keys, stale_key="LTCUSDT:LONG")
    played = play_world(gap, loops=90, watch=(DIAGNOSTICS, "state/positions_ledger.json"))
    pipeline = exit_pipeline(played.at_loop(DIAGNOSTICS, 55))
    assert pipeline["mismatch_breakdown"]["missing_tp_sl_entries"] == 2
    assert pipeline["mismatch_breakdown"]["stale_tp_sl_entries"] == 1
    assert pipeline["underwater_without_tp_sl_count"] == 2
    assert pipeline["tp_sl_coverage_pct"] < 1
    ledger = played.at_loop("state/positions_ledger.json", 55)
    bare = {e["position_key"] for e in ledger["entries"] if e["tp"] is None and e["sl"] is None}
    assert bare == set(keys)
    assert "LTCUSDT:LONG" in ledger["tp_sl_levels"]
    assert not exit_pipeline(played.at_loop(DIAGNOSTICS, 62))["ledger_registry_mismatch"]


def test_stalled_exits_close_nothing_though_targets_are_crossed(play_world: Any) -> None:
    played = play_world(Incident("exits_stalled", 30), loops=120, watch=(DIAGNOSTICS,))
    closes = [r for r in played.rows("orders_executed") if r["event_type"] == "order_close"]
    last = [look.at for look in played.looks if look.loop < 30][-1]
    assert max(r["ts"] for r in closes) <= last.isoformat()
    ledger = json.loads((played.logs / "state/positions_ledger.json").read_text())["entries"]
    marks = {
        f"{p['symbol']}:{p['side']}": p["mark_price"]
        for p in json.loads((played.logs / "state/positions_state.json").read_text())["positions"]
    }
    sign = {"LONG": 1, "SHORT": -1}
    assert any((marks[e["position_key"]] - e["tp"]) * sign[e["side"]] > 0 for e in ledger)
    flags = liveness(played.at_loop(DIAGNOSTICS, 119))
    assert flags["idle_exits"]
    assert not flags["idle_signals"]


def test_a_screener_stall_makes_signals_orders_and_router_idle(play_world: Any) -> None:
    played = play_world(Incident("screener_stall", 40), loops=130, watch=(DIAGNOSTICS,))
    flags = liveness(played.at_loop(DIAGNOSTICS, 129))
    assert all(flags[f"idle_{name}"] for name in ("signals", "orders", "router"))
    assert flags["missing"] == {}
    before = [look.truth for look in played.looks if look.loop < 40][-1]
    assert played.end.truth.signals == before.signals
    assert "universe fetch failed" in (played.logs / "exec.log").read_text()


def test_a_dead_executor_freezes_its_files_while_sync_state_goes_on(lay: Any) -> None:
    frozen: dict[str, bytes] = {}
    world = World(loops=30, incidents=(Incident("executor_dies", 10, 19),))
    for look, logs in lay(world):
        names = ("state/diagnostics.json", "nav_log.json", "execution/sync_heartbeats.jsonl")
        if look.loop < 10:
            frozen = {name: (logs / name).read_bytes() for name in names}
            run = look.truth.run_id
        elif look.loop < 20:
            assert not look.truth.alive
            assert all((logs / name).read_bytes() == frozen[name] for name in names)
            if look.note != "executor is dead":
                mirror = json.loads((logs / "state/nav_state.json").read_text())
                assert mirror["updated_at"] == pytest.approx(look.at.timestamp())
    assert look.truth.alive
    assert look.truth.run_id != run


def test_a_restart_gives_a_new_life_with_empty_counters(play_world: Any) -> None:
    watch = (DIAGNOSTICS, "state/engine_metadata.json")
    played = play_world(Incident("executor_restart", 40), loops=41, watch=watch, sync_state=False)
    old, new = played.looks[39].truth, played.looks[40].truth
    assert (old.run_id, old.pid) != (new.run_id, new.pid)
    assert played.looks[40].note == "executor started anew"
    counters = played.at_loop(DIAGNOSTICS, 40)["runtime_diagnostics"]["veto_counters"]
    assert counters["last_order_ts"] is None or counters["total_orders"] == new.acks - old.acks
    assert counters["total_vetoes"] == sum(new.counters.values()) < sum(old.counters.values())
    assert played.at_loop("state/engine_metadata.json", 40)["run_id"] == new.run_id
    assert len({r["pid"] for r in played.rows("sync_heartbeats")}) == 2


def test_positions_vanish_from_the_files_though_nothing_closed(play_world: Any) -> None:
    watch = ("state/positions_state.json", DIAGNOSTICS)
    played = play_world(Incident("positions_vanish", 40, 44), loops=60, watch=watch)
    truth = next(look.truth for look in played.looks if look.loop == 42)
    assert truth.positions
    assert played.at_loop(watch[0], 42)["positions"] == []
    assert exit_pipeline(played.at_loop(DIAGNOSTICS, 42))["open_positions_count"] == 0
    closes = [look.truth.closes for look in played.looks if 39 <= look.loop <= 44]
    assert closes[-1] == closes[1]
    assert played.at_loop(watch[0], 45)["positions"]


def test_two_writers_interleave_in_the_logs_and_flip_the_state(play_world: Any) -> None:
    meta = "state/engine_metadata.json"
    played = play_world(Incident("two_writers", 10, 29), loops=40, watch=(meta,))
    pids = [row["pid"] for row in played.rows("sync_heartbeats")]
    assert len(set(pids)) == 2
    assert sum(a != b for a, b in itertools.pairwise(pids)) > 10
    runs = [state["run_id"] for state in played.seen[meta]]
    assert sum(a != b for a, b in itertools.pairwise(runs)) > 20
    truth = played.end.truth
    assert truth.attempts == truth.acks + sum(truth.refusals.values())


def test_a_config_change_is_on_disk_at_once_and_in_force_after_a_restart(tmp_path: Path) -> None:
    key = "circuit_breakers.max_portfolio_dd_nav_pct"
    change = Incident("config_change", 10, config={"risk_limits": {key: 0.04}})
    world = World(loops=22, incidents=(change, Incident("executor_restart", 20)))
    logs, config = tmp_path / "logs", tmp_path / "config"
    limits = {}
    for look in play(world, logs, config):
        on_disk = json.loads((config / "risk_limits.json").read_text())["circuit_breakers"]
        in_force = json.loads((logs / "state/risk_snapshot.json").read_text())["circuit_breaker"]
        limits[look.loop] = tuple(
            block["max_portfolio_dd_nav_pct"] for block in (on_disk, in_force)
        )
    assert limits[9] == (0.10, 0.10)
    assert limits[10] == limits[19] == (0.04, 0.10)
    assert limits[20] == (0.04, 0.04)


@pytest.mark.parametrize("how", ["torn", "empty", "nul", "garbage", "vanished"])
@pytest.mark.parametrize("name", ["state/nav.json", "state/kpis_v7.json"])
def test_a_damaged_state_file_is_unreadable_for_one_loop(
    tmp_path: Path, how: str, name: str
) -> None:
    _, struck, healed, looks = strike(tmp_path, file=name, how=how)
    assert looks[10].note == f"damage: {how} {name}"
    if struck is not None:
        with pytest.raises(ValueError, match=r"."):
            json.loads(struck)
    assert (struck is None) == (how == "vanished")
    assert healed is not None
    assert json.loads(healed)


def test_nan_damage_writes_bare_tokens(tmp_path: Path) -> None:
    keys = ("nav", "aum.total")
    _, struck, healed, _ = strike(tmp_path, file="state/nav.json", how="nan", keys=keys)
    assert struck is not None
    assert struck.count(b"NaN") == 2
    assert healed is not None
    assert b"NaN" not in healed


def test_missing_keys_are_gone(tmp_path: Path) -> None:
    keys = ("runtime_diagnostics.exit_pipeline", "updated_ts")
    _, struck, _, _ = strike(tmp_path, file=DIAGNOSTICS, how="missing_keys", keys=keys)
    document = json.loads(struck or b"")
    assert "updated_ts" not in document
    assert "exit_pipeline" not in document["runtime_diagnostics"]


def test_older_content_comes_back(tmp_path: Path) -> None:
    name = "state/positions_state.json"
    _, struck, healed, looks = strike(tmp_path, file=name, how="older", back=4)
    age = looks[10].at.timestamp() - looks[6].at.timestamp()
    assert age == pytest.approx(240, abs=1)
    assert json.loads(struck or b"")["updated_ts"] <= looks[6].at.isoformat()
    assert json.loads(healed or b"")["updated_ts"] > looks[10].at.isoformat()


def test_marks_become_zero(tmp_path: Path) -> None:
    _, struck, _, _ = strike(tmp_path, 30, file="state/positions_state.json", how="zero_mark")
    rows = json.loads(struck or b"")["positions"]
    assert {row["mark_price"] for row in rows} == {0.0}


def test_a_partial_line_is_glued_to_the_next_record(tmp_path: Path) -> None:
    name = "execution/sync_heartbeats.jsonl"
    path, struck, _, _ = strike(tmp_path, file=name, how="partial_line")
    assert struck is not None
    assert not struck.endswith(b"\n")
    broken = [line for line in path.read_bytes().splitlines() if line.count(b'{"s') > 1]
    assert len(broken) == 1


def test_a_line_in_the_middle_is_torn_and_stays_so(tmp_path: Path) -> None:
    name = "execution/sync_heartbeats.jsonl"
    _, struck, healed, _ = strike(tmp_path, file=name, how="torn_middle_line")
    assert struck is not None
    assert healed is not None
    assert healed.startswith(struck)
    assert sum(not line.endswith(b"}") for line in struck.splitlines()) == 1


def test_a_line_is_not_utf8(tmp_path: Path) -> None:
    _, struck, _, _ = strike(tmp_path, file="execution/signal_metrics.jsonl", how="invalid_utf8")
    assert struck is not None
    with pytest.raises(UnicodeDecodeError):
        struck.decode()
    assert struck.endswith(b"\n")


def test_an_unreadable_nav_log_costs_the_bot_its_history(tmp_path: Path) -> None:
    _, _, healed, _ = strike(tmp_path, file="nav_log.json", how="torn")
    assert len(json.loads(healed or b"")) == 1


def test_damage_to_a_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        strike(tmp_path, file="state/none.json", how="torn")


@pytest.mark.parametrize(
    "knobs", [{"kind": "flood"}, {"kind": "damage", "how": "bent", "file": "x"}, {"kind": "damage"}]
)
def test_an_incident_that_cannot_be_is_refused(knobs: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown|needs"):
        Incident(first_loop=1, **knobs)
