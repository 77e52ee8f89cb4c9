"""Jira Service Management Operations: the timeline of a schedule (D-07)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from stationmaster.hooks.pager_models import (
    PagerConnectionMissing,
    PagerUnreachable,
    PagerUnreadable,
    Period,
    instant,
    refused,
)
from stationmaster.hooks.rehearsed_hosts import LOOPBACK, forbidden

_NAME = "Jira Operations"
_HOST = "https://api.atlassian.com"
_PATIENCE = 20.0


class JiraOperations:
    """The operations of a Jira site behind an Airflow connection of type ``http``.

    Its login is the mail address of the account, its password an API token, and its extra names the ``cloud_id`` of the
    site; its host is Atlassian's unless it names another one.
    """

    def __init__(self, conn_id: str) -> None:
        self._conn_id = conn_id

    def periods(self, schedule: str, start: datetime, end: datetime) -> tuple[Period, ...]:
        """Return the final timeline: rotations and overrides together, cut to ``[start, end)``.

        :raises PagerError: it cannot be told.
        """
        days = max(1, -(-(end - start).total_seconds() // 86400))
        span = {"date": start.isoformat(), "interval": f"{days:.0f}", "intervalUnit": "days"}
        answer = self._get(f"/v1/schedules/{schedule}/timeline", f"schedule {schedule}", span)
        final = answer.get("finalTimeline")
        rotations = final.get("rotations") if isinstance(final, dict) else None
        if not isinstance(rotations, list):
            raise PagerUnreadable(f"{_NAME} answers no final timeline for schedule {schedule}")
        found = []
        for rotation in rotations:
            for period in (rotation.get("periods") if isinstance(rotation, dict) else None) or ():
                found += _period(period, start, end)
        return tuple(sorted(found, key=lambda each: (each.start, each.end)))

    def mail_of(self, user: str) -> str | None:  # noqa: ARG002 - the other vendor needs it
        """Return None: Atlassian shows ids, and mail addresses to nobody."""
        return None

    def _get(self, path: str, what: str, query: dict[str, str]) -> dict[str, Any]:
        base, login = self._address()
        try:
            answer = httpx.get(f"{base}{path}", params=query, auth=login, timeout=_PATIENCE, trust_env=True)
        except httpx.HTTPError as error:
            raise PagerUnreachable(f"{_NAME} does not answer: {type(error).__name__}") from None
        if answer.status_code != 200:
            raise refused(_NAME, answer.status_code, what)
        try:
            body = answer.json()
        except ValueError:
            raise PagerUnreadable(f"{_NAME} answers something that is no JSON") from None
        if not isinstance(body, dict):
            raise PagerUnreadable(f"{_NAME} answers a {type(body).__name__} where its {what} should be")
        return body

    def _address(self) -> tuple[str, tuple[str, str]]:
        from airflow.providers.common.compat.sdk import AirflowException, BaseHook

        try:
            found = BaseHook.get_connection(self._conn_id)
        except (AirflowException, ValueError) as error:
            raise self._unusable(str(error)) from None
        cloud = found.extra_dejson.get("cloud_id")
        if not found.login or not found.password or not isinstance(cloud, str) or not cloud:
            raise self._unusable("it lacks its login, its password or its cloud_id")
        host = str(found.host or _HOST).rstrip("/")
        url = httpx.URL(host if "://" in host else f"https://{host}")
        if forbidden(url.host):
            raise self._unusable(f"a rehearsal speaks to a stand-in only, and it names {url.host}")
        if url.scheme != "https" and url.host not in LOOPBACK:
            raise self._unusable("its host does not begin with https://")
        return f"{url}".rstrip("/") + f"/jsm/ops/api/{cloud}", (found.login, found.password)

    def _unusable(self, why: str) -> PagerConnectionMissing:
        return PagerConnectionMissing(
            f"The connection {self._conn_id} cannot be used for {_NAME}: {why.rstrip('.')}. Create a connection of "
            "type http: login is the account's mail address, password its API token, and the extra names cloud_id."
        )


def _period(period: Any, start: datetime, end: datetime) -> list[Period]:
    if not isinstance(period, dict):
        raise PagerUnreadable(f"{_NAME} answers a period that is none")
    responder = period.get("responder")
    if not isinstance(responder, dict) or responder.get("type") == "noone":
        return []
    if not isinstance(responder.get("id"), str):
        raise PagerUnreadable(f"{_NAME} answers a period without a responder's id")
    if responder.get("type") != "user":
        raise PagerUnreadable(
            f"{_NAME} names a {responder.get('type')} on call, not a user. Let the rotation name people."
        )
    begins, ends = instant(_NAME, period.get("startDate")), instant(_NAME, period.get("endDate"))
    begins, ends = max(begins, start), min(ends, end)
    name = str(responder.get("name") or responder["id"])
    return [Period(responder["id"], name, begins, ends)] if begins < ends else []
