"""docs/reliability.md names tests as its proof: they are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    named = {Path(name).name for name in re.findall(r"`([\w/]*test_\w+\.py)`", page)}
    assert named
    assert named - there == set()
