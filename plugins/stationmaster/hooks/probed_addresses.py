"""An address that a check asks: bounded in time and in bytes, and never led to another host."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx

from stationmaster.config.fields import in_words
from stationmaster.hooks.patience import TookTooLong, within
from stationmaster.hooks.rehearsed_hosts import forbidden

if TYPE_CHECKING:
    from stationmaster.config.checks_by_machine import HttpCheck

MOST_BYTES = 1024 * 1024
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Unanswered(Exception):
    """Why an address did not answer what could be judged."""


class Answered(NamedTuple):
    """A status, and the text that came with it."""

    status: int
    text: str


def ask(check: HttpCheck) -> Answered:
    """Return what the address answers.

    :raises Unanswered: it does not, or not within the check's bounds.
    """
    if forbidden(urlsplit(check.url).hostname):
        raise Unanswered("is not asked in a rehearsal: it is no stand-in")
    headers = _headers(check)
    try:
        return within(check.timeout, lambda: _asked(check, headers))
    except TookTooLong:
        raise Unanswered(f"did not answer within {in_words(check.timeout)}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unanswered(f"does not answer: {type(error).__name__}") from None


def _asked(check: HttpCheck, headers: dict[str, str]) -> Answered:
    address, ends = check.url, time.monotonic() + check.timeout.total_seconds()
    with httpx.Client(follow_redirects=False, timeout=check.timeout.total_seconds(), trust_env=False) as client:
        for _ in range(MOST_REDIRECTS + 1):
            with client.stream("GET", address, headers=headers) as answer:
                if answer.status_code in _REDIRECTS and answer.status_code != check.status:
                    address = _next(address, answer.headers.get("location", ""))
                    continue
                body = bytearray()
                for piece in answer.iter_bytes(8192):
                    body += piece
                    if time.monotonic() > ends:
                        # Nobody waits for it any more.
                        raise Unanswered(f"did not answer within {in_words(check.timeout)}")
                    if len(body) > MOST_BYTES:
                        raise Unanswered(f"answers more than {MOST_BYTES // 1024} KiB")
                return Answered(answer.status_code, bytes(body).decode("utf-8", errors="replace"))
    raise Unanswered(f"leads on more than {MOST_REDIRECTS} times")


def _next(address: str, location: str) -> str:
    """Return where a redirect leads: the token goes along, so it may lead to nobody else, nor out of TLS."""
    here, there = urlsplit(address), urlsplit(urljoin(address, location))
    if (there.scheme, there.hostname, there.port) != (here.scheme, here.hostname, here.port):
        raise Unanswered(f"leads on to another place, {there.scheme}://{there.netloc}")
    return there.geturl()


def _headers(check: HttpCheck) -> dict[str, str]:
    if check.connection is None:
        return {}
    from airflow.providers.common.compat.sdk import AirflowException, BaseHook

    try:
        found = BaseHook.get_connection(check.connection)
    except (AirflowException, ValueError):
        raise Unanswered(f"cannot be asked: the connection {check.connection} does not exist") from None
    if not found.password:
        raise Unanswered(f"cannot be asked: the connection {check.connection} holds no token")
    return {"Authorization": f"Bearer {found.password}"}
