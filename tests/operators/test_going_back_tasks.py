"""The rollback's DAG: it says what it would do, and does it for somebody of the team (F34, F44 … F48)."""

from __future__ import annotations

import pytest

from stationmaster.ledger.records import DepartureState
from tests.departures.test_going_back import prod, promoted, shas, three
from tests.golden_files import assert_golden, shape
from tests.operators.runs import Run

__all__ = ["promoted", "three"]


@pytest.fixture
def run(three, monkeypatch):
    def stations(**fields):
        return three.station()

    monkeypatch.setattr("stationmaster.departures.station.Station", stations)
    monkeypatch.setattr("stationmaster.clock.now", three.clock)
    return Run(week=three, stop="rollback", asked=[], user="emil")


def start(run, **form):
    run.params = {"dry_run": False, "to": None, "reason": "the login is broken", "accept_irreversible": False, **form}
    return run.start("say_what_will_happen")


def test_the_plan_says_what_will_happen_and_changes_nothing(run):
    before = prod(run.week)
    told = start(run, dry_run=True)
    assert told.kind == "done"
    assert told.value["target"] == "cellxgene.weekly/2021-W43"
    assert any("goes from" in sentence for sentence in told.value["sentences"])
    assert run.start("go_back").kind == "skipped"
    assert prod(run.week) == before
    assert_golden("dag_rollback_xcom", shape(told.value))


def test_it_goes_back_without_a_worker_while_the_workflows_run(run):
    start(run)
    done = run.drive("go_back")
    assert (done.kind, done.value["by"]) == ("done", "emil")
    assert done.value["components"] == ["explorer", "portal"]
    assert prod(run.week) == shas(run.week.manifests[1])
    assert run.week.ledger.departure("cellxgene.weekly/2021-W44").state is DepartureState.ROLLED_BACK


def test_f01_a_clear_does_nothing_twice(run):
    start(run)
    run.drive("go_back")
    sent = len(run.week.dispatches())
    assert run.drive("go_back").kind == "done"
    assert len(run.week.dispatches()) == sent


def test_what_it_waits_for_is_explained(run):
    start(run)
    assert run.start("go_back").kind == "deferred"
    subject = "cellxgene.weekly/2021-W44/rollback/go_back"
    assert [found.code for found in run.week.ledger.blockers(subject)[subject]] == ["RUN_IN_PROGRESS"]


@pytest.mark.parametrize("user", [None, "mallory"])
def test_a_stranger_takes_nothing_back(run, user):
    start(run)
    run.user = user
    found = run.start("go_back")
    assert (found.kind, "not in the people" in found.text) == ("failed", True)
    assert prod(run.week) == shas(run.week.manifests[2])


@pytest.mark.parametrize(
    "form, task, says",
    [
        ({"to": "2021-W30"}, "say_what_will_happen", "was never whole"),
        ({"to": "2021-W44"}, "say_what_will_happen", "is what runs now"),
        ({"to": "2021-W99"}, "say_what_will_happen", "W99"),
        ({"reason": " "}, "go_back", "with its reason"),
    ],
)
def test_a_form_that_means_nothing_is_refused_with_a_sentence(run, form, task, says):
    found = start(run, **form)
    if task == "go_back":
        found = run.start(task)
    assert found.kind == "failed"
    assert says in found.text


def test_without_a_plan_nothing_is_taken_back(run):
    run.params = {"dry_run": False, "reason": "x"}
    assert "Clear it first" in run.start("go_back").text
