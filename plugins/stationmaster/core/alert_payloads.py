"""What systems send or answer about alerts, read into events; whatever is not what they document is refused.

Text from outside is cut here, and escaped where it is shown (F65).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from stationmaster.core.alert_groups import NOWHERE, Event
from stationmaster.core.escaping import one_line
from stationmaster.core.instants import utc

MOST_ALERTS = 500
"""In one payload; a system that sends more has lost its mind, and is told so."""
_TITLE, _LABEL, _ID, _URL = 200, 60, 120, 500


class MalformedAlert(ValueError):
    """A payload that is not what its format says; the message names the field."""


def alertmanager_events(payload: Any, cluster: Sequence[str]) -> tuple[Event, ...]:
    """Return the events of an Alertmanager's webhook."""
    alerts = _list(_mapping(payload, "the payload"), "alerts")
    return tuple(alertmanager_event(alert, cluster) for alert in alerts)


def alertmanager_event(alert: Any, cluster: Sequence[str]) -> Event:
    """Return one alert of an Alertmanager, as its API and its webhook write it.

    :param cluster: the labels that may name the cluster, the best one first.
    """
    found = _mapping(alert, "an alert")
    labels = {str(name): str(value) for name, value in _mapping(found.get("labels"), "labels").items()}
    notes = found.get("annotations")
    said: Mapping[str, Any] = notes if isinstance(notes, Mapping) else {}
    resolved = found.get("status") == "resolved"
    return Event(
        source="alertmanager",
        alert=_text(found.get("fingerprint") or _fingerprint(labels), _ID),
        status="resolved" if resolved else "firing",
        at=_instant(found, "endsAt" if resolved else "startsAt"),
        title=_text(said.get("summary") or labels.get("alertname") or "an alert without a name", _TITLE),
        cluster=_cluster(labels, cluster),
        severity=_text(labels.get("severity") or NOWHERE, _LABEL).lower(),
        url=_address(found.get("generatorURL")),
        runbook=_address(said.get("runbook_url")),
    )


def pagerduty_events(payload: Any) -> tuple[Event, ...]:
    """Return the events of a webhook of PagerDuty's third version; what neither begins nor ends an incident is none."""
    event = _mapping(_mapping(payload, "the payload").get("event"), "event")
    kind = str(event.get("event_type") or "")
    if kind not in ("incident.triggered", "incident.reopened", "incident.resolved"):
        return ()
    incident = _mapping(event.get("data"), "event.data")
    again = kind != "incident.triggered" or "created_at" not in incident
    at = _instant(event, "occurred_at") if again else _instant(incident, "created_at")
    return (_incident(incident, "resolved" if kind == "incident.resolved" else "firing", at),)


def pagerduty_incident(incident: Any) -> Event:
    """Return an open incident as PagerDuty's API lists it."""
    found = _mapping(incident, "an incident")
    return _incident(found, "firing", _instant(found, "created_at"))


def jira_alert(alert: Any, cluster: Sequence[str]) -> Event:
    """Return an open alert as Jira Operations lists it; its cluster is its entity, or stands in a tag ``cluster:…``."""
    found = _mapping(alert, "an alert")
    tags = [str(tag).partition(":") for tag in found.get("tags") or () if isinstance(tag, str)]
    labels = {name: value for name, colon, value in tags if colon}
    if found.get("entity"):
        labels.setdefault("entity", str(found["entity"]))
    return Event(
        source="jira",
        alert=_text(_needed(found, "id"), _ID),
        status="firing",
        at=_instant(found, "createdAt"),
        title=_text(found.get("message") or "an alert without a message", _TITLE),
        cluster=_cluster(labels, [*cluster, "entity"]),
        severity=_text(found.get("priority") or NOWHERE, _LABEL).lower(),
    )


def plain_events(payload: Any) -> tuple[Event, ...]:
    """Return the event of the station's own plain format.

    It has id, status, title and at; cluster, severity, url and runbook (an address) if they are known.
    """
    found = _mapping(payload, "the payload")
    status = found.get("status")
    if status not in ("firing", "resolved"):
        raise MalformedAlert(f"status is {_shown(status)}, and must be firing or resolved")
    return (
        Event(
            source="webhook",
            alert=_text(_needed(found, "id"), _ID),
            status="firing" if status == "firing" else "resolved",
            at=_instant(found, "at"),
            title=_text(_needed(found, "title"), _TITLE),
            cluster=_text(found.get("cluster") or NOWHERE, _LABEL),
            severity=_text(found.get("severity") or NOWHERE, _LABEL).lower(),
            url=_address(found.get("url")),
            runbook=_address(found.get("runbook")),
        ),
    )


def _incident(incident: Mapping[str, Any], status: str, at: datetime) -> Event:
    service, priority = incident.get("service"), incident.get("priority")
    urgency = priority.get("summary") if isinstance(priority, Mapping) else None
    where = service.get("summary") if isinstance(service, Mapping) else None
    return Event(
        source="pagerduty",
        alert=_text(_needed(incident, "id"), _ID),
        status="resolved" if status == "resolved" else "firing",
        at=at,
        title=_text(incident.get("title") or incident.get("summary") or "an incident without a title", _TITLE),
        cluster=_text(where or NOWHERE, _LABEL),
        severity=_text(urgency or incident.get("urgency") or NOWHERE, _LABEL).lower(),
        url=_address(incident.get("html_url")),
    )


def _cluster(labels: Mapping[str, str], names: Sequence[str]) -> str:
    return _text(next((labels[name] for name in names if labels.get(name)), NOWHERE), _LABEL)


def _fingerprint(labels: Mapping[str, str]) -> str:
    return hashlib.sha256("\0".join(f"{name}={labels[name]}" for name in sorted(labels)).encode()).hexdigest()[:16]


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedAlert(f"{what} is {_shown(value)}, and must be an object")
    return value


def _list(found: Mapping[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    if not isinstance(value, list):
        raise MalformedAlert(f"{name} is {_shown(value)}, and must be a list")
    if len(value) > MOST_ALERTS:
        raise MalformedAlert(f"{name} holds {len(value)} alerts, and at most {MOST_ALERTS} are taken")
    return value


def _needed(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
        raise MalformedAlert(f"{name} is {_shown(value)}, and must be a text")
    return str(value)


def _instant(found: Mapping[str, Any], name: str) -> datetime:
    try:
        return utc(datetime.fromisoformat(str(found.get(name))))
    except ValueError as error:
        raise MalformedAlert(f"{name} is {_shown(found.get(name))}, and must be an instant with its offset") from error


def _text(value: Any, most: int) -> str:
    line = one_line(str(value))
    return (line if len(line) <= most else f"{line[: most - 1]}…") or NOWHERE


def _address(value: Any) -> str:
    text = str(value or "")
    plain = text.startswith(("https://", "http://")) and not any(sign in text for sign in " <>|\"'`\n\r\t")
    return text if plain and len(text) <= _URL else ""


def _shown(value: Any) -> str:
    text = one_line(repr(value))
    return text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}…"


def events_of(name: str, payload: Any, cluster: Sequence[str]) -> Iterator[Event]:
    """Yield the events of a payload in one of the webhooks' formats.

    :param name: ``pagerduty``, ``alertmanager`` or ``plain``.
    :raises MalformedAlert: it is not what the format says.
    """
    if name == "pagerduty":
        yield from pagerduty_events(payload)
    elif name == "alertmanager":
        yield from alertmanager_events(payload, cluster)
    else:
        yield from plain_events(payload)
