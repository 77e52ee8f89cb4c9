"""An answer that comes too early for Airflow (fact 3): the next try takes it, nobody is asked again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType, TaskDeferred
from airflow.sdk.execution_time.comms import ErrorResponse

from stationmaster.departures import voting
from stationmaster.hooks.errors import ForgeUnreachable
from stationmaster.oncall.overriding import make
from stationmaster.operators.voting import ConfirmOperator
from stationmaster.triggers import answers, ledger_trigger, question_trigger, station_trigger
from stationmaster.triggers.ledger_trigger import LedgerTrigger
from stationmaster.triggers.question_trigger import QuestionTrigger
from stationmaster.triggers.station_trigger import LookingTrigger
from tests.operators.runs import answer
from tests.operators.test_voting_tasks import new_manifest
from tests.operators.tries import StateStore

BALLOT = "ballot/amara/"
CONFIRM = "confirm_the_promotion"


def ballot(run):
    return run.start("ballot", voter="amara")


def told_directly(run, person):
    """What one person alone was told in Slack."""
    channel = run.week.station().chat.direct(run.week.team.people[person].slack[0])
    return [message.text for message in run.week.slack.messages[channel]]


def votes(run):
    return [(found.voter, found.choice, found.manifest) for found in run.week.ledger.ballots(run.week.departure)]


def test_an_answer_that_failed_its_try_is_taken_by_the_next(promote):
    waits = ballot(promote)
    assert waits.trigger.question, "an answer may have come before the task began to wait"
    promote.tries.answered[BALLOT] = answer("LGTM", "amara")
    done = ballot(promote)
    assert (done.kind, done.value["choice"]) == ("done", "approve")
    assert len(promote.asked) == 1
    assert promote.blockers("ballot/amara") == []


def test_a_question_that_nobody_has_answered_stands_in_the_next_try_and_is_not_put_again(promote):
    ballot(promote)
    again = ballot(promote)
    assert len(promote.asked) == 1, "putting it again would wipe an answer that is on its way"
    assert again.trigger.question
    assert promote.wake(again, "ballot", answer("LGTM", "amara"), voter="amara").kind == "done"


def test_an_answer_is_taken_once_and_a_refused_one_is_asked_for_anew(promote):
    waits = ballot(promote)
    assert promote.wake(waits, "ballot", answer("LGTM", "mallory"), voter="amara").kind == "retried"
    again = ballot(promote)
    assert (again.kind, len(promote.asked)) == ("deferred", 2)
    assert votes(promote) == []


def test_f09_an_early_answer_of_somebody_else_counts_no_more_than_a_late_one(promote):
    ballot(promote)
    promote.tries.answered[BALLOT] = answer("LGTM", "mallory")
    assert ballot(promote).kind == "retried"
    assert ballot(promote).kind == "deferred"
    assert (votes(promote), len(promote.asked)) == ([], 2)


def test_a_question_that_airflow_has_lost_is_put_again(promote):
    ballot(promote)
    promote.tries.answered[BALLOT] = {"question": "gone"}
    assert ballot(promote).kind == "deferred"
    assert len(promote.asked) == 2
    ballot(promote)
    assert len(promote.asked) == 2


def test_a_try_without_a_question_before_it_looks_for_no_answer(promote):
    promote.tries.answered[BALLOT] = answer("LGTM", "amara")
    promote.tries.numbers[BALLOT] = 3
    assert ballot(promote).kind == "deferred"
    assert len(promote.asked) == 1


def test_f01_an_early_answer_outlives_an_outage_of_the_ledger(promote, monkeypatch):
    from stationmaster.ledger.errors import LedgerUnreachable
    from stationmaster.operators.voting import BallotOperator

    ballot(promote)
    promote.tries.answered[BALLOT] = answer("LGTM", "amara")

    def away(*_):
        raise LedgerUnreachable("the ledger does not answer")

    operator, context = promote.operator("ballot", voter="amara"), promote.context("ballot")
    with monkeypatch.context() as patch:
        patch.setattr(BallotOperator, "_take", away)
        with pytest.raises(TaskDeferred) as deferred:
            promote.tries.call(operator, "execute", context, {})
    assert deferred.value.method_name == "after_outage"
    how = {"event": {"ledger": "answers"}, **deferred.value.kwargs}
    operator = promote.operator("ballot", voter="amara")
    assert promote.tries.call(operator, "after_outage", promote.context("ballot"), how)["choice"] == "approve"
    assert len(promote.asked) == 1


# What an obstacle keeps from being heard is kept until it has passed.


@pytest.fixture
def hindered(promote, monkeypatch):
    """A vote that an obstacle keeps from being counted; what is returned ends the obstacle."""

    def away(*_, **__):
        raise ForgeUnreachable("GitHub does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(voting, "cast", away)
        yield patch.undo


def test_f56_an_answer_outlives_an_obstacle_and_is_asked_for_once(promote, hindered):
    waits = promote.wake(ballot(promote), "ballot", answer("LGTM", "amara"), voter="amara")
    for _ in range(2):
        assert (waits.kind, waits.watch) == ("deferred", "again")
        assert promote.blockers("ballot/amara") == ["GITHUB_UNREACHABLE"]
        promote.week.clock.move(minutes=6)
        before, waits = waits, promote.wake(waits, "ballot", voter="amara")
    hindered()
    assert promote.wake(before, "ballot", voter="amara").value["choice"] == "approve"
    assert promote.blockers("ballot/amara") == []
    assert len(promote.asked) == 1


def test_f02_a_task_that_is_killed_with_an_answer_in_its_hands_takes_it_in_the_next_try(promote, hindered):
    given = answer("LGTM", "amara")
    assert promote.wake(ballot(promote), "ballot", given, voter="amara").kind == "deferred"
    hindered()
    promote.tries.answered[BALLOT] = given
    assert ballot(promote).value["choice"] == "approve"
    assert len(promote.asked) == 1


def test_f06_an_answer_that_met_an_obstacle_is_about_what_its_form_showed(promote, hindered):
    waits = promote.wake(ballot(promote), "ballot", answer("LGTM", "amara"), voter="amara")
    hindered()
    old, _ = new_manifest(promote.week)
    promote.week.clock.move(minutes=6)
    assert promote.wake(waits, "ballot", voter="amara").kind == "retried"
    assert votes(promote) == [("amara", "approve", old.hash)]


# What is shown in a form cannot change: Airflow keeps the first text for as long as the task instance lives (fact 4).


def test_f06_a_ballot_shown_for_one_manifest_is_no_vote_for_another(promote):
    """The form of a new round still shows the first one's commits: unchanged, it is a vote on those."""
    before = ballot(promote)
    old, new = new_manifest(promote.week)
    assert promote.wake(before, "ballot", voter="amara").kind == "retried"
    again = ballot(promote)
    assert (again.arguments["manifest"], len(promote.asked)) == (new.hash, 1)
    shown = promote.asked[0]["params"]["manifest"]["value"]
    assert shown == old.short
    outcome = promote.wake(again, "ballot", answer("LGTM", "amara", manifest=shown), voter="amara")
    assert (outcome.kind, new.short in outcome.text) == ("retried", True)
    assert votes(promote) == [("amara", "approve", old.hash)]
    (why,) = told_directly(promote, "amara")
    assert why.startswith(f"Your answer to `ballot` of {promote.week.departure} was not taken. ")
    assert new.short in why


def test_f65_what_stood_in_a_refused_form_is_escaped(promote):
    promote.wake(ballot(promote), "ballot", answer("LGTM", "amara", manifest="<!channel>"), voter="amara")
    (why,) = told_directly(promote, "amara")
    assert "<!" not in why
    assert "&lt;!channel&gt;" in why


def test_who_gives_a_wrong_answer_again_is_told_again(promote):
    for _ in range(2):
        promote.wake(ballot(promote), "ballot", answer("LGTM", "amara", manifest="nothing"), voter="amara")
    first, second = told_directly(promote, "amara")
    assert first == second


def test_f02_an_answer_that_is_read_twice_is_refused_in_one_message(promote):
    """A try that is killed before its answer is closed is followed by one that reads the same."""
    given = answer("LGTM", "amara", manifest="nothing")
    for _ in range(2):
        assert promote.wake(ballot(promote), "ballot", given, voter="amara").kind == "retried"
    assert len(told_directly(promote, "amara")) == 1


def test_f61_a_slack_that_is_down_does_not_keep_an_answer_from_being_asked_for_again(promote):
    promote.week.slack_down()
    outcome = promote.wake(ballot(promote), "ballot", answer("LGTM", "amara", manifest="nothing"), voter="amara")
    assert (outcome.kind, "names manifest" in outcome.text) == ("retried", True)


def test_f06_without_its_fields_an_answer_is_about_what_was_shown(promote):
    before = ballot(promote)
    old, _ = new_manifest(promote.week)
    promote.wake(before, "ballot", voter="amara")
    assert promote.wake(ballot(promote), "ballot", answer("LGTM", "amara"), voter="amara").kind == "retried"
    assert votes(promote) == [("amara", "approve", old.hash)]


@pytest.mark.parametrize("how", ["{}", " `{}` ", "{}".upper()], ids=["short", "quoted", "long"])
def test_f06_the_new_manifest_is_voted_for_by_its_name(promote, how):
    before = ballot(promote)
    _, new = new_manifest(promote.week)
    promote.wake(before, "ballot", voter="amara")
    named = how.format(new.hash if how == "{}".upper() else new.short)
    done = promote.wake(ballot(promote), "ballot", answer("LGTM", "amara", manifest=named), voter="amara")
    assert (done.kind, done.value["manifest"]) == ("done", new.hash)
    assert votes(promote) == [("amara", "approve", new.hash)]


@pytest.mark.parametrize("named", ["deadbeef", "{short}f", "12", "{short} or so"])
def test_f06_what_names_no_manifest_is_no_vote(promote, named):
    waits = ballot(promote)
    short = promote.week.ledger.manifest_of(promote.week.departure).short
    outcome = promote.wake(
        waits, "ballot", answer("LGTM", "amara", manifest=named.format(short=short[:7])), voter="amara"
    )
    assert (outcome.kind, short in outcome.text) == ("retried", True)
    assert votes(promote) == []


def test_f06_a_go_is_for_the_manifest_that_its_form_names(promote):
    promote.week.quorum()
    before = promote.start(CONFIRM, role="primary")
    old, new = new_manifest(promote.week)
    outcome = promote.wake(before, CONFIRM, answer(ConfirmOperator.GO, "farah", manifest=old.short), role="primary")
    assert outcome.kind == "retried"
    promote.week.quorum()
    again = promote.start(CONFIRM, role="primary")
    outcome = promote.wake(again, CONFIRM, answer(ConfirmOperator.GO, "farah", manifest=old.short), role="primary")
    assert outcome.kind == "retried"
    third = promote.start(CONFIRM, role="primary")
    outcome = promote.wake(third, CONFIRM, answer(ConfirmOperator.GO, "farah", manifest=new.short), role="primary")
    assert (outcome.kind, outcome.value["manifest"]) == ("done", new.hash)


# The triggers read what Airflow keeps.


@pytest.fixture
def airflow(monkeypatch):
    """What Airflow says of the question, in turn; nothing sleeps."""
    said = []

    def detail(ti_id):
        found = said.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def sleep(_):
        return

    monkeypatch.setattr("airflow.sdk.execution_time.hitl.get_hitl_detail_content_detail", detail)
    for module in (answers, ledger_trigger, question_trigger, station_trigger):
        monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=sleep))
    return said


def response(*chosen, by="amara", **fields):
    return SimpleNamespace(
        response_received=bool(chosen),
        chosen_options=list(chosen) or None,
        params_input=fields,
        responded_at=ANSWERED["responded_at"] if chosen else None,
        responded_by_user=SimpleNamespace(id=by, name=by.title()) if by else None,
    )


def failure(status):
    return AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": status}))


ANSWERED = {
    "chosen_options": ["LGTM"],
    "params_input": {"reason": ""},
    "responded_at": datetime(2021, 10, 27, 16, 30, tzinfo=UTC),
    "responded_by_user": {"id": "amara", "name": "Amara"},
}


def fired(trigger):
    async def all_of_them():
        return [event.payload async for event in trigger.run()]

    trigger._task_instance = SimpleNamespace(id=uuid4())
    return asyncio.run(all_of_them())


class Looking(LookingTrigger):
    """Settles at the first look."""

    def __init__(self, *, question, looks):
        super().__init__(subject="a/task", interval=0.0, question=question)
        self.looks = looks

    def serialize(self):
        raise AssertionError("it is run at once")

    def look(self):
        self.looks.append(1)
        return True, SimpleNamespace(verdict="PASS")


def test_the_question_of_the_try_before_is_read_once(airflow):
    airflow += [response("LGTM", reason="")]
    assert fired(QuestionTrigger()) == [ANSWERED]
    airflow += [response()]
    assert fired(QuestionTrigger()) == [{"question": "unanswered"}]
    airflow += [failure(404)]
    assert fired(QuestionTrigger()) == [{"question": "gone"}]


def test_an_airflow_that_cannot_say_is_asked_again(airflow):
    airflow += [failure(500), failure(503), response("LGTM", reason="")]
    assert fired(QuestionTrigger()) == [ANSWERED]


def test_an_airflow_that_never_says_fails_the_try(airflow):
    airflow += [failure(500)] * answers.PATIENCE
    with pytest.raises(AirflowRuntimeError):
        fired(QuestionTrigger())
    assert airflow == []


def test_f12_an_answer_of_nobody_names_nobody(airflow):
    airflow += [response("LGTM", by=None, reason="")]
    assert fired(QuestionTrigger()) == [{**ANSWERED, "responded_by_user": None}]


def test_a_wait_for_a_person_begins_with_what_was_answered_before_it(airflow):
    looks = []
    airflow += [response("LGTM", reason="")]
    assert fired(Looking(question=True, looks=looks)) == [ANSWERED]
    assert looks == []
    for nothing in (response(), failure(404)):
        airflow += [nothing]
        assert fired(Looking(question=True, looks=looks)) == [{"settled": "PASS"}]
    assert fired(Looking(question=False, looks=looks)) == [{"settled": "PASS"}]
    assert (len(looks), airflow) == (3, [])


def test_f01_an_answer_before_an_outage_wakes_the_task_at_once(airflow):
    airflow += [response("LGTM", reason="")]
    trigger = LedgerTrigger(**LedgerTrigger(interval=0.0, question=True).serialize()[1])
    assert fired(trigger) == [ANSWERED]


def test_c35_whoever_comes_on_call_before_the_window_closes_may_give_the_final_go_then(promote):
    """Nobody is added to a question that stands (fact 4): so whose shift begins meanwhile is named at once."""
    week = promote.week
    week.quorum()
    begins = week.clock() + timedelta(minutes=30)
    end = begins + timedelta(hours=4)
    override = {"kind": "set", "role": "primary", "comes": ("hana",), "goes": None, "start": begins, "end": end}
    make(week.ledger, week.station().team, **override, now=week.clock(), by="hana")
    asked = promote.start(CONFIRM, role="primary")
    assert [user["id"] for user in promote.asked[-1]["assigned_users"]] == ["farah", "chiara", "jules", "hana"]

    early = promote.wake(asked, CONFIRM, answer(ConfirmOperator.GO, "hana"), role="primary")
    assert (early.kind, "is not on call now" in early.text) == ("retried", True)
    week.clock.move(minutes=31)
    again = promote.start(CONFIRM, role="primary")
    late = promote.wake(again, CONFIRM, answer(ConfirmOperator.GO, "farah"), role="primary")
    assert (late.kind, "is not on call now" in late.text) == ("retried", True)
    third = promote.start(CONFIRM, role="primary")
    done = promote.wake(third, CONFIRM, answer(ConfirmOperator.GO, "hana"), role="primary")
    assert (done.kind, done.value["person"]) == ("done", "hana")


def test_airflow_is_not_asked_for_a_question_that_the_task_knows(promote, monkeypatch):
    """Each such call is a request of every ballot; what is kept for the next try is the same."""
    read = []
    monkeypatch.setattr(StateStore, "get", lambda _, key, default=None: read.append(key) or default)
    waits = ballot(promote)
    assert promote.wake(waits, "ballot", answer("LGTM", "amara"), voter="amara").kind == "done"
    assert read == []
    monkeypatch.undo()
    kept = promote.tries.stores[BALLOT].get("question")
    assert (kept["open"], kept["asked"]["people"]) == (False, ["amara"])
