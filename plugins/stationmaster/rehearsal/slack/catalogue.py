"""Which Slack methods the stand-in speaks: tier, scope, body forms and required arguments of each, as published."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Tier = Literal["special", "post", "t1", "t2", "t3", "t4"]

CALLS_A_MINUTE: dict[Tier, int] = {"special": 600, "post": 60, "t1": 1, "t2": 20, "t3": 50, "t4": 100}
"""Published floor of each tier; `post` is one message a second and channel, counted over a minute to allow bursts."""

KIND_PREFIXES = {"public": "channels", "private": "groups", "direct": "im"}


class MethodFacts(BaseModel):
    """What Slack publishes about a method.

    `scope` is the whole scope, or only its verb ("history", "read") where the prefix follows the kind of conversation.
    `wider` names, for a kind of conversation, a scope that does as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tier: Tier
    scope: str | None = None
    by_kind: bool = False
    wider: dict[str, str] = {}
    json_body: bool = False
    write: bool = False
    required: tuple[str, ...] = ()

    def scopes(self, kind: str) -> tuple[str, ...]:
        """Return the scopes of which a token needs one, for a conversation of a kind; empty where it needs none."""
        if self.scope is None:
            return ()
        wider = (self.wider[kind],) if kind in self.wider else ()
        return (f"{KIND_PREFIXES[kind]}:{self.scope}" if self.by_kind else self.scope, *wider)


def _write(tier: Tier, scope: str, *required: str) -> MethodFacts:
    return MethodFacts(tier=tier, scope=scope, json_body=True, write=True, required=required)


def _read(tier: Tier, scope: str, *required: str, json_body: bool = False) -> MethodFacts:
    return MethodFacts(tier=tier, scope=scope, required=required, json_body=json_body)


def _of_conversation(tier: Tier, verb: str, *required: str, json_body: bool = False) -> MethodFacts:
    return MethodFacts(tier=tier, scope=verb, by_kind=True, required=required, json_body=json_body)


METHODS: dict[str, MethodFacts] = {
    "auth.test": MethodFacts(tier="special", json_body=True),
    "chat.postMessage": _write("post", "chat:write", "channel"),
    "chat.update": _write("t3", "chat:write", "channel", "ts"),
    "chat.delete": _write("t3", "chat:write", "channel", "ts"),
    "chat.postEphemeral": _write("t4", "chat:write", "channel", "user"),
    "chat.getPermalink": MethodFacts(tier="special", required=("channel", "message_ts")),
    "conversations.history": _of_conversation("t3", "history", "channel", json_body=True),
    "conversations.replies": _of_conversation("t3", "history", "channel", "ts"),
    "conversations.info": _of_conversation("t3", "read", "channel"),
    "conversations.members": _of_conversation("t4", "read", "channel"),
    "conversations.list": MethodFacts(tier="t2"),
    "conversations.join": _write("t3", "channels:join", "channel"),
    "conversations.open": _write("t3", "im:write"),
    "conversations.setTopic": MethodFacts(
        tier="t2",
        scope="write.topic",
        by_kind=True,
        wider={"public": "channels:manage", "private": "groups:write", "direct": "im:write"},
        json_body=True,
        write=True,
        required=("channel", "topic"),
    ),
    "reactions.add": _write("t3", "reactions:write", "name"),
    "reactions.remove": _write("t2", "reactions:write", "name"),
    "reactions.get": _read("t3", "reactions:read"),
    "users.info": _read("t4", "users:read", "user"),
    "users.list": _read("t2", "users:read"),
    "users.lookupByEmail": _read("t3", "users:read.email", "email"),
    "usergroups.list": _read("t2", "usergroups:read"),
    "usergroups.users.list": _read("t2", "usergroups:read", "usergroup"),
    "usergroups.users.update": _write("t2", "usergroups:write", "usergroup", "users"),
    "usergroups.enable": _write("t2", "usergroups:write", "usergroup"),
    "usergroups.disable": _write("t2", "usergroups:write", "usergroup"),
    "pins.add": _write("t2", "pins:write", "channel"),
}

ALL_SCOPES = frozenset(scope for facts in METHODS.values() for kind in KIND_PREFIXES for scope in facts.scopes(kind))
"""Every scope that some method asks for. `chat:write.public` is left out: a bot must be in the channel."""
