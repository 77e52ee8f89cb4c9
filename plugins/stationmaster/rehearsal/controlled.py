"""What the control planes of the smaller stand-ins share: a body of a known form, and nobody from another site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stationmaster.rehearsal.same_origin import same_origin


class Order(BaseModel):
    """Base of what a test or a script may order of a stand-in."""

    model_config = ConfigDict(extra="forbid")


Given = TypeVar("Given", bound=Order)


def order(path: str, model: type[Given], take: Callable[[Given], Any]) -> Route:
    """Return the route of an order; what ``take`` returns goes back as JSON, and a LookupError as 404."""

    async def endpoint(request: Request) -> Response:
        if not same_origin(request):
            return JSONResponse({"error": "cross_origin"}, status_code=403)
        try:
            found = model.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": "invalid_body", "messages": [str(error)]}, status_code=422)
        try:
            return JSONResponse({"ok": True, "result": take(found)})
        except LookupError as error:
            return JSONResponse({"error": "not_found", "messages": [str(error)]}, status_code=404)

    return Route(path, endpoint, methods=["POST"])
