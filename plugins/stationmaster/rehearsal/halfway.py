"""A promotion that gets halfway: the last component's deploy fails, and later somebody brings the rest (F67).

The train's file must leave that to a person. Where it says that what arrived is taken back, the rehearsal plays with a
copy of the files that says otherwise.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from stationmaster.config.loader import load
from stationmaster.rehearsal.airflow_answers import DagRun
from stationmaster.rehearsal.airflow_api import AirflowApi
from stationmaster.rehearsal.placing import Place

_POLICY = re.compile(r"^on_partial_failure:.*$", re.MULTILINE)
_STOP = "on_partial_failure: stop"


class NothingFailed(LookupError):
    """The promotion that should have got halfway has no failed run."""


def files_for(include: Path, place: Place | None, home: Path) -> Path:
    """Return files under which a promotion may get halfway: ``include`` itself, or a changed copy under ``home``."""
    if place is None:
        return include
    team = place.train.split(".", 1)[0]
    if load(include, teams=[team]).team(team).train(place.train).on_partial_failure != "compensate":
        return include
    root = home / "files"
    shutil.copytree(include, root / include.name)
    shutil.copytree(include.parent / "dags", root / "dags")
    shutil.copy(include.parent / ".airflowignore", root)
    file = root / include.name / "trains" / f"{place.train}.yaml"
    text = file.read_text(encoding="utf-8")
    changed = _POLICY.sub(_STOP, text) if _POLICY.search(text) else f"{text.rstrip()}\n\n{_STOP}\n"
    file.write_text(changed, encoding="utf-8")
    return root / include.name


def bring_the_rest(api: AirflowApi, dag_id: str) -> DagRun:
    """Clear the failed tasks of the newest run that failed, and what follows them; return the run, which goes on.

    Clearing alone brings nothing: the deploying task asks what follows, and somebody of the cast says so.

    :raises NothingFailed: no run of the DAG has failed.
    """
    run = next((found for found in reversed(api.runs(dag_id)) if found.state == "failed"), None)
    if run is None:
        raise NothingFailed(f"no run of {dag_id} has failed, so nothing is left to bring")
    failed = [task for task in api.task_instances(dag_id, run.dag_run_id) if task.state == "failed"]
    names = [task.task_id if task.map_index < 0 else (task.task_id, task.map_index) for task in failed]
    api.clear(dag_id, run.dag_run_id, names, downstream=True)
    return api.run(dag_id, run.dag_run_id)
