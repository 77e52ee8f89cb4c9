"""The tasks of a dependency upgrade, from the workflow to the merge or to the next shift (D-24, D-25, D-26)."""

from __future__ import annotations

import copy
import json
import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from stationmaster.assemble.upgrades import ROW, upgrade_dags
from stationmaster.operators.base import StepFailedForNow
from stationmaster.operators.upgrading import SettleUpgradeOperator
from stationmaster.rehearsal.gathering import Seen, gather
from stationmaster.rehearsal.invariants_upgrades import unruly_upgrades
from stationmaster.triggers.upgrade_trigger import UpgradeTrigger
from stationmaster.upgrades.waiting import LOOKS, UnknownLook, look
from stationmaster.work import halting
from tests.assemble.test_contracts_of_dags import HEADINGS, described
from tests.departures.conftest import boards
from tests.golden_files import assert_golden, shape
from tests.operators.runs import DAG_FILE, Outcome, answer, texts
from tests.operators.tries import Tries, by_airflow
from tests.upgrades.conftest import ledger, yard
from tests.upgrades.test_deciding import freeze
from tests.upgrades.yard import GITHUB_TOKEN, HANDOFF, INCLUDE, MAJOR, MONDAY, REPO, SLACK_TOKEN, Yard

__all__ = ["boards", "ledger", "yard"]

MERGE, LEAVE = SettleUpgradeOperator.MERGE, SettleUpgradeOperator.LEAVE
FIRST = ("start_the_upgrade", "find_the_pull_request", "close_superseded", "wait_for_the_checks")


class FakeTaskInstance:
    """What the operators use of a task instance."""

    map_index = 0

    def __init__(self, task_id: str, xcoms: dict[tuple[str, str], Any]) -> None:
        self.id = uuid.uuid5(uuid.NAMESPACE_OID, f"{id(xcoms)} {task_id}")
        self.task_id, self.xcoms = task_id, xcoms

    def xcom_pull(self, *, task_ids: str, key: str = "return_value", map_indexes: int | None = None) -> Any:
        assert map_indexes == self.map_index
        return self.xcoms.get((task_ids, key))

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.xcoms[self.task_id, key] = json.loads(json.dumps(value))


class Week:
    """One run of the DAG; every process of its tasks sees the same stand-ins, ledger and clock."""

    def __init__(self, yard: Yard, asked: list[dict[str, Any]]) -> None:
        self.yard, self.asked = yard, asked
        self.xcoms: dict[tuple[str, str], Any] = {}
        self.tries = Tries()
        self.run = SimpleNamespace(
            run_id="scheduled__1", run_type="scheduled", logical_date=MONDAY, triggering_user_name=None
        )
        self.said: list[str] = []

    @property
    def dag(self):
        (dag,) = upgrade_dags(INCLUDE, self.yard.team, dag_file=DAG_FILE)
        return dag

    def operator(self, task_id: str):
        """A new operator, with what Airflow renders."""
        task = copy.copy(self.dag.get_task(f"upgrade.{task_id}"))
        object.__setattr__(task, "repository", REPO)
        return task

    def start(self, task_id: str) -> Outcome:
        """Begin a try."""
        return self._call(self.operator(task_id), "execute")

    def wake(self, before: Outcome, task_id: str, event: dict[str, Any] | None = None) -> Outcome:
        """Resume in another process; without an event with that of the trigger, which must have settled."""
        event = event or self.settled(before)
        assert event is not None, f"{task_id} still waits"
        return self._call(self.operator(task_id), "resume", **by_airflow({**before.kwargs, "event": event}))

    def settled(self, before: Outcome) -> dict[str, Any] | None:
        """One look of the trigger, restarted from what Airflow keeps of it (F72)."""
        path, kwargs = before.trigger.serialize()
        assert path == "stationmaster.triggers.upgrade_trigger.UpgradeTrigger"
        self.said += [*texts(kwargs), *texts(before.kwargs)]
        settled, standing = UpgradeTrigger(**json.loads(json.dumps(kwargs))).look()
        return {"settled": str(standing.verdict)} if settled else None

    def drive(self, task_id: str, *, most: int = 100) -> Outcome:
        """Begin a try and follow it to its end, a minute a look; nobody answers."""
        outcome = self.start(task_id)
        for _ in range(most):
            if outcome.kind != "deferred":
                return outcome
            assert self.blockers(task_id), f"{task_id} waits and nobody knows why"
            if self.settled(outcome) is None:
                self.yard.clock.move(minutes=1)
            else:
                outcome = self.wake(outcome, task_id)
        raise AssertionError(f"{task_id} never ends: {outcome}")

    def until_checked(self) -> None:
        for task_id in FIRST:
            outcome = self.drive(task_id)
            assert outcome.kind == "done", (task_id, outcome)

    def blockers(self, task_id: str) -> list[str]:
        subject = f"{self.yard.upgrade.id}/{task_id}"
        return [found.code for found in self.yard.ledger.blockers(subject).get(subject, ())]

    def _call(self, operator: Any, method: str, **kwargs: Any) -> Outcome:
        context = {"ti": FakeTaskInstance(operator.task_id, self.xcoms), "dag_run": self.run, "params": {}}
        try:
            value = self.tries.call(operator, method, context, kwargs)
        except TaskDeferred as deferred:
            return put_off(deferred)
        except AirflowSkipException as skipped:
            return Outcome("skipped", text=str(skipped))
        except AirflowFailException as failed:
            return Outcome("failed", text=str(failed))
        except StepFailedForNow as failed:
            return Outcome("retried", text=str(failed))
        self.xcoms[operator.task_id, "return_value"] = json.loads(json.dumps(value))
        return Outcome("done", value=json.loads(json.dumps(value)))


def put_off(deferred: TaskDeferred) -> Outcome:
    """Every wait of an upgrade is one trigger's, and ends in one method."""
    assert deferred.method_name == "resume"
    assert isinstance(deferred.trigger, UpgradeTrigger)
    return Outcome("deferred", trigger=deferred.trigger, kwargs=dict(deferred.kwargs or {}))


@pytest.fixture
def week(yard, monkeypatch):
    asked: list[dict[str, Any]] = []

    def desk(*, team: Any, repository: str) -> Any:
        assert repository == REPO
        return yard.desk()

    monkeypatch.setattr(
        "stationmaster.operators.upgrade_step.UpgradeOperator.team_config", property(lambda _: yard.team)
    )
    monkeypatch.setattr("stationmaster.upgrades.upgrade_desk.UpgradeDesk", desk)
    monkeypatch.setattr("stationmaster.clock.now", yard.clock)
    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: asked.append(request))
    return Week(yard, asked)


@pytest.fixture
def open_question(week):
    """A major upgrade, and Enzo, whose week ends at nine, is asked about it."""
    week.yard.script(files=MAJOR)
    week.until_checked()
    outcome = week.start("merge_or_ask")
    assert (outcome.kind, week.blockers("merge_or_ask")) == ("deferred", ["UPGRADE_OPEN"])
    return week, outcome


def test_d25_a_patch_that_is_green_is_merged_without_a_question(week):
    week.until_checked()
    done = week.drive("merge_or_ask")
    assert (done.value["outcome"], done.value["by"]) == ("merged_by_policy", "stationmaster")
    assert week.asked == []
    assert week.yard.merges() == week.yard.dispatches() == 1
    assert week.drive("ask_the_next_shift").kind == "skipped"
    (text,) = week.yard.texts()
    assert "serde 1.0.201 → 1.0.203 (patch)" in text
    assert week.yard.ledger.blockers("dre.dependencies") == {}


def test_f01_every_task_may_be_taken_again_and_repeats_nothing(week):
    for _ in range(2):
        week.until_checked()
    for _ in range(2):
        assert week.drive("merge_or_ask").value["outcome"] == "merged_by_policy"
    assert week.yard.merges() == week.yard.dispatches() == len(week.yard.texts()) == 1


def test_d25_the_person_on_call_is_asked_with_summary_and_reasons(open_question):
    week, _ = open_question
    (request,) = week.asked
    assert [user["id"] for user in request["assigned_users"]] == ["enzo"]
    assert request["options"] == [MERGE, LEAVE]
    assert "is a major upgrade" in request["body"]
    assert f"/pull/{max(week.yard.pulls)}" in request["body"]
    (text,) = week.yard.texts()
    assert text.startswith(":arrow_up: <@UENZOXD04>")
    assert "1.0.201 → 2.0.0 (major)" in text


def test_d25_the_failing_checks_are_named(week):
    week.yard.script(outcome="red")
    week.until_checked()
    week.start("merge_or_ask")
    assert "Checks failed: unit\\-tests" in week.asked[0]["body"]
    assert "Checks failed: unit-tests" in week.yard.texts()[0]


def test_d25_the_answer_merges_in_the_name_of_whoever_gave_it(open_question):
    week, asked = open_question
    done = week.wake(asked, "merge_or_ask", answer(MERGE, "enzo", read=True, note="fine"))
    assert (done.kind, done.value["outcome"], done.value["by"]) == ("done", "merged", "enzo")
    assert week.yard.merges() == 1
    assert week.blockers("merge_or_ask") == []


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer(MERGE, "enzo", read=False), "retried"),
        (answer(LEAVE, "enzo", note=" "), "retried"),
        (answer(MERGE, "carlo", read=True), "retried"),
        (answer(MERGE, "mallory", read=True), "retried"),
        (answer(MERGE, None, read=True), "failed"),
        ({"error": "broken"}, "failed"),
    ],
)
def test_f12_what_is_no_answer_of_the_person_merges_nothing(open_question, given, kind):
    week, asked = open_question
    assert week.wake(asked, "merge_or_ask", given).kind == kind
    assert week.yard.merges() == 0
    assert week.yard.ledger.facts(week.yard.upgrade.id, "approved") == ()


@pytest.mark.parametrize("how", ["by its form", "without its fields", "too short"])
def test_f06_a_commit_that_came_after_the_question_is_not_merged_unread(open_question, how):
    """The form shows for ever what it was first put with (fact 4)."""
    week, asked = open_question
    shown = week.asked[0]["params"]["on_commit"]["value"]
    late = week.yard.github.push(REPO, branch="bot-update-deps", title="late", author="upgrade-bot[bot]").sha
    form = {"by its form": {"on_commit": shown}, "without its fields": {}, "too short": {"on_commit": late[:4]}}[how]
    outcome = week.wake(asked, "merge_or_ask", answer(MERGE, "enzo", read=True, **form))
    assert (outcome.kind, f"ends with {late[:8]} now" in outcome.text) == ("retried", True)
    assert week.yard.ledger.facts(week.yard.upgrade.id, "approved") == ()
    every = [message.text for messages in week.yard.slack.messages.values() for message in messages]
    (told,) = [text for text in every if "was not taken" in text]
    assert late[:8] in told
    week.yard.github.script_checks(REPO, late, "green")
    again = week.start("merge_or_ask")
    done = week.wake(again, "merge_or_ask", answer(MERGE, "enzo", read=True, on_commit=f"`{late[:8].upper()}` "))
    assert done.value["outcome"] == "merged"
    assert week.yard.ledger.facts(week.yard.upgrade.id, "approved")[0].value["sha"] == late


def test_f06_a_form_that_is_asked_again_still_shows_its_first_commit(open_question):
    week, asked = open_question
    week.wake(asked, "merge_or_ask", answer(MERGE, "enzo", read=False))
    late = week.yard.github.push(REPO, branch="bot-update-deps", title="late", author="upgrade-bot[bot]").sha
    week.yard.github.script_checks(REPO, late, "green")
    outcome = week.wake(week.start("merge_or_ask"), "merge_or_ask", answer(MERGE, "enzo", read=True))
    assert (outcome.kind, week.yard.merges()) == ("retried", 0)


def test_f56_a_word_outlives_a_github_that_is_down(open_question):
    week, asked = open_question
    week.yard.fault("bad_gateway_before", "/repos/", times=500)
    waits = week.wake(asked, "merge_or_ask", answer(MERGE, "enzo", read=True))
    assert (waits.kind, week.blockers("merge_or_ask")) == ("deferred", ["GITHUB_UNREACHABLE"])
    week.yard.github.faults.clear()
    week.yard.clock.move(minutes=6)
    assert week.wake(waits, "merge_or_ask").value["outcome"] == "merged"
    assert len(week.asked) == 1


def test_f06_a_question_that_was_put_before_there_was_a_pull_request_merges_none_unread(week):
    """The workflow had failed, and was run again while the question stood."""
    week.yard.github.script_runs(REPO, "update-dependencies.yaml", conclusion="failure")
    week.until_checked()
    asked = week.start("merge_or_ask")
    assert week.asked[0]["params"]["on_commit"]["value"] == ""
    (run,) = week.yard.github.repository(REPO).record.runs.values()
    week.yard.github.script_runs(REPO, "update-dependencies.yaml", conclusion="success")
    run.wanted, run.status, run.conclusion, run.started_at = "success", "queued", None, None
    run.queued_at = week.yard.clock()
    week.yard.clock.move(minutes=8)
    assert week.settled(asked) is not None, "its pull request is found"
    waits = week.wake(asked, "merge_or_ask")
    assert waits.kind == "deferred"
    outcome = week.wake(waits, "merge_or_ask", answer(MERGE, "enzo", read=True))
    assert (outcome.kind, "names no commit" in outcome.text) == ("retried", True)
    assert week.yard.merges() == 0


def test_f69_a_question_of_an_older_release_is_about_the_commit_that_stands_there(open_question):
    week, asked = open_question
    for kept in ("asked", "question"):
        asked.kwargs[kept] = {name: value for name, value in asked.kwargs[kept].items() if name != "on_commit"}
    done = week.wake(asked, "merge_or_ask", answer(MERGE, "enzo", read=True))
    assert done.value["outcome"] == "merged"


def test_d25_a_person_may_leave_it_with_a_reason(open_question):
    week, asked = open_question
    done = week.wake(asked, "merge_or_ask", answer(LEAVE, "enzo", note="serde 2 breaks the registry"))
    assert (done.value["outcome"], done.value["why"]) == ("left", "serde 2 breaks the registry")
    assert week.yard.merges() == 0
    assert week.drive("ask_the_next_shift").kind == "skipped"


def test_f59_a_word_does_not_stand_in_for_red_checks_and_holds_once_they_are_green(week):
    week.yard.script(outcome="red")
    week.until_checked()
    pull = week.yard.pulls[max(week.yard.pulls)]
    asked = week.start("merge_or_ask")
    again = week.wake(asked, "merge_or_ask", answer(MERGE, "enzo", read=True))
    assert again.kind == "retried"
    assert "Checks failed" in again.text
    waits = week.start("merge_or_ask")
    assert week.settled(waits) is None
    week.yard.github.script_checks(REPO, pull.head_sha, "green")
    assert week.wake(waits, "merge_or_ask").value["outcome"] == "merged"


@pytest.mark.parametrize("what", ["merged", "closed"])
def test_d25_the_question_closes_by_itself_when_it_is_settled_on_github(open_question, what):
    week, asked = open_question
    assert week.settled(asked) is None
    pull = week.yard.pulls[max(week.yard.pulls)]
    forge = week.yard.desk().forge
    if what == "merged":
        forge.merge_pull(REPO, pull.number, pull.head_sha)
    else:
        forge.close_pull(REPO, pull.number)
    done = week.wake(asked, "merge_or_ask")
    assert done.value["outcome"] == {"merged": "merged_on_github", "closed": "closed"}[what]
    assert week.blockers("merge_or_ask") == []


def test_d26_the_task_goes_to_the_next_shift_when_the_rotation_hands_over(open_question):
    week, asked = open_question
    week.yard.clock.to(HANDOFF - timedelta(minutes=1))
    assert week.settled(asked) is None
    week.yard.clock.to(HANDOFF)
    assert week.wake(asked, "merge_or_ask").value["outcome"] == "handed_over"
    waits = week.start("ask_the_next_shift")
    assert [user["id"] for user in week.asked[-1]["assigned_users"]] == ["anouk"]
    assert week.yard.texts()[-1].startswith(":arrow_up: <@UANOUKD00>")
    assert "from Enzo Moretti, whose shift is over" in week.yard.texts()[-1]
    assert week.operator("ask_the_next_shift").named == "dfinity/dre: Anouk Favre"
    done = week.wake(waits, "ask_the_next_shift", answer(MERGE, "anouk", read=True))
    assert (done.value["outcome"], done.value["by"]) == ("merged", "anouk")
    assert week.drive("ask_the_shift_after").kind == "skipped"


def test_fact4_a_task_that_is_taken_again_after_the_handoff_asks_nobody_else(open_question):
    week, _ = open_question
    week.yard.clock.to(HANDOFF)
    assert week.start("merge_or_ask").value["outcome"] == "handed_over"
    assert len(week.asked) == 1


def test_d26_the_last_task_of_the_row_stays_and_reminds_whoever_is_on_call(week):
    week.yard.script(files=MAJOR)
    week.until_checked()
    waits = week.start(ROW[-1])
    week.yard.clock.to(HANDOFF + timedelta(days=1))
    assert week.settled(waits) is None
    assert week.yard.texts()[-1].startswith(":bell: <@UANOUKD00>")
    subject = f"{week.yard.upgrade.id}/{ROW[-1]}"
    assert week.yard.ledger.blockers(subject)[subject][0].who == ("anouk",)


def test_d25_an_open_question_is_told_again_and_each_reminder_once(open_question):
    week, asked = open_question
    week.wake(asked, "merge_or_ask", {"settled": "PASS"})
    week.yard.clock.to(HANDOFF)
    week.wake(asked, "merge_or_ask")
    waits = week.start("ask_the_next_shift")
    before = len(week.yard.texts())
    week.yard.clock.move(days=2, minutes=1)
    for _ in range(3):
        assert week.settled(waits) is None
    assert len(week.yard.texts()) == before + 1
    assert week.yard.texts()[-1].startswith(":bell: <@UANOUKD00>")


def test_f61_a_slack_that_is_down_keeps_nobody_from_being_asked(week):
    week.yard.script(files=MAJOR)
    week.until_checked()
    week.yard.slack_fault("server_error_before", times=50)
    waits = week.start("merge_or_ask")
    assert len(week.asked) == 1
    assert week.blockers("merge_or_ask") == ["UPGRADE_OPEN", "EFFECT_UNSETTLED"]
    week.yard.slack.faults.clear()
    week.yard.clock.move(minutes=1)
    assert week.settled(waits) is None
    assert len(week.yard.texts()) == 1


def test_f33_a_freeze_holds_the_merge_and_nobody_is_asked(week):
    freeze(week.yard, "all_stop", end="2024-03-11 10:00")
    week.until_checked()
    waits = week.start("merge_or_ask")
    assert week.blockers("merge_or_ask") == ["FROZEN"]
    assert week.settled(waits) is None
    week.yard.clock.to(HANDOFF + timedelta(hours=1))
    assert week.wake(waits, "merge_or_ask").value["outcome"] == "merged_by_policy"
    assert week.asked == []


def test_f32_an_approval_in_a_freeze_waits_for_its_end_without_asking_again(open_question):
    week, asked = open_question
    freeze(week.yard, "all_stop", end="2024-03-11 08:30")
    waits = week.wake(asked, "merge_or_ask", answer(MERGE, "enzo", read=True))
    assert (waits.kind, week.blockers("merge_or_ask")) == ("deferred", ["FROZEN"])
    week.yard.clock.to(HANDOFF)
    assert week.wake(waits, "merge_or_ask").value["outcome"] == "merged"
    assert len(week.asked) == 1


def test_f32_the_kill_switch_keeps_the_workflow_from_being_started(week):
    halting.halt(week.yard.ledger, "dre.dependencies", why="not now", now=week.yard.clock(), by="anouk")
    waits = week.start("start_the_upgrade")
    assert week.blockers("start_the_upgrade") == ["UPGRADES_HALTED"]
    assert week.settled(waits) is None
    halting.resume(week.yard.ledger, "dre.dependencies", why="go", now=week.yard.clock(), by="anouk")
    assert week.wake(waits, "start_the_upgrade").kind == "done"


def test_d24_nothing_to_upgrade_ends_the_week(week):
    week.yard.script(outcome="nothing")
    week.drive("start_the_upgrade")
    skipped = week.drive("find_the_pull_request")
    assert skipped.kind == "skipped"
    assert week.yard.ledger.fact(week.yard.upgrade.id, "outcome").value["outcome"] == "nothing"
    assert week.yard.texts() == []


def test_d24_a_workflow_that_failed_is_asked_about_and_goes_on_when_it_was_run_again(week):
    week.yard.github.script_runs(REPO, "update-dependencies.yaml", conclusion="failure")
    week.until_checked()
    assert week.xcoms["upgrade.find_the_pull_request", "return_value"]["pull"] is None
    waits = week.start("merge_or_ask")
    assert "The workflow ended as failure" in week.asked[0]["body"].replace("\\", "")
    assert week.settled(waits) is None
    (run,) = week.yard.github.repository(REPO).record.runs.values()
    week.yard.github.script_runs(REPO, "update-dependencies.yaml", conclusion="success")
    run.wanted, run.status, run.conclusion, run.started_at = "success", "queued", None, None
    run.queued_at = week.yard.clock()
    outcome = week.wake(waits, "merge_or_ask")
    for _ in range(60):
        if outcome.kind != "deferred":
            break
        week.yard.clock.move(minutes=1)
        if week.settled(outcome) is not None:
            outcome = week.wake(outcome, "merge_or_ask")
    assert outcome.value["outcome"] == "merged_by_policy"
    assert len(week.asked) == 1


def test_f66_a_dispatch_that_github_refuses_is_told_to_whoever_is_on_call_and_tried_again(week):
    repository = week.yard.github.repository(REPO)
    (spec,) = repository.spec.workflows
    wrong = spec.model_copy(update={"inputs": ()})
    repository.spec = repository.spec.model_copy(update={"workflows": (wrong,)})
    waits = week.start("start_the_upgrade")
    assert week.blockers("start_the_upgrade") == ["GITHUB_REFUSED"]
    (text,) = week.yard.texts()
    assert text.startswith(":warning: <@UENZOXD04>")
    assert "Unexpected inputs" in text
    repository.spec = repository.spec.model_copy(update={"workflows": (spec,)})
    week.yard.clock.move(minutes=6)
    assert week.wake(waits, "start_the_upgrade").kind == "done"


@pytest.mark.parametrize("task_id", [*FIRST, *ROW])
def test_f56_a_github_that_is_down_fails_nothing(week, task_id):
    if task_id in ROW or task_id != "start_the_upgrade":
        week.drive("start_the_upgrade")
        week.yard.clock.move(minutes=8)
    if task_id not in ("start_the_upgrade", "find_the_pull_request"):
        week.drive("find_the_pull_request")
    week.yard.fault("bad_gateway_before", "/repos/", times=500)
    waits = week.start(task_id)
    assert waits.kind == "deferred"
    assert week.blockers(task_id) == ["GITHUB_UNREACHABLE"]
    week.yard.github.faults.clear()
    week.yard.clock.move(minutes=6)
    assert week.settled(waits) is not None


def test_d24_an_upgrade_of_last_week_is_over(open_question):
    week, asked = open_question
    week.yard.clock.to(MONDAY + timedelta(days=7))
    assert week.wake(asked, "merge_or_ask").kind == "skipped"
    assert week.start("ask_the_next_shift").kind == "skipped"
    assert week.yard.ledger.blockers("dre.dependencies") == {}


def test_f38_a_start_by_hand_adopts_the_upgrade_of_its_week(week):
    week.drive("start_the_upgrade")
    week.yard.clock.move(days=2)
    week.run = SimpleNamespace(run_id="manual__1", run_type="manual", logical_date=None, triggering_user_name="anouk")
    week.xcoms.clear()
    assert week.drive("start_the_upgrade").value["upgrade"] == "dre.dependencies/dfinity/dre/2024-W11"
    assert week.yard.dispatches() == 1


def test_f71_the_tasks_find_their_upgrade_without_xcom(week):
    week.until_checked()
    week.xcoms.clear()
    assert week.drive("merge_or_ask").value["outcome"] == "merged_by_policy"


def test_d24_a_repository_that_the_file_no_longer_names_is_skipped(week, monkeypatch):
    from stationmaster.upgrades.upgrade_desk import NotUpgraded

    def gone(**_: Any) -> Any:
        raise NotUpgraded("dre does not upgrade it")

    monkeypatch.setattr("stationmaster.upgrades.upgrade_desk.UpgradeDesk", gone)
    assert week.start("start_the_upgrade").kind == "skipped"


def test_fact5_nobody_with_an_account_is_an_error_and_never_anyone(week):
    week.yard.script(files=MAJOR)
    week.until_checked()
    people = {name: person.model_copy(update={"airflow": None}) for name, person in week.yard.team.people.items()}
    week.yard.team = week.yard.team.model_copy(update={"people": people})
    assert week.start("merge_or_ask").kind == "failed"
    assert week.asked == []
    assert week.blockers("merge_or_ask") == ["NOBODY_TO_ASK"]


@pytest.mark.parametrize("by", ["stationmaster", "enzo"])
def test_d25_the_evidence_of_a_week_breaks_no_invariant(week, by):
    yard = week.yard
    if by == "enzo":
        yard.script(files=MAJOR)
    week.until_checked()
    outcome = week.start("merge_or_ask")
    if outcome.kind == "deferred":
        outcome = week.wake(outcome, "merge_or_ask", answer(MERGE, "enzo", read=True))
    assert outcome.value["by"] == by
    seen = Seen()
    evidence = gather(ledger=yard.ledger, github_url=yard.github_url, slack_url=yard.slack_url, trains=(), seen=seen)
    assert (len(evidence.started), len(evidence.merged), len(evidence.settled)) == (1, 1, 1)
    assert evidence.dispatches == ()
    assert list(unruly_upgrades(evidence, {"dre": yard.team})) == []


def test_f69_ids_names_and_shapes_are_a_contract(week, open_question):
    _, asked = open_question
    path, kwargs = asked.trigger.serialize()
    results = {task_id: shape(week.xcoms[f"upgrade.{task_id}", "return_value"]) for task_id in FIRST}
    done = week.wake(asked, "merge_or_ask", answer(MERGE, "enzo", read=True))
    results["merge_or_ask"] = shape(done.value)
    assert_golden("dag_dependencies", described(week.dag))
    assert_golden(
        "dependencies",
        {
            "looks": sorted(LOOKS),
            "trigger": [path, sorted(kwargs), shape(kwargs["arguments"])],
            "xcom": results,
            "required_action": [week.asked[0]["options"], sorted(week.asked[0]["params"])],
        },
    )
    with pytest.raises(UnknownLook):
        look(week.yard.desk(), "nothing", week.yard.upgrade.id, {})


def test_f74_no_token_stands_in_what_airflow_keeps(open_question):
    week, asked = open_question
    week.settled(asked)
    found = [*week.said, *texts([request["body"] for request in week.asked])]
    assert found
    assert not [text for text in found if GITHUB_TOKEN in text or SLACK_TOKEN in text]


def test_the_documentation_has_the_headings_and_the_tasks_short_retries(week):
    places = [week.dag.doc_md.find(f"**{heading}**") for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)
    for task in week.dag.tasks:
        assert task.retries >= 3
        assert task.retry_delay.total_seconds() <= 10
        assert tuple(task.template_fields) == ("repository",)
        assert task.execution_timeout is None
