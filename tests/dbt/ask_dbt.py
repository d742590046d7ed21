"""A process that asks dbt several things and prints its exit codes: it parses the project once."""

import json
import os
import sys
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import cli, dbtRunner

from watchhouse import dbt_plugin


def ask(home: str, words: list[str], manifest: Any) -> tuple[int, str]:
    """The exit code of dbt in a home, and what it said."""
    os.environ["WATCHHOUSE_HOME"] = home
    said = StringIO()
    try:
        with redirect_stdout(said):
            cli.main([*words], obj={"manifest": manifest, "callbacks": []})
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        dbt_plugin.release()
    raise AssertionError("dbt always exits")


if __name__ == "__main__":
    cases, places = json.loads(sys.argv[1])
    os.environ["WATCHHOUSE_HOME"] = cases[0][0]
    manifest = dbtRunner().invoke(["parse", "--quiet", *places]).result
    print(json.dumps([ask(home, words + places, manifest) for home, words in cases]))
