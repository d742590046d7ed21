"""The journal on a disk that fills up."""

import json
from pathlib import Path

import pytest
from small_disk import leave, small_disk

from ingest import load_settings
from watchhouse import journal


def test_a_line_that_did_not_fit_is_an_error_and_costs_no_other(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1):
        settings = load_settings(tmp_path / "disk" / "home")
        settings.make_home()
        journal.append(settings, "notices", {"n": 1})
        leave(tmp_path / "disk", 0)
        for _ in range(2):  # the first takes what is left of the file's last page
            with pytest.raises(OSError, match="No space left"):
                journal.append(settings, "notices", {"n": 2, "pad": "x" * 8000})
        leave(tmp_path / "disk", 256)
        assert next(journal.latest(settings, "notices"))["n"] == 1
        journal.append(settings, "notices", {"n": 3})
        assert [entry["n"] for entry in journal.latest(settings, "notices")] == [3, 1]
        (file,) = settings.folder("journal").glob("notices-*.jsonl")
        assert json.loads(file.read_text().splitlines()[-1])["n"] == 3
