"""The page for people: GET / shows the stand-in workspace, its forms react and speak as a chosen person."""

import html
import secrets
from typing import TypeVar
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from stationmaster.rehearsal.same_origin import same_origin
from stationmaster.rehearsal.slack.models import SlackChannel, SlackUser
from stationmaster.rehearsal.slack.page_html import Page
from stationmaster.rehearsal.slack.world import SlackRefusal, SlackWorld

Choice = TypeVar("Choice", SlackChannel, SlackUser)


def page_routes(world: SlackWorld) -> list[Route]:
    """Return the routes of the page; forms are accepted from this very server only."""

    def show(request: Request) -> Response:
        if not same_origin(request):
            return PlainTextResponse("This page answers on loopback only.", status_code=403)
        with world.lock:
            return _shown(world, request.query_params.get("channel", ""), request.query_params.get("as", ""))

    async def act(request: Request) -> Response:
        if not same_origin(request) or "origin" not in request.headers:
            return PlainTextResponse("This form was not sent from this page.", status_code=403)
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode()).items()}
        try:
            _act(world, request.url.path.removeprefix("/"), form)
        except SlackRefusal as refusal:
            with world.lock:
                return _shown(world, form.get("channel", ""), form.get("user", ""), error=refusal.code)
        address = f"/?channel={quote(form.get('channel', ''))}&as={quote(form.get('user', ''))}"
        return RedirectResponse(address, status_code=303)

    return [
        Route("/", show, methods=["GET"]),
        *(Route(f"/{verb}", act, methods=["POST"]) for verb in ("react", "unreact", "say")),
    ]


def _act(world: SlackWorld, verb: str, form: dict[str, str]) -> None:
    user, channel = form.get("user", ""), form.get("channel", "")
    if verb == "say":
        text = form.get("text", "").strip()
        if not text:
            raise SlackRefusal("no_text")
        escaped = html.escape(text, quote=False)
        world.post_as(user, channel, escaped, thread_ts=form.get("thread_ts") or None)
        return
    act = world.react_as if verb == "react" else world.unreact_as
    act(user, channel, form.get("ts", ""), form.get("name", ""))


def _shown(world: SlackWorld, channel: str, viewer: str, *, error: str = "") -> Response:
    people = [user for user in world.users.values() if not user.bot and not user.deleted]
    if not world.channels or not people:
        return PlainTextResponse("This workspace has no channel or no people yet.")
    where = _chosen(list(world.channels.values()), channel)
    if not viewer:
        inside = [user for user in people if user.id in (where.members or [])]
        people = inside or people
    nonce = secrets.token_urlsafe(16)
    page = Page(world, where, _chosen(people, viewer), nonce=nonce).render(error=_sentence(error))
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    status = 409 if error else 200
    headers = {"content-security-policy": policy, "x-content-type-options": "nosniff", "cache-control": "no-store"}
    return HTMLResponse(page, status_code=status, headers=headers)


def _chosen(items: list[Choice], wanted: str) -> Choice:
    for item in items:
        if wanted in (item.id, item.name):
            return item
    return items[0]


def _sentence(code: str) -> str:
    sentences = {
        "": "",
        "already_reacted": "You have reacted with that already.",
        "no_reaction": "That reaction is gone already.",
        "message_not_found": "That message was deleted.",
        "is_archived": "This channel is archived: nobody can write here.",
        "not_in_channel": "This person is not in the channel.",
        "no_text": "Write something first.",
    }
    return sentences.get(code, f"Slack would refuse this: {code}.")
