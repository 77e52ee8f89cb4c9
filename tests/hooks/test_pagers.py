"""PagerDuty and Jira Operations through their clients, against the stand-ins (C-06, D-07)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stationmaster import clock
from stationmaster.config.loader import load
from stationmaster.hooks import jira_operations
from stationmaster.hooks.jira_operations import JiraOperations
from stationmaster.hooks.pager_models import (
    PagerConnectionMissing,
    PagerRefused,
    PagerUnreachable,
    PagerUnreadable,
)
from stationmaster.hooks.pagerduty_schedules import PagerDuty
from stationmaster.rehearsal.pager.standin import (
    CLOUD,
    STAND_IN_LOGIN,
    STAND_IN_TOKEN,
    PagerFault,
    PagerWorld,
    create_app,
)
from stationmaster.rehearsal.serving import serve

INCLUDE = Path(__file__).resolve().parents[2] / "include"
TEAMS = load(INCLUDE, teams=["cellxgene", "dre"]).teams
START = datetime(2026, 3, 2, 17, tzinfo=UTC)
END = START + timedelta(weeks=3)


def pagerduty_connection(url: str, **changes: object) -> str:
    return json.dumps({"conn_type": "pagerduty", "host": url, "password": STAND_IN_TOKEN, **changes})


def jira_connection(url: str, **changes: object) -> str:
    found = {"conn_type": "http", "host": url, "login": STAND_IN_LOGIN, "password": STAND_IN_TOKEN}
    return json.dumps({**found, "extra": {"cloud_id": CLOUD}, **changes})


@pytest.fixture
def world():
    return PagerWorld(TEAMS.values())


@pytest.fixture
def url(world, monkeypatch):
    with serve(create_app(world)) as base:
        monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_DEFAULT", pagerduty_connection(base))
        monkeypatch.setenv("AIRFLOW_CONN_JIRA_OPERATIONS", jira_connection(base))
        monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client waits between its tries
        yield base


SERVICES = [
    pytest.param(PagerDuty("pagerduty_default"), "PCXGPRI", "cellxgene", "primary", id="pagerduty"),
    pytest.param(JiraOperations("jira_operations"), "0d6a3f0e-ops-rotation", "dre", "ops", id="jira"),
]


@pytest.mark.parametrize("service, schedule, team, role", SERVICES)
def test_a_vendors_periods_are_those_of_its_schedule(url, service, schedule, team, role):
    periods = service.periods(schedule, START, END)
    turns = TEAMS[team].rotation_of(role).schedule(role).timeline(START, END)
    assert [(each.start, each.end) for each in periods] == [(turn.start, turn.end) for turn in turns]


def test_pagerduty_shows_a_users_address_and_jira_does_not(url):
    first = PagerDuty("pagerduty_default").periods("PCXGPRI", START, END)[0]
    person = TEAMS["cellxgene"].on_call_person("primary", START)
    assert first.name == person.name
    assert PagerDuty("pagerduty_default").mail_of(first.user) == person.email
    assert JiraOperations("jira_operations").mail_of("5b10a2844c20165700ede210") is None


@pytest.mark.parametrize("service, schedule, team, role", SERVICES)
@pytest.mark.parametrize(
    "kind, error, says",
    [
        ("unauthorised", PagerRefused, "does not know the token"),
        ("busy", PagerUnreachable, "answers 503|does not answer"),
        ("nothing", PagerUnreadable, "no rendered entries|no final timeline|something else"),
        ("no_json", PagerUnreadable, "no JSON|something else"),
    ],
)
def test_a_vendor_that_fails_has_a_sentence_of_its_own(url, world, service, schedule, team, role, kind, error, says):
    world.script(PagerFault(kind=kind, times=20))
    with pytest.raises(error, match=says) as told:
        service.periods(schedule, START, END)
    assert STAND_IN_TOKEN not in str(told.value)


@pytest.mark.parametrize("service, schedule, team, role", SERVICES)
def test_a_schedule_that_is_not_there_is_named(url, service, schedule, team, role):
    with pytest.raises(PagerRefused, match="has no schedule NOWHERE"):
        service.periods("NOWHERE", START, END)


def test_a_wrong_token_is_refused(url, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_DEFAULT", pagerduty_connection(url, password="another"))
    with pytest.raises(PagerRefused, match="401"):
        PagerDuty("pagerduty_default").periods("PCXGPRI", START, END)


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"login": None}, "lacks its login"),
        ({"password": None}, "lacks its login, its password"),
        ({"extra": {}}, "cloud_id"),
        ({"host": "http://elsewhere.example"}, "https://"),
    ],
)
def test_a_connection_to_jira_says_what_it_lacks(url, monkeypatch, changes, says):
    monkeypatch.setenv("AIRFLOW_CONN_JIRA_OPERATIONS", jira_connection(url, **changes))
    with pytest.raises(PagerConnectionMissing, match=says):
        JiraOperations("jira_operations").periods("x", START, END)


@pytest.mark.parametrize("service", [PagerDuty("no_such_pager"), JiraOperations("no_such_pager")])
def test_a_connection_that_does_not_exist_says_how_to_make_it(service):
    with pytest.raises(PagerConnectionMissing, match="Create a connection of type"):
        service.periods("x", START, END)


def test_f73_a_rehearsal_speaks_to_a_stand_in_only(monkeypatch, tmp_path):
    file = tmp_path / "clock.json"
    clock.set_virtual(file, START)
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(file))
    monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_DEFAULT", pagerduty_connection("https://api.pagerduty.com"))
    monkeypatch.setenv("AIRFLOW_CONN_JIRA_OPERATIONS", jira_connection("https://api.atlassian.com"))
    for service in (PagerDuty("pagerduty_default"), JiraOperations("jira_operations")):
        with pytest.raises(PagerConnectionMissing, match="stand-in only"):
            service.periods("x", START, END)


@pytest.mark.parametrize(
    "period, says",
    [
        ("x", "period that is none"),
        ({"responder": {"type": "user"}}, "without a responder's id"),
        ({"responder": {"type": "team", "id": "t1"}}, "names a team on call"),
        ({"responder": {"type": "user", "id": "u"}, "startDate": "soon"}, "where an instant should be"),
        ({"responder": {"type": "user", "id": "u"}, "startDate": "2026-03-02T17:00:00"}, "instant"),
    ],
)
def test_a_period_that_is_none_is_an_error(period, says):
    with pytest.raises(PagerUnreadable, match=says):
        jira_operations._period(period, START, END)


def test_jiras_nobody_is_nobody_and_its_periods_are_cut_to_the_span():
    assert jira_operations._period({"responder": {"type": "noone"}}, START, END) == []
    long = {
        "startDate": "2026-01-01T00:00:00Z",
        "endDate": "2027-01-01T00:00:00Z",
        "responder": {"type": "user", "id": "u"},
    }
    assert [(each.start, each.end) for each in jira_operations._period(long, START, END)] == [(START, END)]
