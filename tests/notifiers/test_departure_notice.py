"""The failure notice, and the chat hook on Airflow's own Slack hook and connection (issue 2, parts 5 and 7)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from stationmaster.core.rotations.roles import RoleRule
from stationmaster.hooks.chat import Chat
from stationmaster.hooks.chat_errors import ChatConnectionMissing, ChatOutcomeUnknown
from stationmaster.notifiers.departure_notice import DepartureNotice
from tests.core.rotations import making
from tests.rehearsal.slack_fixtures import ANA, BEN, OPS, Switchboard, Workspace, switchboard

TOKEN = "xoxb-123456789012-very-secret-AbCdEf"
ROTATION = making.rotation(
    "ana ben", anchor=datetime(2026, 8, 3, 9, 0), roles={"primary": RoleRule(turn=0), "secondary": RoleRule(turn=1)}
)


@pytest.fixture(scope="module")
def board() -> Iterator[Switchboard]:
    with switchboard() as board:
        yield board


@pytest.fixture
def slack(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = board.workspace(token=TOKEN)
    monkeypatch.setattr("stationmaster.clock.now", workspace.clock)
    connect(monkeypatch, password=TOKEN, extra={"base_url": f"{workspace.base}/api/", "timeout": "1"})
    return workspace


def connect(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", json.dumps({"conn_type": "slack", **facts}))


def failed(task_id: str = "promote_explorer", **facts: Any) -> Any:
    task = {
        "dag_id": "cellxgene.weekly.promote",
        "run_id": "scheduled__2026-08-26",
        "task_id": task_id,
        "map_index": -1,
        "try_number": 1,
        "log_url": "https://airflow.example/log",
    }
    return {"ti": SimpleNamespace(**{**task, **facts}), "exception": RuntimeError("the pipeline said no")}


def notice(**changes: Any) -> DepartureNotice:
    given: dict[str, Any] = {"channel": OPS, "rotation": ROTATION, "mentions": {"ana": ANA, "ben": BEN}, **changes}
    return DepartureNotice(**given)


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


def test_a_failure_is_told_with_the_person_on_call(slack: Workspace) -> None:
    notice()(failed())
    (text,) = slack.texts()
    assert "cellxgene.weekly.promote › promote_explorer (try 1)" in text
    assert "RuntimeError: the pipeline said no" in text
    assert "<https://airflow.example/log|Read the log>" in text
    assert f"On call: <@{ANA}>" in text


def test_c02_the_person_is_the_one_at_that_instant(slack: Workspace) -> None:
    """C-02: the handoff on Monday at nine belongs to the incoming person."""
    slack.clock.instant = datetime.fromisoformat("2026-08-24T16:00:00+00:00")
    notice()(failed())
    slack.clock.move(microseconds=-1)
    notice()(failed())
    after, before = (f"<@{BEN}>" in text for text in slack.texts())
    assert after != before


def test_one_instance_keeps_nothing_between_two_tasks(slack: Workspace) -> None:
    """Airflow fact 8: a shared notifier repeats the first task's text."""
    shared = notice()
    shared(failed("first"))
    shared(failed("second", map_index=3))
    first, second = slack.texts()
    assert "first" in first
    assert "second[3]" in second
    assert "first" not in second


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
    context["exception"] = ValueError(f"<!channel> `x` {TOKEN}\n" + "y" * 5000)
    notice()(context)
    (text,) = slack.texts()
    assert "<!channel>" not in text
    assert TOKEN not in text
    assert len(text) < 1000


def test_a_failed_run_is_told_without_a_task(slack: Workspace) -> None:
    run = SimpleNamespace(dag_id="cellxgene.weekly.promote", run_id="scheduled__2026-08-26")
    notice()({"dag_run": run, "reason": "task_failure"})
    (text,) = slack.texts()
    assert "cellxgene.weekly.promote › scheduled__2026-08-26" in text
    assert "task_failure" in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rotation": None}, "no rotation"),
        ({"role": "tertiary"}, "nobody can be named"),
        ({"mentions": {}}, "ana (has no Slack account"),
    ],
)
def test_who_is_not_to_be_found_is_said_and_never_made_up(slack: Workspace, changes: dict[str, Any], said: str) -> None:
    notice(**changes)(failed())
    assert said in slack.texts()[0]


def test_each_try_has_a_key_of_its_own(slack: Workspace) -> None:
    notice()(failed())
    notice()(failed(try_number=2))
    since = slack.clock.instant - timedelta(minutes=1)
    key = "cellxgene.weekly.promote/scheduled__2026-08-26/promote_explorer/-1"
    stamps = [Chat().find(OPS, f"{key}/{attempt}/failed", since) for attempt in (1, 2)]
    assert [found.ts for found in stamps if found] == [one.ts for one in slack.world.messages[OPS]]
