"""Turns every way in which a Slack call can fail into one of the errors of `chat_errors`."""

import re
import socket
import ssl
from collections.abc import Mapping
from datetime import timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk.errors import SlackApiError

from stationmaster.hooks.chat_errors import (
    ChatError,
    ChatMessageGone,
    ChatNotInChannel,
    ChatOutcomeUnknown,
    ChatRateLimited,
    ChatRejected,
    ChatUnauthorised,
    ChatUnreachable,
    ChatUnreadable,
    ChatUserUnknown,
)

WRITES = frozenset(
    {
        "chat.postMessage",
        "chat.update",
        "conversations.open",
        "conversations.setTopic",
        "usergroups.users.update",
    }
)

_TOKEN = re.compile(r"xox[a-z](?:\.xox[a-z])?-[\w.-]+|xapp-[\w.-]+")

_UNAUTHORISED = frozenset(
    {
        "access_denied",
        "account_inactive",
        "app_access_restricted",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
_NOT_IN_CHANNEL = {
    "channel_is_limited_access": "Ask an admin of the channel to let the app in.",
    "channel_not_found": "Check the channel's id in the team file; a private channel must invite the app first.",
    "is_archived": "Unarchive the channel, or name another one in the team file.",
    "not_in_channel": "Invite the app into the channel: /invite @stationmaster.",
    "restricted_action": "Let the app post in this channel.",
    "restricted_action_read_only_channel": "Let the app post in this channel.",
    "restricted_action_thread_locked": "Unlock the thread.",
    "restricted_action_thread_only_channel": "Name a channel in the team file in which the app may start threads.",
    "user_not_in_channel": "The person must join the channel first.",
}
_GONE = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
_NOBODY = frozenset({"user_disabled", "user_not_found", "user_not_visible", "users_not_found"})
_SERVER = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"})
_LIMITED = frozenset({"message_limit_exceeded", "rate_limited", "ratelimited"})
_NOT_JSON = "Received a response in a non-JSON format"


def without_tokens(text: str) -> str:
    """Return the text with everything that looks like a Slack token taken out (F74)."""
    return _TOKEN.sub("[token]", text)


def refused(method: str, error: SlackApiError, *, about: str) -> ChatError:
    """Return the error for an answer that says no.

    :param about: what the call was about, such as "channel C0244PQK934".
    """
    status, data, headers = _parts(error)
    code = without_tokens(str(data.get("error") or ""))
    if status == 429 or code in _LIMITED:
        wait = timedelta(seconds=_retry_after(headers))
        message = f"Slack limits {method} ({about}). It asks to wait {wait.total_seconds():.0f} seconds."
        return ChatRateLimited(message, retry_after=wait, method=method)
    if status >= 500 or code in _SERVER:
        return _lost(method, f"Slack answered {status} {code if code in _SERVER else ''}".strip(), about=about)
    if code.startswith(_NOT_JSON) or not code:
        return _unreadable(method, "its answer is not Slack's; is a proxy in the way?", about=about)
    return _by_code(method, code, data, about=about)


def broken(method: str, error: OSError | HTTPException, *, about: str) -> ChatError:
    """Return the error for a connection that failed: known not to have reached Slack, or nobody knows."""
    reason = without_tokens(f"{type(error).__name__}: {error}")
    if _never_sent(error):
        message = f"Slack cannot be reached for {method} ({about}): {reason}. Check the network and base_url."
        return ChatUnreachable(message, method=method)
    return _lost(method, reason, about=about)


def _by_code(method: str, code: str, data: Mapping[str, Any], *, about: str) -> ChatError:
    if code in _UNAUTHORISED:
        needed, provided = _words(data.get("needed")), _words(data.get("provided"))
        wanted = f" It needs the scope {' or '.join(needed)} and has {', '.join(provided) or 'none'}." if needed else ""
        message = f"Slack refused the token for {method}: {code}.{wanted} Reinstall the app and renew the token."
        return ChatUnauthorised(message, method=method, code=code, needed=needed, provided=provided)
    if code in _NOT_IN_CHANNEL:
        message = f"Slack refused {method} ({about}): {code}. {_NOT_IN_CHANNEL[code]}"
        return ChatNotInChannel(message, method=method, code=code)
    if code in _GONE:
        message = f"Slack does not find the message for {method} ({about}): {code}. It was deleted; post it again."
        return ChatMessageGone(message, method=method, code=code)
    if code in _NOBODY:
        message = f"Slack does not know the person for {method} ({about}): {code}. Check the ids in the team file."
        return ChatUserUnknown(message, method=method, code=code)
    details = "; ".join(str(one) for one in (data.get("response_metadata") or {}).get("messages") or ())
    message = without_tokens(f"Slack refused {method} ({about}): {code}. {details}".strip())
    return ChatRejected(message, method=method, code=code)


def _lost(method: str, reason: str, *, about: str) -> ChatError:
    if method in WRITES:
        message = f"The answer to {method} ({about}) was lost: {reason}. It may have happened: look before repeating."
        return ChatOutcomeUnknown(message, method=method)
    return ChatUnreachable(f"Slack could not be read with {method} ({about}): {reason}.", method=method)


def _unreadable(method: str, reason: str, *, about: str) -> ChatError:
    if method in WRITES:
        return _lost(method, reason, about=about)
    return ChatUnreadable(f"Slack could not be read with {method} ({about}): {reason}.", method=method)


def _never_sent(error: BaseException) -> bool:
    reason = error.reason if isinstance(error, URLError) else error
    return isinstance(reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError)


def _parts(error: SlackApiError) -> tuple[int, Mapping[str, Any], Mapping[str, Any]]:
    response = error.response
    data = response.data if isinstance(getattr(response, "data", None), dict) else {}
    return int(getattr(response, "status_code", 0)), data, getattr(response, "headers", {})


def _retry_after(headers: Mapping[str, Any]) -> float:
    for name, value in headers.items():
        if name.lower() == "retry-after" and str(value).isdigit():
            return float(value)
    return 1.0


def _words(value: object) -> tuple[str, ...]:
    return tuple(word.strip() for word in str(value or "").split(",") if word.strip())
