"""The lines of a log into DuckDB by dlt, as its guide for JSONL files has it.

Its default makes columns of keys and a table of each list in a line; as `text` a line is one text,
as it is with us. Run by the Python of an environment that has dlt: dlt_peer.py LOG FOLDER
parquet|default keys|text
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt  # type: ignore
from dlt.sources.filesystem import filesystem, read_jsonl  # type: ignore


def lines_of(log: Path, shape: str) -> Any:
    """The source: objects, or texts in blocks of 8 MB."""
    if shape == "keys":
        return filesystem(bucket_url=str(log.parent), file_glob=log.name) | read_jsonl()

    def texts() -> Iterator[list[dict[str, str]]]:
        with log.open(encoding="utf-8") as file:
            while batch := file.readlines(8 << 20):
                yield [{"payload": line} for line in batch]

    return texts()


def load(log: str, folder: str, loader: str, shape: str) -> int:
    """Load the log; returns the rows that landed."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=f"{folder}/pipelines",
        destination=dlt.destinations.duckdb(f"{folder}/dlt.duckdb"),
        dataset_name="raw",
    )
    file_format = None if loader == "default" else loader
    source = lines_of(Path(log), shape)
    pipeline.run(source, table_name="lines", loader_file_format=file_format)
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
