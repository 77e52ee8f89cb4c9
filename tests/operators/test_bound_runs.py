"""Which departure a run is about: the ledger's word, whatever an editor of runs does to XComs, forms and runs."""

from __future__ import annotations

import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.ledger.records import DepartureState
from tests.departures.week import WEDNESDAY
from tests.operators.conftest import staged

OTHER = "cellxgene.weekly/2021-W30"


@pytest.fixture
def another(week):
    """Another departure, which is on its way to production."""
    week.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W30"), week.clock(), "timetable")
    week.ledger.set_state(OTHER, DepartureState.PROMOTING, week.clock(), "test")
    return OTHER


def test_s4_an_xcom_that_names_another_departure_is_not_believed(ready, another):
    ready.xcoms["open_departure", "departure"] = another
    ready.states.update({task.task_id: "failed" for task in ready.dag.tasks if task.task_id != "tell_the_outcome"})
    assert ready.start("tell_the_outcome").kind == "failed"
    assert ready.week.ledger.departure(another).state is DepartureState.PROMOTING
    assert ready.week.ledger.departure(ready.week.departure).state is DepartureState.FAILED


@pytest.mark.parametrize("task", ["ask_for_votes", "wait_for_the_quorum", "portal.deploy_to_prod", "roll_back"])
def test_s4_no_task_believes_an_xcom(ready, another, task):
    ready.xcoms["open_departure", "departure"] = another
    before = ready.week.ledger.audit(another)
    ready.start(task)
    assert ready.week.ledger.audit(another) == before


def test_f71_without_the_xcom_the_run_knows_its_departure(ready):
    ready.xcoms.clear()
    assert ready.drive("portal.deploy_to_prod").kind == "done"


def test_a_run_that_was_deleted_and_made_again_is_refused(runs, ready):
    again = runs("promote", id=ready.id, user="amara")
    for task in ("open_departure", "portal.deploy_to_prod", "tell_the_outcome"):
        outcome = again.start(task)
        assert outcome.kind == "failed", task
        assert "deleted and made again under its id" in outcome.text
        assert "The run was started by amara" in outcome.text
    assert ready.week.dispatches() == []


def test_a_run_that_was_made_again_with_the_same_marks_is_known_by_its_first_task(runs, ready):
    again = runs("promote", id=ready.id, due=ready.due)
    outcome = again.start("open_departure")
    assert outcome.kind == "failed"
    assert "deleted and made again under its id" in outcome.text


def test_a_retry_and_a_clear_of_the_first_task_are_the_same_run(ready):
    assert ready.start("open_departure").kind == "done"
    assert ready.drive("portal.deploy_to_prod").kind == "done"


def test_last_months_run_that_is_run_again_is_about_last_month(runs, week):
    staged(week)
    week.clock.to(WEDNESDAY)
    promote = runs("promote")
    assert promote.start("open_departure").kind == "done"
    first = week.departure
    week.ledger.set_state(first, DepartureState.DONE, week.clock(), "test")
    week.clock.move(weeks=4)
    for task in ("open_departure", "ask_for_votes", "portal.deploy_to_prod", "explorer.verify_prod", "roll_back"):
        promote.start(task)
    assert {found.id for found in week.ledger.departures()} == {first}
    assert week.ledger.departure(first).state is DepartureState.DONE
    assert week.dispatches() == []


@pytest.mark.parametrize("kind", ["backfill", "operator_triggered", "asset_triggered"])
@pytest.mark.parametrize("form", [{"skip_reason": "for fun"}, {"exclude": ["portal"]}])
def test_s3_a_run_that_no_person_started_carries_no_choices(runs, week, kind, form):
    """It may bear the name of a person: that of the run which started it."""
    cut = runs("cut", kind=kind, user="ben", params=form)
    outcome = cut.start("open_departure")
    assert outcome.kind == "failed"
    assert week.ledger.departures() == ()


def test_s3_a_stranger_skips_nothing(runs, week):
    staged(week)
    week.clock.to(WEDNESDAY)
    promote = runs("promote", user="somebody", params={"skip_reason": "for fun"})
    outcome = promote.start("open_departure")
    assert outcome.kind == "failed"
    assert "somebody filled the form in, and is not in the people of cellxgene" in outcome.text
    assert week.ledger.departure(week.departure).state is DepartureState.STAGED
    assert week.said("for fun") == 0


def test_a_backfill_opens_nothing(runs, week):
    outcome = runs("cut", kind="backfill").start("open_departure")
    assert outcome.kind == "failed"
    assert "a backfill opens no departure" in outcome.text
    assert week.ledger.departures() == ()


def test_a_task_of_a_run_that_has_opened_nothing_does_nothing(runs, week):
    staged(week)
    week.clock.to(WEDNESDAY)
    promote = runs("promote", user="amara")
    outcome = promote.start("portal.deploy_to_prod")
    assert outcome.kind == "failed"
    assert "clear open_departure first" in outcome.text


def test_f69_a_scheduled_run_that_an_older_release_opened_goes_on(runs, week):
    staged(week)
    week.clock.to(WEDNESDAY)
    promote = runs("promote")
    assert promote.start("ask_for_votes").kind == "done"
    assert week.ledger.departure(week.departure).state is DepartureState.GATED
