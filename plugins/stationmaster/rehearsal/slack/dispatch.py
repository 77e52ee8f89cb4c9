"""Answers one call of the Web API: token, faults, tiers, scopes, arguments, then the method itself."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stationmaster.rehearsal.slack import chat_methods as chat
from stationmaster.rehearsal.slack import conversation_methods as conversations
from stationmaster.rehearsal.slack import people_methods as people
from stationmaster.rehearsal.slack.call import Call
from stationmaster.rehearsal.slack.catalogue import CALLS_A_MINUTE, METHODS, MethodFacts
from stationmaster.rehearsal.slack.models import SlackEntry, SlackFault
from stationmaster.rehearsal.slack.world import SlackRefusal, SlackWorld

HANDLERS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "auth.test": conversations.auth_test,
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "chat.delete": chat.delete,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.getPermalink": chat.get_permalink,
    "conversations.history": conversations.history,
    "conversations.replies": conversations.replies,
    "conversations.info": conversations.info,
    "conversations.list": conversations.conversations_list,
    "conversations.members": conversations.members,
    "conversations.join": conversations.join,
    "conversations.open": conversations.open_conversation,
    "conversations.setTopic": conversations.set_topic,
    "reactions.add": chat.add_reaction,
    "reactions.remove": chat.remove_reaction,
    "reactions.get": chat.get_reactions,
    "users.info": people.user_info,
    "users.list": people.users_list,
    "users.lookupByEmail": people.lookup_by_email,
    "usergroups.list": people.usergroups_list,
    "usergroups.users.list": people.usergroup_users,
    "usergroups.users.update": people.update_usergroup_users,
    "usergroups.enable": people.enable_usergroup,
    "usergroups.disable": people.disable_usergroup,
    "pins.add": chat.pin,
}

_BEFORE = frozenset({"rate_limited", "server_error_before", "drop_before", "error"})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back over the wire. `fault` says that the connection, not only the answer, is to be spoilt."""

    status: int = 200
    body: dict[str, Any] | str = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    fault: SlackFault | None = None


class Dispatcher:
    """Answers calls against one world; keeps the recent calls per method for the rate tiers."""

    def __init__(self, world: SlackWorld) -> None:
        self._world = world
        self._recent: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def answer(self, method: str, args: dict[str, Any], *, token: str | None, json_body: bool) -> Answer:
        """Answer one call; refusals are HTTP 200 with `ok` false, as Slack has it."""
        with self._world.lock:
            facts = METHODS.get(method)
            if facts is None:
                return Answer(body={"ok": False, "error": "unknown_method", "req_method": method})
            if json_body and not facts.json_body:
                args = {}
            channel = str(args.get("channel") or "") or None
            fault = self._world.take_fault(method, channel)
            if fault and fault.kind in _BEFORE:
                self._note(method, args, facts, applied=False, error=None, fault=fault)
                return _faulty(fault)
            wait = self._seconds_to_wait(method, facts, channel)
            if wait:
                self._note(method, args, facts, applied=False, error="ratelimited", fault=None)
                return _rate_limited(wait)
            body = self._perform(method, facts, args, token=token, fault=fault)
            error = body.get("error")
            self._note(method, args, facts, applied=facts.write and not error, error=error, fault=fault)
            return self._finished(facts, body, fault)

    def _perform(
        self, method: str, facts: MethodFacts, args: dict[str, Any], *, token: str | None, fault: SlackFault | None
    ) -> dict[str, Any]:
        shown = fault.shown if fault and fault.kind == "partial_reactions" else None
        call = Call(world=self._world, facts=facts, args=args, shown_reactions=shown)
        try:
            self._authorise(call, token)
            _require_arguments(call)
            return {"ok": True, **HANDLERS[method](call)}
        except SlackRefusal as refusal:
            return {"ok": False, "error": refusal.code, **refusal.extra}

    def _authorise(self, call: Call, token: str | None) -> None:
        if not token:
            raise SlackRefusal("not_authed")
        if token != self._world.token:
            raise SlackRefusal("invalid_auth")
        if self._world.token_revoked:
            raise SlackRefusal("token_revoked")
        if call.facts.scope and not call.facts.by_kind:
            call.require_scope(call.facts.scope)

    def _seconds_to_wait(self, method: str, facts: MethodFacts, channel: str | None) -> int:
        if not self._world.enforce_limits:
            return 0
        now = self._world.clock().timestamp()
        calls = self._recent[method, channel or "" if facts.tier == "post" else ""]
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= CALLS_A_MINUTE[facts.tier]:
            return max(1, round(calls[0] + 60 - now))
        calls.append(now)
        return 0

    def _finished(self, facts: MethodFacts, body: dict[str, Any], fault: SlackFault | None) -> Answer:
        if fault and fault.kind == "server_error_after":
            return _faulty(fault)
        headers = {"x-oauth-scopes": ",".join(sorted(self._world.scopes))} if body["ok"] else {}
        if facts.scope and not facts.by_kind:
            headers["x-accepted-oauth-scopes"] = facts.scope
        spoilt = fault if fault and fault.kind.endswith("_after") else None
        return Answer(body=body, headers=headers, fault=spoilt)

    def _note(
        self,
        method: str,
        args: dict[str, Any],
        facts: MethodFacts,
        *,
        applied: bool,
        error: str | None,
        fault: SlackFault | None,
    ) -> None:
        kept = {name: value for name, value in args.items() if name != "token"}
        self._world.note(
            SlackEntry(
                seq=0,
                at="",
                method=method,
                args=kept,
                write=facts.write,
                applied=applied,
                error=error,
                fault=fault.kind if fault else None,
            )
        )


def _require_arguments(call: Call) -> None:
    missing = [name for name in call.facts.required if name not in call.args]
    if missing:
        messages = [f"[ERROR] missing required field: {name}" for name in missing]
        raise SlackRefusal("invalid_arguments", response_metadata={"messages": messages})


def _rate_limited(seconds: int) -> Answer:
    return Answer(status=429, body={"ok": False, "error": "ratelimited"}, headers={"Retry-After": str(seconds)})


def _faulty(fault: SlackFault) -> Answer:
    if fault.kind == "rate_limited":
        return _rate_limited(fault.retry_after)
    if fault.kind == "error":
        return Answer(body={"ok": False, "error": fault.error})
    if fault.kind == "drop_before":
        return Answer(fault=fault)
    return Answer(status=fault.status, body="upstream connect error or disconnect")
