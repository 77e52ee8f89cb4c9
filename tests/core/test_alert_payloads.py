"""What systems send about alerts: read, cut, or refused with the field that is wrong (D-16, D-18, F65)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.alert_groups import Event
from stationmaster.core.alert_payloads import MOST_ALERTS, MalformedAlert, events_of, jira_alert

AT = "2024-03-12T13:00:00Z"
GOOD = {
    "plain": {"id": 7, "status": "firing", "title": "disk", "at": AT, "cluster": "s0", "severity": "Critical"},
    "alertmanager": {
        "version": "4",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "NodeDown", "severity": "page", "ic": "io67a"},
                "annotations": {"summary": "a node is down"},
                "startsAt": AT,
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://prometheus.invalid/graph",
                "fingerprint": "f00",
            }
        ],
    },
    "pagerduty": {
        "event": {
            "id": "e1",
            "event_type": "incident.triggered",
            "occurred_at": AT,
            "data": {
                "id": "Q1",
                "title": "down",
                "status": "triggered",
                "urgency": "high",
                "created_at": AT,
                "html_url": "https://pagerduty.invalid/Q1",
                "service": {"summary": "explorer"},
            },
        }
    },
}


def _read(name: str, payload: object) -> list[Event]:
    return list(events_of(name, payload, ("cluster", "ic")))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", ("webhook", "7", "s0", "critical", "disk", "")),
        (
            "alertmanager",
            ("alertmanager", "f00", "io67a", "page", "a node is down", "https://prometheus.invalid/graph"),
        ),
        ("pagerduty", ("pagerduty", "Q1", "explorer", "high", "down", "https://pagerduty.invalid/Q1")),
    ],
)
def test_d16_each_format_becomes_the_same_kind_of_event(name: str, expected: tuple[str, ...]) -> None:
    (event,) = _read(name, GOOD[name])
    assert (event.source, event.alert, event.cluster, event.severity, event.title, event.url) == expected
    assert event.status == "firing"


@pytest.mark.parametrize(
    ("name", "payload", "names"),
    [
        ("plain", [], "the payload"),
        ("plain", {**GOOD["plain"], "id": ""}, "id"),
        ("plain", {**GOOD["plain"], "id": True}, "id"),
        ("plain", {**GOOD["plain"], "status": "on"}, "status"),
        ("plain", {**GOOD["plain"], "at": "yesterday"}, "at"),
        ("plain", {**GOOD["plain"], "at": "2024-03-12T13:00:00"}, "offset"),
        ("plain", {**GOOD["plain"], "at": "0001-01-01T00:00:00+23:59"}, "at"),
        ("alertmanager", {"alerts": {}}, "alerts"),
        ("alertmanager", {"alerts": [{}] * (MOST_ALERTS + 1)}, "at most"),
        ("alertmanager", {"alerts": [{"labels": []}]}, "labels"),
        ("pagerduty", {}, "event"),
        ("pagerduty", {"event": {"event_type": "incident.triggered", "data": 3}}, "event.data"),
    ],
)
def test_d16_what_is_malformed_is_refused_by_its_field(name: str, payload: object, names: str) -> None:
    with pytest.raises(MalformedAlert, match=names):
        _read(name, payload)


def test_d16_what_neither_begins_nor_ends_an_incident_is_no_event() -> None:
    assert _read("pagerduty", {"event": {"event_type": "incident.acknowledged", "data": {"id": "Q1"}}}) == []


def test_f65_text_from_outside_is_cut_and_an_address_that_is_none_is_dropped() -> None:
    (event,) = _read("plain", {**GOOD["plain"], "title": "x\n" * 5000, "url": "javascript:alert(1)"})
    assert len(event.title) <= 200
    assert "\n" not in event.title
    assert event.url == ""
    (event,) = _read("plain", {**GOOD["plain"], "url": "https://a.invalid/|<!channel>"})
    assert event.url == ""


def test_d16_jira_names_the_cluster_in_a_tag_or_as_its_entity() -> None:
    alert = {"id": "1", "message": "m", "priority": "P1", "createdAt": AT, "entity": "host", "tags": ["ic:io67a"]}
    assert jira_alert(alert, ("ic",)).cluster == "io67a"
    assert jira_alert({**alert, "tags": []}, ("ic",)).cluster == "host"


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
)


@given(st.sampled_from(sorted(GOOD)), _JSON)
def test_d16_whatever_is_sent_is_read_or_refused_and_never_breaks_anything(name: str, payload: object) -> None:
    said = ""
    try:
        found = _read(name, payload)
    except MalformedAlert as error:
        found, said = [], str(error)
    assert found or said or name == "pagerduty" or payload == {"alerts": []}
