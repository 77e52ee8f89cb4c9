"""What tasks need is loaded before Airflow forks, once, and nothing of it stands in the way."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.execution_time.task_runner import TaskRunnerMarker
from sqlalchemy import event

from stationmaster import preloading, settings
from stationmaster.ledger.engine import engine_at

INCLUDE = Path(__file__).parents[2] / "include"
PLUGINS = Path(__file__).parents[2] / "plugins"

# Tells what a task would still have to import, and to build, after the listener has run.
LOOK = """
import json, sys
import airflow.sdk
airflow.sdk.DAG
from stationmaster import preloading
preloading.on_starting(component=None)
before = set(sys.modules)
from pathlib import Path
from stationmaster.assemble.include import dags_of
dags = list(dags_of(Path(sys.argv[1]), only=sys.argv[2]))
from stationmaster.config.loader import load
from stationmaster.departures.station import Station
from stationmaster.departures import telling, voting, watches
from stationmaster.ledger import Ledger
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.forge import Forge
from stationmaster.config.base import ConfigModel
unbuilt = [model.__name__ for model in ConfigModel.__subclasses__() if not model.__pydantic_complete__]
late = sorted(set(sys.modules) - before)
print(json.dumps({"dags": [dag.dag_id for dag in dags], "late": late, "unbuilt": unbuilt}))
"""

LOADED = """
import json, sys
from stationmaster import preloading
preloading.on_starting(component=None)
print(json.dumps(sorted(sys.modules)))
"""


def _look(dag_id: str) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-c", LOOK, str(INCLUDE), dag_id]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


# A train, and a chore of a team whose holidays are those of a country.
@pytest.mark.parametrize("dag_id", ["cellxgene.weekly.promote", "operate-first.chores.console"])
def test_nothing_of_ours_is_left_to_import_or_build_for_a_task(dag_id: str) -> None:
    found = _look(dag_id)
    assert found["dags"] == [dag_id]
    assert [name for name in found["late"] if name.startswith("stationmaster")] == []
    assert len(found["late"]) < 10, found["late"]
    assert found["unbuilt"] == []


def test_a_package_that_is_missing_holds_up_no_scheduler(monkeypatch, caplog) -> None:
    monkeypatch.setattr(preloading, "MODULES", ("no_such_package", "stationmaster.core.value"))
    preloading.on_starting(component=None)
    assert "no_such_package cannot be loaded in advance" in caplog.text


def test_a_task_that_starts_does_not_load_what_other_tasks_need(monkeypatch, caplog) -> None:
    """Airflow tells the listener of it, too: in a pod of its own, everything that is loaded is waited for."""
    monkeypatch.setattr(preloading, "MODULES", ("no_such_package",))
    preloading.on_starting(component=TaskRunnerMarker())
    assert not caplog.text


def test_what_is_forked_later_has_learned_to_ask_the_ledger(monkeypatch, sqlite_template, tmp_path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{path}"
    monkeypatch.setenv(settings.LEDGER_VARIABLE, url)
    asked: list[str] = []
    event.listen(engine_at(url), "before_cursor_execute", lambda *args: asked.append(args[2]))
    preloading.on_starting(component=None)
    assert [query for query in asked if "ledger_blockers" in query]
    assert engine_at(url).pool.checkedin() == 0


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://stationmaster:geheim@127.0.0.1:1/ledger",
        "mysql://host/ledger",
        "sqlite:////dev/null/no/folder/ledger.db",
        "",
    ],
)
def test_a_ledger_that_is_away_holds_up_no_scheduler(monkeypatch, caplog, url) -> None:
    monkeypatch.setenv(settings.LEDGER_VARIABLE, url)
    caplog.set_level("INFO", logger="stationmaster")
    preloading.on_starting(component=None)
    assert "The ledger is not asked in advance" in caplog.text
    assert "geheim" not in caplog.text


def test_airflow_knows_the_listener() -> None:
    from stationmaster.airflow_plugin import StationmasterPlugin

    assert preloading in StationmasterPlugin.listeners


def test_what_a_task_imports_only_where_it_needs_it_is_loaded_before() -> None:
    """A step that imports a module of ours within a function: it is one that was loaded in advance."""
    command = [sys.executable, "-W", "ignore", "-c", LOADED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    late = {
        (path.stem, module)
        for path in PLUGINS.rglob("*.py")
        if ".".join(path.relative_to(PLUGINS).with_suffix("").parts) in loaded
        for module in _imported_in_functions(path)
        if module.startswith("stationmaster.") and module not in loaded
    }
    assert late == set()


def _imported_in_functions(path: Path) -> Iterator[str]:
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom):
                    yield str(node.module)
                elif isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
