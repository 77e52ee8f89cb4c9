"""``airflow api-server``, which builds its application while Airflow's tables are still being made.

    python -m stationmaster.rehearsal.embedded.api_server FILE

Building the application takes most of the time that the station needs to start, and no database. The command itself
starts when FILE appears.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

LOOK_AGAIN = 0.05
"""Seconds between two looks at the file."""


def main() -> None:
    """Build the application, wait for the file, become the command."""
    signal_file = Path(sys.argv[1])
    from airflow import configuration  # noqa: F401 - Airflow wants to be imported in this order
    from airflow.__main__ import main as airflow
    from airflow.api_fastapi import main as application  # noqa: F401 - uvicorn finds it imported

    while not signal_file.exists():
        time.sleep(LOOK_AGAIN)
    sys.argv = ["airflow", "api-server"]
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
