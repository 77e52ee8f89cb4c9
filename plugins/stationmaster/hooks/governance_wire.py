"""HTTP to a service of a rollout: one connection, read when it is needed, JSON there and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from stationmaster.hooks.governance_errors import (
    GovernanceConnectionMissing,
    GovernanceOutcomeUnknown,
    GovernanceUnreachable,
    GovernanceUnreadable,
    refused,
)
from stationmaster.hooks.rehearsed_hosts import LOOPBACK, forbidden
from stationmaster.hooks.trusted_roots import trusted_roots

_PATIENCE = 20.0


class Address(NamedTuple):
    """Where a service is, and the header that lets us in; the header is empty where no token is needed."""

    url: str
    headers: dict[str, str]


class Wire:
    """One service behind an Airflow connection of type ``http``: its host, and its password as a bearer token.

    :param service: as errors name it.
    """

    def __init__(self, service: str, conn_id: str, *, address: Address | None = None) -> None:
        self.service = service
        self._conn_id = conn_id
        self._given = address

    def base(self) -> str:
        """Return the address of the service."""
        return self._address().url

    def read(self, path: str, what: str, query: Mapping[str, str | list[str]] | None = None) -> Any:
        """Return the JSON of a GET.

        :raises GovernanceError: it cannot be had.
        """
        address = self._address()
        try:
            answer = httpx.get(
                f"{address.url}{path}",
                params=query,
                headers=address.headers,
                timeout=_PATIENCE,
                verify=trusted_roots(),
            )
        except httpx.HTTPError as error:
            raise GovernanceUnreachable(self.service, self._silent(error)) from None
        if answer.status_code != 200:
            raise refused(self.service, answer.status_code, what)
        return self._json(answer, what)

    def write(self, path: str, what: str, body: dict[str, Any]) -> Any:
        """Return the JSON of a POST.

        :raises GovernanceOutcomeUnknown: the request went out, and nobody knows what became of it.
        :raises GovernanceError: nothing was written.
        """
        address = self._address()
        try:
            answer = httpx.post(
                f"{address.url}{path}",
                json=body,
                headers=address.headers,
                timeout=_PATIENCE,
                verify=trusted_roots(),
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise GovernanceUnreachable(self.service, self._silent(error)) from None
        except httpx.HTTPError as error:
            raise GovernanceOutcomeUnknown(self.service, self._silent(error)) from None
        if answer.status_code >= 500:
            text = f"{self.service} answers {answer.status_code} to {what}: it may have happened all the same"
            raise GovernanceOutcomeUnknown(self.service, text)
        if answer.status_code not in (200, 201):
            raise refused(self.service, answer.status_code, what)
        try:
            return self._json(answer, what)
        except GovernanceUnreadable as error:
            raise GovernanceOutcomeUnknown(self.service, str(error)) from None

    def _json(self, answer: httpx.Response, what: str) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise GovernanceUnreadable(self.service, f"{self.service} answers no JSON to {what}") from None

    def _silent(self, error: httpx.HTTPError) -> str:
        return f"{self.service} does not answer: {type(error).__name__}"

    def _address(self) -> Address:
        if self._given is not None:
            return self._given
        from airflow.providers.common.compat.sdk import AirflowException, BaseHook

        try:
            found = BaseHook.get_connection(self._conn_id)
        except (AirflowException, ValueError) as error:
            raise self._unusable(str(error)) from None
        if not found.host:
            raise self._unusable("it names no host")
        host = str(found.host).rstrip("/")
        try:
            url = httpx.URL(host if "://" in host else f"https://{host}")
            url = url.copy_with(port=found.port) if found.port else url
        except httpx.InvalidURL:
            raise self._unusable("its host is no address") from None
        if forbidden(url.host):
            raise self._unusable(f"a rehearsal speaks to a stand-in only, and it names {url.host}")
        if url.scheme != "https" and url.host not in LOOPBACK:
            raise self._unusable("its host does not begin with https://")
        headers = {"Authorization": f"Bearer {found.password}"} if found.password else {}
        return Address(f"{url}".rstrip("/"), headers)

    def _unusable(self, why: str) -> GovernanceConnectionMissing:
        return GovernanceConnectionMissing(
            self.service,
            f"The connection {self._conn_id} cannot be used for {self.service}: {why.rstrip('.')}. Create a connection "
            "of type http whose host is the service's address and whose password is its token, if it needs one.",
        )
