"""The registry of files says of each enough to read it and to know when it is damaged."""

import re
from typing import Any

import pytest
import yaml
from healthy_bot import ROOT, Built

REGISTRY = yaml.safe_load((ROOT / "models" / "staging" / "_sources.yml").read_text())
TABLES = {
    table["name"]: table
    for source in REGISTRY["sources"]
    if source["name"] == "raw"
    for table in source["tables"]
}
DOTTED = re.compile(r"\w+(\.\w+)*(\|\w+(\.\w+)*)*")


@pytest.fixture(params=sorted(TABLES))
def meta(request: pytest.FixtureRequest) -> dict[str, Any]:
    table = TABLES[request.param]
    assert table["description"], "what is in the file?"
    return dict(table["config"]["meta"])


def test_root_kind_and_writer_are_said(meta: dict[str, Any]) -> None:
    assert meta["root"] in {"logs", "config", "text", "journal"}
    assert meta["kind"] in {"snapshot", "events", "series", "config", "text"}
    assert meta["writer"]


def test_path_stays_under_its_root(meta: dict[str, Any]) -> None:
    assert not meta["path"].startswith(("/", "~"))
    assert ".." not in meta["path"]


def test_required_keys_and_time_key_are_dotted_names(meta: dict[str, Any]) -> None:
    for key in [*meta.get("required", []), meta.get("time_key", "t")]:
        assert DOTTED.fullmatch(key), key


def test_whatever_the_bot_writes_has_a_stamp_of_its_own(meta: dict[str, Any]) -> None:
    assert "time_key" in meta or meta["kind"] in {"config", "text"}


def test_a_file_with_a_cadence_says_which_keys_it_must_have(meta: dict[str, Any]) -> None:
    if meta["kind"] not in {"snapshot", "series"} or "cadence_seconds" not in meta:
        pytest.skip("written only on change: an empty object is good content")
    required = {key for keys in meta["required"] for key in keys.split("|")}
    assert required & set(meta["time_key"].split("|")), "a file without its stamp is not fresh"


def test_no_file_is_listed_twice() -> None:
    places = [(t["config"]["meta"]["root"], t["config"]["meta"]["path"]) for t in TABLES.values()]
    assert len(places) == len(set(places))


def test_every_limit_has_a_value_of_its_own(healthy: Built) -> None:
    variables = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]
    named = set(re.findall(r'"name": "(\w+)"', (ROOT / "macros" / "limit.sql").read_text()))
    assert named
    assert named <= set(variables), "a limit without a var has no value where the bot sets none"
