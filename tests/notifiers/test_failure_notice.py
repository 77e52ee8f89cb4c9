"""The failure notice, and the chat hook on Airflow's own Slack hook and connection (issue 2, parts 5 and 7)."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException

from stationmaster.assemble.include import dags_of
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.chat_errors import ChatConnectionMissing, ChatOutcomeUnknown
from stationmaster.ledger import Ledger
from stationmaster.notifiers.failure_notice import FailedAndTold, FailureNotice
from tests.rehearsal.slack_fixtures import OPS, Switchboard, Workspace, switchboard

TOKEN = "xoxb-123456789012-very-secret-AbCdEf"
INCLUDE = Path(__file__).parents[2] / "include"
DAG_FILE = INCLUDE.parent / "dags" / "trains.py"


@pytest.fixture(scope="module")
def board() -> Iterator[Switchboard]:
    with switchboard() as board:
        yield board


@pytest.fixture
def ledger(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    path = shutil.copyfile(sqlite_template, tmp_path / "ledger.db")
    monkeypatch.setenv("STATIONMASTER_LEDGER_URL", f"sqlite:///{path}")
    return Ledger.at(f"sqlite:///{path}")


@pytest.fixture
def slack(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = board.workspace(token=TOKEN)
    monkeypatch.setattr("stationmaster.clock.now", workspace.clock)
    connect(monkeypatch, password=TOKEN, extra={"base_url": f"{workspace.base}/api/", "timeout": "1"})
    return workspace


def connect(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", json.dumps({"conn_type": "slack", **facts}))


@cache
def dags() -> dict[str, DAG]:
    """The DAGs of the example, as a worker has them."""
    return {dag.dag_id: dag for dag in dags_of(INCLUDE, dag_file=DAG_FILE)}


def failed(
    task_id: str = "tell_the_outcome",
    dag_id: str = "cellxgene.weekly.cut",
    *,
    error: BaseException | None = None,
    run_type: str = "scheduled",
    **facts: Any,
) -> Any:
    """What Airflow hands over when a task has failed for good."""
    dag = dags()[dag_id]
    given = {
        "dag_id": dag_id,
        "run_id": "scheduled__2026-08-26",
        "task_id": task_id,
        "map_index": -1,
        "try_number": 6,
        "log_url": "https://airflow.example/log",
    }
    return {
        "ti": SimpleNamespace(**{**given, **facts}),
        "task": dag.get_task(task_id),
        "dag": dag,
        "dag_run": SimpleNamespace(run_type=run_type, run_id="scheduled__2026-08-26"),
        "exception": error or RuntimeError("the pipeline said no"),
    }


def notice(**changes: Any) -> FailureNotice:
    given: dict[str, Any] = {"include": "../include", "team": "cellxgene", "channel": OPS, "role": "primary", **changes}
    return FailureNotice(**given)


def test_the_chat_hook_takes_token_address_and_timeout_from_airflows_connection(slack: Workspace) -> None:
    chat = Chat()
    posted = chat.post(OPS, "hello", key="k")
    assert chat.find(OPS, "k", slack.clock.instant) == posted
    assert (chat._web().timeout, chat._web().token) == (1, TOKEN)
    assert [type(handler).__name__ for handler in chat._web().retry_handlers] == ["RepeatableCallRetries"]


def test_f04_through_airflows_hook_too(slack: Workspace) -> None:
    slack.fault("drop_after", "chat.postMessage")
    with pytest.raises(ChatOutcomeUnknown):
        Chat().post(OPS, "once", key="k")
    assert slack.texts() == ["once"]


def test_airflows_own_slack_hook_cannot_tell_the_stand_in_from_slack(slack: Workspace) -> None:
    from airflow.providers.slack.hooks.slack import SlackHook

    hook = SlackHook()
    assert hook.test_connection()[0] is True
    assert hook.get_channel_id("single-cell-ops") == OPS
    assert hook.call("chat.postMessage", json={"channel": OPS, "text": "through the hook"})["ok"]
    assert slack.texts() == ["through the hook"]


@pytest.mark.parametrize(
    ("facts", "said"),
    [({}, "password"), ({"password": TOKEN, "extra": {"timeout": "soon"}}, "soon")],
)
def test_a_connection_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], said: str
) -> None:
    connect(monkeypatch, **facts)
    with pytest.raises(ChatConnectionMissing, match="slack_api_default") as caught:
        Chat().identity()
    assert said in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_failure_is_told_with_the_person_on_call_and_the_way_out(slack: Workspace, ledger: Ledger) -> None:
    notice()(failed())
    (text,) = slack.texts()
    assert "cellxgene.weekly.cut › tell_the_outcome (try 6)" in text
    assert "RuntimeError: the pipeline said no" in text
    assert "<https://airflow.example/log|Read the log>" in text
    assert "clear the task" in text
    assert re.search(r"On call: <@U[A-Z0-9]+>$", text, re.MULTILINE)


def test_c02_the_person_is_the_one_at_that_instant(slack: Workspace, ledger: Ledger) -> None:
    """C-02: the handoff on Monday at nine belongs to the incoming person."""
    slack.clock.instant = datetime.fromisoformat("2026-08-24T16:00:00+00:00")
    notice()(failed())
    slack.clock.move(microseconds=-1)
    notice()(failed())
    after, before = (text.split("On call: ")[1].split("\n")[0] for text in slack.texts())
    assert after != before


@pytest.mark.parametrize(
    ("context", "why"),
    [
        ({"task_id": "wait_for_the_window"}, "the run's last task tells it"),
        ({"task_id": "tell_the_outcome", "error": FailedAndTold("missed")}, "it is told"),
        (
            {"task_id": "open_departure", "error": AirflowFailException("the form's issue"), "run_type": "manual"},
            "whoever filled the form in sees it",
        ),
    ],
)
def test_what_people_know_already_is_not_told_again(slack: Workspace, context: dict[str, Any], why: str) -> None:
    notice(teller="tell_the_outcome")(failed(**context))
    assert slack.texts() == [], why


@pytest.mark.parametrize(
    "context",
    [
        {"task_id": "tell_the_outcome"},
        {"task_id": "tell_the_outcome", "error": AirflowFailException("it could not be opened")},
        {"task_id": "tell_the_shift", "dag_id": "cellxgene.oncall.handoff"},
        {"task_id": "write_the_issue", "dag_id": "threefold.escalate", "run_type": "manual"},
    ],
    ids=str,
)
def test_what_nobody_tells_else_is_told(slack: Workspace, ledger: Ledger, context: dict[str, Any]) -> None:
    notice(teller="tell_the_outcome")(failed(**context))
    assert len(slack.texts()) == 1


def test_d15_each_dag_tells_of_its_tasks_and_of_a_security_hotfix_in_the_private_channel() -> None:
    """Sources of rotations say themselves, once a day, that they cannot be read."""
    told = {
        name: task.on_failure_callback
        for name, dag in dags().items()
        for task in dag.tasks
        if not name.endswith((".source", ".absences"))
    }
    assert [name for name, callback in told.items() if not callback] == []
    (secret,) = told["cellxgene.weekly.security_hotfix"]
    (train,) = told["cellxgene.weekly.hotfix"]
    assert secret.channel != train.channel
    assert secret.channel == "C05SECURITY"


def test_one_instance_keeps_nothing_between_two_tasks(slack: Workspace) -> None:
    """Airflow fact 8: a shared notifier repeats the first task's text."""
    shared = notice()
    shared(failed("open_departure"))
    shared(failed("tell_the_outcome", map_index=3))
    first, second = slack.texts()
    assert "open_departure" in first
    assert "tell_the_outcome[3]" in second
    assert "open_departure" not in second


@pytest.mark.parametrize("fault", ["drop_after", "server_error_before", "rate_limited", "error"])
def test_a_slack_that_is_down_never_fails_the_task(
    slack: Workspace, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """Airflow fact 8: a notifier that raises fails the task."""
    slack.fault(fault, "chat.postMessage", error="token_revoked")
    notice()(failed())
    logged = capsys.readouterr().out + caplog.text
    assert slack.calls("chat.postMessage") == 1
    assert f"not told to {OPS}: Chat" in logged
    assert TOKEN not in logged


def test_a_broken_context_never_fails_the_task(
    slack: Workspace, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    notice()({"ti": object()})
    assert "was not told" in capsys.readouterr().out + caplog.text


def test_f65_f74_the_exceptions_text_is_escaped_cut_and_holds_no_token(slack: Workspace) -> None:
    context = failed()
    context["exception"] = ValueError(f"<!channel> `x` {TOKEN} " + "x" * 5000 + "\n" + "y" * 10)
    notice()(context)
    (text,) = slack.texts()
    assert "<!channel>" not in text
    assert TOKEN not in text
    assert len(text) < 1000
    assert "yyy" not in text, "what a driver says below its first line is for the log"


def test_who_is_not_to_be_found_is_said_and_never_made_up(slack: Workspace, ledger: Ledger) -> None:
    notice(role="tertiary-of-nobody")(failed())
    assert "On call: nobody can be named: " in slack.texts()[0]


def test_files_and_a_ledger_that_cannot_be_read_keep_nobody_from_being_told(
    slack: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice(include="../nowhere")(failed())
    monkeypatch.setenv("STATIONMASTER_LEDGER_URL", "postgresql://stationmaster:geheim@127.0.0.1:1/ledger")
    notice()(failed())
    files, ledger = slack.texts()
    assert "nobody can be named" in files
    assert "does not answer" in ledger
    assert "geheim" not in ledger


def test_a_task_whose_worker_was_killed_is_told_by_the_dag_processor(slack: Workspace, ledger: Ledger) -> None:
    context = failed()
    del context["exception"], context["dag_run"]
    notice()(context)
    (text,) = slack.texts()
    assert "its worker may be gone" in text


def test_each_try_has_a_key_of_its_own(slack: Workspace) -> None:
    notice()(failed(try_number=1))
    notice()(failed(try_number=2))
    since = slack.clock.instant - timedelta(minutes=1)
    key = "cellxgene.weekly.cut/scheduled__2026-08-26/tell_the_outcome/-1"
    stamps = [Chat().find(OPS, f"{key}/{attempt}/failed", since) for attempt in (1, 2)]
    assert [found.ts for found in stamps if found] == [one.ts for one in slack.world.messages[OPS]]
