"""Requests to Airflow's public REST API: the login, the pages, and one error class for each way of being refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

PAGE = 100
"""Rows asked for at a time: the most that Airflow gives."""


class AirflowApiError(RuntimeError):
    """Airflow refused a request, or answered what cannot be read."""

    def __init__(self, request: str, status: int, detail: str) -> None:
        super().__init__(f"Airflow answered {status} to {request}: {detail}")
        self.status = status
        self.detail = detail


class AirflowUnreachable(AirflowApiError):
    """Airflow does not answer at all."""

    def __init__(self, request: str, reason: str) -> None:
        super().__init__(request, 0, reason)


class AirflowNotFound(AirflowApiError):
    """There is no such DAG, run, task instance or XCom (404)."""


class AirflowForbidden(AirflowApiError):
    """This user may not do that (401, 403)."""


class AirflowConflict(AirflowApiError):
    """The state does not allow it (409): the run exists, the required action is answered already."""


_ERRORS: dict[int, type[AirflowApiError]] = {
    401: AirflowForbidden,
    403: AirflowForbidden,
    404: AirflowNotFound,
    409: AirflowConflict,
}


READS = 4
"""How many times a request that only reads is made, while none of them is answered in time."""


class AirflowWire:
    """A logged-in user's connection. Not thread-safe: one a thread."""

    def __init__(self, *, base_url: str, user: str, password: str, timeout: float = 30.0) -> None:
        """Log in at the first call, and again whenever the token is refused.

        :param base_url: without a trailing slash.
        :param timeout: seconds for one request.
        """
        self.user = user
        self._password = password
        # No proxy of the environment stands between this process and loopback.
        self._http = httpx.Client(base_url=base_url, timeout=timeout, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _rows(self, path: str, key: str, **query: Any) -> Iterator[Mapping[str, Any]]:
        offset = 0
        while True:
            rows = self._call("GET", path, query={**query, "limit": PAGE, "offset": offset})[key]
            yield from rows
            offset += len(rows)
            if len(rows) < PAGE:
                return

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        login: bool = True,
    ) -> Any:
        if login and "Authorization" not in self._http.headers:
            self._log_in()
        answer = self._send(method, f"/api/v2{path}", query=query, body=body)
        if answer.status_code == httpx.codes.UNAUTHORIZED and login:
            self._log_in()
            answer = self._send(method, f"/api/v2{path}", query=query, body=body)
        return _read(answer, f"{method} {path}")

    def _log_in(self) -> None:
        body = {"username": self.user, "password": self._password}
        answer = _read(self._send("POST", "/auth/token", body=body), f"log in as {self.user}")
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def _send(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        # What only reads is asked again: on a busy machine Airflow may be silent for longer than a request waits.
        tries = READS if method == "GET" or path.endswith("/list") else 1
        while True:
            tries -= 1
            try:
                return self._http.request(method, path, params=query, json=body)
            except httpx.TimeoutException as error:
                if not tries:
                    raise _unreachable(method, path, error) from error
            except httpx.TransportError as error:
                raise _unreachable(method, path, error) from error


def _unreachable(method: str, path: str, error: httpx.TransportError) -> AirflowUnreachable:
    return AirflowUnreachable(f"{method} {path}", f"{type(error).__name__}: {error}")


def _read(answer: httpx.Response, request: str) -> Any:
    if answer.is_error:
        raise _ERRORS.get(answer.status_code, AirflowApiError)(request, answer.status_code, _detail(answer))
    try:
        return answer.json() if answer.content else None
    except ValueError as error:
        raise AirflowApiError(request, answer.status_code, f"this is not JSON: {answer.text[:200]!r}") from error


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]
