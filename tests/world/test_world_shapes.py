"""What a healthy world writes has the shapes and the mechanics of the real producer."""

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchhouse.world import World, write_config

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT.parent / "shared" / "data" / "recordings"
SAME_KEYS = (
    "state/diagnostics.json",
    "state/positions_state.json",
    "state/positions_ledger.json",
    "state/position_tp_sl.json",
    "state/nav.json",
    "state/nav_state.json",
    "state/engine_metadata.json",
    "cache/peak_state.json",
    "cache/nav_confirmed.json",
)
NO_OTHER_KEYS = ("state/risk_snapshot.json", "state/kpis_v7.json", "state/router_health.json")
EVENTS = (
    "risk_vetoes",
    "orders_attempted",
    "orders_executed",
    "order_metrics",
    "signal_metrics",
    "position_state",
    "sync_heartbeats",
)


def registry() -> list[dict[str, Any]]:
    text = (ROOT / "models" / "staging" / "_sources.yml").read_text()
    tables = yaml.safe_load(text)["sources"][0]["tables"]
    return [table["config"]["meta"] for table in tables]


def has_key(document: Any, alternatives: str) -> bool:
    return any(_dig(document, key.split(".")) for key in alternatives.split("|"))


def _dig(document: Any, path: list[str]) -> bool:
    for part in path:
        if not isinstance(document, dict) or part not in document:
            return False
        document = document[part]
    return True


def key_paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Dotted key paths; symbols, position keys and reasons are all called `*`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            name = "*" if ":" in key or key.endswith("USDT") or key == "min_notional" else key
            yield f"{prefix}.{name}"
            yield from key_paths(inner, f"{prefix}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from key_paths(inner, f"{prefix}[]")


@pytest.fixture(scope="session")
def recorded() -> dict[str, list[bytes]]:
    """Every content of every file of the healthy recording."""
    path = RECORDINGS / "healthy" / "frames.jsonl.xz"
    if not path.exists():
        pytest.skip("no recordings at ../shared/data")
    contents: dict[str, list[bytes]] = {}
    with lzma.open(path, "rt", encoding="utf-8") as frames:
        for frame in frames:
            for op in json.loads(frame)["ops"]:
                contents.setdefault(op["path"], []).append(op.get("text", "").encode())
    return contents


def test_every_snapshot_holds_the_keys_that_the_registry_requires(healthy: Any) -> None:
    for meta in (m for m in registry() if m["kind"] == "snapshot"):
        assert healthy.seen[meta["path"]]
        for state in healthy.seen[meta["path"]]:
            assert all(has_key(state, key) for key in meta.get("required", [])), meta["path"]


def test_every_stream_of_the_registry_but_the_optional_one_is_written(healthy: Any) -> None:
    paths = {m["path"] for m in registry() if m["root"] == "logs"} - {"nav.jsonl"}
    assert {p for p in paths if not (healthy.logs / p).exists()} == set()
    points = json.loads((healthy.logs / "nav_log.json").read_text())
    assert len(points) == 120
    assert {tuple(p) for p in points} == {("nav", "t", "unrealized_pnl")}


def test_nav_state_and_router_health_come_in_both_shapes(healthy: Any) -> None:
    nav, router = (healthy.seen[f"state/{name}.json"] for name in ("nav_state", "router_health"))
    assert {"total_equity" in s for s in nav} == {True, False}
    assert {"router_health" in s for s in router} == {True, False}
    assert {type(s["updated_ts"]) for s in router} == {str, float}


def test_without_sync_state_nav_state_has_one_shape_and_the_peak_is_healed(play_world: Any) -> None:
    played = play_world(watch=("state/nav_state.json",), sync_state=False)
    assert all("nav" in s for s in played.seen["state/nav_state.json"])
    assert json.loads((played.logs / "cache/peak_state.json").read_text())["stale_healed"]


@pytest.mark.parametrize("path", SAME_KEYS)
def test_keys_are_those_of_the_real_producer(
    path: str, recorded: dict[str, list[bytes]], healthy: Any
) -> None:
    real = {key for content in recorded[path] if content for key in key_paths(json.loads(content))}
    assert {key for state in healthy.seen[path] for key in key_paths(state)} == real


@pytest.mark.parametrize("path", NO_OTHER_KEYS)
def test_large_documents_have_no_key_that_the_real_producer_lacks(
    path: str, recorded: dict[str, list[bytes]], healthy: Any
) -> None:
    real = {key for content in recorded[path] if content for key in key_paths(json.loads(content))}
    states = healthy.seen[path]
    ours = {k for s in states if "router_health" not in s for k in key_paths(s)}
    assert ours <= real
    tops = {key for content in recorded[path] if content for key in json.loads(content)}
    assert {key for s in states if "router_health" not in s for key in s} == tops


@pytest.mark.parametrize("name", EVENTS)
def test_event_lines_have_no_key_that_the_real_producer_lacks(
    name: str, recorded: dict[str, list[bytes]], healthy: Any
) -> None:
    lines = [line for c in recorded[f"execution/{name}.jsonl"] for line in c.splitlines()]
    real = {key for line in lines for key in key_paths(json.loads(line))}
    rows = healthy.rows(name)
    assert {key for row in rows for key in key_paths(row)} <= real
    assert {k for row in rows for k in row} == {k for line in lines for k in json.loads(line)}


def test_files_are_put_back_the_way_their_writers_do(lay: Any) -> None:
    inodes: dict[str, set[int]] = {}
    names = ("state/nav.json", "nav_log.json", "exec.log", "execution/sync_heartbeats.jsonl")
    for look, logs in lay(World(loops=4)):
        for name in names:
            stat = (logs / name).stat()
            inodes.setdefault(name, set()).add(stat.st_ino)
            assert stat.st_mtime <= look.at.timestamp() + 1e-6
        assert not list(logs.rglob("*.tmp")) + list(logs.rglob(".tmp_*"))
    assert len(inodes["nav_log.json"]) == len(inodes["exec.log"]) == 1
    assert len(inodes["state/nav.json"]) > 1
    assert len(inodes["execution/sync_heartbeats.jsonl"]) > 1
    assert (logs / "state/nav.json").stat().st_mode & 0o777 == 0o600
    assert (logs / "execution/sync_heartbeats.jsonl").stat().st_mode & 0o777 == 0o600


def test_what_a_look_wrote_bears_its_time(lay: Any) -> None:
    for look, logs in lay(World(loops=3)):
        name = "state/nav_state.json"
        assert (logs / name).stat().st_mtime == pytest.approx(look.at.timestamp(), abs=1e-5)
        assert look.at.utcoffset() is not None


def test_config_takes_dotted_overrides(tmp_path: Path) -> None:
    write_config(tmp_path, risk_limits={"circuit_breakers.max_portfolio_dd_nav_pct": 0.05})
    limits = json.loads((tmp_path / "risk_limits.json").read_text())
    assert limits["circuit_breakers"]["max_portfolio_dd_nav_pct"] == 0.05
    assert limits["nav_anomalies"]["max_multiplier_intraday"] == 3.0
    runtime = yaml.safe_load((tmp_path / "runtime.yaml").read_text())
    assert runtime["priority"]["min_child_notional"] == 25
    assert json.loads((tmp_path / "strategy_config.json").read_text())["universe"]


def test_config_refuses_a_document_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such config"):
        write_config(tmp_path, limits={"a": 1})
