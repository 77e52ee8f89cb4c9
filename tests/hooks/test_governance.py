"""The proposal system and the alerts through their clients, against the stand-ins (D-11, D-30, F02, F03, F73, F74)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from stationmaster import clock
from stationmaster.hooks.alerts import FiringAlerts
from stationmaster.hooks.governance_errors import (
    GovernanceConnectionMissing,
    GovernanceOutcomeUnknown,
    GovernanceRefused,
    GovernanceUnreachable,
    GovernanceUnreadable,
)
from stationmaster.hooks.proposals import Proposals, Status
from stationmaster.rehearsal.alerts import standin as alerts_standin
from stationmaster.rehearsal.alerts.standin import AlertWorld, Fire, Silence
from stationmaster.rehearsal.governance import standin as governance_standin
from stationmaster.rehearsal.governance.standin import STAND_IN_TOKEN
from stationmaster.rehearsal.governance.world import Decide, Fault, GovernanceWorld, Vote
from stationmaster.rehearsal.serving import serve

OLD, NEW = "0" * 40, "a" * 40
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Hand:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def world(hand):
    return GovernanceWorld({"io67a": OLD, "shefu": OLD}, clock=hand)


@pytest.fixture
def url(world, monkeypatch):
    with serve(governance_standin.create_app(world)) as base:
        monkeypatch.setenv(
            "AIRFLOW_CONN_GOVERNANCE", json.dumps({"conn_type": "http", "host": base, "password": STAND_IN_TOKEN})
        )
        yield base


@pytest.fixture
def proposals(url):
    return Proposals("governance")


def elect(world, hand):
    world.decide(Decide(proposal=world.create("elect", "", NEW, "Elect", "k").id))
    hand.now += timedelta(minutes=5)


def test_d30_a_version_is_elected_by_its_proposal(proposals, world, hand) -> None:
    assert not proposals.elected(NEW)
    assert proposals.newest("elect", version=NEW) is None
    made = proposals.create("elect", target="", version=NEW, title="Elect it", key="a/key")
    assert (made.status, made.key, made.created_at) == (Status.OPEN, "a/key", NOON)
    for voter in "abc":
        world.vote(Vote(proposal=made.id, voter=voter))
    assert proposals.read(made.id).status is Status.ADOPTED
    assert not proposals.elected(NEW)
    hand.now += timedelta(minutes=3)
    assert proposals.read(made.id).status is Status.EXECUTED
    assert proposals.elected(NEW)


def test_d11_a_target_moves_some_time_after_the_vote(proposals, world, hand) -> None:
    with pytest.raises(GovernanceRefused, match="409"):
        proposals.create("update", target="io67a", version=NEW, title="t", key="k")
    elect(world, hand)
    made = proposals.create("update", target="io67a", version=NEW, title="t", key="k")
    assert proposals.newest("update", target="io67a") == made
    assert proposals.newest("update", target="shefu") is None
    hand.now += timedelta(minutes=20)
    assert proposals.read(made.id).status is Status.ADOPTED
    assert proposals.running("io67a") == OLD
    hand.now += timedelta(minutes=3)
    assert proposals.running("io67a") == NEW


@pytest.mark.parametrize("order, status", [({"accept": False}, Status.REJECTED), ({"executes": False}, Status.FAILED)])
def test_a_proposal_can_be_lost(proposals, world, hand, order, status) -> None:
    elect(world, hand)
    made = proposals.create("update", target="io67a", version=NEW, title="t", key="k")
    world.decide(Decide(proposal=made.id, **order))
    hand.now += timedelta(hours=1)
    assert proposals.read(made.id).status is status
    assert status.lost
    assert proposals.running("io67a") == OLD


def test_f03_a_write_that_fails_afterwards_is_found_by_its_key(proposals, world) -> None:
    world.script(Fault(kind="nothing_after"))
    with pytest.raises(GovernanceOutcomeUnknown):
        proposals.create("elect", target="", version=NEW, title="t", key="lost")
    assert proposals.with_key("lost").version == NEW
    world.script(Fault(kind="nothing_before"))
    with pytest.raises(GovernanceOutcomeUnknown):
        proposals.create("elect", target="", version=NEW, title="t", key="never")
    assert proposals.with_key("never") is None


def test_what_cannot_be_read_is_an_error_and_never_an_answer(proposals, world) -> None:
    world.script(Fault(kind="no_json"))
    with pytest.raises(GovernanceUnreadable):
        proposals.newest("update", target="io67a")
    world.script(Fault(kind="unauthorised"))
    with pytest.raises(GovernanceRefused, match="401"):
        proposals.running("io67a")
    with pytest.raises(GovernanceRefused, match="404"):
        proposals.running("nobody")
    with pytest.raises(GovernanceUnreadable):
        proposals.read("../targets/io67a")


def test_f73_a_rehearsal_speaks_to_the_stand_in_only(monkeypatch, tmp_path) -> None:
    file = tmp_path / "clock.json"
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(file))
    monkeypatch.setenv("AIRFLOW_CONN_REAL", json.dumps({"conn_type": "http", "host": "https://dashboard.example.org"}))
    with pytest.raises(GovernanceConnectionMissing, match="a rehearsal speaks to a stand-in only"):
        Proposals("real").running("io67a")


def test_f74_neither_a_missing_connection_nor_a_plain_one_tells_its_token(monkeypatch) -> None:
    with pytest.raises(GovernanceConnectionMissing, match="nowhere cannot be used for proposals"):
        Proposals("nowhere").running("io67a")
    plain = {"conn_type": "http", "host": "http://dashboard.example.org", "password": "s3cret"}
    monkeypatch.setenv("AIRFLOW_CONN_PLAIN", json.dumps(plain))
    with pytest.raises(GovernanceConnectionMissing, match="https://") as raised:
        Proposals("plain").running("io67a")
    assert "s3cret" not in str(raised.value)


def test_nobody_there_is_a_matter_of_waiting(monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_GONE", json.dumps({"conn_type": "http", "host": "http://127.0.0.1:1"}))
    with pytest.raises(GovernanceUnreachable) as raised:
        Proposals("gone").create("elect", target="", version=NEW, title="t", key="k")
    assert raised.value.transient
    assert not raised.value.outcome_unknown


def test_the_control_refuses_other_sites_and_other_bodies(url, world) -> None:
    made = world.create("elect", "", NEW, "t", "k")
    where = f"{url}/_control/governance/decide"
    assert httpx.post(where, json={"proposal": made.id}, headers={"Origin": "https://x.example"}).status_code == 403
    assert httpx.post(where, json={"proposal": made.id, "force": True}).status_code == 422
    assert httpx.post(where, json={"proposal": "1"}).status_code == 404
    assert httpx.post(where, json={"proposal": made.id}).json() == {"ok": True, "result": None}
    assert world.status(made) == "adopted"


def test_alerts_of_many_targets_come_in_one_answer(monkeypatch) -> None:
    alerts = AlertWorld()
    with serve(alerts_standin.create_app(alerts)) as base:
        monkeypatch.setenv("AIRFLOW_CONN_ALERTS", json.dumps({"conn_type": "http", "host": base}))
        firing = FiringAlerts("alerts")
        alerts.fire(Fire(labels={"alertname": "Slow", "subnet": "io67a"}))
        alerts.fire(Fire(labels={"alertname": "Down", "subnet": "shefu-t3kr5-xyz"}))
        alerts.fire(Fire(labels={"alertname": "Else", "subnet": "shefux"}))
        assert firing.firing("subnet", ["io67a", "shefu", "uzr34"]) == {
            "io67a": ("Slow",),
            "shefu": ("Down",),
            "uzr34": (),
        }
        alerts.end(Fire(labels={"alertname": "Slow", "subnet": "io67a"}))
        assert firing.firing("subnet", ["io67a"]) == {"io67a": ()}
        alerts.silence(Silence(times=1))
        with pytest.raises(GovernanceUnreachable, match="503"):
            firing.firing("subnet", ["io67a"])
