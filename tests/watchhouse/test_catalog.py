import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from ingest.settings import load_settings
from watchhouse.catalog import open_published, read_catalog
from watchhouse.check import run_checks

ZONE = """
import sys
from pathlib import Path
from ingest.settings import load_settings
from watchhouse.catalog import open_published
with open_published(load_settings(Path(sys.argv[1]))) as connection:
    print(connection.cursor().execute("select current_setting('TimeZone')").fetchone()[0])
"""


def test_each_cursor_of_a_warehouse_reads_it_in_utc_whatever_the_machine_keeps(home: Path) -> None:
    elsewhere = os.environ | {"TZ": "America/New_York"}
    command = [sys.executable, "-c", ZONE, str(home)]
    said = subprocess.run(command, env=elsewhere, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "UTC"


def test_checks_leave_the_threads_of_a_connection_as_they_were(home: Path) -> None:
    with open_published(load_settings(home)) as connection:
        connection.execute("set threads = 3")
        run_checks(connection, read_catalog(connection), [datetime(2026, 3, 10, 10)])
        assert connection.execute("select current_setting('threads')").fetchall() == [(3,)]
