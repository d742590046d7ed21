"""What reads what, generated from dbt's manifest: `make lineage`.

The picture stands between two marks in docs/architecture.md; the readers of the marts are dbt's
exposures in models/_exposures.yml.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.settings import load_settings
from watchhouse.playbook import checks_of, parse_project

Manifest = Mapping[str, Any]
_BEGIN, _END = "<!-- lineage: make lineage -->\n", "<!-- /lineage -->\n"
_READERS = {
    "checks": ("application", "The checks, by `dbt test`, `watchhouse check` and the backtest"),
    "report": ("dashboard", "The panels of `watchhouse report`"),
    "cookbook": ("analysis", "The questions of docs/sql-cookbook.md"),
}
_TABLE = re.compile(r"\b(?:from|join)\s+(\w+)")
_HEAD = "version: 2\n\n# Who reads the marts; written by `make lineage`.\nexposures:\n"


def picture(manifest: Manifest) -> str:
    """Each mart with the models it reads and the bot's files behind them, as a table; above it the
    intermediate models as a graph."""
    models = _models(manifest)
    lines = ["```mermaid", "flowchart LR"]
    lines += [
        f"    {parent} --> {name}"
        for name, parents in models.items()
        for parent in parents
        if name.startswith("int_") and parent.startswith("int_")
    ]
    lines += ["```", "", "| mart | reads | from the files |", "|---|---|---|"]
    marts = (name for name in models if not name.startswith(("stg_", "int_")))
    for mart in marts:
        files = ", ".join(sorted(_files(models, mart)))
        lines.append(f"| `{mart}` | {', '.join(models[mart])} | {files} |")
    return "\n".join(lines) + "\n"


def exposures(manifest: Manifest, project: Path) -> str:
    """models/_exposures.yml: which marts each reader names."""
    texts = {
        "report": "\n".join(f.read_text() for f in sorted(project.glob("reports/panels/*.sql"))),
        "cookbook": (project / "docs" / "sql-cookbook.md").read_text(),
    }
    read = {reader: set(_TABLE.findall(text)) for reader, text in texts.items()} | {
        "checks": {node.split(".")[-1] for c in checks_of(manifest) for node in _parents(c)}
    }
    parts = []
    for reader, (kind, description) in _READERS.items():
        marts = sorted(read[reader] & _models(manifest).keys())
        refs = "".join(f"      - ref('{mart}')\n" for mart in marts)
        parts.append(
            f"  - name: {reader}\n    type: {kind}\n    description: {description}\n"
            f"    owner: {{name: Watchhouse}}\n    depends_on:\n{refs}"
        )
    return _HEAD + "\n".join(parts)


def within(page: str, drawn: str) -> str:
    """The page with the picture between its marks. Raises ValueError when a mark is absent."""
    before, after = page.index(_BEGIN) + len(_BEGIN), page.index(_END)
    return f"{page[:before]}\n{drawn}\n{page[after:]}"


def _models(manifest: Manifest) -> dict[str, list[str]]:
    """Each model with what it reads: models by name, sources by table."""
    found = {
        node["name"]: sorted({one.split(".")[-1] for one in _parents(node)})
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    return dict(sorted(found.items()))


def _parents(node: Mapping[str, Any]) -> list[str]:
    return list(node["depends_on"]["nodes"])


def _files(models: Mapping[str, list[str]], name: str) -> Iterator[str]:
    """The sources behind a model, each once."""
    seen, todo = set(), [name]
    while todo:
        for parent in models.get(todo.pop(), ()):
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
                if parent not in models and parent != "veto_reasons":
                    yield parent


def main() -> None:
    """Write both files of the project."""
    project = load_settings().project
    manifest = parse_project(project)
    page = project / "docs" / "architecture.md"
    page.write_text(within(page.read_text(), picture(manifest)))
    (project / "models" / "_exposures.yml").write_text(exposures(manifest, project))


if __name__ == "__main__":
    main()
