"""Parses DAG files once, as the dag processor does, and prints how long that took: a process for the bench.

    python -m stationmaster.rehearsal.bench_parse dags .

The dag processor has Airflow imported and forks for each file; so the import of Airflow is told apart from the rest.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Parsing(NamedTuple):
    """Seconds of one fresh process, all of it and without the import of Airflow; and the most memory it had, in MB.

    The seconds that it computed are less than those that passed, if others compute, too.
    """

    whole: float
    file: float
    memory: float = 0.0
    computed: float = 0.0
    """All of it."""
    computed_file: float = 0.0


def main() -> None:
    """Print what :class:`Parsing` has, and how many DAGs were found; fail if a file is broken."""
    path, bundle = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
    started = time.perf_counter()
    import airflow.sdk
    from airflow.dag_processing.dagbag import BundleDagBag
    from airflow.serialization.serialized_objects import DagSerialization

    airflow.sdk.DAG, airflow.sdk.BaseOperator  # noqa: B018 - imported when they are first looked at
    imported, computed = time.perf_counter(), time.process_time()
    bag = BundleDagBag(dag_folder=str(path), bundle_path=bundle, bundle_name="bench", load_op_links=False)
    for dag in bag.dags.values():
        DagSerialization.to_dict(dag)
    parsed = time.perf_counter()
    if bag.import_errors:
        raise SystemExit(f"{path}: {bag.import_errors}")
    figures = {"airflow": imported - started, "parse": parsed - imported, "memory": _memory()}
    seconds = {"computed": time.process_time(), "computed_parse": time.process_time() - computed}
    print(json.dumps({**figures, **seconds, "dags": len(bag.dags)}))


def _memory() -> float:
    """Return the most memory that this process had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024) if sys.platform == "darwin" else most / 1024


if __name__ == "__main__":
    main()
