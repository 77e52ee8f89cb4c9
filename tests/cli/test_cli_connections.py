"""``stationmaster check --connections``: GitHub, Slack and mail as the DAGs would use them (C-23)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from stationmaster.rehearsal.alerts import standin as alerts_standin
from stationmaster.rehearsal.alerts.standin import AlertWorld, Silence
from stationmaster.rehearsal.github import standin as github_standin
from stationmaster.rehearsal.github.specs import RepositorySpec
from stationmaster.rehearsal.github.world import STAND_IN_TOKEN as GITHUB_TOKEN
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.governance import standin as governance_standin
from stationmaster.rehearsal.governance.standin import STAND_IN_TOKEN as GOVERNANCE_TOKEN
from stationmaster.rehearsal.governance.world import Fault, GovernanceWorld
from stationmaster.rehearsal.mail.standin import Mailbox, serve_mail
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.slack.world import STAND_IN_TOKEN as SLACK_TOKEN
from stationmaster.rehearsal.slack.world import SlackWorld
from stationmaster.work.identity import LEARNED
from tests.cli.conftest import WEDNESDAY
from tests.departures.week import EXPLORER, PORTAL
from tests.handoffs.monday import smtp_connection
from tests.operators.accounts import FAB


class Outside:
    """What the connections lead to."""

    def __init__(self) -> None:
        self.github = GithubWorld(repositories=[RepositorySpec(name=name) for name in (PORTAL, EXPLORER)])
        self.slack = SlackWorld()
        self.mailbox = Mailbox()


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch, surroundings: None) -> Iterator[Outside]:
    world = Outside()
    with ExitStack() as stack:
        github = stack.enter_context(serve(github_standin.create_app(world.github)))
        slack = stack.enter_context(serve(slack_standin.create_app(world.slack)))
        mail = stack.enter_context(serve_mail(world.mailbox))
        values = {
            "GITHUB_DEFAULT": {"conn_type": "github", "host": f"{github}/api/v3", "password": GITHUB_TOKEN},
            "SLACK_API_DEFAULT": {
                "conn_type": "slack",
                "password": SLACK_TOKEN,
                "extra": {"base_url": f"{slack}/api/"},
            },
        }
        for name, value in values.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(value))
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", smtp_connection(mail))
        yield world


def test_c23_connections_that_have_what_they_need(run, outside):
    result = run("check", "--connections")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        "Every connection has what it needs, as far as it says.",
    )
    assert outside.mailbox.mails == ()
    assert list(outside.github.writes()) == []


def test_c23_a_missing_scope_is_a_finding_with_connection_and_remedy(run, answer, outside):
    outside.github.scopes = ("repo", "workflow")
    result = run("check", "--connections")
    assert result.exit_code == 1
    line = result.stdout.splitlines()[-1]
    assert line.startswith("cellxgene.weekly: TOKEN_LACKS_SCOPE: The GitHub token of the connection github_default ")
    assert "admin:repo_hook" in line
    found = answer("check", "--connections", code=1)
    assert (found["ok"], found["errors"]) == (False, 0)
    assert [(one["about"], one["code"]) for one in found["connections"]] == [("cellxgene.weekly", "TOKEN_LACKS_SCOPE")]


def test_f61_slack_and_mail_are_looked_at_too(answer, outside, monkeypatch):
    outside.slack.scopes = frozenset({"channels:history", "reactions:read", "users:read"})
    monkeypatch.delenv("AIRFLOW_CONN_SMTP_DEFAULT")
    found = answer("check", "--connections", code=1)["connections"]
    assert [(one["about"], one["code"]) for one in found] == [
        ("cellxgene.weekly", "SLACK_LACKS_SCOPE"),
        ("cellxgene.oncall", "CONNECTION_MISSING"),
    ]


ROLLOUT = """
rollout:
  component: portal
  targets: {one: First, two: Second}
  plan: "Monday:\\n  '9:00': [one, two]\\n"
  vote: {channel: ops, role: primary}
"""


@pytest.fixture
def rolling(include: Path, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[GovernanceWorld, Any]]:
    """The train rolls out, too, and both services of it answer."""
    team, train = include / "teams" / "cellxgene.yaml", include / "trains" / "cellxgene.weekly.yaml"
    train.write_text(train.read_text() + ROLLOUT.replace("\\\\n", "\\n"))
    text = team.read_text()
    assert text.count("\nconnections:\n") == 1
    team.write_text(text.replace("\nconnections:\n", "\nconnections:\n  proposals: votes\n  alerts: pages\n"))
    governance, alerts = GovernanceWorld(dict.fromkeys(("one", "two"), "0" * 40)), AlertWorld()
    with (
        serve(governance_standin.create_app(governance)) as proposals,
        serve(alerts_standin.create_app(alerts)) as pages,
    ):
        monkeypatch.setenv("AIRFLOW_CONN_VOTES", connection(proposals, GOVERNANCE_TOKEN))
        monkeypatch.setenv("AIRFLOW_CONN_PAGES", connection(pages))
        yield governance, alerts


def connection(host: str, password: str = "") -> str:
    return json.dumps({"conn_type": "http", "host": host, "password": password})


def test_d11_proposals_and_alerts_are_asked_about_every_target(run, rolling):
    result = run("check", "--connections")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        "Every connection has what it needs, as far as it says.",
    )
    assert rolling[0].proposals == []


def test_d11_a_service_that_is_not_there_and_a_connection_without_a_host_are_findings(answer, rolling, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_VOTES", json.dumps({"conn_type": "http", "host": "http://127.0.0.1:1"}))
    monkeypatch.setenv("AIRFLOW_CONN_PAGES", json.dumps({"conn_type": "http"}))
    found = answer("check", "--connections", code=1)["connections"]
    assert [(one["code"], one["about"]) for one in found] == [
        ("PROPOSALS_UNREACHABLE", "cellxgene.weekly"),
        ("CONNECTION_MISSING", "cellxgene.weekly"),
    ]
    assert all(one["how"] for one in found)
    assert "pages" in found[-1]["sentence"]


def test_d11_a_target_that_is_not_known_is_named_and_a_refused_token_is_said_once(answer, rolling):
    governance, _ = rolling
    del governance._running["two"]
    found = answer("check", "--connections", code=1)["connections"]
    assert [one["code"] for one in found] == ["PROPOSALS_REFUSED"]
    assert "two" in found[0]["sentence"]
    governance.script(Fault(kind="unauthorised", times=9))
    found = answer("check", "--connections", code=1)["connections"]
    assert [one["code"] for one in found] == ["PROPOSALS_REFUSED"]
    assert GOVERNANCE_TOKEN not in json.dumps(found)


def test_d11_alerts_that_do_not_answer_are_a_finding(answer, rolling):
    _, alerts = rolling
    alerts.silence(Silence(times=9))
    found = answer("check", "--connections", code=1)["connections"]
    assert [one["code"] for one in found] == ["ALERTS_UNREACHABLE"]


def test_without_the_option_nothing_is_asked(answer, outside):
    outside.github.scopes = ()
    outside.slack.token_revoked = True
    assert answer("check")["connections"] == []


def test_f74_no_token_in_what_is_said(run, outside):
    outside.slack.token_revoked = True
    outside.github.tokens.clear()
    result = run("check", "--connections")
    assert result.exit_code == 1
    assert GITHUB_TOKEN not in result.output
    assert SLACK_TOKEN not in result.output


def test_i2_with_fab_who_lacks_an_id_or_a_name_is_a_finding(answer, outside, include, ledger, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", FAB)
    team = include / "teams" / "cellxgene.yaml"
    text = team.read_text()
    for number, name in enumerate(("amara", "chiara", "devika", "emil", "farah", "goran", "hana", "ivan"), start=11):
        text = text.replace(f"    airflow: {name}\n", f'    airflow: {name}\n    airflow_id: "{number}"\n')
    team.write_text(text.replace("    airflow: jules\n", '    airflow: "10"\n'))
    found = {one["about"]: one for one in answer("check", "--connections", code=1)["connections"]}
    assert set(found) == {"cellxgene.people.ben", "cellxgene.people.jules"}
    assert {one["code"] for one in found.values()} == {"AIRFLOW_ACCOUNT_UNKNOWN"}
    assert "the user id of Ben Lindqvist (ben)" in found["cellxgene.people.ben"]["sentence"]
    assert "the user name of Jules Whitaker (id 10)" in found["cellxgene.people.jules"]["sentence"]
    assert "airflow users list" in found["cellxgene.people.ben"]["how"]
    about, seen = "cellxgene/people", {"id": "20", "name": "ben"}
    ledger.record(about, LEARNED, "ben", seen, WEDNESDAY, "stationmaster")
    ledger.record(about, LEARNED, "jules", {"id": "10", "name": "jules"}, WEDNESDAY, "stationmaster")
    assert answer("check", "--connections")["connections"] == []


def test_i2_with_simple_auth_a_user_name_is_enough(answer, outside):
    assert answer("check", "--connections")["connections"] == []
