from pathlib import Path

import pytest

from ingest import WatchhouseError, load_settings
from ingest.registry import load_registry


def entry(**meta: str) -> str:
    whole = {"root": "logs", "path": "a.json", "kind": "snapshot"} | meta
    fields = ", ".join(f"{key}: {value}" for key, value in whole.items() if value)
    name = meta.get("name", "thing")
    return f"sources: [{{name: raw, tables: [{{name: {name}, config: {{meta: {{{fields}}}}}}}]}}]"


def test_the_project_registry_reads() -> None:
    sources = {source.name: source for source in load_registry(load_settings().registry_file)}
    assert sources["diagnostics"].required[0].startswith("runtime_diagnostics.")
    assert sources["nav_log"].kind == "series"
    assert sources["position_tp_sl"].cadence_seconds is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (entry(kind="log"), "kind"),
        (entry(root="home"), "root"),
        (entry(path=""), "path"),
        (entry(path="../x.json"), "leaves its root"),
        (entry(path="/etc/passwd"), "leaves its root"),
        (entry(name="polls"), "ledger"),
        (entry(name="Thing"), "lower-case"),
        ("sources: [{name: raw, tables: [{name: a}]}]", "config"),
        ("sources: 3", "no registry"),
        ("a: [", "no registry"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "_sources.yml"
    file.write_text(text)
    with pytest.raises(WatchhouseError, match=named):
        load_registry(file)


def test_a_missing_registry_says_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(WatchhouseError, match=str(tmp_path)):
        load_registry(tmp_path / "none.yml")
