"""What an environment says of itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.departures import verifying
from stationmaster.departures.legs import deployed, record_deployed
from stationmaster.ledger.errors import LockHeld
from tests.departures.week import EXPLORER, PORTAL


@pytest.fixture
def dispatched(week):
    week.ready()
    week.deploy("promote", "portal")
    return week


def observe(week):
    return verifying.observe(week.station(), week.leg("promote", "portal"))


def deployment(week, sha, state="success"):
    forge = week.station().forge
    made = forge.create_deployment(PORTAL, sha, "prod", key=f"by-hand-{week.clock()}")
    forge.set_deployment_status(PORTAL, made.id, state)


def test_f49_it_is_right_only_after_several_answers_in_a_row(dispatched):
    for times in (1, 2):
        standing = observe(dispatched)
        assert [found.code for found in standing.blockers] == ["VERIFYING"]
        assert f"{times} of 3" in standing.blockers[0].sentence
        assert observe(dispatched).blockers == standing.blockers  # asked again too soon: no new observation
        dispatched.clock.move(seconds=30)
    assert observe(dispatched).opens


def test_f49_a_wrong_answer_between_begins_the_row_again(dispatched):
    leg, old = (
        dispatched.leg("promote", "portal"),
        dispatched.ledger.facts(dispatched.departure, kind="rollback_target", subject="portal/prod")[0].value["sha"],
    )
    observe(dispatched)
    dispatched.clock.move(seconds=30)
    observe(dispatched)
    dispatched.clock.move(seconds=30)
    deployment(dispatched, old)
    assert [found.code for found in observe(dispatched).blockers] == ["NOT_DEPLOYED"]
    dispatched.clock.move(seconds=30)
    deployment(dispatched, leg.sha)
    for _ in range(2):
        assert not observe(dispatched).opens
        dispatched.clock.move(seconds=30)
    assert observe(dispatched).opens
    assert verifying.first_seen(dispatched.station(), leg) == dispatched.clock() - timedelta(seconds=60)


def test_f49_what_it_says_while_somebody_else_holds_the_lock_does_not_count(dispatched):
    leg = dispatched.leg("promote", "portal")
    held = dispatched.ledger.lock(leg.lock)
    dispatched.ledger.take_over(
        leg.lock, held.fence, "somebody/else", "another deploy", dispatched.clock(), "ben", "they said so"
    )
    with pytest.raises(LockHeld):
        observe(dispatched)
    standing = dispatched.look("verify", stop="promote", component="portal")
    assert [found.code for found in standing.blockers] == ["ENVIRONMENT_LOCKED"]


def test_f45_a_deployment_that_failed_is_not_what_runs(dispatched):
    deployment(dispatched, dispatched.github.push(PORTAL, title="Broken").sha, "failure")
    for _ in range(3):
        standing = observe(dispatched)
        dispatched.clock.move(seconds=30)
    assert standing.opens


def test_an_environment_that_never_reports_the_commit_has_failed_after_an_hour(week):
    week.ready()
    week.advance("promote", "portal")
    assert observe(week).verdict == "WAIT"
    run = next(iter(week.github.repository(PORTAL).record.runs.values()))
    week.station().forge.cancel_run(PORTAL, run.id)
    week.clock.move(minutes=59)
    assert observe(week).verdict == "WAIT"
    week.clock.move(minutes=1)
    standing = observe(week)
    assert (standing.verdict, [found.code for found in standing.blockers]) == ("DENY", ["NOT_DEPLOYED"])
    assert standing.blockers[0].who == ("farah",)


def test_the_soak_begins_when_the_commit_was_first_seen_without_a_break(week):
    """C-10: not when the last of three looks was taken."""
    week.open_cut()
    week.clock.move(minutes=20)
    week.cut()
    week.deploy("cut", "explorer")
    first = week.clock()
    week.verify("cut", "explorer")
    (fact,) = week.ledger.facts(week.departure, kind="deployed", subject="explorer/staging")
    assert fact.at == first
    assert week.clock() > first


def test_c22_another_commit_than_the_pinned_one_is_not_taken_for_it(dispatched):
    """C-22: what runs is known by its sha."""
    deployment(dispatched, dispatched.github.push(PORTAL, title="Newer").sha)
    assert [found.code for found in observe(dispatched).blockers] == ["NOT_DEPLOYED"]


def test_f06_a_second_manifest_of_the_departure_is_seen_to_arrive_too(week):
    """What one manifest's arrival recorded does not stand for the next one."""
    week.open_cut()
    legs = []
    for _ in range(2):
        week.github.push(EXPLORER, title="Something new")
        week.ledger.pin(week.departure, week.manifest_of_heads(), week.clock(), "ben")
        legs.append(week.leg("cut", "explorer"))
        for _ in range(2):
            record_deployed(week.station(), legs[-1], at=week.clock(), how="seen")
        assert deployed(week.station(), legs[-1])
    facts = week.ledger.facts(week.departure, kind="deployed", subject="explorer/staging")
    assert [fact.value["sha"] for fact in facts] == [leg.sha for leg in legs]
