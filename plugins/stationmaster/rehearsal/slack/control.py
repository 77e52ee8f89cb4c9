"""The control plane of the stand-in Slack: what scripts and the page make people and the world do.

Every body is a JSON object with the fields of one of the models below; every answer is JSON, with status 409 and
`{"error": code}` where Slack would have refused. Requests that a browser sends from another site are refused.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stationmaster.rehearsal.same_origin import same_origin
from stationmaster.rehearsal.slack.models import SlackFault, SlackUser
from stationmaster.rehearsal.slack.shapes import message_object
from stationmaster.rehearsal.slack.world import BOT_USER_ID, SlackRefusal, SlackWorld


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PostAs(_Body):
    """POST /_control/post: `user` (id or handle) writes in `channel` (id or name), or replies under `thread_ts`."""

    user: str
    channel: str
    text: str
    thread_ts: str | None = None
    broadcast: bool = False


class ReactAs(_Body):
    """POST /_control/react and /_control/unreact."""

    user: str
    channel: str
    ts: str
    name: str


class EditAs(_Body):
    """POST /_control/edit: the author replaces the text."""

    user: str
    channel: str
    ts: str
    text: str


class DeleteMessage(_Body):
    """POST /_control/delete: `user` deletes a message; without one it goes as by the workspace's retention."""

    channel: str
    ts: str
    user: str | None = None


class ChangeChannel(_Body):
    """POST /_control/channel: archive it, or remove the bot from it, or undo that."""

    channel: str
    archived: bool | None = None
    bot_joined: bool | None = None


class ChangeToken(_Body):
    """POST /_control/token: revoke it, or change its scopes."""

    revoked: bool | None = None
    scopes: tuple[str, ...] | None = None


class ChangeUser(_Body):
    """POST /_control/user: deactivate a person, make a guest, a robot, an admin, one of another `team`, or undo it."""

    user: str
    deleted: bool | None = None
    guest: bool | None = None
    ultra_guest: bool | None = None
    bot: bool | None = None
    admin: bool | None = None
    team: str | None = None


class ChangeClock(_Body):
    """POST /_control/clock: how many seconds Slack's clock is ahead of everybody else's; negative: behind."""

    ahead: float


AnyBody = TypeVar("AnyBody", bound=BaseModel)


def control_routes(world: SlackWorld) -> list[Route]:
    """Return the routes below /_control."""
    return [
        _post("/post", PostAs, lambda body: _post_as(world, body)),
        _post("/react", ReactAs, lambda body: _react_as(world, body)),
        _post("/unreact", ReactAs, lambda body: _unreact_as(world, body)),
        _post("/edit", EditAs, lambda body: _edit_as(world, body)),
        _post("/delete", DeleteMessage, lambda body: _delete(world, body)),
        _post("/channel", ChangeChannel, lambda body: _change_channel(world, body)),
        _post("/token", ChangeToken, lambda body: _change_token(world, body)),
        _post("/user", ChangeUser, lambda body: _change_user(world, body)),
        _post("/clock", ChangeClock, lambda body: _change_clock(world, body)),
        _post("/faults", SlackFault, lambda body: _add_fault(world, body)),
        _get("/faults", lambda: {"faults": [fault.model_dump() for fault in world.faults]}),
        _get("/journal", lambda: {"journal": [entry.model_dump() for entry in world.journal]}),
        _get("/state", lambda: _state(world)),
        Route("/faults", _guarded(lambda _: _clear_faults(world)), methods=["DELETE"]),
    ]


def _post(path: str, model: type[AnyBody], act: Callable[[AnyBody], dict[str, Any]]) -> Route:
    async def endpoint(request: Request) -> Response:
        if not same_origin(request):
            return JSONResponse({"error": "cross_origin"}, status_code=403)
        try:
            return JSONResponse(act(model.model_validate_json(await request.body())))
        except ValidationError as error:
            return JSONResponse({"error": "invalid_body", "messages": _messages(error)}, status_code=422)
        except SlackRefusal as refusal:
            return JSONResponse({"error": refusal.code}, status_code=409)

    return Route(path, endpoint, methods=["POST"])


def _get(path: str, read: Callable[[], dict[str, Any]]) -> Route:
    return Route(path, _guarded(lambda _: read()), methods=["GET"])


def _guarded(answer: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        if not same_origin(request):
            return JSONResponse({"error": "cross_origin"}, status_code=403)
        return JSONResponse(answer(request))

    return endpoint


def _messages(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]


def _post_as(world: SlackWorld, body: PostAs) -> dict[str, Any]:
    message = world.post_as(body.user, body.channel, body.text, thread_ts=body.thread_ts, broadcast=body.broadcast)
    return {"channel": message.channel, "ts": message.ts}


def _react_as(world: SlackWorld, body: ReactAs) -> dict[str, Any]:
    world.react_as(body.user, body.channel, body.ts, body.name)
    return {"ok": True}


def _unreact_as(world: SlackWorld, body: ReactAs) -> dict[str, Any]:
    world.unreact_as(body.user, body.channel, body.ts, body.name)
    return {"ok": True}


def _edit_as(world: SlackWorld, body: EditAs) -> dict[str, Any]:
    message = world.edit_as(body.user, body.channel, body.ts, body.text)
    return {"channel": message.channel, "ts": message.ts}


def _delete(world: SlackWorld, body: DeleteMessage) -> dict[str, Any]:
    if body.user is None:
        world.delete(body.channel, body.ts)
    else:
        world.delete_as(body.user, body.channel, body.ts)
    return {"ok": True}


def _change_channel(world: SlackWorld, body: ChangeChannel) -> dict[str, Any]:
    with world.lock:
        channel = world.channel(body.channel)
        if body.archived is not None:
            channel.archived = body.archived
        if body.bot_joined is not None:
            others = [member for member in channel.members or [] if member != BOT_USER_ID]
            channel.members = [*others, BOT_USER_ID] if body.bot_joined else others
    return {"ok": True}


def _change_token(world: SlackWorld, body: ChangeToken) -> dict[str, Any]:
    with world.lock:
        if body.revoked is not None:
            world.token_revoked = body.revoked
        if body.scopes is not None:
            world.scopes = frozenset(body.scopes)
    return {"ok": True}


def _change_user(world: SlackWorld, body: ChangeUser) -> dict[str, Any]:
    with world.lock:
        user: SlackUser = world.user(body.user)
        for name in body.model_fields_set - {"user"}:
            setattr(user, name, getattr(body, name) if name == "team" else bool(getattr(body, name)))
    return {"ok": True}


def _change_clock(world: SlackWorld, body: ChangeClock) -> dict[str, Any]:
    with world.lock:
        world.skew = timedelta(seconds=body.ahead)
    return {"ok": True}


def _add_fault(world: SlackWorld, fault: SlackFault) -> dict[str, Any]:
    with world.lock:
        world.faults.append(fault)
    return {"ok": True}


def _clear_faults(world: SlackWorld) -> dict[str, Any]:
    with world.lock:
        world.faults.clear()
    return {"ok": True}


def _state(world: SlackWorld) -> dict[str, Any]:
    with world.lock:
        return {
            "channels": [channel.model_dump() for channel in world.channels.values()],
            "users": [user.model_dump() for user in world.users.values()],
            "usergroups": [group.model_dump() for group in world.usergroups.values()],
            "messages": {
                channel: [message_object(world, one, metadata=True, complete_reactions=True) for one in messages]
                for channel, messages in world.messages.items()
            },
        }
