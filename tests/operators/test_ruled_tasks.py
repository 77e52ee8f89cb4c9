"""The tasks of a train with rules: what is for the group alone, and the issue (T-01, T-04)."""

from __future__ import annotations

import pytest

from stationmaster.departures import ruling
from stationmaster.ledger.records import DepartureState
from tests.departures.ruled import changed, comments, issues, open_issue, rule
from tests.departures.week import EXPLORER
from tests.operators.runs import answer
from tests.operators.test_going_back_tasks import promoted, run, start, three

__all__ = ["promoted", "run", "three"]

CONFIRM, ME = "confirm_the_promotion", {"role": "primary"}


@pytest.fixture
def ruled(promote):
    """Wednesday, voted, of a train that engineers alone bring to production, under an issue that somebody gives."""
    rule(promote.week, actors="engineers", issue="required")
    promote.week.quorum()
    promote.assemble()
    return promote


def say(run, who, choice="Go", **fields):
    return run.wake(run.start(CONFIRM, **ME), CONFIRM, answer(choice, who, **fields), **ME)


def test_t01_only_the_group_is_asked_for_the_final_go(ruled):
    """farah is primary, chiara secondary; jules, the tertiary, is no engineer."""
    ruled.start(CONFIRM, **ME)
    assert [user["id"] for user in ruled.asked[-1]["assigned_users"]] == ["farah", "chiara"]


def test_t01_a_go_of_somebody_else_is_thrown_away(ruled):
    number = open_issue(ruled.week)
    assert say(ruled, "jules", issue=f"#{number}").kind == "retried"
    assert ruled.week.ledger.facts(ruled.week.departure, kind="confirmed") == ()


def test_t01_a_go_that_does_not_count_is_asked_for_again_when_the_task_is_cleared(ruled):
    """It was given before the train had its rule: jules stands in for the primary, and is no engineer."""
    ruled.week.confirm("jules")
    assert ruled.start("portal.deploy_to_prod").kind == "deferred"
    assert "ACTOR_NOT_ALLOWED" in ruled.blockers("portal.deploy_to_prod")
    ruled.week.clock.move(minutes=1)
    assert say(ruled, "chiara", issue=f"#{open_issue(ruled.week)}").kind == "done"
    assert ruled.start("portal.deploy_to_prod").watch == "run"


def test_t01_where_nobody_who_is_on_call_belongs_to_the_group_that_is_said(ruled):
    rule(ruled.week, actors="managers")
    ruled.week.team = ruled.week.team.model_copy(update={"groups": {**ruled.week.team.groups, "managers": ("ivan",)}})
    assert ruled.start(CONFIRM, **ME).kind == "failed"
    assert ruled.blockers(CONFIRM) == ["ACTOR_NOT_ALLOWED"]


def test_t04_the_form_of_the_final_go_takes_the_issue(ruled):
    number = open_issue(ruled.week)
    outcome = say(ruled, "farah", issue=f"https://github.com/{EXPLORER}/issues/{number}")
    assert (outcome.kind, outcome.value["choice"]) == ("done", "go")
    assert ruled.start("portal.deploy_to_prod").watch == "run"
    assert ruling.link_of(ruled.week.station(), ruled.week.departure).number == number


@pytest.mark.parametrize("given", ["", "#0", "somebody/else#3"])
def test_t04_a_go_without_a_good_issue_is_not_heard(ruled, given):
    outcome = say(ruled, "farah", issue=given)
    assert outcome.kind == "retried"
    assert "asked for again" in outcome.text
    assert ruled.week.ledger.facts(ruled.week.departure, kind="confirmed") == ()
    assert ruled.start("portal.deploy_to_prod").kind == "deferred"
    assert ruled.blockers("portal.deploy_to_prod") == ["ISSUE_MISSING", "CONFIRMATION_MISSING"]


def test_t04_a_no_needs_no_issue(ruled):
    assert say(ruled, "farah", "No go").kind == "failed"
    assert ruled.blockers(CONFIRM) == ["CONFIRMATION_REFUSED"]


def test_t04_the_form_of_a_run_takes_the_issue(runs, week):
    rule(week, issue="required")
    number = open_issue(week)
    taken = runs("cut", user="jules", params={"issue": f"#{number}"})
    assert taken.start("open_departure").kind == "done"
    assert ruling.link_of(week.station(), week.departure).number == number
    wrong = runs("cut", user="jules", params={"issue": "nothing"}).start("open_departure")
    assert (wrong.kind, "names no issue" in wrong.text) == ("failed", True)


def test_t04_only_a_train_that_asks_for_an_issue_has_the_field(ruled, runs):
    assert "issue" in ruled.dag.params
    assert "issue" not in runs("promote").dag.params


@pytest.mark.parametrize("user", ["jules", "mallory"])
def test_t01_nobody_else_starts_a_promotion_by_hand(ruled, runs, user):
    outcome = runs("promote", user=user).start("open_departure")
    assert (outcome.kind, "ACTOR_NOT_ALLOWED" in outcome.text) == ("failed", True)
    assert runs("promote", user="emil").start("open_departure").kind == "done"


def test_t01_an_account_that_is_called_like_a_persons_id_is_a_stranger(ruled, runs):
    """emil logs in under another name; somebody else has the account emil."""
    people = ruled.week.team.people
    moved = people["emil"].model_copy(update={"airflow": "e.novak"})
    ruled.week.team = ruled.week.team.model_copy(update={"people": {**people, "emil": moved}})
    assert runs("promote", user="emil").start("open_departure").kind == "failed"
    assert runs("promote", user="e.novak").start("open_departure").kind == "done"


def test_t01_a_start_by_hand_without_a_name_is_no_timetable(ruled, runs, monkeypatch):
    by_hand = runs("promote")
    context = by_hand.context

    def nameless(task_id):
        found = context(task_id)
        found["dag_run"].run_type = "manual"
        return found

    monkeypatch.setattr(by_hand, "context", nameless)
    assert by_hand.start("open_departure").kind == "failed"


@pytest.mark.parametrize("stop", ["cut", "promote"])
def test_t01_nobody_else_skips_a_departure(ruled, runs, stop):
    reason = {"skip_reason": "never mind"}
    assert runs(stop, user="jules", params=reason).start("open_departure").kind == "failed"
    assert ruled.week.ledger.departure(ruled.week.departure).state is DepartureState.GATED
    assert runs("promote", user="farah", params=reason).start("open_departure").kind == "skipped"
    assert ruled.week.ledger.departure(ruled.week.departure).state is DepartureState.SKIPPED


def test_t01_nobody_else_skips_by_the_question_before_the_cut(cut):
    rule(cut.week, actors="managers")
    asked = cut.start("ask_whom_to_wait_for", **ME)
    outcome = cut.wake(asked, "ask_whom_to_wait_for", answer("Skip this week", "ben", reason="no"), **ME)
    assert (outcome.kind, "ACTOR_NOT_ALLOWED" in outcome.text) == ("failed", True)
    assert cut.week.ledger.departure(cut.week.departure).state is DepartureState.OPEN
    again = cut.start("ask_whom_to_wait_for", **ME)
    assert cut.wake(again, "ask_whom_to_wait_for", answer("Board now", "ben"), **ME).kind == "done"


def test_t01_nobody_else_takes_production_back(run):
    rule(run.week, actors="engineers")
    sent = len(run.week.dispatches())
    run.user = "jules"
    start(run)
    outcome = run.start("go_back")
    assert (outcome.kind, "ACTOR_NOT_ALLOWED" in outcome.text) == ("failed", True)
    assert len(run.week.dispatches()) == sent
    run.id, run.user = "run-2", "emil"
    start(run)
    assert run.drive("go_back").kind == "done"


def test_t01_only_the_group_deploys_by_hand(ready):
    """Whoever follows the runbook of a promotion pushes to production."""
    week = ready.week
    train = rule(week, actors="engineers")
    portal = train.components[0]
    manual = portal.deploy("prod").model_copy(update={"mode": "manual", "runbook": "promote"})
    portal = portal.model_copy(update={"environments": {**portal.environments, "prod": manual}})
    changed(week, components=(portal, *train.components[1:]))
    ready.assemble()
    asked = ready.start("portal.deploy_to_prod", **ME)
    assert asked.kind == "deferred"
    assert [user["id"] for user in ready.asked[-1]["assigned_users"]] == ["farah", "chiara"]


def test_t04_the_cut_writes_the_issue_and_the_end_tells_it(cut):
    rule(cut.week, issue="written")
    cut.week.clock.move(minutes=20)
    assert cut.drive("pin_the_manifest").kind == "done"
    assert cut.start("pin_the_manifest").kind == "done"
    (found,) = issues(cut.week)
    cut.states.update({"portal.deploy_to_staging": "failed"})
    assert cut.start("tell_the_outcome").kind == "failed"
    assert "has failed" in comments(cut.week, found.number)[0]
    assert found.state == "open"


def test_t20_the_release_is_published_after_the_outcome_and_takes_nothing_back(ready):
    from stationmaster.config.releasing import ReleaseEntry
    from stationmaster.departures import deploying

    week = ready.week
    portal, explorer = week.team.trains["weekly"].components
    changed(week, components=(portal, explorer.model_copy(update={"release": ReleaseEntry()})))
    ready.assemble()
    task = ready.dag.get_task("publish_the_releases")
    assert task.upstream_task_ids == {"tell_the_outcome"}
    assert "publish_the_releases" not in ready.dag.get_task("roll_back").get_flat_relative_ids(upstream=True)
    assert ready.start("publish_the_releases").kind == "skipped"
    for component in ("portal", "explorer"):
        deploying.record_deployed(week.station(), week.leg("promote", component), at=week.clock(), how="test")
    week.ledger.set_state(week.departure, DepartureState.DONE, week.clock(), "test")
    outcome = ready.start("publish_the_releases")
    assert [each["tag"] for each in outcome.value["releases"]] == ["v2021.42.0"]
    assert outcome.value["releases"][0].keys() == {"component", "repository", "tag", "sha", "url"}


def test_f19_a_tag_that_is_taken_fails_the_task_with_the_way_out(ready):
    from stationmaster.config.releasing import ReleaseEntry
    from stationmaster.departures import deploying

    week = ready.week
    portal, explorer = week.team.trains["weekly"].components
    changed(week, components=(portal, explorer.model_copy(update={"release": ReleaseEntry()})))
    ready.assemble()
    for component in ("portal", "explorer"):
        deploying.record_deployed(week.station(), week.leg("promote", component), at=week.clock(), how="test")
    week.ledger.set_state(week.departure, DepartureState.DONE, week.clock(), "test")
    sha = week.ledger.manifest_of(week.departure).sha_of("explorer")
    week.forge().create_tag(EXPLORER, "v2021.42.0", week.github.repository(EXPLORER).commit(sha).parents[0])
    assert ready.start("publish_the_releases").kind == "failed"
    assert ready.blockers("publish_the_releases") == ["TAG_TAKEN"]
    assert week.ledger.departure(week.departure).state is DepartureState.DONE
