"""A rollback that a person asks for: healthy targets only, never past what cannot be undone (F34, F44 … F48)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.departures import going_back, rolling_back
from stationmaster.departures.going_back import RollbackRefused
from stationmaster.ledger.records import DepartureState
from tests.departures.test_freezing import freeze
from tests.departures.week import COMPONENTS, EXPLORER, PORTAL, WEDNESDAY

WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)


def promoted(week, number: int):
    """Take one more week to production, with a commit of its own in each repository."""
    if number:
        for repo in (PORTAL, EXPLORER):
            week.github.push(repo, title=f"Change {number}", author="dev-12")
    manifest = week.staged()
    week.clock.to(max(week.clock(), WEDNESDAY + number * WEEK + HOUR))
    week.open_promote()
    week.quorum()
    week.confirm()
    week.promote_without_scripts()
    week.checklist("prod")
    assert week.close("promote") is DepartureState.DONE
    return manifest


@pytest.fixture
def three(week):
    """Three weeks in production, one after the other."""
    week.manifests = []
    for number in range(3):
        if number:
            week.clock.to(WEDNESDAY + (number - 1) * WEEK + timedelta(days=1, hours=1))
        week.manifests.append(promoted(week, number))
    return week


def go(week, to=None, *, reason="the login is broken", by="emil", accept=False):
    found = going_back.plan(week.station(), to)
    going_back.choose(week.station(), found, reason=reason, by=by, accept_irreversible=accept)
    for _ in range(60):
        if rolling_back.advance(week.station(), found.departure).opens:
            return found
        week.clock.move(seconds=45)
    raise AssertionError(week.ledger.blockers(found.departure))


def prod(week):
    return {name: week.github.deployed(repo, "prod") for name, repo in COMPONENTS.items()}


def shas(manifest):
    return {passenger.component: passenger.sha for passenger in manifest.passengers}


def test_f45_the_newest_healthy_departure_before_is_the_target(three):
    found = going_back.plan(three.station())
    assert (found.departure, found.target) == ("cellxgene.weekly/2021-W44", "cellxgene.weekly/2021-W43")
    assert [(way.component, way.target) for way in found.ways] == [
        ("explorer", three.manifests[1].sha_of("explorer")),
        ("portal", three.manifests[1].sha_of("portal")),
    ]
    assert three.ledger.facts(found.departure, kind=rolling_back.CHOSEN) == ()


def test_a_rollback_by_hand_brings_production_back_and_rejects_the_manifest(three):
    go(three)
    assert prod(three) == shas(three.manifests[1])
    assert three.ledger.departure("cellxgene.weekly/2021-W44").state is DepartureState.ROLLED_BACK
    assert "the login is broken" in three.ledger.rejection(three.manifests[2].hash).reason
    assert three.said("is back on what it ran before") == 1
    assert three.ledger.locks() == ()


def test_it_may_go_further_back_by_name(three):
    go(three, "2021-W42")
    assert prod(three) == shas(three.manifests[0])


def test_f34_a_freeze_does_not_keep_it(three):
    freeze(three, "all_stop", three.clock() - timedelta(hours=1), three.clock() + timedelta(days=3))
    go(three)
    assert prod(three) == shas(three.manifests[1])
    fact = three.ledger.fact("cellxgene.weekly/2021-W44", "freeze-exempt")
    assert fact.value["freeze_exempt"] == "rollback"


def test_f44_a_rollback_of_a_rollback_goes_further_back_and_never_forward(three):
    go(three)
    found = going_back.plan(three.station())
    assert (found.departure, found.target) == ("cellxgene.weekly/2021-W43", "cellxgene.weekly/2021-W42")
    with pytest.raises(RollbackRefused, match="was never whole and healthy"):
        going_back.plan(three.station(), "2021-W44")


def test_f45_a_rejected_departure_is_no_target(three):
    three.ledger.reject(three.manifests[1].hash, "it leaked", three.clock(), "emil")
    assert going_back.plan(three.station()).target == "cellxgene.weekly/2021-W42"
    with pytest.raises(RollbackRefused, match=r"Healthy before cellxgene.weekly/2021-W44: 2021-W42\."):
        going_back.plan(three.station(), "2021-W43")


@pytest.mark.parametrize(
    "to, says", [("2021-W44", "is what runs now"), ("2021-W30", "was never whole"), ("2022-W01", "was never whole")]
)
def test_a_target_that_is_none_is_refused_with_those_that_are(three, to, says):
    with pytest.raises(RollbackRefused, match=says):
        going_back.plan(three.station(), to)


def test_before_the_first_promotion_there_is_nothing_to_take_back(week):
    week.gate()
    with pytest.raises(RollbackRefused, match="runs nothing that a departure"):
        going_back.plan(week.station())


def test_the_first_departure_goes_back_to_what_production_ran_before(week):
    before = prod(week)
    promoted(week, 0)
    found = go(week)
    assert found.target == "what ran before cellxgene.weekly/2021-W42"
    assert prod(week) == before
    with pytest.raises(RollbackRefused, match="runs nothing that a departure"):
        going_back.plan(week.station())


def test_a_rollback_without_a_reason_is_refused(three):
    with pytest.raises(RollbackRefused, match="with its reason"):
        go(three, reason="  ")
    assert prod(three) == shas(three.manifests[2])


def test_f48_what_cannot_be_undone_must_be_accepted(three):
    rule = three.team.trains["weekly"].rollback.model_copy(update={"irreversible": ("migration",)})
    train = three.team.trains["weekly"].model_copy(update={"rollback": rule})
    three.team = three.team.model_copy(update={"trains": {"weekly": train}})
    manifest = three.manifests[2]
    value = {"changes": [{"number": 9, "title": "Drop the old table", "labels": ["migration"]}], "authors": []}
    three.ledger.record("cellxgene.weekly/2021-W44", "changes", manifest.hash, value, three.clock(), "stationmaster")
    assert going_back.plan(three.station()).irreversible == ("Drop the old table",)
    with pytest.raises(RollbackRefused, match="Drop the old table: going back does not undo that"):
        go(three)
    go(three, accept=True)
    assert prod(three) == shas(three.manifests[1])


def test_f01_asked_twice_it_is_done_once(three):
    go(three)
    sent = len(three.dispatches())
    assert rolling_back.advance(three.station(), "cellxgene.weekly/2021-W44").opens
    assert len(three.dispatches()) == sent


def test_f47_what_still_deploys_is_stopped_first(three):
    three.clock.to(WEDNESDAY + 2 * WEEK + timedelta(days=1, hours=1))
    for repo in (PORTAL, EXPLORER):
        three.github.push(repo, title="Change 9", author="dev-12")
    three.staged()
    three.clock.to(WEDNESDAY + 3 * WEEK + HOUR)
    three.open_promote()
    three.quorum()
    three.confirm()
    three.deploy("promote", "portal")
    three.verify("promote", "portal")
    assert not three.advance("promote", "explorer").opens
    found = go(three)
    assert (found.departure, found.target) == (three.departure, "cellxgene.weekly/2021-W44")
    assert prod(three) == shas(three.manifests[2])
    runs = [run for repo in (PORTAL, EXPLORER) for run in three.github.repository(repo).record.runs.values()]
    assert sum(run.conclusion == "cancelled" for run in runs) == 1
