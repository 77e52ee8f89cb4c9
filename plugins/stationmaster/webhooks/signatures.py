"""Whether a request comes from who it says, and is fresh: every comparison takes the same time (F74)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

FRESH = timedelta(minutes=5)
"""How far the signed instant of a request may be from ours, in either direction."""
PAGERDUTY, OURS, STAMP, BEARER = (
    "x-pagerduty-signature",
    "x-stationmaster-signature",
    "x-stationmaster-timestamp",
    "authorization",
)


class Forged(PermissionError):
    """A request that nobody who knows the secret has just sent."""


def check_pagerduty(headers: Mapping[str, str], body: bytes, secret: str) -> None:
    """Check the signature of a webhook of PagerDuty: any of those that it sends, for secrets may be changing.

    :raises Forged: none is right.
    """
    _one_of(headers.get(PAGERDUTY, ""), _digest(secret, body))


def check_ours(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> None:
    """Check the station's own signature: of ``v1:<timestamp>:<body>``, the timestamp in seconds since 1970.

    :raises Forged: it is not right, or the timestamp is missing, or not of now.
    """
    text = headers.get(STAMP, "")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Forged("the timestamp is missing")
    _one_of(headers.get(OURS, ""), _digest(secret, b"v1:" + text.encode() + b":" + body))
    if abs(now - datetime.fromtimestamp(int(text), UTC)) > FRESH:
        raise Forged("the timestamp is not of now")


def check_bearer(headers: Mapping[str, str], secret: str) -> None:
    """Check the token of a system that cannot sign.

    :raises Forged: it is another one.
    """
    kind, _, token = headers.get(BEARER, "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(token.encode(), secret.encode()):
        raise Forged("the token is another one")


def _one_of(given: str, right: str) -> None:
    parts = [part.strip().removeprefix("v1=") for part in given.split(",") if part.strip().startswith("v1=")]
    # Every part is compared, so that the time tells nothing of which one is right.
    found = [hmac.compare_digest(part.encode(), right.encode()) for part in parts[:8]]
    if not any(found):
        raise Forged("the signature is not right")


def _digest(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
