"""One deploy: once, at the pinned commit, followed to its end."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from stationmaster.departures import deploying, gate_table
from stationmaster.departures.failing import Failed
from stationmaster.departures.obstacles import obstacle
from stationmaster.ledger.errors import EffectBusy, LockHeld
from stationmaster.ledger.records import DepartureState, EffectState
from stationmaster.work.obstacles import StepImpossible
from tests.departures.week import EXPLORER, PORTAL

DISPATCH = "/dispatches"


def codes(standing):
    return [found.code for found in standing.blockers]


@pytest.fixture
def ready(week):
    week.ready()
    return week


def runs_of(week, repo=PORTAL):
    return list(week.github.repository(repo).record.runs.values())


def arrive(week):
    """The run ends and production reports the commit."""
    assert week.deploy("promote", "portal").opens
    assert week.verify("promote", "portal").opens


def test_c23_production_is_deployed_by_the_workflow_with_the_pinned_commit(ready):
    """C-22, C-23: the workflow gets the commit, the environment and the key."""
    leg = ready.leg("promote", "portal")
    arrive(ready)
    (body,) = ready.dispatches()
    assert body["inputs"] == {"sha": leg.sha, "environment": "prod", "key": f"{leg.key}/1"}
    assert ready.github.deployed(PORTAL, "prod") == leg.sha
    assert ready.ledger.departure(ready.departure).state is DepartureState.PROMOTING


def test_f01_advancing_again_and_again_dispatches_once(ready):
    for _ in range(4):
        ready.advance("promote", "portal")
    arrive(ready)
    assert ready.advance("promote", "portal").opens
    assert len(ready.dispatches()) == 1


def test_f01_two_workers_at_once_dispatch_once(ready):
    barrier, outcomes = threading.Barrier(2), []

    def work():
        station = ready.station(forge=ready.forge(), chat=ready.chat())
        barrier.wait()
        try:
            outcomes.append(ready.advance("promote", "portal", station).gate)
        except (EffectBusy, LockHeld) as error:
            outcomes.append(type(error).__name__)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert outcomes == ["run", "run"]
    assert len(runs_of(ready)) == 1
    assert len(ready.dispatches()) == 1
    assert ready.said("Deploy to *prod* in progress") == 1


@pytest.mark.parametrize("kind", ["bad_gateway_after", "dropped_after", "garbled"])
def test_f02_f03_an_answer_lost_after_the_dispatch_is_adopted(ready, kind):
    ready.fault(kind, DISPATCH, method="POST")
    arrive(ready)
    assert len(runs_of(ready)) == 1
    assert ready.ledger.effect(f"{ready.leg('promote', 'portal').key}/1").state is EffectState.ADOPTED


@pytest.mark.parametrize("kind", ["bad_gateway_before", "dropped_before", "unavailable_before"])
def test_f03_a_dispatch_lost_before_it_happened_is_sent_again_when_that_is_sure(ready, kind):
    ready.fault(kind, DISPATCH, method="POST")
    standing = ready.advance("promote", "portal")
    assert (standing.gate, codes(standing)) == ("run", ["RUN_NOT_FOUND"])
    assert standing.blockers[0].clears_at is not None
    ready.clock.move(seconds=100)
    assert codes(ready.look("run", stop="promote", component="portal")) == ["RUN_NOT_FOUND"]
    assert codes(ready.advance("promote", "portal")) == ["RUN_NOT_FOUND"]
    assert len(ready.github.writes(path=DISPATCH, applied=None)) == 1
    ready.clock.move(seconds=21)
    assert ready.look("run", stop="promote", component="portal").opens
    arrive(ready)
    assert len(runs_of(ready)) == 1


def test_f02_after_two_lost_dispatches_a_person_decides(ready):
    ready.fault("bad_gateway_before", DISPATCH, method="POST", times=9)
    for _ in range(3):
        ready.advance("promote", "portal")
        ready.clock.move(minutes=3)
    standing = ready.advance("promote", "portal")
    assert codes(standing) == ["AMBIGUOUS_EFFECT"]
    assert standing.blockers[0].who == ("farah",)
    attempts = ready.github.writes(path=DISPATCH, applied=None)
    assert len(attempts) == 2
    ready.github.faults.clear()
    assert codes(ready.look("run", stop="promote", component="portal")) == ["AMBIGUOUS_EFFECT"]
    key = f"{ready.leg('promote', 'portal').key}/1"
    ready.ledger.settle(key, None, "farah", "GitHub shows no run", ready.clock())
    arrive(ready)
    assert len(runs_of(ready)) == 1


def test_f02_while_the_runs_cannot_be_listed_nothing_is_sent_again(ready):
    ready.fault("bad_gateway_after", DISPATCH, method="POST")
    ready.fault("forbidden", r"/deploy-happy-stack.yml/runs", times=99)
    assert codes(ready.advance_guarded("promote", "portal")) == ["CONNECTION_MISSING"]
    ready.clock.move(minutes=30)
    assert codes(ready.look("run", stop="promote", component="portal")) == ["CONNECTION_MISSING"]
    assert len(ready.dispatches()) == 1
    ready.github.faults.clear()
    arrive(ready)
    assert len(runs_of(ready)) == 1


def test_f03_of_two_runs_from_one_dispatch_the_second_is_cancelled_and_noted(ready):
    ready.fault("duplicate_run", DISPATCH, method="POST")
    arrive(ready)
    first, second = sorted(runs_of(ready), key=lambda run: run.id)
    assert (first.conclusion, second.conclusion) == ("success", "cancelled")
    facts = ready.ledger.facts(ready.departure, kind="double_run")
    assert len(facts) == 1
    assert str(second.id) in facts[0].value["run"]


def test_f10_a_vote_withdrawn_before_the_deploy_deploys_nothing(ready):
    ready.clock.move(seconds=1)
    ready.reply("amara", "withdraw")
    assert codes(ready.advance("promote", "portal")) == ["QUORUM_MISSING"]
    assert ready.dispatches() == []
    assert ready.ledger.locks() == ()


def test_f10_a_vote_withdrawn_in_the_last_moment_is_seen_immediately_before_the_dispatch(ready, monkeypatch):
    """It goes while the lock is being taken: the recount that guards the request sees it."""
    real = deploying.take_lock

    def slow(station, leg):
        fence = real(station, leg)
        ready.reply("amara", "withdraw")
        return fence

    monkeypatch.setattr(deploying, "take_lock", slow)
    standing = ready.advance("promote", "portal")
    assert codes(standing) == ["QUORUM_MISSING"]
    assert ready.dispatches() == []
    assert ready.ledger.locks() == ()
    assert ready.said("in progress") == 0
    assert ready.ledger.departure(ready.departure).state is DepartureState.GATED


@pytest.mark.parametrize("vote", ["veto", "approve"])
def test_f10_what_comes_between_the_count_and_the_dispatch_is_counted_too(ready, monkeypatch, vote):
    """The count takes as long as GitHub and Slack take: a vote that comes meanwhile begins it again."""
    real, counts = gate_table.standing, []

    def slow(*asked, how=gate_table.How.LOOK, **more):
        found = real(*asked, how=how, **more)
        if how is gate_table.How.ACT:
            counts.append(found.verdict)
            if len(counts) == 1:
                ready.vote("goran", vote)
        return found

    monkeypatch.setattr(gate_table, "standing", slow)
    standing = ready.advance("promote", "portal")
    assert len(counts) == 2
    assert codes(standing) == (["VETOED"] if vote == "veto" else ["RUN_IN_PROGRESS"])
    assert len(ready.dispatches()) == (0 if vote == "veto" else 1)


def test_f10_gates_that_never_rest_send_nothing_and_say_so(ready, monkeypatch):
    real = gate_table.standing

    def restless(*asked, how=gate_table.How.LOOK, **more):
        found = real(*asked, how=how, **more)
        if how is gate_table.How.ACT:
            ready.ledger.record(ready.departure, "changes", "another", {}, ready.clock(), "test")
        return found

    monkeypatch.setattr(gate_table, "standing", restless)
    assert codes(ready.advance("promote", "portal")) == ["COUNT_OUTDATED"]
    assert ready.dispatches() == []
    assert ready.ledger.locks() == ()


def test_f17_an_older_train_does_not_replace_a_newer_one(ready):
    newer = ready.github.push(PORTAL, title="Newer")
    made = ready.station().forge.create_deployment(PORTAL, newer.sha, "prod", key="by-hand")
    ready.station().forge.set_deployment_status(PORTAL, made.id, "success")
    standing = ready.advance("promote", "portal")
    assert (standing.verdict, codes(standing)) == ("DENY", ["WOULD_DOWNGRADE"])
    assert ready.dispatches() == []


def test_f18_a_train_that_lacks_what_production_runs_is_refused(ready):
    ready.github.push(PORTAL, branch="hotfix", title="Mend prod")
    apart = ready.github.force_push(PORTAL, branch="hotfix", drop=60).sha
    made = ready.station().forge.create_deployment(PORTAL, apart, "prod", key="by-hand")
    ready.station().forge.set_deployment_status(PORTAL, made.id, "success")
    standing = ready.advance("promote", "portal")
    assert (standing.verdict, codes(standing)) == ("DENY", ["NOT_CONTAINING_PROD"])
    assert apart[:12] in standing.blockers[0].sentence
    assert ready.dispatches() == []


def test_f07_f54_main_moving_on_does_not_change_what_is_deployed(ready):
    """The workflow runs at a tag on the pinned commit, whatever main is by now."""
    leg = ready.leg("promote", "portal")
    ready.github.push(PORTAL, title="Not tested")
    arrive(ready)
    (run,) = runs_of(ready)
    assert run.head_sha == leg.sha
    assert run.head_branch == f"stationmaster-{leg.sha[:12]}"
    assert ready.github.deployed(PORTAL, "prod") == leg.sha


def test_f54_a_tag_that_stands_elsewhere_is_not_moved_and_nothing_runs(ready):
    leg = ready.leg("promote", "portal")
    other = ready.github.push(PORTAL, title="Other").sha
    ready.station().forge.create_tag(PORTAL, f"stationmaster-{leg.sha[:12]}", other)
    with pytest.raises(StepImpossible, match="HEAD_MOVED"):
        ready.advance("promote", "portal")
    assert ready.dispatches() == []


def with_deploy(week, component, environment, **changes):
    train = week.team.train("weekly")
    components = []
    for found in train.components:
        if found.id == component:
            deploy = found.deploy(environment).model_copy(update=changes)
            found = found.model_copy(update={"environments": {**found.environments, environment: deploy}})
        components.append(found)
    changed = train.model_copy(update={"components": tuple(components)})
    week.team = week.team.model_copy(update={"trains": {"weekly": changed}})


def test_f54_at_a_ref_of_the_files_own_the_input_counts_and_the_run_must_contain_the_pin(ready):
    with_deploy(ready, "portal", "prod", ref="main")
    ready.github.push(PORTAL, title="A newer workflow file")
    assert ready.advance("promote", "portal").gate == "run"
    (run,) = runs_of(ready)
    assert run.head_branch == "main"
    assert run.status != "completed"
    assert ready.dispatches()[0]["inputs"]["sha"] == ready.leg("promote", "portal").sha


def test_f54_a_run_at_a_ref_without_the_pin_is_cancelled(ready):
    old = ready.github.deployed(PORTAL, "prod")
    ready.station().forge.move_branch(PORTAL, "releases", old)
    with_deploy(ready, "portal", "prod", ref="releases")
    standing = ready.advance("promote", "portal")
    assert (standing.verdict, codes(standing)) == ("DENY", ["HEAD_MOVED"])
    assert [run.conclusion for run in runs_of(ready)] == ["cancelled"]
    assert ready.github.deployed(PORTAL, "prod") == old


@pytest.mark.parametrize("mode", ["details", "no_details", "refuses_parameter"])
def test_f51_each_way_in_which_a_server_answers_a_dispatch(ready, mode):
    ready.github.dispatch_mode = mode
    arrive(ready)
    assert len(runs_of(ready)) == 1


def test_f51_a_run_that_shows_late_is_waited_for_and_not_started_twice(ready):
    ready.github.dispatch_mode = "no_details"
    ready.fault("late_run", DISPATCH, method="POST", seconds=300)
    standing = ready.advance("promote", "portal")
    assert codes(standing) == ["RUN_NOT_FOUND"]
    ready.clock.move(minutes=4)
    standing = ready.advance("promote", "portal")
    assert codes(standing) == ["RUN_NOT_FOUND"]
    assert standing.blockers[0].who == ("farah",)
    ready.clock.move(minutes=2)
    arrive(ready)
    assert len(runs_of(ready)) == 1


def test_f51_two_trains_in_one_second_find_their_own_runs(ready):
    ready.github.dispatch_mode = "no_details"
    portal = ready.leg("promote", "portal")
    other = portal.model_copy(update={"departure": "cellxgene.weekly/2021-W42-b"})
    ready.station().forge.dispatch(PORTAL, "deploy-happy-stack.yml", "main", {"environment": "prod"}, f"{other.key}/1")
    ready.advance("promote", "portal")
    found = ready.station().forge.find_runs(PORTAL, "deploy-happy-stack.yml", f"{portal.key}/1", ready.clock())
    assert [run.head_sha for run in found] == [portal.sha]


def test_f52_a_run_that_was_cancelled_is_superseded_and_starts_anew_only_by_a_recorded_answer(ready):
    ready.advance("promote", "portal")
    (run,) = runs_of(ready)
    ready.station().forge.cancel_run(PORTAL, run.id)
    with pytest.raises(StepImpossible, match="RUN_SUPERSEDED"):
        ready.deploy("promote", "portal")
    with pytest.raises(Failed, match="RUN_SUPERSEDED"):
        ready.deploy("promote", "portal")
    assert len(runs_of(ready)) == 1
    ready.answer_failure("promote", "portal")
    arrive(ready)
    assert [body["inputs"]["key"].rpartition("/")[2] for body in ready.dispatches()] == ["1", "2"]


def test_f53_a_run_that_a_person_ran_again_is_the_same_deploy(ready):
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    with pytest.raises(StepImpossible, match="RUN_FAILED"):
        ready.deploy("promote", "portal")
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="success")
    (run,) = runs_of(ready)
    run.wanted = "success"
    ready.station().forge._wire.write("POST", f"/repos/{PORTAL}/actions/runs/{run.id}/rerun")
    arrive(ready)
    assert [found.attempt for found in runs_of(ready)] == [2]
    assert len(ready.dispatches()) == 1


def test_f53_a_run_that_failed_again_may_be_started_anew(ready):
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    for _ in range(2):
        with pytest.raises(StepImpossible):
            ready.deploy("promote", "portal")
        ready.answer_failure("promote", "portal")
    ready.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="success")
    arrive(ready)
    assert len(ready.dispatches()) == 3


@pytest.mark.parametrize("kind", ["rate_limited", "primary_limit", "secondary_limit", "secondary_limit_silent"])
def test_f56_a_limit_at_the_dispatch_is_rested_and_sent_once(ready, kind):
    ready.fault(kind, DISPATCH, method="POST", seconds=60)
    standing = ready.advance("promote", "portal")
    assert (standing.gate, codes(standing)) == ("deploy", ["GITHUB_UNREACHABLE"])
    assert codes(ready.look("gates", stop="promote", component="portal")) == ["GITHUB_UNREACHABLE"]
    assert codes(ready.advance("promote", "portal")) == ["GITHUB_UNREACHABLE"]
    assert len(ready.github.writes(path=DISPATCH, applied=None)) == 1
    ready.clock.move(minutes=3)
    assert ready.look("gates", stop="promote", component="portal").opens
    arrive(ready)
    assert len(runs_of(ready)) == 1


def test_f57_one_refusal_of_the_token_is_answered_with_a_fresh_one(ready):
    ready.fault("unauthorised", DISPATCH, method="POST")
    arrive(ready)
    assert len(runs_of(ready)) == 1


def test_f57_f58_what_only_a_person_can_mend_names_the_connection_and_the_permission(ready):
    ready.fault("hidden", DISPATCH, method="POST", times=2)
    standing = ready.advance_guarded("promote", "portal")
    assert codes(standing) == ["CONNECTION_MISSING"]
    assert "github_default" in standing.blockers[0].sentence
    assert "actions: write" in standing.blockers[0].sentence
    assert runs_of(ready) == []


def test_f30_a_lock_that_somebody_else_holds_is_respected_and_named(ready):
    leg = ready.leg("promote", "portal")
    held = ready.ledger.acquire(leg.lock, "cellxgene.weekly/2021-W42/hotfix", "a hotfix is on its way", ready.clock())
    with pytest.raises(LockHeld) as error:
        ready.advance("promote", "portal")
    found = obstacle(ready.station(), error.value)
    assert (found.code, found.who) == ("ENVIRONMENT_LOCKED", ("farah",))
    assert codes(ready.look("gates", stop="promote", component="portal")) == ["ENVIRONMENT_LOCKED"]
    assert ready.dispatches() == []
    ready.ledger.release(held.name, held.fence, ready.clock(), "ben", "it is done")
    arrive(ready)


def test_f30_a_lock_that_was_lost_before_the_dispatch_sends_nothing(ready, monkeypatch):
    from stationmaster.ledger.errors import EffectRefused

    real = deploying.take_lock

    def robbed(station, leg):
        fence = real(station, leg)
        ready.ledger.release(leg.lock, fence, ready.clock(), "ben", "I thought it was dead")
        return fence

    monkeypatch.setattr(deploying, "take_lock", robbed)
    with pytest.raises(EffectRefused, match="void"):
        ready.advance("promote", "portal")
    assert ready.dispatches() == []


def test_f70_effects_are_named_by_component_and_commit_whatever_their_order(ready):
    ready.advance("promote", "portal")
    train = ready.team.train("weekly")
    turned = train.model_copy(update={"components": tuple(reversed(train.components))})
    ready.team = ready.team.model_copy(update={"trains": {"weekly": turned}})
    for component in ("explorer", "portal"):
        ready.advance("promote", component)
    assert len(ready.dispatches(PORTAL)) == 1
    assert len(ready.dispatches(EXPLORER)) == 1


def test_a_component_that_runs_there_already_is_verified_and_not_deployed_again(ready):
    leg = ready.leg("promote", "portal")
    made = ready.station().forge.create_deployment(PORTAL, leg.sha, "prod", key="by-hand")
    ready.station().forge.set_deployment_status(PORTAL, made.id, "success")
    arrive(ready)
    assert ready.dispatches() == []
    assert ready.said("Deploy to *prod* in progress") == 1


def test_c21_c24_the_portals_staging_deploys_itself(week):
    """C-21, C-24: mode auto changes nothing; what main has since then is right as long as it holds the pin."""
    week.open_cut()
    week.clock.move(minutes=20)
    week.cut()
    assert week.deploy("cut", "portal").opens
    week.github.push(PORTAL, title="After the cut")
    week.clock.move(minutes=25)
    assert week.verify("cut", "portal").opens
    assert week.dispatches() == []


def test_c24_by_hand_waits_for_the_person_on_call(ready):
    """C-24: mode manual."""
    with_deploy(ready, "portal", "prod", mode="manual", workflow=None, runbook="promote")
    standing = ready.advance("promote", "portal")
    assert codes(standing) == ["MANUAL_DEPLOY_OPEN"]
    assert standing.blockers[0].who == ("farah",)
    leg = ready.leg("promote", "portal")
    ready.ledger.record(ready.departure, "manual", leg.key, {"note": ""}, ready.clock(), "farah")
    assert ready.advance("promote", "portal").opens
    assert ready.dispatches() == []


def test_c24_a_branch_that_a_pipeline_follows_is_moved_once(ready):
    """C-24: mode on_merge; a lost answer is adopted."""
    old = ready.github.deployed(PORTAL, "prod")
    ready.station().forge.move_branch(PORTAL, "prod", old)
    with_deploy(ready, "portal", "prod", mode="on_merge", workflow=None, branch="prod")
    leg = ready.leg("promote", "portal")
    before = len(ready.github.writes(path="/git/refs"))
    ready.fault("bad_gateway_after", "/git/refs", method="PATCH")
    assert ready.advance("promote", "portal").opens
    assert ready.advance("promote", "portal").opens
    assert ready.github.repository(PORTAL).record.refs["heads/prod"] == leg.sha
    assert len(ready.github.writes(path="/git/refs")) == before + 1


def test_f03_a_branch_move_that_was_lost_before_it_happened_is_made_again(ready):
    old = ready.github.deployed(PORTAL, "prod")
    ready.station().forge.move_branch(PORTAL, "prod", old)
    with_deploy(ready, "portal", "prod", mode="on_merge", workflow=None, branch="prod")
    ready.fault("bad_gateway_before", "/git/refs", method="PATCH")
    assert not ready.advance("promote", "portal").opens
    ready.clock.move(minutes=1)
    assert ready.advance("promote", "portal").opens
    assert ready.github.repository(PORTAL).record.refs["heads/prod"] == ready.leg("promote", "portal").sha


def test_f07_a_branch_that_somebody_moved_on_is_not_forced_back(ready):
    newer = ready.github.push(PORTAL, title="Newer").sha
    ready.station().forge.move_branch(PORTAL, "prod", newer)
    with_deploy(ready, "portal", "prod", mode="on_merge", workflow=None, branch="prod")
    with pytest.raises(StepImpossible, match="HEAD_MOVED"):
        ready.advance("promote", "portal")
    assert ready.github.repository(PORTAL).record.refs["heads/prod"] == newer


def test_a_refused_dispatch_has_begun_nothing(ready):
    ready.fault("rate_limited", DISPATCH, method="POST", seconds=60)
    ready.advance("promote", "portal")
    assert not deploying.begun(ready.station(), ready.leg("promote", "portal"))
    ready.clock.move(minutes=2)
    ready.advance("promote", "portal")
    assert deploying.begun(ready.station(), ready.leg("promote", "portal"))


def test_the_rollback_target_is_what_ran_before_and_is_recorded_once(ready):
    old = ready.github.deployed(PORTAL, "prod")
    arrive(ready)
    ready.advance("promote", "portal")
    facts = ready.ledger.facts(ready.departure, kind="rollback_target", subject="portal/prod")
    assert [fact.value["sha"] for fact in facts] == [old]
    assert facts[0].at < ready.clock() - timedelta(seconds=1)
