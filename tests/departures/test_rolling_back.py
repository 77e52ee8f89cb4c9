"""The way back after a promotion that failed half-way (C-18)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures import acts, arriving, gate_table, going_back, opening, rolling_back
from stationmaster.departures.obstacles import DepartureSkipped
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import StepImpossible
from tests.departures.week import EXPLORER, PORTAL


@pytest.fixture
def ready(week):
    week.ready()
    return week


def runs_of(week, repo):
    return sorted(week.github.repository(repo).record.runs.values(), key=lambda run: run.id)


def fail_explorer(week):
    """The portal is on production, then the explorer's workflow fails."""
    week.deploy("promote", "portal")
    week.verify("promote", "portal")
    week.github.script_runs(EXPLORER, "deploy.yml", conclusion="failure")
    with pytest.raises(StepImpossible):
        week.deploy("promote", "explorer")


def ask(week, to=None, *, by="emil", reason="the login is broken"):
    """What the form does before it goes back."""
    found = going_back.plan(week.station(), to)
    return going_back.choose(week.station(), found, reason=reason, by=by, accept_irreversible=False)


def roll_back(week):
    for _ in range(40):
        standing = rolling_back.advance(week.station(), week.departure)
        if standing.opens:
            return
        week.look("rollback")
        week.clock.move(seconds=30)
    raise AssertionError(standing)


def test_c18_what_came_to_production_goes_back_to_what_ran_before(ready):
    """C-18: portal deployed, explorer failed; the portal goes back, is told once, and the manifest is rejected."""
    before = ready.github.deployed(PORTAL, "prod")
    manifest = ready.ledger.manifest_of(ready.departure)
    fail_explorer(ready)
    assert ready.github.deployed(PORTAL, "prod") == manifest.sha_of("portal")
    roll_back(ready)
    roll_back(ready)
    assert ready.github.deployed(PORTAL, "prod") == before
    assert ready.ledger.departure(ready.departure).state is DepartureState.ROLLED_BACK
    assert ready.ledger.rejection(manifest.hash) is not None
    assert len(runs_of(ready, PORTAL)) == 2
    assert ready.close("promote", failed=True, why="the run failed") is DepartureState.ROLLED_BACK
    assert ready.said("is back on what it ran before") == 1
    assert ready.ledger.locks() == ()


def test_c18_a_promotion_that_never_arrived_is_not_rejected_and_may_be_tried_again(ready):
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    with pytest.raises(StepImpossible):
        ready.deploy("promote", "portal")
    roll_back(ready)
    assert len(runs_of(ready, PORTAL)) == 1
    assert ready.ledger.rejection(ready.ledger.manifest_of(ready.departure).hash) is None
    assert ready.close("promote", failed=True, why="the run failed") is DepartureState.FAILED
    assert ready.said("is back on") == 0
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="success")
    ready.answer_failure("promote", "portal", reason="the runner was full")
    ready.promote_without_scripts()
    assert ready.close("promote") is DepartureState.DONE


def test_f34_no_gate_and_no_window_stops_the_way_back(ready):
    fail_explorer(ready)
    ready.clock.move(hours=9)
    before = ready.ledger.facts(ready.departure, kind="rollback_target", subject="portal/prod")[0].value["sha"]
    roll_back(ready)
    assert ready.github.deployed(PORTAL, "prod") == before


def test_f46_next_weeks_promotion_does_not_bring_the_rejected_manifest_back(ready):
    fail_explorer(ready)
    roll_back(ready)
    ready.close("promote", failed=True, why="the run failed")
    sent = len(ready.dispatches())
    with pytest.raises(DepartureSkipped, match="ROLLED_BACK"):
        opening.departure_to_promote(
            ready.station(), opening.departure_id(ready.station(), at=ready.clock(), stop="promote")
        )
    with pytest.raises((StepImpossible, ActRefused), match=r"RUN_FAILED|is ROLLED_BACK"):
        ready.advance("promote", "explorer")
    with pytest.raises(ActRefused, match="is ROLLED_BACK"):
        acts.require(ready.station(), ready.departure, Act.PROMOTE)
    standing = gate_table.standing(ready.station(), ready.departure, Act.PROMOTE)
    assert "MANIFEST_REJECTED" in [found.code for found in standing.blockers]
    assert len(ready.dispatches()) == sent


def test_f47_a_deploy_that_still_runs_is_stopped_first_and_cannot_arrive_afterwards(ready):
    before = ready.github.deployed(PORTAL, "prod")
    ready.advance("promote", "portal")
    ready.clock.move(seconds=30)
    ask(ready)
    standing = rolling_back.advance(ready.station(), ready.departure)
    assert [found.code for found in standing.blockers] == ["RUN_IN_PROGRESS"]
    assert [run.conclusion for run in runs_of(ready, PORTAL)] == ["cancelled"]
    roll_back(ready)
    ready.clock.move(hours=1)
    assert ready.github.deployed(PORTAL, "prod") == before
    assert len(ready.dispatches()) == 1


def test_f47_a_run_that_will_not_stop_is_stopped_by_force(ready):
    ready.advance("promote", "portal")
    ready.clock.move(seconds=30)
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", duration=timedelta(hours=2), stubborn=True)
    ask(ready)
    for _ in range(14):
        rolling_back.advance(ready.station(), ready.departure)
        ready.clock.move(seconds=30)
    roll_back(ready)
    assert [run.conclusion for run in runs_of(ready, PORTAL)] == ["cancelled"]
    asked = [entry.path.rpartition("/")[2] for entry in ready.github.writes(path="cancel")]
    assert asked == ["cancel", "force-cancel"]


def test_f47_two_ways_back_at_once_are_one(ready):
    fail_explorer(ready)
    for _ in range(2):
        rolling_back.advance(ready.station(), ready.departure)
    roll_back(ready)
    assert len(runs_of(ready, PORTAL)) == 2


def test_f45_the_target_is_what_production_reported_not_the_newest_record(week):
    before = week.github.deployed(PORTAL, "prod")
    week.gate()
    broken = week.github.push(PORTAL, title="Broken").sha
    forge = week.station().forge
    made = forge.create_deployment(PORTAL, broken, "prod", key="by-hand")
    forge.set_deployment_status(PORTAL, made.id, "failure")
    week.quorum()
    week.confirm()
    fail_explorer(week)
    roll_back(week)
    assert week.github.deployed(PORTAL, "prod") == before


def test_f45_the_last_healthy_target_is_one_that_an_earlier_departure_verified(ready):
    """A recorded target that nobody verified is passed over where the train's file says so."""
    train = ready.team.train("weekly")
    healthy = train.model_copy(update={"rollback": train.rollback.model_copy(update={"target": "last_healthy"})})
    ready.team = ready.team.model_copy(update={"trains": {"weekly": healthy}})
    older = ready.github.repository(PORTAL).commit(ready.github.deployed(PORTAL, "prod")).parents[0]
    from stationmaster.core.instants import IsoWeek
    from stationmaster.core.manifest import Manifest, Passenger

    earlier = ready.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W40"), ready.clock(), "timetable").id
    aboard = Manifest.of([Passenger(component="portal", repository=PORTAL, sha=older)])
    ready.ledger.pin(earlier, aboard, ready.clock(), "timetable")
    ready.ledger.record(earlier, "deployed", "portal/prod", {"sha": older}, ready.clock(), "stationmaster")
    ready.ledger.set_state(earlier, DepartureState.DONE, ready.clock(), "stationmaster", "over")
    unverified = ready.github.deployed(PORTAL, "prod")
    arriving.adopt(ready.station(), "portal", unverified, over=True, why="nobody knows it", by="ben")
    fail_explorer(ready)
    roll_back(ready)
    assert ready.github.deployed(PORTAL, "prod") == older


def test_a_way_back_that_fails_needs_a_person_and_names_the_target(ready):
    target = ready.github.deployed(PORTAL, "prod")
    fail_explorer(ready)
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    with pytest.raises(StepImpossible) as error:
        roll_back(ready)
    (found,) = error.value.blockers
    assert (found.code, found.who) == ("ROLLBACK_BY_HAND", ("farah",))
    assert target[:12] in found.sentence


def test_f03_a_way_back_whose_answer_was_lost_is_dispatched_once(ready):
    fail_explorer(ready)
    ready.fault("bad_gateway_after", "/dispatches", method="POST")
    roll_back(ready)
    assert len(runs_of(ready, PORTAL)) == 2
