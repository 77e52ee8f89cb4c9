"""Urgent matters go to the owner of their circle as an issue, once (T-05)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from stationmaster.assemble.escalation import escalation_dags
from stationmaster.incidents.circles import Matter, escalate
from stationmaster.ledger.errors import EffectUnknown
from stationmaster.rehearsal.github.faults import Fault
from tests.departures.week import INCLUDE
from tests.handoffs.desks import new_post
from tests.operators.runs import DAG_FILE

NOW = datetime(2024, 3, 11, 14, 0, tzinfo=UTC)
REPOSITORY = "threefoldtech/tf_operations"
MATTER = Matter(
    "technology", "critical", "The grid is down\n<!channel>", "Tried: *everything*\n<script>x</script> @owen"
)


@pytest.fixture
def post(boards, ledger):
    return new_post(boards, ledger, "threefold", "operations", NOW, ())


def issues(post):
    return post.desk().forge.open_issues(REPOSITORY, ("escalation",))


def test_t05_the_issue_is_assigned_to_the_owner_and_told_once(post):
    amir = post.team.people["amir"]
    first = escalate(post.desk(), "threefold.escalate/run-1", MATTER, amir)
    again = escalate(post.desk(), "threefold.escalate/run-1", MATTER, amir)
    assert first == again
    (issue,) = issues(post)
    assert (issue.number, issue.assignees) == (first["number"], ("tf-owen",))
    assert set(issue.labels) == {"escalation", "priority_critical"}
    assert issue.title == "[critical] Technology: The grid is down <!channel>"
    texts = [message.text for messages in post.slack.messages.values() for message in messages]
    assert len(texts) == 1
    assert "<!channel>" not in texts[0]
    assert "<script>" not in issue.body


def test_t05_another_run_is_another_matter(post):
    for run in ("run-1", "run-2"):
        escalate(post.desk(), f"threefold.escalate/{run}", MATTER, post.team.people["amir"])
    assert len(issues(post)) == 2


def test_f04_an_issue_whose_answer_was_lost_is_found_and_not_written_twice(post):
    post.github.faults.add(Fault(kind="bad_gateway_after", method="POST", path="/issues"))
    with suppress(EffectUnknown):
        escalate(post.desk(), "threefold.escalate/run-1", MATTER, post.team.people["amir"])
    assert post.github.faults.waiting() == []
    post.clock.move(minutes=1)
    escalate(post.desk(), "threefold.escalate/run-1", MATTER, post.team.people["amir"])
    assert len(issues(post)) == 1


def run_the_form(post, monkeypatch, *, user="amir", circle="technology"):
    monkeypatch.setattr("stationmaster.work.context.Desk", lambda **_: post.desk())
    (dag,) = escalation_dags(INCLUDE, post.team, dag_file=DAG_FILE)
    form = {"circle": circle, "urgency": "major", "what": "Disk full", "details": None}
    run = SimpleNamespace(run_id="manual-1", run_type="manual", triggering_user_name=user)
    return dag.tasks[0].execute({"ti": SimpleNamespace(try_number=1), "dag_run": run, "params": form})


def test_t05_the_form_writes_in_the_name_of_whoever_filled_it_in(post, monkeypatch):
    found = run_the_form(post, monkeypatch)
    assert found == {
        "repository": REPOSITORY,
        "number": issues(post)[0].number,
        "url": issues(post)[0].url,
        "owner": "owen",
    }
    assert "Amir Hassan" in issues(post)[0].body
    run_the_form(post, monkeypatch)
    assert len(issues(post)) == 1


def test_t05_a_stranger_and_a_circle_that_is_gone_are_refused(post, monkeypatch):
    with pytest.raises(AirflowFailException, match="not in the people of threefold"):
        run_the_form(post, monkeypatch, user="mallory")
    with pytest.raises(AirflowFailException, match="no circle"):
        run_the_form(post, monkeypatch, circle="gone")
    assert issues(post) == []


def test_f58_what_github_refuses_is_said_in_a_sentence(post, monkeypatch):
    gone = post.team.circles["technology"].model_copy(update={"repository": "threefoldtech/nowhere"})
    post.team = post.team.model_copy(update={"circles": {"technology": gone}})
    with pytest.raises(AirflowException, match="threefoldtech/nowhere"):
        run_the_form(post, monkeypatch)


def test_a_team_without_circles_has_no_form(post):
    assert list(escalation_dags(INCLUDE, post.team.model_copy(update={"circles": {}}))) == []
