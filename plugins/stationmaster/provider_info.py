"""What Airflow's provider registry shows about this package (entry point ``apache_airflow_provider``)."""

from __future__ import annotations

from typing import Any


def provider_info() -> dict[str, Any]:
    """Return the description that Airflow checks against its own ``provider_info.schema.json``.

    Airflow calls this at each start of each of its processes: it imports nothing but the package's version.
    """
    return {
        "package-name": "stationmaster",
        "name": "Stationmaster",
        "description": "Release trains and on-call chores, written as YAML and Markdown under ``include/``.",
        "integrations": [{"integration-name": "Stationmaster", "tags": ["service"]}],
    }
