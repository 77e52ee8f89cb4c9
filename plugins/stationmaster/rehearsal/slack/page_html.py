"""The page of the stand-in workspace as HTML: one channel, seen by one person who may react and reply."""

import html
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stationmaster.rehearsal.slack.markup import emoji, to_html
from stationmaster.rehearsal.slack.models import SlackChannel, SlackMessage, SlackUser
from stationmaster.rehearsal.slack.world import SlackWorld

OFFERED = ("white_check_mark", "no_entry", "raised_hand")
SHOWN = 200

STYLE = (Path(__file__).parent / "page.css").read_text()

SCRIPT = """
setInterval(function(){var busy=document.activeElement&&document.activeElement.matches('input,select');
var typed=[].some.call(document.querySelectorAll('input[name=text]'),function(i){return i.value});
if(!busy&&!typed&&!document.hidden)location.reload()},5000);
"""


class Page:
    """One rendering; every text that came from outside is escaped here and nowhere else."""

    def __init__(self, world: SlackWorld, channel: SlackChannel, viewer: SlackUser, *, nonce: str) -> None:
        self._world, self._channel, self._viewer, self._nonce = world, channel, viewer, nonce

    def render(self, *, error: str = "") -> str:
        """Return the whole document."""
        messages = [one for one in self._world.messages[self._channel.id] if one.thread_ts in (None, one.ts)]
        body = (
            "".join(self._message(one) for one in messages[-SHOWN:])
            or '<p class="soft">Nothing has been said here yet.</p>'
        )
        note = f'<p class="error">{html.escape(error)}</p>' if error else ""
        where = html.escape(self._channel.name)
        topic = html.escape(self._channel.topic or "A stand-in for Slack on this machine: nobody else sees it.")
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>#{where} · stand-in Slack</title>'
            f'<meta name="viewport" content="width=device-width"><style nonce="{self._nonce}">{STYLE}</style></head>'
            f"<body>{self._sidebar()}<main>"
            f'<header><h2>#{where}</h2><span class="soft">{topic}</span></header>{note}{body}'
            f"{self._say('Message #' + self._channel.name, None)}</main>"
            f'<script nonce="{self._nonce}">{SCRIPT}</script></body></html>'
        )

    def _sidebar(self) -> str:
        viewer, channel = html.escape(self._viewer.id), html.escape(self._channel.id)
        links = "".join(
            f'<a class="{"here" if one.id == self._channel.id else ""}" '
            f'href="/?channel={html.escape(one.id)}&amp;as={viewer}"># {html.escape(one.name)}</a>'
            for one in self._world.channels.values()
            if not one.private or self._viewer.id in (one.members or [])
        )
        people = "".join(
            f'<option value="{html.escape(one.id)}"{" selected" if one.id == self._viewer.id else ""}>'
            f"{html.escape(one.real_name or one.name)}</option>"
            for one in self._world.users.values()
            if not one.bot and not one.deleted
        )
        return (
            f"<nav><h1>{html.escape(self._world.team)}</h1>{links}"
            f'<form method="get" action="/"><input type="hidden" name="channel" value="{channel}">'
            f'<label for="as">You are</label><select id="as" name="as">{people}</select> '
            "<button>Change</button></form></nav>"
        )

    def _message(self, message: SlackMessage, *, in_thread: bool = False) -> str:
        author = self._world.users.get(message.user)
        name = message.username or (author.real_name or author.name if author else message.user)
        tag = ' <span class="tag">APP</span>' if message.from_bot else ""
        edited = ' <span class="soft">(edited)</span>' if message.edited_ts else ""
        thread = "" if in_thread else self._thread(message)
        return (
            f'<article id="m{html.escape(message.ts)}"><span class="who">{html.escape(name)}</span>{tag} '
            f'<span class="soft">{html.escape(self._time(message.ts))}</span>'
            f"<div>{self._content(message)}{edited}</div>{self._reactions(message)}{thread}</article>"
        )

    def _content(self, message: SlackMessage) -> str:
        if not message.blocks:
            return self._markup(message.text)
        return "".join(f'<div class="block">{self._block(block)}</div>' for block in message.blocks)

    def _block(self, block: dict[str, Any]) -> str:
        kind = block.get("type")
        if kind == "divider":
            return "<hr>"
        texts = [block.get("text"), *(block.get("fields") or []), *(block.get("elements") or [])]
        shown = "<br>".join(self._markup(str(one.get("text", ""))) for one in texts if _is_text(one))
        if kind == "header":
            return f'<span class="heading">{shown}</span>'
        return f'<span class="soft">{shown}</span>' if kind == "context" else shown

    def _reactions(self, message: SlackMessage) -> str:
        names = list(dict.fromkeys([*message.reactions, *OFFERED]))
        buttons = "".join(self._reaction(message, name) for name in names) if not message.tombstone else ""
        return f'<div class="row">{buttons}</div>'

    def _reaction(self, message: SlackMessage, name: str) -> str:
        users = message.reactions.get(name, [])
        mine = self._viewer.id in users
        people = ", ".join(self._name_of(user) for user in users)
        title = html.escape(f":{name}: {people}".strip())
        count = f" {len(users)}" if users else ""
        verb = "unreact" if mine else "react"
        fields = self._hidden(ts=message.ts, name=name)
        return (
            f'<form method="post" action="/{verb}">{fields}<button class="{"mine" if mine else ""}" title="{title}">'
            f"{html.escape(emoji(name))}{count}</button></form>"
        )

    def _thread(self, message: SlackMessage) -> str:
        replies = "".join(
            self._message(one, in_thread=True) for one in self._world.replies(message.channel, message.ts)
        )
        return f'<div class="thread">{replies}{self._say("Reply, for example LGTM", message.ts)}</div>'

    def _say(self, hint: str, thread_ts: str | None) -> str:
        fields = self._hidden(thread_ts=thread_ts or "")
        return (
            f'<form class="say" method="post" action="/say">{fields}'
            f'<input name="text" autocomplete="off" aria-label="{html.escape(hint)}" placeholder="{html.escape(hint)}">'
            "<button>Send</button></form>"
        )

    def _hidden(self, **values: str) -> str:
        values = {"channel": self._channel.id, "user": self._viewer.id, **values}
        return "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in values.items()
        )

    def _markup(self, text: str) -> str:
        return to_html(text, name_of=self._name_of)

    def _name_of(self, some_id: str) -> str:
        if some_id in self._world.users:
            user = self._world.users[some_id]
            return user.real_name or user.name
        if some_id in self._world.channels:
            return self._world.channels[some_id].name
        return self._world.usergroups[some_id].handle if some_id in self._world.usergroups else some_id

    def _time(self, ts: str) -> str:
        instant = datetime.fromtimestamp(float(ts), UTC).astimezone(ZoneInfo(self._viewer.tz))
        return f"{instant:%A %d %B %Y, %H:%M} {self._viewer.tz}"


def _is_text(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str)
