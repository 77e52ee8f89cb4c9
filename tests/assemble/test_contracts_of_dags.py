"""What an installation sees of the DAGs: ids, order, forms, tags, documentation; a contract (F69)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions.mappedoperator import MappedOperator

from tests.departures.week import INCLUDE
from tests.golden_files import assert_golden
from tests.operators.runs import dags

HEADINGS = ("What.", "When.", "Who is asked.", "If it fails.", "Dry run.")


def described(dag: DAG) -> dict[str, Any]:
    return {
        "tags": sorted(dag.tags),
        "owner": dag.owner,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "timetable": dag.timetable.serialize() if dag.timetable.can_be_scheduled else None,
        "form": {name: dag.params.get_param(name).dump() for name in dag.params},
        "tasks": [one_task(task) for task in dag.topological_sort()],
    }


def one_task(task: Any) -> dict[str, Any]:
    mapped = isinstance(task, MappedOperator)
    return {
        "id": task.task_id,
        "operator": (task.operator_class if mapped else type(task)).__name__,
        "mapped": mapped,
        "after": sorted(task.upstream_task_ids),
        "trigger_rule": task.trigger_rule.value,
        "named_by": task.map_index_template if mapped else None,
    }


@pytest.mark.parametrize("stop", ["cut", "promote", "rollback", "exception", "hotfix", "security_hotfix"])
def test_f69_ids_order_rules_and_forms_are_a_contract(stop):
    assert_golden(f"dag_{stop}", described(dags()[stop]))


def tasks():
    return [(dag, task) for dag in dags().values() for task in dag.tasks]


def test_fact3_every_task_has_short_retries():
    """A response within a second of a deferral fails that try; so no task may do with one."""
    for _, task in tasks():
        assert task.retries >= 3, task.task_id
        assert task.retry_delay.total_seconds() <= 10, task.task_id


def test_fact10_no_timeout_runs_while_a_gate_waits():
    for dag, task in tasks():
        assert dag.dagrun_timeout is None
        assert task.execution_timeout is None, task.task_id


def test_c13_the_components_are_deployed_in_the_order_of_the_file():
    order = [task.task_id for task in dags()["promote"].topological_sort()]
    wanted = ["portal.deploy_to_prod", "portal.verify_prod", "explorer.deploy_to_prod", "explorer.verify_prod"]
    assert [task for task in order if task in wanted] == wanted


def test_f32_every_deploy_of_production_comes_after_every_gate():
    dag = dags()["promote"]
    gates = {"wait_for_the_soak", "wait_for_the_window", "wait_for_the_quorum", "confirm_the_promotion"}
    for component in ("portal", "explorer"):
        before = dag.get_task(f"{component}.deploy_to_prod").get_flat_relative_ids(upstream=True)
        assert gates <= before


def test_c17_the_outcome_is_told_whatever_happened_and_a_ballot_does_not_lead_there():
    for dag in (dags()["cut"], dags()["promote"]):
        last = dag.get_task("tell_the_outcome")
        assert (last.trigger_rule.value, last.downstream_task_ids) == ("all_done", set())
        others = {task.task_id for task in dag.tasks} - {"tell_the_outcome", "ballot"}
        assert last.get_flat_relative_ids(upstream=True) == others


def test_the_documentation_has_the_headings_in_their_order():
    for dag in dags().values():
        places = [dag.doc_md.find(f"**{heading}**") for heading in HEADINGS]
        assert -1 not in places, (dag.dag_id, places)
        assert all(before < after for before, after in itertools.pairwise(places))
        assert "<" not in dag.doc_md.split("---")[0]


def test_tags_and_owner_name_the_team_the_train_and_the_stop():
    for stop, dag in dags().items():
        own = f"stop:{stop}" if stop in ("cut", "promote") else "form"
        assert dag.tags == {"team:cellxgene", "train:cellxgene.weekly", own}
        assert dag.owner == "cellxgene"


def test_the_include_directory_is_found_from_the_file_of_the_dag():
    for _, task in tasks():
        include = task.partial_kwargs["include"] if isinstance(task, MappedOperator) else task.include
        assert include == "../include"
    assert dags()["cut"].get_task("open_departure").include_dir.resolve() == INCLUDE.resolve()
    assert dags()["cut"].get_task("open_departure").team_config.id == "cellxgene"
