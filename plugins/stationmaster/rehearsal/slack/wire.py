"""The wire of the stand-in Slack: request bodies in, answers out, and connections that fail on purpose."""

import json
from typing import Any
from urllib.parse import parse_qsl

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stationmaster.rehearsal.slack.dispatch import Answer, Dispatcher
from stationmaster.rehearsal.slack.models import SlackFault
from stationmaster.rehearsal.slack.world import SlackWorld

_CONNECTION = "stationmaster.connection"


class WebApi:
    """The ASGI endpoint of `/api/{method}`."""

    def __init__(self, world: SlackWorld) -> None:
        self._dispatcher = Dispatcher(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        answer = await self._answer(request)
        if answer.fault is not None:
            await _spoil(answer, answer.fault, scope, receive, send)
            return
        response = PlainTextResponse if isinstance(answer.body, str) else JSONResponse
        await response(answer.body, status_code=answer.status, headers=answer.headers)(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        try:
            args, json_body = await _arguments(request)
        except ValueError:
            return Answer(body={"ok": False, "error": "invalid_json"})
        method = request.path_params["method"]
        return self._dispatcher.answer(method, args, token=_token(request, args), json_body=json_body)


class KeepConnection:
    """Hands the server's connection to the app below, so that a fault can cut it without an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on."""
        if scope["type"] == "http":
            scope[_CONNECTION] = getattr(getattr(send, "__self__", None), "transport", None)
        await self._app(scope, receive, send)


async def _arguments(request: Request) -> tuple[dict[str, Any], bool]:
    args: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    if not body:
        return args, False
    if "json" in request.headers.get("content-type", ""):
        sent = json.loads(body)
        if not isinstance(sent, dict):
            raise ValueError("a JSON body must be an object")
        return args | sent, True
    return args | dict(parse_qsl(body.decode(), keep_blank_values=True)), False


def _token(request: Request, args: dict[str, Any]) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip()
    given = args.get("token")
    return given if isinstance(given, str) else None


async def _spoil(answer: Answer, fault: SlackFault, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.kind == "hang_after":
        with anyio.move_on_after(fault.seconds):
            await _until_gone(receive)
    if fault.kind != "truncate_after" and _cut(scope):
        await _until_gone(receive)
        return
    length = str(len(json.dumps(answer.body)) + 100).encode()
    start: Message = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", length)],
    }
    await send(start)


def _cut(scope: Scope) -> bool:
    connection = scope.get(_CONNECTION)
    if connection is None:
        return False
    connection.abort()
    return True


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
