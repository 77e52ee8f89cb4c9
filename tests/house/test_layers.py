"""Imports only point down, and DAG parsing stays light (architecture.md)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HEAVY = ("slack_sdk", "github", "sqlalchemy", "alembic", "fastapi", "uvicorn", "psycopg", "rich", "typer")
"""What only running tasks, pages or commands may load (C-cost: airflow-facts 26)."""
PARSED = ("stationmaster.config.loader", "stationmaster.assemble.include")
"""What a DAG file imports; add a module here when a DAG file imports it."""

# Airflow's SDK may load some of them itself; then they cost us nothing. Only what we add is counted.
PROBE = """
import importlib, json, sys
import airflow.sdk, airflow.providers.standard.operators.hitl
before = set(sys.modules)
for name in sys.argv[2:]:
    importlib.import_module(name)
added = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(added & set(sys.argv[1].split(",")))))
"""


def test_imports_only_point_down() -> None:
    """The import-linter contract in pyproject.toml holds; the message of a broken one names the import."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Imports only point down KEPT" in result.stdout


@pytest.mark.parametrize("module", PARSED)
def test_dag_parsing_imports_nothing_heavy(module: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", PROBE, ",".join(HEAVY), module]
    environment = {"PATH": "", "AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "plugins")}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == []


def test_the_probe_sees_a_heavy_import(tmp_path: Path) -> None:
    """Held against a module that must load one: otherwise the test above could not fail."""
    command = [sys.executable, "-W", "ignore", "-c", PROBE, "slack_sdk,github", "slack_sdk"]
    environment = {"PATH": "", "AIRFLOW_HOME": str(tmp_path)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert json.loads(result.stdout.splitlines()[-1]) == ["slack_sdk"]


def test_core_reads_no_airflow_no_file_and_no_environment(tmp_path: Path) -> None:
    """core/ is pure: importing all of it loads neither Airflow nor YAML."""
    modules = [f"stationmaster.core.{path.stem}" for path in (ROOT / "plugins/stationmaster/core").glob("[a-z]*.py")]
    assert len(modules) > 5
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print([name for name in ('airflow', 'yaml', 'sqlalchemy', 'httpx') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *modules], cwd=tmp_path, capture_output=True, text=True, env={"PATH": ""}
    )
    assert result.stdout.strip() == "[]", result.stdout + result.stderr
