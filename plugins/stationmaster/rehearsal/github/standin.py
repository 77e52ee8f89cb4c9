"""A stand-in GitHub as an ASGI app, as GitHub Enterprise Server serves it (under /api/v3) and as api.github.com does.

    world = GithubWorld(repositories=[RepositorySpec(name="chanzuckerberg/single-cell-explorer", ...)])
    with serve(create_app(world)) as url:
        github.Github(auth=Auth.Token(STAND_IN_TOKEN), base_url=f"{url}/api/v3")

See github_world for the constructor and what can be scripted, github_control for the same over HTTP.
"""

import asyncio
import json
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stationmaster.rehearsal.github.control import control
from stationmaster.rehearsal.github.door import Asked, answer
from stationmaster.rehearsal.github.outcomes import Answered
from stationmaster.rehearsal.github.world import GithubWorld

PREFIX = "/api/v3"
CONTROL = "/_control/"


def create_app(world: GithubWorld) -> ASGIApp:
    """Return the app over a world; it keeps no state of its own."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        path = unquote(scope["path"])
        if path.startswith(CONTROL):
            await _control(world, request, path.removeprefix(CONTROL), body)(scope, receive, send)
            return
        answered = answer(world, _asked(request, path, body))
        if answered.hangs:
            await asyncio.sleep(answered.hangs)
        if answered.drops:
            await _drop(send)
            return
        await _response(answered)(scope, receive, send)

    return app


def _asked(request: Request, path: str, body: bytes) -> Asked:
    site = f"{request.url.scheme}://{request.url.netloc}"
    prefixed = path.startswith(f"{PREFIX}/")
    return Asked(
        method=request.method,
        path=path.removeprefix(PREFIX) if prefixed else path,
        query=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        base=f"{site}{PREFIX}" if prefixed else site,
        site=site,
    )


def _response(answered: Answered) -> Response:
    return Response(answered.body, status_code=answered.status, headers=answered.headers)


def _control(world: GithubWorld, request: Request, name: str, body: bytes) -> Response:
    try:
        arguments = json.loads(body) if body else {}
    except ValueError:
        return JSONResponse({"error": "the body is not JSON"}, status_code=400)
    status, told = control(world, request.method, name, dict(request.query_params), arguments)
    return JSONResponse(told, status_code=status)


async def _drop(send: Send) -> None:
    """Promise a body and break off: the server then closes the connection, and the client has no answer."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
