"""A calendar file, from a disk or from an address: at most so large, within so long, and never anything else."""

from __future__ import annotations

from pathlib import Path

MOST_BYTES = 5_000_000
PATIENCE = 20.0
"""Seconds for the whole answer of an address."""


class CalendarFeedError(Exception):
    """The calendar cannot be had: it is missing, too large, refused, or nobody answers."""


def read_feed(where: str) -> bytes:
    """Return the bytes of a calendar.

    :param where: a path, or an address that begins with https:// (http:// on loopback only).
    :raises CalendarFeedError: it cannot be had; the message names no secret of the address.
    """
    if "://" in where:
        return _fetched(where)
    path = Path(where)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CalendarFeedError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB: that is no team's calendar")
        return path.read_bytes()
    except OSError as error:
        raise CalendarFeedError(f"{path} cannot be read: {error.strerror}") from error


def address_of(conn_id: str) -> str:
    """Return the secret address of a calendar that an Airflow connection keeps: its password.

    :raises CalendarFeedError: there is no such connection, or no address in it.
    """
    from airflow.providers.common.compat.sdk import AirflowException, BaseHook

    try:
        address = BaseHook.get_connection(conn_id).password or ""
    except (AirflowException, ValueError):
        address = ""
    if "://" not in address:
        raise CalendarFeedError(
            f"The connection {conn_id} keeps no calendar: create a connection of type http whose password is the "
            "calendar's secret address, with https://"
        )
    return str(address)


def _fetched(address: str) -> bytes:
    import logging

    import httpx

    from stationmaster.hooks.rehearsed_hosts import LOOPBACK, forbidden

    url = httpx.URL(address)
    plain = f"{url.scheme}://{url.host}{url.path}"  # a feed's secret is mostly in its query, or its user part
    if url.scheme != "https" and not (url.scheme == "http" and url.host in LOOPBACK):
        raise CalendarFeedError(f"{plain}: only https:// addresses are read")
    if forbidden(url.host):
        raise CalendarFeedError(f"{plain}: a rehearsal speaks to this machine only")
    # At INFO it writes whole addresses into the log, and this one is a secret (F74).
    logging.getLogger("httpx").setLevel(logging.WARNING)
    found = bytearray()
    try:
        with (
            httpx.Client(timeout=PATIENCE, follow_redirects=False) as client,
            client.stream("GET", url, headers={"accept": "text/calendar"}) as answer,
        ):
            if answer.status_code != 200:
                raise CalendarFeedError(f"{plain} answers {answer.status_code}")
            for chunk in answer.iter_bytes():
                found += chunk
                if len(found) > MOST_BYTES:
                    raise CalendarFeedError(f"{plain} is larger than {MOST_BYTES // 1_000_000} MB")
    except httpx.HTTPError as error:
        raise CalendarFeedError(f"{plain} cannot be read: {type(error).__name__}") from None
    return bytes(found)
