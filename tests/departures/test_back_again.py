"""Back again: the promotion is stopped, all that was sent goes back, to what ran when it was sent (R1 … R6, R8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures import acts, arriving, deploying, going_back, last_word, rolling_back, stopping
from stationmaster.departures.going_back import RollbackRefused
from stationmaster.departures.mandates import Replaced
from stationmaster.departures.rolling_back import NothingFailed
from stationmaster.ledger.errors import EffectRefused, LockLost
from stationmaster.ledger.locks import require_fence
from stationmaster.ledger.records import DepartureState
from stationmaster.oncall_log import log
from stationmaster.work.obstacles import StepImpossible
from tests.departures.test_going_back import prod, shas, three
from tests.departures.test_rolling_back import ask, fail_explorer, roll_back
from tests.departures.week import EXPLORER, PORTAL, Week

__all__ = ["three"]

DAY = timedelta(days=1)


@pytest.fixture
def ready(week):
    week.ready()
    return week


def state(week: Week, departure: str = "") -> DepartureState:
    return week.ledger.departure(departure or week.departure).state


def holders(week: Week) -> set[str]:
    return {lock.holder for lock in week.ledger.locks()}


def bring(week: Week, component: str) -> None:
    week.deploy("promote", component)
    assert week.verify("promote", component).opens


def refuse_dispatch(week: Week, component: str) -> None:
    """An attempt begins, and GitHub declines: the lock was taken, nothing was sent."""
    week.fault("bad_gateway_before", "/dispatches", method="POST", times=3)
    week.advance_guarded("promote", component)
    week.github.faults.clear()
    week.clock.move(minutes=3)


def hotfixed(week: Week, number: int = 1) -> str:
    """A hotfix of the explorer that runs in production, as its departure leaves it in the ledger."""
    from stationmaster.core.departure_ids import DepartureKind
    from stationmaster.core.instants import IsoWeek
    from stationmaster.core.manifest import Manifest, Passenger

    sha = week.github.push(EXPLORER, title=f"Close the hole {number}", author="dev-30").sha
    week.github.deploy(EXPLORER, "prod", sha)
    at, kind = week.clock(), DepartureKind.HOTFIX
    found = week.ledger.open_beside(
        "cellxgene.weekly", IsoWeek.parse("2021-W43"), kind, at, "hana", key=f"a hotfix {number}"
    )
    aboard = Manifest.of([Passenger(component="explorer", repository=EXPLORER, sha=sha)])
    week.ledger.pin(found.id, aboard, at, "hana")
    week.ledger.record(found.id, "deployed", "explorer/prod", {"sha": sha, "how": "seen"}, at, "stationmaster")
    week.ledger.set_state(found.id, DepartureState.DONE, at, "stationmaster", "over")
    return sha


def come_aboard(week: Week) -> None:
    """The train carries what main has by now, as long staged as before, with votes of its own."""
    from stationmaster.departures import changes

    manifest = week.repin()
    changes.collect(week.station(), week.departure, manifest)
    week.quorum()
    week.confirm()


# R1, R2: nothing is taken back that has not failed.


def test_r1_what_is_done_and_green_is_not_taken_back_by_a_task(three):
    before, sent = prod(three), len(three.dispatches())
    with pytest.raises(ActRefused, match="is DONE"):
        rolling_back.advance(three.station(), three.departure)
    assert (prod(three), len(three.dispatches())) == (before, sent)


def test_r1_nor_by_a_task_while_it_is_under_way_and_nothing_has_failed(ready):
    bring(ready, "portal")
    before = prod(ready)
    with pytest.raises(NothingFailed, match="knows of no failure"):
        rolling_back.advance(ready.station(), ready.departure)
    assert prod(ready) == before
    assert state(ready) is DepartureState.PROMOTING


@pytest.mark.parametrize("later", ["arrived", "answered", "left", "begun anew", "came right", "followed"])
def test_r1_a_failure_that_is_not_the_last_word_takes_nothing_back(ready, later):
    fail_explorer(ready)
    leg, at = ready.leg("promote", "explorer"), ready.clock()
    if later == "arrived":
        ready.ledger.record(ready.departure, "deployed", leg.subject, {"sha": leg.sha}, at, "stationmaster")
    elif later == "answered":
        ready.answer_failure("promote", "explorer", reason="the runner was full")
    elif later == "left":
        ready.answer_failure("promote", "explorer", "leave")
    elif later == "begun anew":
        value = {"sha": None, "repository": EXPLORER}
        ready.ledger.record(ready.departure, "rollback_target", leg.subject, value, at, "stationmaster")
    elif later == "came right":
        run = max(ready.github.repository(EXPLORER).record.runs.values(), key=lambda each: each.id)
        run.wanted = "success"
        ready.station().forge._wire.write("POST", f"/repos/{EXPLORER}/actions/runs/{run.id}/rerun")
    else:
        hotfixed(ready)
    sent = len(ready.dispatches())
    with pytest.raises(NothingFailed):
        rolling_back.advance(ready.station(), ready.departure)
    assert len(ready.dispatches()) == sent


def test_a_persons_answer_to_roll_back_is_a_cause(ready):
    fail_explorer(ready)
    ready.answer_failure("promote", "explorer", "roll_back", reason="it is broken")
    assert last_word.asked_for(ready.station(), ready.departure)
    roll_back(ready)
    assert state(ready) is DepartureState.ROLLED_BACK


def test_r2_a_failure_of_last_month_takes_no_later_release_back(ready):
    """The explorer of the next week is the same commit: what runs there does not tell whose it is."""
    fail_explorer(ready)
    ready.ledger.move(ready.departure, Act.LEAVE_PARTIAL, ready.clock(), "stationmaster", "half")
    ready.clock.move(days=20)
    sha = ready.leg("promote", "portal").sha
    from stationmaster.core.instants import IsoWeek

    later = ready.ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W45"), ready.clock(), "timetable").id
    ready.ledger.record(later, "deployed", "portal/prod", {"sha": sha}, ready.clock(), "stationmaster")
    with pytest.raises(NothingFailed):
        rolling_back.advance(ready.station(), ready.departure)
    assert ready.github.deployed(PORTAL, "prod") == sha


# R3, R4: the promotion is stopped.


def test_r3_nothing_goes_out_after_the_form_and_all_that_was_sent_goes_back(ready):
    before = prod(ready)
    bring(ready, "portal")
    ask(ready)
    assert state(ready) is DepartureState.ROLLING_BACK
    with pytest.raises(ActRefused, match="is ROLLING_BACK"):
        ready.advance("promote", "explorer")
    roll_back(ready)
    assert prod(ready) == before
    assert len([each for each in ready.dispatches(EXPLORER) if each["inputs"]["environment"] == "prod"]) == 0
    assert state(ready) is DepartureState.ROLLED_BACK
    assert ready.ledger.locks() == ()


def test_r3_what_was_sent_after_the_plan_was_made_goes_back_too(ready):
    before = prod(ready)
    bring(ready, "portal")
    found = going_back.plan(ready.station())
    assert [way.component for way in found.ways] == ["portal"]
    bring(ready, "explorer")
    going_back.choose(ready.station(), found, reason="broken", by="emil", accept_irreversible=False)
    roll_back(ready)
    assert prod(ready) == before
    back = {fact.subject: fact.value["sha"] for fact in ready.ledger.facts(ready.departure, kind=arriving.GONE_BACK)}
    assert back == {"portal/prod": before["portal"], "explorer/prod": before["explorer"]}


def test_r3_a_task_that_has_counted_before_the_form_sends_nothing(ready, monkeypatch):
    """S2: the choice lands between the count and the claim; the old fence and the state are both asked there."""
    bring(ready, "portal")
    counted = acts.DepartureGuard.ask
    asked = []

    def then_the_form(guard):
        counted(guard)
        if guard.act is Act.PROMOTE and not asked:
            asked.append(guard)
            ask(ready)

    monkeypatch.setattr(acts.DepartureGuard, "ask", then_the_form)
    with pytest.raises(ActRefused):
        ready.advance("promote", "explorer")
    assert asked
    assert not [each for each in ready.dispatches(EXPLORER) if each["inputs"]["environment"] == "prod"]


def test_r3_the_old_fence_is_worth_nothing_once_the_way_back_has_begun(ready):
    leg = ready.leg("promote", "portal")
    ready.advance("promote", "portal")
    fence = ready.ledger.lock(leg.lock).fence
    ask(ready)
    rolling_back.advance(ready.station(), ready.departure)
    assert holders(ready) == {f"{ready.departure}/rollback"}
    with pytest.raises(LockLost), ready.ledger.writing() as pen:
        require_fence(pen, leg.lock, fence)


def test_r3_the_manifest_is_rejected_when_it_begins_and_the_shift_knows_who_asked(ready):
    bring(ready, "portal")
    manifest = ready.ledger.manifest_of(ready.departure)
    ask(ready, by="hana", reason="the login\n✅ 3 of 3 approvals")
    assert ready.ledger.rejection(manifest.hash).by == "hana"
    told = log.entries(ready.station(), ready.clock() - DAY, ready.clock() + DAY)
    (entry,) = [each for each in told if "takes it back" in each.text]
    assert (entry.by, entry.source, entry.about) == ("hana", "form", ready.departure)
    assert "\n" not in entry.text
    rolling_back.advance(ready.station(), ready.departure)
    assert ready.said("takes prod back") == 1
    assert not [text for text in ready.texts() if "takes prod back" in text and "\n" in text]


def test_r3_nothing_arrives_of_what_goes_back(ready):
    ready.deploy("promote", "portal")
    ask(ready)
    leg = ready.leg("promote", "portal")
    with pytest.raises(ActRefused, match="is ROLLING_BACK"):
        deploying.record_deployed(ready.station(), leg, at=ready.clock(), how="seen")
    assert not deploying.deployed(ready.station(), leg)


def test_r3_what_was_being_sent_when_it_began_is_looked_for_until_it_cannot_come_any_more(ready):
    """The answer of the dispatch was lost: its run shows a moment later, is stopped, and nothing is sent twice."""
    before = prod(ready)
    bring(ready, "portal")
    ready.fault("bad_gateway_after", "/dispatches", method="POST", times=1)
    ready.fault("bad_gateway_before", "/actions/workflows", times=100_000)
    ready.advance_guarded("promote", "explorer")
    ready.github.faults.clear()
    ask(ready)
    rolling_back.advance(ready.station(), ready.departure)
    roll_back(ready)
    ready.clock.move(hours=1)
    assert prod(ready) == before
    runs = ready.github.repository(EXPLORER).record.runs.values()
    assert [run.conclusion for run in runs if run.inputs["environment"] == "prod"] == ["cancelled"]


def test_r4_the_end_of_the_promotion_keeps_the_lock_and_the_state_of_the_way_back(ready):
    bring(ready, "portal")
    ask(ready)
    rolling_back.advance(ready.station(), ready.departure)
    assert ready.close("promote", failed=True, why="explorer was refused") is DepartureState.ROLLING_BACK
    assert holders(ready) == {f"{ready.departure}/rollback"}
    roll_back(ready)
    assert state(ready) is DepartureState.ROLLED_BACK
    assert ready.ledger.locks() == ()
    assert ready.close("promote", failed=True, why="explorer was refused") is DepartureState.ROLLED_BACK


# What does not stop: asked, by force, and then a person.


def until_it_will_not_stop(week: Week) -> list[str]:
    codes: list[str] = []
    for _ in range(60):
        codes = [found.code for found in rolling_back.advance(week.station(), week.departure).blockers]
        if codes == [stopping.WILL_NOT_STOP]:
            break
        week.clock.move(seconds=30)
    return codes


def test_r3_what_does_not_stop_waits_for_the_person_who_asked(ready, monkeypatch):
    before = prod(ready)
    monkeypatch.setattr("stationmaster.hooks.forge.Forge.cancel_run", lambda *_, **__: True)
    ready.advance("promote", "portal")
    ready.clock.move(seconds=10)
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", duration=timedelta(hours=9))
    mandate = ask(ready)
    assert until_it_will_not_stop(ready) == [stopping.WILL_NOT_STOP]
    (found,) = rolling_back.advance(ready.station(), ready.departure).blockers
    assert found.who == ("emil",)
    assert len(ready.dispatches(PORTAL)) == 1
    stopping.go_anyway(ready.station(), ready.departure, mandate, by="emil")
    roll_back(ready)
    assert prod(ready) == before
    assert ready.ledger.fact(ready.departure, stopping.ANYWAY).by == "emil"


# R5: never older than what ran when it was sent.


@pytest.mark.parametrize("target", ["recorded", "last_healthy"])
@pytest.mark.parametrize("how", ["hotfix", "adopted"])
def test_r5_compensation_goes_to_what_ran_when_the_attempt_was_sent(ready, target, how):
    train = ready.team.train("weekly")
    rule = train.rollback.model_copy(update={"target": target})
    ready.team = ready.team.model_copy(update={"trains": {"weekly": train.model_copy(update={"rollback": rule})}})
    refuse_dispatch(ready, "explorer")
    first = ready.ledger.facts(ready.departure, kind="rollback_target", subject="explorer/prod")
    older = ready.github.deployed(EXPLORER, "prod")
    assert [fact.value["sha"] for fact in first] == [older]
    if how == "hotfix":
        hotfix = hotfixed(ready)
    else:
        hotfix = ready.github.push(EXPLORER, title="Close the hole", author="dev-30").sha
        ready.github.deploy(EXPLORER, "prod", hotfix)
        arriving.adopt(ready.station(), "explorer", hotfix, over=False, why="a hole", by="ben")
    come_aboard(ready)
    bring(ready, "explorer")
    assert ready.github.deployed(EXPLORER, "prod") not in (hotfix, older)
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    with pytest.raises(StepImpossible):
        ready.deploy("promote", "portal")
    roll_back(ready)
    assert ready.github.deployed(EXPLORER, "prod") == hotfix
    assert state(ready) is DepartureState.ROLLED_BACK


def test_r5_what_a_person_took_for_right_stays_unless_a_person_names_the_week(three):
    """The explorer runs a fix of somebody's: the form takes the portal back, and leaves the explorer."""
    fixed = three.github.push(EXPLORER, title="Close the hole", author="dev-30").sha
    three.github.deploy(EXPLORER, "prod", fixed)
    arriving.adopt(three.station(), "explorer", fixed, over=False, why="a hole", by="ben")
    found = going_back.plan(three.station())
    assert [way.component for way in found.ways] == ["portal"]
    assert any(f"runs {fixed[:12]}, which has come since" in sentence for sentence in found.sentences)
    named = going_back.plan(three.station(), "2021-W43")
    assert {way.component: way.running for way in named.ways}["explorer"] == fixed
    ask(three)
    roll_back(three)
    assert prod(three) == {"portal": three.manifests[1].sha_of("portal"), "explorer": fixed}


def test_r5_the_week_that_is_named_takes_what_has_come_since_back(three):
    fixed = three.github.push(EXPLORER, title="Close the hole", author="dev-30").sha
    three.github.deploy(EXPLORER, "prod", fixed)
    ask(three, "2021-W43")
    roll_back(three)
    assert prod(three) == shas(three.manifests[1])


def test_r5_an_attempt_that_found_its_own_commit_there_is_no_target(ready):
    """The first run says that it failed, and has deployed all the same: the second attempt finds its own commit."""
    before = ready.github.deployed(EXPLORER, "prod")
    fail_explorer(ready)
    own = ready.leg("promote", "explorer").sha
    ready.ledger.record(
        ready.departure, "rollback_target", "explorer/prod", {"sha": own, "repository": EXPLORER}, ready.clock(), "x"
    )
    ready.github.deploy(EXPLORER, "prod", own)
    ready.github.script_runs(EXPLORER, "deploy.yml", conclusion="success")
    ask(ready)
    roll_back(ready)
    assert ready.github.deployed(EXPLORER, "prod") == before


# R6: another choice, another attempt, an end by hand.


def fail_back(week: Week) -> None:
    for repo, workflow in ((PORTAL, "deploy-happy-stack.yml"), (EXPLORER, "deploy.yml")):
        week.github.script_runs(repo, workflow, conclusion="failure")
    with pytest.raises(StepImpossible, match="ROLLBACK_BY_HAND"):
        roll_back(week)
    for repo, workflow in ((PORTAL, "deploy-happy-stack.yml"), (EXPLORER, "deploy.yml")):
        week.github.script_runs(repo, workflow, conclusion="success")


def test_r6_a_second_choice_replaces_one_that_has_failed(three):
    first = ask(three, "2021-W43")
    fail_back(three)
    second = ask(three, "2021-W42", by="hana", reason="W43 is broken, too")
    assert (first.number, second.number) == (1, 2)
    roll_back(three)
    assert prod(three) == shas(three.manifests[0])
    assert state(three) is DepartureState.ROLLED_BACK
    assert "W43 is broken, too" in three.ledger.departure(three.departure).why


def test_r6_a_second_choice_is_refused_while_the_first_is_on_its_way(three):
    ask(three, "2021-W43")
    rolling_back.advance(three.station(), three.departure)
    sent = len(three.dispatches())
    with pytest.raises(RollbackRefused, match=r"on its way back already, as emil asked .*actions/runs"):
        ask(three, "2021-W42", by="hana")
    roll_back(three)
    assert prod(three) == shas(three.manifests[1])
    assert len(three.dispatches()) == sent + 1


def test_r6_of_two_choices_one_holds_and_the_other_goes_on_with_nothing(three, monkeypatch):
    """The second choice lands between the count and the dispatch of the first."""
    ask(three, "2021-W43")
    counted = acts.DepartureGuard.ask
    asked = []

    def then_another(guard):
        counted(guard)
        if guard.leg is not None and not asked:
            asked.append(guard)
            ask(three, "2021-W42", by="hana")

    monkeypatch.setattr(acts.DepartureGuard, "ask", then_another)
    sent = len(three.dispatches())
    with pytest.raises(Replaced, match="hana has chosen anew"):
        rolling_back.advance(three.station(), three.departure)
    assert len(three.dispatches()) == sent
    roll_back(three)
    assert prod(three) == shas(three.manifests[0])


def test_r6_the_same_target_can_be_tried_again(three):
    ask(three)
    fail_back(three)
    sent = len(three.dispatches())
    with pytest.raises(StepImpossible):
        rolling_back.advance(three.station(), three.departure)  # a clear only looks
    assert len(three.dispatches()) == sent
    ask(three)
    roll_back(three)
    assert prod(three) == shas(three.manifests[1])
    keys = [effect.key for effect in three.ledger.effects(f"{three.departure}/rollback")]
    assert any(key.endswith("/1") for key in keys)
    assert any(key.endswith("/2") for key in keys)


@pytest.mark.parametrize("look", ["clear", "form"])
def test_r6_what_was_brought_back_by_hand_ends_as_rolled_back(three, look):
    ask(three)
    fail_back(three)
    assert three.ledger.locks() == ()
    for repo, component in ((EXPLORER, "explorer"), (PORTAL, "portal")):
        three.github.deploy(repo, "prod", three.manifests[1].sha_of(component))
    sent = len(three.dispatches())
    if look == "form":
        ask(three, by="hana")
    assert rolling_back.advance(three.station(), three.departure).opens
    assert state(three) is DepartureState.ROLLED_BACK
    assert len(three.dispatches()) == sent
    assert three.ledger.locks() == ()


def test_r4_production_is_not_back_while_what_was_sent_is_still_at_work(three):
    """The environment reports the commit early: its run may still change something."""
    ask(three)
    assert not rolling_back.advance(three.station(), three.departure).opens
    sent = len(three.dispatches())
    three.github.deploy(EXPLORER, "prod", three.manifests[1].sha_of("explorer"))
    assert not rolling_back.advance(three.station(), three.departure).opens
    assert len(three.dispatches()) == sent, "the next component waits for it"


def test_r6_by_hand_to_another_commit_that_ran_before_is_back_too(three):
    ask(three)
    fail_back(three)
    for repo, component in ((EXPLORER, "explorer"), (PORTAL, "portal")):
        three.github.deploy(repo, "prod", three.manifests[0].sha_of(component))
    assert rolling_back.advance(three.station(), three.departure).opens
    back = {fact.subject: fact.value["sha"] for fact in three.ledger.facts(three.departure, kind=arriving.GONE_BACK)}
    assert back["explorer/prod"] == three.manifests[0].sha_of("explorer")


def test_r6_by_hand_to_what_nobody_knows_is_not_back(three):
    ask(three)
    fail_back(three)
    odd = three.github.push(EXPLORER, title="Odd", author="dev-30").sha
    three.github.deploy(EXPLORER, "prod", odd)
    with pytest.raises(StepImpossible, match="ROLLBACK_BY_HAND"):
        rolling_back.advance(three.station(), three.departure)
    assert state(three) is DepartureState.ROLLING_BACK


# R8: a lock is never left behind by a refusal.


@pytest.mark.parametrize("then", ["veto", "skip", "missed"])
def test_r8_a_lock_that_was_taken_for_nothing_is_given_back(ready, then):
    ready.fault("secondary_limit", "/git/refs", method="POST", times=5)
    ready.advance_guarded("promote", "portal")
    if then == "veto":
        ready.vote("amara", "veto", reason="it deletes data")
    elif then == "skip":
        ready.ledger.move(ready.departure, Act.SKIP, ready.clock(), "emil", "not this week")
    else:
        ready.clock.move(days=1)
    ready.github.faults.clear()
    try:
        assert not ready.advance("promote", "portal").opens
    except ActRefused:
        assert then == "skip"
    assert ready.ledger.locks() == ()
    assert ready.dispatches(PORTAL) == []


def advance_often(week: Week) -> None:
    for _ in range(3):
        rolling_back.advance(week.station(), week.departure)


@pytest.mark.parametrize("kind", ["secondary_limit", "forbidden"])
def test_r8_a_way_back_that_github_declines_leaves_no_lock(ready, kind):
    fail_explorer(ready)
    ready.fault(kind, "/dispatches", method="POST", times=100)
    with pytest.raises(EffectRefused):
        advance_often(ready)
    assert f"{PORTAL}/prod" not in {lock.name for lock in ready.ledger.locks()}
    ready.github.faults.clear()
    ready.clock.move(minutes=5)
    roll_back(ready)
    assert state(ready) is DepartureState.ROLLED_BACK
