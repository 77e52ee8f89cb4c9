"""What Airflow's API server serves for other systems: ``POST …/alerts/TEAM/WATCH`` and ``…/heartbeats/TEAM/NAME``.

It is a plain ASGI application: every Airflow process loads the plugin, and none should load a web framework for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from stationmaster.webhooks.receiving import Answer

log = logging.getLogger(__name__)

PREFIX = "/stationmaster"
_PATH = re.compile(r"/(alerts|heartbeats)/([a-z][a-z0-9_-]{0,62})/([a-z][a-z0-9_-]{0,62})/?")
_MOST_BYTES = 256 * 1024


class TooLarge(ValueError):
    """A body that is larger than any alert."""


async def app(
    scope: Mapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Answer a request; whatever goes wrong inside is told to nobody outside."""
    if scope["type"] != "http":
        return
    from stationmaster.webhooks.receiving import UNKNOWN, Answer

    found = _PATH.fullmatch(str(scope["path"]).removeprefix(str(scope.get("root_path") or "")))
    if found is None:
        answer = UNKNOWN
    elif scope["method"] != "POST":
        answer = Answer(405, "Only POST is taken here.")
    else:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            body = await _body(headers, receive)
        except TooLarge:
            answer = Answer(413, f"At most {_MOST_BYTES // 1024} KiB are taken.")
        else:
            answer = await asyncio.to_thread(_answered, found[1], found[2], found[3], headers, body)
    text = json.dumps({"detail": answer.sentence}).encode()
    kind = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": kind})
    await send({"type": "http.response.body", "body": text})


async def _body(headers: Mapping[str, str], receive: Callable[[], Awaitable[Any]]) -> bytes:
    said = headers.get("content-length", "0")
    if not (said.isascii() and said.isdigit()) or int(said[:12]) > _MOST_BYTES:
        raise TooLarge
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _MOST_BYTES:
            raise TooLarge
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


def _answered(kind: str, team: str, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
    from stationmaster import settings
    from stationmaster.config.loader import load
    from stationmaster.webhooks import receiving
    from stationmaster.work.context import Desk

    try:
        found = load(settings.include_dir(), teams=[team], trains=()).teams.get(team)
        if found is None:
            return receiving.UNKNOWN
        desk = Desk(team=found)
        if kind == "alerts":
            return receiving.alerts(desk, name, headers, body)
        return receiving.heartbeat(desk, name, headers, body)
    except Exception:
        log.exception("A request to %s/%s/%s could not be taken", kind, team, name)
        return receiving.Answer(503, "It cannot be taken now. Send it again.")
