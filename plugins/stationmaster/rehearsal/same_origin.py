"""Who may steer a stand-in: programs on this machine, and its own page; no page of another site."""

from __future__ import annotations

from starlette.requests import Request

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def same_origin(request: Request) -> bool:
    """Return whether a request comes from no browser, or from a page of this very server on loopback."""
    host = request.headers.get("host", "")
    if host.rpartition(":")[0] not in _LOOPBACK and host not in _LOOPBACK:
        return False
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{host}"
