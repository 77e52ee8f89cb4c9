"""The weekly train on a real Airflow, over HTTP only: its main way, and the ways in which it must not be opened."""

from __future__ import annotations

import signal
import time
from datetime import timedelta

import pytest

from stationmaster.departures.voting import LGTM
from stationmaster.operators.voting import ConfirmOperator
from tests.e2e.conftest import Answer, Town

pytestmark = pytest.mark.airflow


class Nobody:
    """A cast in which nobody acts and nobody has plans."""

    def act(self, scene: object) -> bool:
        return False

    def next_instant(self, scene: object) -> None:
        return None


def blockers(town: Town) -> set[str]:
    return {found.code for several in town.ledger.blockers(town.departure).values() for found in several}


def wait_for(condition, *, within: float = 90.0) -> None:
    """Wait in real time for something that Airflow's own processes must do."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)


def react(town: Town, person: str, emoji: str = "white_check_mark") -> None:
    (question,) = town.said("promote/round-1")
    body = {
        "channel": town.team.channel_of(town.train).id,
        "ts": question["ts"],
        "user": town.team.people[person].slack[0],
        "name": emoji,
    }
    town.slack.post("/_control/react", json=body).raise_for_status()


def test_cut_votes_confirm_promote(town: Town, answer: Answer) -> None:
    """C-09 … C-20: two votes over the REST API, one by a Slack reaction; production is deployed exactly once."""
    assert town.cut().state == "success"
    manifest = town.ledger.manifest_of(town.departure)
    assert len(town.said("cut/started")) == len(town.said("cut/complete")) == 1

    run = town.start_promote()
    gate = "wait_for_the_quorum"
    town.conductor.lead([run], Nobody(), until=lambda: town.tasks(run)[gate].state == "deferred")
    ballots = [task for task in town.tasks(run).values() if task.task_id == "ballot"]
    assert {task.rendered_map_index for task in ballots} == {
        town.team.people[name].name for name in town.team.groups["engineers"]
    }
    answer("amara", run, "ballot", LGTM)
    answer("ben", run, "ballot", LGTM)
    wait_for(lambda: len(town.ledger.ballots(town.departure)) == 2)
    assert town.prod_dispatches() == []
    react(town, "chiara")

    conductor = town.team.on_call_person("primary", town.conductor.now)
    wait_for(
        lambda: any(label.startswith("confirm") and task.state == "deferred" for label, task in town.tasks(run).items())
    )
    assert town.prod_dispatches() == []
    # At once: an answer that fails its try is taken by the next (fact 3).
    answer(str(conductor.airflow), run, "confirm_the_promotion", ConfirmOperator.GO)

    people = town.people(voters=0)
    (ended,) = town.conductor.lead([run], people)
    assert ended.state == "success", town.tasks(run)
    assert sorted(
        (found["path"].split("/")[3], found["body"]["inputs"]["sha"]) for found in town.prod_dispatches()
    ) == sorted((passenger.repository.split("/")[1], passenger.sha) for passenger in manifest.passengers)
    assert town.runs_in_production() == dict(manifest.repositories)
    for what in ("promote/started", "promote/complete"):
        assert len(town.said(what)) == 1
    assert town.ledger.departure(town.departure).state == "DONE"
    assert town.ledger.verify() == ()
    assert {ballot.voter for ballot in town.ledger.ballots(town.departure)} == {"amara", "ben", "chiara"}
    skipped = [task for task in town.tasks(run).values() if task.task_id == "ballot" and task.state == "skipped"]
    assert len(skipped) == len(ballots) - 2


def test_fact3_an_answer_that_comes_too_early_is_taken_and_a_wrong_one_refused(town: Town, answer: Answer) -> None:
    """Airflow may fail a try that is answered before its scheduler has seen it wait; the next takes the answer.

    Whoever names another manifest than is aboard is told so, each time.
    """
    assert town.cut().state == "success"
    run = town.start_promote()

    def ballots(*states: str) -> dict[str, str]:
        """The voters of those ballots, by label."""
        return {
            label: str(task.rendered_map_index)
            for label, task in town.tasks(run).items()
            if task.task_id == "ballot" and task.state in states
        }

    def caught() -> str:
        """A ballot that is being put while the scheduler looks away; empty if it was quicker."""
        wait_for(lambda: bool(ballots("running")), within=180)
        town.airflow.kill("scheduler", signal.SIGSTOP, whole=False)  # its workers go on
        found = next(iter(ballots("running")), "")
        if not found:
            town.airflow.kill("scheduler", signal.SIGCONT, whole=False)
        return found

    label = next(filter(None, (caught() for _ in range(9))))
    try:
        wait_for(lambda: label in ballots("deferred"))
        voter = ballots("deferred")[label]
        person = next(person for person in town.team.people.values() if person.name == voter)
        answer(str(person.airflow), run, "ballot", LGTM)
    finally:
        town.airflow.kill("scheduler", signal.SIGCONT, whole=False)
    wait_for(lambda: [ballot.voter for ballot in town.ledger.ballots(town.departure)] == [person.id], within=180)
    wait_for(lambda: town.tasks(run)[label].state == "success")

    wait_for(lambda: bool(ballots("deferred")))
    again, name = next(iter(ballots("deferred").items()))
    other = next(person for person in town.team.people.values() if person.name == name)
    for times in (1, 2):
        wait_for(lambda: again in ballots("deferred"), within=180)
        answer(str(other.airflow), run, "ballot", LGTM, manifest="deadbeef")
        wait_for(lambda told=times: len(town.refused("ballot", other.id)) == told, within=180)
    assert [ballot.voter for ballot in town.ledger.ballots(town.departure)] == [person.id]

    (ended,) = town.conductor.lead([run], town.people())
    assert ended.state == "success", town.tasks(run)
    assert town.ledger.verify() == ()


def test_f32_a_gate_marked_as_success_by_hand_opens_nothing(town: Town) -> None:
    """F32, F12: the task that deploys counts again; when the window closes the train is missed, nothing went out."""
    assert town.cut().state == "success"
    before = town.runs_in_production()
    run = town.start_promote()
    town.conductor.lead([run], Nobody(), until=lambda: town.tasks(run)["wait_for_the_quorum"].state == "deferred")
    town.api.mark_success(run.dag_id, run.dag_run_id, "wait_for_the_quorum")
    wait_for(lambda: town.tasks(run)["confirm_the_promotion[0]"].state == "deferred")
    town.api.mark_success(run.dag_id, run.dag_run_id, "confirm_the_promotion", map_index=0)
    deploy = "portal.deploy_to_prod"
    wait_for(lambda: town.tasks(run)[deploy].state == "deferred")
    assert {"QUORUM_MISSING", "CONFIRMATION_MISSING"} <= blockers(town)
    assert town.prod_dispatches() == []

    for voter in ("amara", "ben", "chiara"):
        react(town, voter)
    wait_for(lambda: "QUORUM_MISSING" not in blockers(town))
    assert "CONFIRMATION_MISSING" in blockers(town)
    assert town.tasks(run)[deploy].state == "deferred"

    town.conductor.set_clock(town.conductor.now + timedelta(hours=8))
    (ended,) = town.conductor.lead([run], Nobody())
    assert ended.state == "failed"
    assert town.prod_dispatches() == []
    assert town.runs_in_production() == before
    assert town.ledger.departure(town.departure).state == "MISSED"
    assert len(town.said("promote/missed")) == 1


def test_f02_f15_f72_kill_nine_loses_nothing(town: Town, answer: Answer) -> None:
    """F02, F15, F72: scheduler and triggerer die while the gate is open, and once between effect and receipt."""
    assert town.cut().state == "success"
    manifest = town.ledger.manifest_of(town.departure)
    run = town.start_promote()
    town.conductor.lead([run], Nobody(), until=lambda: town.tasks(run)["wait_for_the_quorum"].state == "deferred")
    answer("amara", run, "ballot", LGTM)
    wait_for(lambda: len(town.ledger.ballots(town.departure)) == 1)
    for name in ("scheduler", "triggerer"):
        town.airflow.kill(name, signal.SIGKILL)
    react(town, "ben")
    react(town, "chiara")
    for name in ("scheduler", "triggerer"):
        town.airflow.restart(name)
    wait_for(lambda: len({ballot.voter for ballot in town.ledger.ballots(town.departure)}) == 3, within=180)
    wait_for(lambda: town.tasks(run)["confirm_the_promotion[0]"].state == "deferred", within=180)

    # GitHub takes the dispatch and never answers: the worker dies between the effect and its receipt.
    fault = {"kind": "hanging_after", "method": "POST", "path": "/dispatches$", "times": 1, "seconds": 120}
    town.github.post("/_control/faults", json=fault).raise_for_status()
    conductor = town.team.on_call_person("primary", town.conductor.now)
    answer(str(conductor.airflow), run, "confirm_the_promotion", ConfirmOperator.GO)
    wait_for(lambda: len(town.prod_dispatches()) == 1, within=180)
    town.airflow.kill("scheduler", signal.SIGKILL)
    (effect,) = [
        found for found in town.ledger.effects(f"{town.departure}/promote/portal/prod") if found.state == "INTENDED"
    ]
    assert not effect.receipt
    town.airflow.restart("scheduler")
    wait_for(lambda: bool(town.ledger.effect(effect.key).receipt), within=300)
    assert town.ledger.effect(effect.key).state == "ADOPTED"

    (ended,) = town.conductor.lead([run], town.people(voters=0), within=900)
    assert ended.state == "success", town.tasks(run)
    shas = [found["body"]["inputs"]["sha"] for found in town.prod_dispatches()]
    assert sorted(shas) == sorted(passenger.sha for passenger in manifest.passengers)
    assert town.runs_in_production() == dict(manifest.repositories)
    for what in ("headline", "promote/round-1", "promote/started", "promote/complete"):
        assert len(town.said(what)) == 1
    assert town.ledger.verify() == ()
