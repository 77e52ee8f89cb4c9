"""A whole week through its tasks, and what it leaves in XCom, in triggers and in required actions (F69, F74)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from stationmaster.departures.watches import WATCHES
from stationmaster.ledger.records import DepartureState
from tests.departures.week import EXPLORER, GITHUB_TOKEN, PORTAL, SLACK_TOKEN, WEDNESDAY
from tests.golden_files import assert_golden, shape
from tests.operators.runs import Outcome, Run, answer, texts

ME = {"role": "primary"}
Answered = Callable[[], dict[str, Any]]


class Witness:
    """Takes a run through its tasks in order, and remembers what they leave."""

    def __init__(self) -> None:
        self.results: dict[str, Any] = {}
        self.arguments: dict[str, Any] = {}
        self.options: dict[str, list[str]] = {}
        self.said: list[str] = []

    def follow(self, run: Run, task_id: str, answered: Answered | None = None, **mapped: str) -> None:
        before, outcome = len(run.asked), run.start(task_id, **mapped)
        name = type(run.operator(task_id, **mapped)).__name__
        if len(run.asked) > before:
            self.options[name] = run.asked[-1]["options"]
        for _ in range(200):
            if outcome.kind != "deferred":
                break
            self.keep(name, outcome)
            subject = f"{run.week.departure}/{run.stop}/{task_id}"
            assert run.week.ledger.blockers(subject), f"{task_id} waits and nobody knows why"
            event = answered() if answered else run.settled(outcome)
            if event is None:
                run.week.clock.move(seconds=30)
            else:
                outcome = run.wake(outcome, task_id, event, **mapped)
        assert outcome.kind == "done", (task_id, outcome)
        run.states[task_id] = "success"
        self.results[name] = shape(json.loads(json.dumps(outcome.value)))

    def keep(self, name: str, outcome: Outcome) -> None:
        assert outcome.trigger is not None
        self.arguments[f"{name}: {outcome.watch}"] = shape(outcome.arguments)
        path, kwargs = outcome.trigger.serialize()
        self.said += [path, *texts(kwargs), *texts(outcome.kwargs)]


def test_a_whole_week_through_its_tasks(runs, week):
    witness = Witness()
    cut = runs("cut")
    witness.follow(cut, "open_departure")
    witness.follow(cut, "wait_for_the_window")
    witness.follow(cut, "ask_whom_to_wait_for", **ME)
    witness.follow(cut, "pin_the_manifest")
    for component in ("portal", "explorer"):
        witness.follow(cut, f"{component}.deploy_to_staging")
        witness.follow(cut, f"{component}.verify_staging")
    items = cut.operator("explorer.test_staging", **ME)._items()
    passed = answer("All passed", "ben", **dict.fromkeys((item.id for item in items), True))
    witness.follow(cut, "explorer.test_staging", lambda: passed, **ME)
    witness.follow(cut, "tell_the_outcome")

    week.clock.to(WEDNESDAY)
    promote = runs("promote")
    witness.follow(promote, "open_departure")
    witness.follow(promote, "ask_for_votes")
    quorum = promote.start("wait_for_the_quorum")
    witness.keep("StandingSensor", quorum)
    for voter in ("amara", "emil", "chiara"):
        witness.follow(promote, "ballot", lambda voter=voter: answer("LGTM", voter), voter=voter)
    for sensor in ("wait_for_the_soak", "wait_for_the_window", "wait_for_the_quorum"):
        witness.follow(promote, sensor)
    witness.follow(promote, "confirm_the_promotion", lambda: answer("Go", "farah"), **ME)
    for component in ("portal", "explorer"):
        witness.follow(promote, f"{component}.deploy_to_prod")
        witness.follow(promote, f"{component}.verify_prod")
    passed = answer("All passed", "farah", **dict.fromkeys((item.id for item in items), True))
    witness.follow(promote, "explorer.test_prod", lambda: passed, **ME)
    witness.follow(promote, "tell_the_outcome")

    assert week.ledger.departure(week.departure).state is DepartureState.DONE
    assert [len(week.dispatches(repo)) for repo in (PORTAL, EXPLORER)] == [1, 2]
    assert week.ledger.blockers(week.departure) == {}
    witness.results["AskForVotesOperator round"] = shape(promote.xcoms["ask_for_votes", "round"])
    witness.results["OpenDepartureOperator departure"] = shape(promote.xcoms["open_departure", "departure"])
    assert_golden("xcom", witness.results)
    assert_golden("trigger_arguments", witness.arguments)
    assert_golden("required_actions", witness.options)

    said = [
        *witness.said,
        *texts([cut.asked, list(cut.xcoms.values()), list(promote.xcoms.values())]),
    ]
    assert not [text for text in said if GITHUB_TOKEN in text or SLACK_TOKEN in text], "F74: a token"


def test_f69_the_names_of_the_watches_are_a_contract():
    assert_golden("watches", sorted(WATCHES))


@pytest.mark.parametrize("kind", ["unauthorised", "bad_gateway_before", "hidden", "secondary_limit"])
def test_f74_no_token_in_the_text_of_a_failure(ready, kind, caplog):
    ready.week.fault(kind, "/", times=100)
    outcome = ready.start("portal.deploy_to_prod")
    found = [outcome.text, caplog.text, *(block.sentence for block in ready.why("portal.deploy_to_prod"))]
    assert found[2:]
    assert not [text for text in found if GITHUB_TOKEN in text or SLACK_TOKEN in text]


def test_f74_nothing_of_ours_is_rendered():
    """Airflow shows and stores what it renders; our operators have no template fields at all."""
    from tests.operators.runs import dags

    for dag in dags().values():
        for task in dag.tasks:
            assert tuple(task.template_fields) == (), task.task_id


def test_r7_what_follows_a_failure_is_asked_in_one_shape(ready):
    """The forms, their fields and what the triggers that wait for the answer are made with."""
    from tests.operators.test_failing_tasks import TEST, asks, failed, report, script

    asked = {}

    def keep(task, waits):
        asked[task] = {
            "options": ready.asked[-1]["options"],
            "fields": {
                name: field["schema"]
                for name, field in ready.asked[-1]["params"].items()
                if "_" in name or name in ("reason", "failure", "note")
            },
            "arguments": shape(waits.arguments),
        }

    keep("deploy", failed(ready))
    waits = ready.start("portal.deploy_to_prod")
    ready.wake(waits, "portal.deploy_to_prod", answer("Deploy again", "farah", reason="it is fixed"))
    assert ready.drive("portal.deploy_to_prod").kind == "done"
    report(ready, ready.week.ledger.facts(ready.week.departure, "rollback_target", "portal/prod")[-1].value["sha"])
    keep("verify", asks(ready))
    script(ready, "success")
    keep("test", ready.start(TEST, **ME))
    for each in asked.values():
        each["fields"].get("what_failed", {}).pop("examples", None)
    assert_golden("failure_questions", asked)
