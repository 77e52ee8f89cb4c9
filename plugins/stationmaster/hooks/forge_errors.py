"""From an HTTP answer of GitHub to the error class that says what happened and what helps."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

from stationmaster.hooks.errors import (
    ForgeConflict,
    ForgeError,
    ForgeForbidden,
    ForgeMoved,
    ForgeNotFound,
    ForgeOutcomeUnknown,
    ForgeRateLimited,
    ForgeRejected,
    ForgeSsoMissing,
    ForgeUnauthorised,
    ForgeUnreachable,
    ForgeUnreadable,
)
from stationmaster.hooks.forge_retry import Answer

READS = frozenset({"GET", "HEAD"})

_TOKEN = re.compile(
    r"\b(?:gh[a-z]_\w{8,}|github_pat_\w{8,}|ey[\w-]{10,}\.[\w-]+\.[\w-]+)|(?<=Bearer )\S+|(?<=token )\S{16,}"
)

_PERMISSIONS: tuple[tuple[str, str, str], ...] = (
    (r"/(check-runs|check-suites)", "checks", "repo"),
    (r"/deployments", "deployments", "repo_deployment"),
    (r"/status(es)?(/|$)", "commit statuses", "repo:status"),
    (r"/actions/", "actions", "repo and workflow"),
    (r"/pulls", "pull requests", "repo"),
    (r"/(issues|labels|milestones)", "issues", "repo"),
    (r"/(git/|merges|releases|commits|compare|branches|tags|contents)", "contents", "repo"),
    (r"", "metadata", "repo"),
)


def scrub(text: str, *secrets: str) -> str:
    """Return `text` with every token pattern and every given secret replaced (F74)."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return _TOKEN.sub("***", text)


def permission_for(verb: str, path: str) -> str:
    """Return the permission that a call needs, in the words of GitHub's token forms (F58)."""
    access = "read" if verb in READS else "write"
    for pattern, permission, scope in _PERMISSIONS:
        if re.search(pattern, path):
            return f"'{permission}: {access}' (classic scope {scope})"
    return ""


def is_failure(answer: Answer) -> bool:
    """Whether an answer is anything but a success."""
    return answer.status >= 300


def error_of(
    verb: str, path: str, answer: Answer, *, now: datetime, pause: timedelta | None, secrets: tuple[str, ...] = ()
) -> ForgeError:
    """Return the error for a failed answer; `pause` comes from rate_limit_pause and is None when no limit was hit."""
    request, status = f"{verb} {path}", answer.status
    said, codes = _what_github_said(answer)
    said = scrub(said, *secrets)
    told = f"{request} answered {status}: {said}"
    if pause is not None:
        retry_at = now + pause
        text = f"{told}. GitHub limits this token's rate; ask again at {retry_at:%Y-%m-%d %H:%M:%S} UTC."
        return ForgeRateLimited(text, retry_at=retry_at, request=request, status=status, codes=codes)
    kind, remedy = _kind(verb, path, answer)
    return kind(f"{told}. {remedy}".rstrip(), request=request, status=status, codes=codes)


def _kind(verb: str, path: str, answer: Answer) -> tuple[type[ForgeError], str]:
    needed = permission_for(verb, path)
    if answer.status < 400:
        where = answer.headers.get("location", "another address")
        return (
            ForgeMoved,
            f"The repository moved to {where}: put its present name into the train's file, then try again.",
        )
    if answer.status >= 500:
        if verb in READS:
            return ForgeUnreachable, "GitHub itself fails; it is asked again later."
        return ForgeOutcomeUnknown, "The write may have happened all the same: look it up before it is repeated."
    if answer.status == 403 and answer.headers.get("x-github-sso", "").startswith("required"):
        # The header's address carries a request of its own, so it is not repeated here.
        return ForgeSsoMissing, "Authorise the token for the organisation's single sign-on in GitHub's token settings."
    return {
        401: (ForgeUnauthorised, "The token of the connection is wrong, expired or revoked: put a valid one into it."),
        403: (ForgeForbidden, f"The token probably lacks {needed}, or a rule protects the branch."),
        404: (
            ForgeNotFound,
            f"It does not exist, or the token may not see it: the call needs {needed} on this repository.",
        ),
        410: (ForgeNotFound, "It existed once and was deleted or switched off."),
        405: (ForgeConflict, "Read the object again: it may be done already, or its state forbids this."),
        409: (ForgeConflict, "Read the object again: it may be done already, or its state forbids this."),
        400: (ForgeRejected, ""),
        422: (ForgeRejected, ""),
        451: (ForgeForbidden, ""),
    }.get(answer.status, (ForgeUnreadable, "That status is not one this call documents."))


def _what_github_said(answer: Answer) -> tuple[str, tuple[str, ...]]:
    """Return the message with its details, and errors[].code: the two are only clear together."""
    try:
        body: Any = json.loads(answer.body)
    except ValueError:
        return "no readable explanation", ()
    if not isinstance(body, dict):
        return "no readable explanation", ()
    details, codes = [str(body.get("message") or "no explanation")], []
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else [errors] if errors else []:
        if isinstance(error, dict):
            codes.append(str(error.get("code", "custom")))
            field = ".".join(str(error[name]) for name in ("resource", "field") if error.get(name))
            details.append(str(error.get("message") or f"{field} {error.get('code', '')}".strip()))
        else:
            details.append(str(error))
    return "; ".join(dict.fromkeys(details))[:600], tuple(codes)
