"""Every DAG that ships, for all five teams: what stands of them in Airflow's database and in people's links (F69)."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions.mappedoperator import MappedOperator

from stationmaster.airflow_plugin import StationmasterPlugin
from stationmaster.assemble.include import dags_of
from stationmaster.operators.files import FilesOperator
from stationmaster.operators.patient import PatientOperator
from tests.contracts.scan import ROOT, Call, package
from tests.golden_files import assert_golden

INCLUDE = Path(__file__).parents[2] / "include"
DAG_FILE = INCLUDE.parent / "dags" / "trains.py"


@cache
def dags() -> dict[str, DAG]:
    """Every DAG of ``include/``, by its id."""
    return {dag.dag_id: dag for dag in dags_of(INCLUDE, dag_file=DAG_FILE)}


def path_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def operator_of(task: Any) -> type:
    return task.operator_class if isinstance(task, MappedOperator) else type(task)


def one_task(task: Any) -> str:
    mapped = " mapped" if isinstance(task, MappedOperator) else ""
    return (
        f"{task.task_id}: {path_of(operator_of(task)).removeprefix('stationmaster.')} {task.trigger_rule.value}{mapped}"
    )


def timetable_of(dag: DAG) -> str:
    return path_of(type(dag.timetable)).removeprefix("stationmaster.")


def test_f69_the_ids_classes_and_rules_of_every_task_are_a_contract():
    described = {
        dag_id: {
            "timetable": timetable_of(dag),
            "form": sorted(dag.params),
            "tasks": sorted(one_task(task) for task in dag.tasks),
        }
        for dag_id, dag in dags().items()
    }
    assert len(described) > 100
    assert_golden("dags", described)


def below(base: type) -> list[type]:
    """Every class of the package below one."""
    found, waiting = [], [base]
    while waiting:
        inner = [each for each in waiting.pop().__subclasses__() if each.__module__.startswith("stationmaster.")]
        found += inner
        waiting += inner
    return found


def triggers() -> list[type]:
    """Every class of ours that Airflow's triggerer may make."""
    from airflow.triggers.base import BaseTrigger

    for path in sorted((ROOT / "triggers").glob("*.py")):
        importlib.import_module(f"stationmaster.triggers.{path.stem}")
    return below(BaseTrigger)


SAMPLES: dict[str, Any] = {
    "team": {}, "arguments": {}, "interval": 30.0, "rollout": 1, "batch": 1, "ends": False, "question": False,
}  # fmt: skip
BESIDES = {
    "HandoffTrigger": ("rotation", "handoff"),
    "UpgradeTrigger": ("repository", "upgrade"),
    "TeamTrigger": ("area", "about"),
}
"""What these take beside the arguments of every trigger with a named look."""
BASES = ("LookingTrigger", "NamedTrigger")
"""Classes of which none is ever made."""


def names_of(kind: type, *, required: bool = False) -> list[str]:
    """The arguments of a trigger, through ``**rest``, by its own and its bases' signatures."""
    names: list[str] = []
    for each in kind.__mro__:
        if "__init__" in vars(each) and each.__module__.startswith("stationmaster."):
            found = inspect.signature(each.__init__).parameters.values()
            names += [
                one.name
                for one in found
                if one.kind is inspect.Parameter.KEYWORD_ONLY and (not required or one.default is one.empty)
            ]
            if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in found):
                break
    return sorted(set(names))


def serialized(kind: type) -> dict[str, Any]:
    """What Airflow keeps of a trigger: the path that it makes it again from, and the names of the arguments."""
    given = {name: SAMPLES.get(name, "text") for name in names_of(kind)}
    path, kwargs = kind(**given).serialize()
    assert path == path_of(kind)
    assert kind(**kwargs).serialize() == (path, kwargs)
    return {"arguments": sorted(kwargs), "required": names_of(kind, required=True)}


@pytest.mark.parametrize(
    "kind", [each for each in triggers() if each.__name__ not in BASES], ids=lambda each: each.__name__
)
def test_a_trigger_is_made_again_from_what_it_leaves_without_its_optional_arguments(kind):
    """A trigger of an older release lacks what has been added since."""
    needed = {name: SAMPLES.get(name, "text") for name in names_of(kind, required=True)}
    path, kwargs = kind(**needed).serialize()
    assert path == path_of(kind)
    assert set(needed) <= set(kwargs)


def operators() -> list[type]:
    """Every task that a team's files can ask for: the classes below the common base that none is based on."""
    for folder in ("operators", "sensors"):
        for path in sorted((ROOT / folder).glob("*.py")):
            importlib.import_module(f"stationmaster.{folder}.{path.stem}")
    makers = {operator_of(task) for dag in dags().values() for task in dag.tasks}
    return [each for each in below(FilesOperator) if each in makers or not below(each)]


def resumed_in() -> dict[str, list[str]]:
    """The methods in which a task goes on, with their arguments, and what of them the deferral gives."""
    return {
        name: sorted(set(inspect.signature(getattr(PatientOperator, name)).parameters) - {"self"})
        for name in sorted(deferred_to())
    }


def deferred_to() -> set[str]:
    """The names of the methods that a deferral may name, by the calls in the package."""
    found = package()
    names: set[str] = set()
    for call in found.calls():
        method = getattr(call.node.func, "attr", "")
        given = {"defer": Call.given(call, "method_name", -1), "_put_off": Call.given(call, "method", 1)}.get(method)
        if given is not None:
            names |= {str(part) for text in found.read(call.scope, given) for part in text if isinstance(part, str)}
    return names


def test_f69_what_stands_in_airflows_database_by_its_class_is_a_contract():
    """Serialized DAGs, rows of triggers, and deferrals of tasks name these: a release that lacks one cannot go on."""
    tasks = [task for dag in dags().values() for task in dag.tasks]
    notices = {type(each) for task in tasks for each in callbacks_of(task)}
    used = {path_of(operator_of(task)) for task in tasks}
    assert_golden(
        "classes",
        {
            "operators": sorted(used),
            "operators that no team of ours uses": sorted({path_of(each) for each in operators()} - used),
            "timetables": sorted(path_of(each) for each in StationmasterPlugin.timetables),
            "notifiers": sorted(map(path_of, notices)),
            "triggers": {path_of(each): serialized(each) for each in triggers() if each.__name__ not in BASES},
            "resumed in": resumed_in(),
        },
    )


def callbacks_of(task: Any) -> list[Any]:
    """What is told when a task has failed."""
    given = task.partial_kwargs if isinstance(task, MappedOperator) else vars(task)
    found = given.get("on_failure_callback") or []
    return found if isinstance(found, list) else [found]


def test_every_timetable_of_a_shipped_dag_is_registered():
    registered = {path_of(each).removeprefix("stationmaster.") for each in StationmasterPlugin.timetables}
    used = {timetable_of(dag) for dag in dags().values() if "stationmaster" in type(dag.timetable).__module__}
    assert used <= registered
