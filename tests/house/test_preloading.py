"""What tasks need is loaded before Airflow forks, once, and nothing of it stands in the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from stationmaster import preloading

INCLUDE = Path(__file__).parents[2] / "include"

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
dags = list(dags_of(Path(sys.argv[1]), only="cellxgene.weekly.promote"))
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


def _look(include: str) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-c", LOOK, include]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_nothing_of_ours_is_left_to_import_or_build_for_a_task() -> None:
    found = _look(str(INCLUDE))
    assert found["dags"] == ["cellxgene.weekly.promote"]
    assert [name for name in found["late"] if name.startswith("stationmaster")] == []
    assert len(found["late"]) < 10, found["late"]
    assert found["unbuilt"] == []


def test_a_package_that_is_missing_holds_up_no_scheduler(monkeypatch, caplog) -> None:
    monkeypatch.setattr(preloading, "MODULES", ("no_such_package", "stationmaster.core.value"))
    preloading.on_starting(component=None)
    assert "no_such_package cannot be loaded in advance" in caplog.text


def test_airflow_knows_the_listener() -> None:
    from stationmaster.airflow_plugin import StationmasterPlugin

    assert preloading in StationmasterPlugin.listeners
