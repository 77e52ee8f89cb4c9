"""What an installation sees of the chores' DAGs: ids, order, forms, tags, documentation; a contract (F69)."""

from __future__ import annotations

import itertools
from functools import cache

import pytest
from airflow.sdk import DAG

from stationmaster.assemble.chores import CHECK_TASK, chore_dags
from stationmaster.assemble.include import dags_of
from stationmaster.chores.waiting import LOOKS, look
from stationmaster.work.waits import UnknownLook
from tests.assemble.test_contracts_of_dags import HEADINGS, described
from tests.chores.teams import INCLUDE, team_of
from tests.golden_files import assert_golden
from tests.operators.runs import DAG_FILE

TEAMS = ("cellxgene", "dre", "hausmeister", "operate-first", "threefold")


@cache
def dags() -> dict[str, DAG]:
    return {dag.dag_id: dag for team in TEAMS for dag in chore_dags(INCLUDE, team_of(team), dag_file=DAG_FILE)}


@pytest.mark.parametrize(
    "name", ["threefold.chores.restore-test", "dre.chores.replace-dead-nodes", "hausmeister.chores.capacity"]
)
def test_f69_ids_order_rules_and_forms_are_a_contract(name):
    assert_golden(f"dag_{name.replace('.', '_')}", described(dags()[name]))


def test_f69_the_names_of_the_looks_are_a_contract(office_of):
    assert sorted(LOOKS) == ["question"]
    with pytest.raises(UnknownLook):
        look(office_of("threefold").desk(), "of-another-release", "threefold.chores/backups/x", {})


def test_t16_each_chore_of_each_team_is_a_dag_of_its_own():
    chores = {f"{team}.chores.{name}" for team in TEAMS for name in team_of(team).chores}
    assert set(dags()) == chores
    assert len(chores) > 40


def test_the_documentation_has_the_headings_in_their_order_and_the_runbook_below():
    for dag in dags().values():
        places = [dag.doc_md.find(f"**{heading}**") for heading in HEADINGS]
        assert -1 not in places, (dag.dag_id, places)
        assert all(before < after for before, after in itertools.pairwise(places))
        page = dag.doc_md.split("\n---\n")[1]
        assert "- [ ] " in page, dag.dag_id


def test_fact3_every_task_has_short_retries_and_no_timeout():
    for dag in dags().values():
        assert dag.dagrun_timeout is None
        for task in dag.tasks:
            assert (task.retries >= 5, task.retry_delay.total_seconds() <= 10) == (True, True)
            assert task.execution_timeout is None


def test_fact26_a_task_parses_only_its_own_chore():
    found = list(dags_of(INCLUDE, dag_file=DAG_FILE, only="threefold.chores.backups"))
    assert [dag.dag_id for dag in found] == ["threefold.chores.backups"]


def test_t16_a_chore_that_a_machine_can_look_at_asks_it_first():
    dag = dags()["threefold.chores.readme-license"]
    assert dag.get_task("do_it").upstream_task_ids == {CHECK_TASK}
    assert CHECK_TASK not in dags()["threefold.chores.backups"].task_ids
