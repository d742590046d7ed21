"""The lines of a log into DuckDB by dlt, as rows of one text column.

Run by the Python of an environment that has dlt: dlt_peer.py LOG FOLDER parquet|default
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dlt  # type: ignore


def load(log: str, folder: str, loader: str) -> int:
    """Load the log; returns the rows that landed."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

    def lines() -> Iterator[list[dict[str, str]]]:
        with Path(log).open(encoding="utf-8") as file:
            while batch := file.readlines(8 << 20):
                yield [{"payload": line} for line in batch]

    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=f"{folder}/pipelines",
        destination=dlt.destinations.duckdb(f"{folder}/dlt.duckdb"),
        dataset_name="raw",
    )
    file_format = None if loader == "default" else loader
    pipeline.run(lines(), table_name="lines", loader_file_format=file_format)
    with pipeline.sql_client() as client:
        return int(client.execute_sql("select count(*) from lines")[0][0])


if __name__ == "__main__":
    wall, cpu = time.perf_counter(), time.process_time()
    rows = load(*sys.argv[1:])
    figure = {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "note": f"{rows} rows",
    }
    print(json.dumps(figure))
