"""PagerDuty's schedules, through the client of Airflow's provider (C-06)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from stationmaster.hooks.pager_models import (
    PagerConnectionMissing,
    PagerError,
    PagerUnreachable,
    PagerUnreadable,
    Period,
    instant,
    refused,
)
from stationmaster.hooks.rehearsed_hosts import LOOPBACK, forbidden

if TYPE_CHECKING:
    from pagerduty import RestApiV2Client

_NAME = "PagerDuty"
_PATIENCE = 20
_ATTEMPTS = 3


class PagerDuty:
    """The PagerDuty account behind an Airflow connection of type ``pagerduty``.

    The connection's password is a read-only API token; its host may name another region, such as
    ``https://api.eu.pagerduty.com``.
    """

    def __init__(self, conn_id: str) -> None:
        self._conn_id = conn_id

    def periods(self, schedule: str, start: datetime, end: datetime) -> tuple[Period, ...]:
        """Return the final schedule: layers and overrides together.

        :raises PagerError: it cannot be told.
        """
        span = {"since": start.isoformat(), "until": end.isoformat(), "time_zone": "UTC"}
        answer = self._asked(f"schedule {schedule}", lambda client: client.rget(f"/schedules/{schedule}", params=span))
        final = answer.get("final_schedule") if isinstance(answer, dict) else None
        entries = final.get("rendered_schedule_entries") if isinstance(final, dict) else None
        if not isinstance(entries, list):
            raise PagerUnreadable(f"{_NAME} answers no rendered entries for schedule {schedule}")
        return tuple(sorted((_period(entry) for entry in entries), key=lambda period: (period.start, period.end)))

    def mail_of(self, user: str) -> str | None:
        """Return a user's mail address."""
        answer = self._asked(f"user {user}", lambda client: client.rget(f"/users/{user}"))
        mail = answer.get("email") if isinstance(answer, dict) else None
        return mail if isinstance(mail, str) else None

    def _asked(self, what: str, ask: Callable[[RestApiV2Client], Any]) -> Any:
        from pagerduty import Error, HttpError

        try:
            with self._client() as client:
                return ask(client)
        except PagerError:
            raise
        except HttpError as error:
            raise refused(_NAME, getattr(error.response, "status_code", 500), what) from None
        except Error as error:
            if error.response is not None:
                raise refused(_NAME, 200, what) from None
            raise PagerUnreachable(f"{_NAME} does not answer") from None

    def _client(self) -> RestApiV2Client:
        from airflow.providers.common.compat.sdk import AirflowException
        from airflow.providers.pagerduty.hooks.pagerduty import PagerdutyHook

        try:
            hook = PagerdutyHook(pagerduty_conn_id=self._conn_id)
            address = str(hook.get_connection(self._conn_id).host or "")
            client: RestApiV2Client = hook.client()
        except (AirflowException, ValueError) as error:
            raise PagerConnectionMissing(
                f"The connection {self._conn_id} cannot be used for {_NAME}: {str(error).rstrip('.')}. Create a "
                "connection of type pagerduty whose password is a read-only API token."
            ) from None
        host = urlsplit(address or client.url).hostname
        if forbidden(host):
            raise PagerConnectionMissing(f"A rehearsal speaks to a stand-in only, and {self._conn_id} names {host}.")
        if host in LOOPBACK:
            client._url = address  # the client refuses http:// everywhere; a stand-in has no certificate
        elif address:
            client.url = address
        client.timeout, client.max_http_attempts = _PATIENCE, _ATTEMPTS
        return client


def _period(entry: Any) -> Period:
    user = entry.get("user") if isinstance(entry, dict) else None
    if not isinstance(user, dict) or not isinstance(user.get("id"), str):
        raise PagerUnreadable(f"{_NAME} answers an entry without a user")
    name = user.get("summary") or user.get("name") or user["id"]
    return Period(user["id"], str(name), instant(_NAME, entry.get("start")), instant(_NAME, entry.get("end")))
