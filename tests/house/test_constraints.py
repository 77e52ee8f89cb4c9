"""constraints.txt: exact versions, sorted, no addresses, and those that are running here."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
PINS = dict(line.split("==") for line in LINES)
INSTALLERS = {"pip", "setuptools", "wheel", "uv", "stationmaster"}
"""What makes an environment, and ourselves."""


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_line_is_one_exact_version() -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][\w.!+]*", line) for line in LINES)
    assert len(PINS) == len(LINES)
    assert sorted(LINES) == LINES


def test_the_tests_run_with_these_versions() -> None:
    """Otherwise the file would not be tested; to repair: remove .venv and run make test again."""
    installed = {_canonical(one.name): one.version for one in distributions() if one.name}
    different = {
        name: (version, PINS.get(name))
        for name, version in installed.items()
        if name not in INSTALLERS and PINS.get(name) != version
    }
    assert different == {}


def test_airflow_is_the_release_that_was_measured() -> None:
    assert PINS["apache-airflow"] == PINS["apache-airflow-core"] == "3.3.2"


def test_celery_is_one_that_airflows_executor_can_load() -> None:
    """5.7 removed a name that the provider 3.26 imports."""
    from airflow.providers.celery.executors import celery_executor_utils

    assert celery_executor_utils.app
