"""What becomes of a request: who sent it is checked, what it says is written into the ledger, and that is all.

Nothing is asked of anybody meanwhile: the watch of the team tells whom it concerns, at its next look.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.config.alert_sources import WebhookAlerts
from stationmaster.config.checks_by_machine import HeartbeatCheck
from stationmaster.config.watch_kinds import AlertsWatch
from stationmaster.core.alert_payloads import MalformedAlert, events_of
from stationmaster.webhooks.signatures import (
    BEARER,
    OURS,
    PAGERDUTY,
    Forged,
    check_bearer,
    check_ours,
    check_pagerduty,
)

if TYPE_CHECKING:
    from stationmaster.core.alert_groups import Event
    from stationmaster.work.context import Desk

OLDEST = timedelta(days=1)
"""PagerDuty signs no instant: an event that is older than this is refused."""
_FORMATS = ((PAGERDUTY, "pagerduty"), (OURS, "plain"), (BEARER, "alertmanager"))


class Answer(NamedTuple):
    """A status, and a sentence for whoever sets the sender up; it tells nothing that the sender did not know."""

    status: int
    sentence: str


UNKNOWN = Answer(404, "There is no such address.")
FORGED = Answer(401, "The request is not signed by who may send it, or is too old.")


def alerts(desk: Desk, watch_id: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Take the alerts that a system sends to a watch.

    :param headers: their names in lower case.
    """
    watch = desk.files.watches.get(watch_id)
    if not isinstance(watch, AlertsWatch):
        return UNKNOWN
    source = _source(watch, headers)
    if source is None:
        return FORGED
    secret = secret_of(source.connection)
    if secret is None:
        return Answer(503, "The secret of this address is not set.")
    try:
        _check(source, headers, body, secret, desk)
    except Forged:
        return FORGED
    try:
        events = list(events_of(source.format, _json(body), watch.cluster))
    except MalformedAlert as error:
        return Answer(422, f"It cannot be read: {error}.")
    if source.format == "pagerduty" and any(desk.now() - event.at > OLDEST for event in events if _is_new(event)):
        return FORGED
    from stationmaster.watches.alert_books import AlertBook

    AlertBook(desk, watch.id).keep(events)
    return Answer(202, f"{len(events)} taken.")


def heartbeat(desk: Desk, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Take a heartbeat that a check of the team waits for; the check names the connection with the secret."""
    from stationmaster.checks.heartbeats import beat

    checks = (getattr(chore, "check", None) for chore in desk.files.chores.values())
    wanted = next((each for each in checks if isinstance(each, HeartbeatCheck) and each.name == name), None)
    if wanted is None or wanted.connection is None:
        return UNKNOWN
    secret = secret_of(wanted.connection)
    if secret is None:
        return Answer(503, "The secret of this address is not set.")
    try:
        check_ours(headers, body, secret, desk.now())
    except Forged:
        return FORGED
    beat(desk.ledger, desk.files.id, name, desk.now(), "webhook")
    return Answer(202, "Alive.")


def secret_of(connection: str) -> str | None:
    """Return the password of an Airflow connection, None where there is none: then nothing can be checked."""
    from airflow.providers.common.compat.sdk import AirflowException, BaseHook

    try:
        return BaseHook.get_connection(connection).password or None
    except (AirflowException, ValueError):
        return None


def _source(watch: AlertsWatch, headers: Mapping[str, str]) -> WebhookAlerts | None:
    """Return the source whose kind of signature the request bears."""
    known = {source.format: source for source in watch.sources if isinstance(source, WebhookAlerts)}
    return next((known[name] for header, name in _FORMATS if header in headers and name in known), None)


def _check(source: WebhookAlerts, headers: Mapping[str, str], body: bytes, secret: str, desk: Desk) -> None:
    if source.format == "pagerduty":
        check_pagerduty(headers, body, secret)
    elif source.format == "alertmanager":
        check_bearer(headers, secret)
    else:
        check_ours(headers, body, secret, desk.now())


def _is_new(event: Event) -> bool:
    return event.status == "firing"


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedAlert("the body is no JSON") from None
