"""The first task of a run: which departure, adopted or refused, skipped by hand, waiting for a late cut."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stationmaster.ledger.records import DepartureState
from tests.departures.week import WEDNESDAY
from tests.operators.accounts import FAB


def test_the_first_task_names_the_departure_and_the_person_on_call(runs):
    run = runs("cut")
    outcome = run.start("open_departure")
    assert outcome.value == {"departure": "cellxgene.weekly/2021-W42", "person": "ben", "name": "Ben Lindqvist"}
    assert run.xcoms["open_departure", "departure"] == "cellxgene.weekly/2021-W42"
    assert run.week.said("is open") == 1


def test_f38_a_manual_start_in_the_same_week_adopts_the_departure(runs):
    runs("cut").start("open_departure")
    outcome = runs("cut", user="farah", id="by-hand").start("open_departure")
    assert outcome.value["departure"] == "cellxgene.weekly/2021-W42"
    assert runs("cut").week.ledger.departure("cellxgene.weekly/2021-W42").opened_by == "timetable"


def test_a_cleared_first_task_opens_and_tells_nothing_twice(runs):
    run = runs("cut")
    first, second = run.start("open_departure"), run.start("open_departure")
    assert first == second
    assert run.week.said("is open") == 1


def test_a_departure_that_was_never_cut_is_not_promoted(runs, week):
    week.clock.to(WEDNESDAY)
    outcome = runs("promote").start("open_departure")
    assert outcome.kind == "skipped"
    assert "never cut" in outcome.text


def test_the_form_skips_the_departure_with_its_reason(runs, week):
    run = runs("cut", user="ben", params={"skip_reason": " a fire drill "})
    outcome = run.start("open_departure")
    assert (outcome.kind, outcome.text) == ("skipped", "cellxgene.weekly/2021-W42 is skipped: “a fire drill”")
    found = week.ledger.departure(week.departure)
    assert (found.state, found.changed_by, found.why) == (DepartureState.SKIPPED, "ben", "a fire drill")


def test_what_has_begun_on_production_is_not_skipped_by_the_form(ready, runs):
    ready.start("portal.deploy_to_prod")
    assert ready.week.ledger.departure(ready.week.departure).state is DepartureState.PROMOTING
    outcome = runs("promote", user="ben", params={"skip_reason": "never mind"}).start("open_departure")
    assert outcome.kind == "failed"
    assert "PROMOTING" in outcome.text
    assert ready.week.ledger.departure(ready.week.departure).state is DepartureState.PROMOTING


def test_a_promotion_waits_for_a_cut_that_is_late(cut, runs):
    week = cut.week
    week.clock.to(WEDNESDAY)
    run = runs("promote")
    outcome = run.start("open_departure")
    assert (outcome.kind, outcome.watch) == ("deferred", "staged")
    assert run.blockers("open_departure") == ["NOTHING_STAGED"]
    assert run.settled(outcome) is None
    week.ledger.set_state(week.departure, DepartureState.STAGED, week.clock(), "test")
    assert run.wake(outcome, "open_departure").value["departure"] == week.departure
    assert run.blockers("open_departure") == []


def test_f12_a_cut_that_stays_late_misses_the_window(cut, runs):
    week = cut.week
    week.clock.to(WEDNESDAY)
    run = runs("promote")
    outcome = run.start("open_departure")
    week.clock.to(datetime(2021, 10, 27, 23, 0, 1, tzinfo=UTC))
    assert run.wake(outcome, "open_departure").kind == "failed"
    assert week.ledger.departure(week.departure).state is DepartureState.MISSED


@pytest.mark.parametrize("stop", ["cut", "promote"])
@pytest.mark.parametrize(
    "starter",
    [
        {"user": "mallory"},
        {"user": "ben", "kind": "backfill"},
        {"user": "ben", "kind": "operator_triggered"},
        {"user": "ben", "kind": "asset_triggered"},
    ],
    ids=["a stranger", "a backfill", "another DAG", "an asset"],
)
def test_s3_a_stranger_skips_nothing(cut, runs, stop, starter):
    """Whoever it is: Airflow lets every user of every team start this DAG, and hands names on to runs of others."""
    before = cut.week.ledger.departure(cut.week.departure)
    outcome = runs(stop, id="by-hand", params={"skip_reason": "because"}, **starter).start("open_departure")
    why = "a backfill opens no departure" if starter.get("kind") == "backfill" else "not in the people of cellxgene"
    assert (outcome.kind, why in outcome.text) == ("failed", True)
    assert cut.week.ledger.departure(cut.week.departure) == before


def test_s3_a_stranger_who_leaves_the_form_as_it_is_decides_nothing(cut, runs):
    """It is what the timetable would do; it is done in nobody's name."""
    before = cut.week.ledger.departure(cut.week.departure)
    assert runs("cut", id="by-hand", user="mallory").start("open_departure").kind == "done"
    assert cut.week.ledger.departure(cut.week.departure) == before
    outcome = runs("cut", id="another", user="ben", kind="backfill").start("open_departure")
    assert (outcome.kind, "a backfill opens no departure" in outcome.text) == ("failed", True)


def test_s3_a_scheduled_run_skips_nothing(cut, runs):
    """Its form is as it is written; only an editor of the run can have put a reason there."""
    outcome = runs("cut", params={"skip_reason": "because"}).start("open_departure")
    assert outcome.kind == "failed"
    assert cut.week.ledger.departure(cut.week.departure).state is DepartureState.OPEN


def test_i1_with_fab_a_person_is_known_by_the_user_name(cut, runs, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", FAB)
    people = cut.week.team.people
    ben = people["ben"].model_copy(update={"airflow": "b.lindqvist", "airflow_id": "2"})
    cut.week.team = cut.week.team.model_copy(update={"people": {**people, "ben": ben}})
    for stranger in ("2", "ben"):
        assert runs("cut", user=stranger, params={"skip_reason": "because"}).start("open_departure").kind == "failed"
    outcome = runs("cut", user="b.lindqvist", params={"skip_reason": "because"}).start("open_departure")
    assert outcome.kind == "skipped"
    assert cut.week.ledger.departure(cut.week.departure).changed_by == "ben"
