"""What scripted failures make of a request: refused before it is done, or its answer lost after."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from stationmaster.rehearsal.github.call import Problem, Reply
from stationmaster.rehearsal.github.faults import Fault


@dataclass(slots=True)
class Answered:
    """What goes out; `drops` closes the connection in place of answering, after `hangs` seconds of real time."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    drops: bool = False
    hangs: float = 0


def encoded(body: Any) -> bytes:
    """Return JSON without spaces."""
    return json.dumps(body, separators=(",", ":")).encode()


def refusal(fault: Fault, now: datetime) -> Reply:
    """Return what a fault answers before anything is done."""
    seconds = str(int(fault.seconds))
    reset = str(int((now + timedelta(seconds=fault.seconds)).timestamp()))
    secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    answers = {
        "rate_limited": (429, "Too many requests", {"retry-after": seconds}),
        "primary_limit": (
            403,
            "API rate limit exceeded for installation ID 1.",
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset},
        ),
        "secondary_limit": (403, secondary, {"retry-after": seconds}),
        "secondary_limit_silent": (403, secondary, {}),
        "unauthorised": (401, "Bad credentials", {}),
        "forbidden": (403, "Resource not accessible by integration", {}),
        "sso": (
            403,
            "Resource protected by organization SAML enforcement. You must grant your Personal Access token access.",
            {"x-github-sso": "required; url=https://github.com/orgs/stand-in/sso?authorization_request=AX"},
        ),
        "hidden": (404, "Not Found", {}),
        "bad_gateway_before": (502, "Server Error", {}),
        "unavailable_before": (503, "Service unavailable", {}),
        "dropped_before": (502, "Server Error", {}),
    }
    status, message, headers = answers[fault.kind]
    return Reply(status, Problem(status, message).body(), dict(headers))


def spoilt(fault: Fault, reply: Reply) -> Answered | None:
    """Return what goes out in place of a reply that was lost on its way; None when it goes out."""
    if fault.kind in ("dropped_before", "dropped_after"):
        return Answered(reply.status, b"", drops=True)
    if fault.kind == "hanging_after":
        return Answered(reply.status, b"", drops=True, hangs=fault.seconds)
    if fault.kind == "garbled":
        return Answered(200, b"<html>maintenance</html>", {"content-type": "text/html"})
    if fault.kind == "bad_gateway_after":
        return Answered(502, encoded(Problem(502, "Server Error").body()), {"content-type": "application/json"})
    return None
