"""The stand-in proposal system on loopback: the five calls that docs/rollouts.md describes, and its control."""

from __future__ import annotations

import json

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from stationmaster.rehearsal.controlled import order
from stationmaster.rehearsal.governance.world import Decide, Fault, GovernanceWorld, Upgrade, Vote

STAND_IN_TOKEN = "stand-in-governance-token"  # noqa: S105 - known to everybody, and opens nothing but a stand-in
_FIELDS = ("kind", "target", "version", "title", "key")


def create_app(world: GovernanceWorld) -> Starlette:
    """Return the service and its control."""

    def listed(request: Request) -> Response:
        if (failed := _failed(world, request)) is not None:
            return failed
        wanted = {name: request.query_params[name] for name in _FIELDS if name in request.query_params}
        limit = int(request.query_params.get("limit", "100"))
        return JSONResponse({"proposals": [world.shape(made) for made in world.find(**wanted)[:limit]]})

    def one(request: Request) -> Response:
        if (failed := _failed(world, request)) is not None:
            return failed
        found = world.find(id=request.path_params["id"])
        return JSONResponse(world.shape(found[0])) if found else _no(404, "no such proposal")

    async def create(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_created, world, request, body)

    def target(request: Request) -> Response:
        if (failed := _failed(world, request)) is not None:
            return failed
        version = world.running(request.path_params["target"])
        return JSONResponse({"version": version}) if version is not None else _no(404, "no such target")

    def version(request: Request) -> Response:
        if (failed := _failed(world, request)) is not None:
            return failed
        return JSONResponse({"elected": world.elected(request.path_params["version"])})

    return Starlette(
        routes=[
            Route("/proposals", listed, methods=["GET"]),
            Route("/proposals", create, methods=["POST"]),
            Route("/proposals/{id}", one),
            Route("/targets/{target}", target),
            Route("/versions/{version}", version),
            Mount(
                "/_control/governance",
                routes=[
                    order("/vote", Vote, world.vote),
                    order("/decide", Decide, world.decide),
                    order("/upgrade", Upgrade, world.upgrade),
                    order("/faults", Fault, world.script),
                    Route("/state", lambda _: JSONResponse(world.state())),
                ],
            ),
        ]
    )


def _created(world: GovernanceWorld, request: Request, body: bytes) -> Response:
    if (failed := _failed(world, request)) is not None:
        return failed
    try:
        fields = json.loads(body)
        given = [str(fields[name]) for name in _FIELDS]
    except (ValueError, KeyError, TypeError):
        return _no(422, "a proposal needs kind, target, version, title and key")
    fault = world.fault("nothing_before", "nothing_after")
    if fault == "nothing_before":
        return _no(502, "bad gateway")
    made = world.create(*given)
    if fault == "nothing_after":
        return _no(502, "bad gateway")
    return _no(409, made) if isinstance(made, str) else JSONResponse(world.shape(made), status_code=201)


def _failed(world: GovernanceWorld, request: Request) -> Response | None:
    fault = world.fault("unauthorised", "no_json")
    if fault == "no_json":
        return Response("<html>Sign in</html>", media_type="text/html")
    if fault == "unauthorised" or request.headers.get("authorization") != f"Bearer {STAND_IN_TOKEN}":
        return _no(401, "unauthorised")
    return None


def _no(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=status)
