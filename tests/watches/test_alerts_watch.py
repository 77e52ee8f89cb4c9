"""Alerts in groups, each with a decision (D-16, D-18), against the stand-ins of three systems."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.rehearsal.alerts.standin import AlertWorld, Fire, Silence
from stationmaster.rehearsal.alerts.standin import create_app as alerts_app
from stationmaster.rehearsal.pager.matters import MatterEnds, PagerMatter
from stationmaster.rehearsal.pager.standin import (
    CLOUD,
    STAND_IN_LOGIN,
    STAND_IN_TOKEN,
    PagerFault,
    PagerWorld,
    create_app,
)
from stationmaster.rehearsal.serving import serve
from stationmaster.watches import alert_pages, alerts, silences
from tests.watches.lookout import Lookout

TUESDAY = datetime(2024, 3, 12, 13, 0, tzinfo=UTC)


@pytest.fixture
def dre(lookout_of) -> Lookout:
    return lookout_of("dre", at=TUESDAY)


@pytest.fixture
def pagers(dre: Lookout, monkeypatch):
    world = PagerWorld([dre.team])
    world.matters.clock = dre.clock
    with serve(create_app(world)) as url:
        jira = {"conn_type": "http", "host": url, "login": STAND_IN_LOGIN, "password": STAND_IN_TOKEN}
        monkeypatch.setenv("AIRFLOW_CONN_JIRA_OPERATIONS", json.dumps({**jira, "extra": {"cloud_id": CLOUD}}))
        pagerduty = {"conn_type": "pagerduty", "host": url, "password": STAND_IN_TOKEN}
        monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_DEFAULT", json.dumps(pagerduty))
        yield world


@pytest.fixture
def firing(dre: Lookout, monkeypatch):
    world = AlertWorld(clock=dre.clock)
    with serve(alerts_app(world)) as url:
        monkeypatch.setenv("AIRFLOW_CONN_ALERTMANAGER", json.dumps({"conn_type": "http", "host": url}))
        yield world


@pytest.fixture
def watch(dre: Lookout, pagers, firing):
    return dre.team.watches["alerts"]


def _fire(name: str, cluster: str = "io67a", severity: str = "critical") -> Fire:
    return Fire(labels={"alertname": name, "ic_subnet": cluster, "severity": severity})


def _on_call(dre: Lookout):
    return dre.team.on_call_person("alerts", dre.clock())


def test_d18_each_group_is_told_once_and_waits_for_a_decision(dre: Lookout, watch, firing, pagers) -> None:
    firing.fire(_fire("NodeDown"))
    firing.fire(_fire("DiskFull"))
    firing.fire(_fire("NodeDown", "shefu"))
    pagers.matters.begin(
        PagerMatter(vendor="jira", id="j1", title="<!here> proposals", severity="P1", tags=("cluster:io67a",))
    )
    for _ in range(2):
        found = dre.look(watch)
        assert [each.code for each in found.values()] == ["ALERTS_UNDECIDED"] * 3
        dre.clock.move(minutes=1)
    texts = dre.texts("eng-dre")
    assert len(texts) == 3
    assert "1 alert of severity p1 on io67a" in texts[0]
    assert "<!here>" not in texts[0]
    assert "2 alerts of severity critical on io67a" in texts[1]
    assert all(_on_call(dre).slack[0] in text for text in texts)
    # The command can be copied as it stands.
    keys = {each.subject for each in found.values()}
    assert {f"`stationmaster alerts decide dre {key} act --why …`" for key in keys} == {
        text.rpartition("Or: ")[2].rstrip(".") for text in texts
    }


def test_d18_a_decision_holds_for_what_was_known_and_an_end_clears_a_group(dre: Lookout, watch, firing) -> None:
    firing.fire(_fire("NodeDown"))
    (blocker,) = dre.look(watch).values()
    alerts.decide(dre.desk(), watch, blocker.subject, "leave", why="known, see the board", by=_on_call(dre).id)
    assert dre.look(watch) == {}
    dre.clock.move(minutes=1)
    firing.fire(_fire("DiskFull"))
    (again,) = dre.look(watch).values()
    assert "DiskFull" in again.sentence
    assert "NodeDown" not in again.sentence
    firing.end(_fire("DiskFull"))
    assert dre.look(watch) == {}
    dre.clock.move(minutes=5)
    firing.end(_fire("NodeDown"))
    dre.look(watch)
    firing.fire(_fire("NodeDown"))
    assert len(dre.look(watch)) == 1


def test_d18_a_mark_of_whoever_is_on_call_decides_and_a_strangers_does_not(dre: Lookout, watch, firing) -> None:
    firing.fire(_fire("NodeDown"))
    dre.look(watch)
    (message,) = dre.slack.messages[dre.team.channels["eng-dre"].id]
    dre.marks(message, "rotating_light")
    assert len(dre.look(watch)) == 1
    dre.marks(message, "hammer_and_wrench", who=_on_call(dre).slack[0])
    assert dre.look(watch) == {}
    (group, new), *_ = alerts.fires(dre.desk(), watch)
    assert (group.cluster, new) == ("io67a", ())


def test_d18_two_marks_that_contradict_decide_nothing(dre: Lookout, watch, firing) -> None:
    firing.fire(_fire("NodeDown"))
    dre.look(watch)
    (message,) = dre.slack.messages[dre.team.channels["eng-dre"].id]
    for name in ("see_no_evil", "rotating_light"):
        dre.marks(message, name, who=_on_call(dre).slack[0])
    assert len(dre.look(watch)) == 1


def test_d18_nobody_decides_and_is_reminded_once(dre: Lookout, watch, firing) -> None:
    firing.fire(_fire("NodeDown"))
    dre.look(watch)
    dre.clock.move(minutes=16)
    dre.look(watch)
    dre.look(watch)
    (message, *_) = dre.slack.messages[dre.team.channels["eng-dre"].id]
    assert len(dre.thread(message)) == 1


def test_d18_an_alert_of_the_night_leaves_time_to_decide_from_when_it_is_told(dre: Lookout, watch, firing) -> None:
    firing.fire(_fire("NodeDown"))
    dre.clock.move(hours=2)
    dre.look(watch)
    (message,) = dre.slack.messages[dre.team.channels["eng-dre"].id]
    assert dre.thread(message) == []
    dre.clock.move(minutes=16)
    dre.look(watch)
    assert len(dre.thread(message)) == 1


@pytest.mark.parametrize("kind", ["unauthorised", "busy", "no_json", "nothing"])
def test_d16_a_source_that_cannot_be_read_is_said_and_ends_no_alert(dre: Lookout, watch, firing, pagers, kind) -> None:
    pagers.matters.begin(PagerMatter(vendor="jira", id="j1", title="x", severity="P1"))
    firing.fire(_fire("NodeDown"))
    assert len(dre.look(watch)) == 2
    pagers.script(PagerFault(kind=kind))
    firing.silence(Silence(times=1))
    codes = sorted(each.code for each in dre.look(watch).values())
    assert codes == ["ALERTS_UNDECIDED", "ALERTS_UNDECIDED", "WATCH_BLIND", "WATCH_BLIND"]
    assert len(dre.look(watch)) == 2


def test_c06_open_incidents_of_pagerduty_are_read_page_by_page(dre: Lookout, pagers) -> None:
    dre.edit(connections=dre.team.connections.model_copy(update={"pagerduty": "pagerduty_default"}))
    watch = dre.watch(
        "alerts", role="alerts", channel="eng-dre", sources=[{"kind": "pagerduty", "services": ["PA7RDSQ"]}]
    )
    for number in range(120):
        pagers.matters.begin(PagerMatter(vendor="pagerduty", id=f"Q{number}", title=f"t{number}", service="PA7RDSQ"))
    pagers.matters.begin(PagerMatter(vendor="pagerduty", id="other", title="x", service="POTHER"))
    (found,) = dre.look(watch).values()
    assert found.sentence.startswith("120 alerts of severity high on PA7RDSQ, and nobody has decided")
    for number in range(120):
        pagers.matters.end(MatterEnds(id=f"Q{number}"))
    assert dre.look(watch) == {}


def test_d18_what_fires_for_months_is_not_forgotten(dre: Lookout, watch, firing) -> None:
    firing.fire(_fire("NodeDown"))
    (blocker,) = dre.look(watch).values()
    alerts.decide(dre.desk(), watch, blocker.subject, "leave", why="", by=_on_call(dre).id)
    for _ in range(6):
        dre.clock.move(days=14)
        alerts.AlertBook(dre.desk(), watch.id).carry()
    assert [group.cluster for group, _ in alerts.fires(dre.desk(), watch)] == ["io67a"]


def test_a_silence_needs_an_open_issue_and_its_end_is_complained_about_once(dre: Lookout, watch, firing) -> None:
    desk = dre.desk()
    issue = desk.forge.open_issue("dfinity/dre", "disk", "x", "k", labels=())
    firing.fire(_fire("NodeDown"))
    (blocker,) = dre.look(watch).values()
    silences.silence(desk, blocker.subject, "critical on io67a", "dfinity/dre", issue.number, by="bojan")
    assert dre.look(watch) == {}
    assert silences.complain(desk, role="ops", channel="eng-dre") == ()
    desk.forge.close_issue("dfinity/dre", issue.number)
    (found,) = silences.complain(desk, role="ops", channel="eng-dre")
    assert found.code == "SILENCE_OVER"
    assert silences.complain(desk, role="ops", channel="eng-dre") == ()
    assert sum("silent no more" in text for text in dre.texts("eng-dre")) == 1
    dre.clock.move(minutes=1)
    assert len(dre.look(watch)) == 1
    with pytest.raises(silences.IssueClosed):
        silences.silence(desk, blocker.subject, "x", "dfinity/dre", issue.number, by="bojan")


def test_d18_a_key_of_which_nothing_fires_is_refused(dre: Lookout, watch) -> None:
    with pytest.raises(alerts.NoSuchGroup, match="alerts list"):
        alerts.decide(dre.desk(), watch, "deadbeef", "act", why="", by="bojan")


def test_d16_an_alert_is_logged_at_the_instant_at_which_it_began(dre: Lookout, watch, firing) -> None:
    from stationmaster.oncall_log import log

    firing.fire(_fire("NodeDown"))
    began = dre.clock()
    dre.clock.move(minutes=3)
    dre.look(watch)
    entries = log.entries(dre.desk(), began, began + timedelta(seconds=1))
    assert [entry.about for entry in entries] == ["alert"]


def test_o09_each_alert_names_its_page_and_one_without_any_is_debt(dre: Lookout, watch, firing) -> None:
    dre.edit(watches={})
    watch = dre.watch(
        "alerts",
        role="alerts",
        channel="eng-dre",
        sources=[{"kind": "alertmanager"}],
        pages=[{"words": ["disk full", "NodeDown"], "runbook": "dre-dead-nodes"}],
    )
    linked = {**_fire("Slow").labels}
    firing.fire(_fire("nodedown"))
    firing.fire(Fire(labels=linked, annotations={"runbook_url": "https://pages.example/slow"}))
    firing.fire(_fire("Nodes"))
    dre.look(watch)
    (text,) = dre.texts("eng-dre")
    assert "nodedown (runbook `dre-dead-nodes`)" in text
    assert "Slow (<https://pages.example/slow|runbook>)" in text
    assert "Nodes (no runbook)" in text
    dre.clock.move(hours=1)
    firing.end(_fire("Nodes"))
    dre.look(watch)
    firing.fire(_fire("Nodes"))
    dre.look(watch)
    (owed,) = alert_pages.debts(dre.desk())
    assert (owed.code, owed.about) == ("alert_without_page", "dre.watches.it")
    assert "the alert 'Nodes' came 2 times" in owed.sentence
    general = dre.watch(
        "alerts", role="alerts", channel="eng-dre", sources=[{"kind": "alertmanager"}], runbook="dre-alert-review"
    )
    assert list(alert_pages.debts(dre.desk())) == []
    firing.fire(_fire("Elsewhere", severity="warning"))
    firing.fire(
        Fire(labels=_fire("Linked", severity="warning").labels, annotations={"runbook_url": "https://pages.example/it"})
    )
    dre.look(general)
    (text,) = (each for each in dre.texts("eng-dre") if "Elsewhere" in each)
    assert "Elsewhere (runbook `dre-alert-review`)" in text
    assert "Linked (<https://pages.example/it|runbook>)" in text


def test_o09_an_address_that_is_none_is_not_shown_as_a_page(dre: Lookout, watch, firing) -> None:
    firing.fire(Fire(labels=_fire("Slow").labels, annotations={"runbook_url": "javascript:alert(1)"}))
    dre.look(watch)
    assert "javascript" not in "".join(dre.texts("eng-dre"))
