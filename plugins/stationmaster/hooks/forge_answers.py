"""From GitHub's JSON to the values of forge_models; what does not fit is ForgeUnreadable, never a guess."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from stationmaster.core.upgrade_diffs import ChangedFile
from stationmaster.hooks.errors import ForgeUnreadable
from stationmaster.hooks.forge_models import (
    Comment,
    Commit,
    Deployment,
    DeploymentStatus,
    Issue,
    PullRequest,
    Release,
    Run,
)

P = ParamSpec("P")
T = TypeVar("T")


def legible(parse: Callable[P, T]) -> Callable[P, T]:
    """Turn a missing field or a wrong type into ForgeUnreadable that names the object and the field."""

    @wraps(parse)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return parse(*args, **kwargs)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            subject = parse.__name__.replace("_", " ")
            raise ForgeUnreadable(f"GitHub's answer for the {subject} is not legible: {error!r}") from error

    return checked


def instant(text: str) -> datetime:
    """Return GitHub's time as an aware UTC datetime."""
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC)


def _instant_or_none(text: str | None) -> datetime | None:
    return instant(text) if text else None


def _login(user: dict[str, Any] | None) -> str | None:
    return user.get("login") if user else None


def _is_bot(user: dict[str, Any] | None) -> bool:
    return bool(user) and (user or {}).get("type") == "Bot"


@legible
def commit(data: Any) -> Commit:
    """Parse one item of `commits`."""
    parents = tuple(parent["sha"] for parent in data["parents"])
    written, committed = data["commit"].get("author") or {}, data["commit"]["committer"]
    return Commit(
        sha=data["sha"],
        parent=parents[0] if parents else None,
        parents=parents,
        message=data["commit"]["message"],
        author=_login(data.get("author")),
        bot=_is_bot(data.get("author")),
        author_name=str(written.get("name") or ""),
        author_mail=str(written.get("email") or ""),
        committer=_login(data.get("committer")),
        committer_bot=_is_bot(data.get("committer")),
        committer_name=str(committed.get("name") or ""),
        committer_mail=str(committed.get("email") or ""),
        verified=(data["commit"].get("verification") or {}).get("verified") is True,
        committed_at=instant(data["commit"]["committer"]["date"]),
        url=data.get("html_url", ""),
    )


@legible
def pull_request(data: Any) -> PullRequest:
    """Parse a pull request; the short form of lists has no `merged`, which is then read from `merged_at`."""
    merged_at = _instant_or_none(data.get("merged_at"))
    return PullRequest(
        number=data["number"],
        title=data["title"],
        body=data.get("body") or "",
        author=_login(data.get("user")),
        bot=_is_bot(data.get("user")),
        labels=tuple(label["name"] for label in data.get("labels", ())),
        state=data["state"],
        merged=data.get("merged", merged_at is not None),
        merged_at=merged_at,
        draft=bool(data.get("draft")),
        head_ref=data["head"]["ref"],
        head_sha=data["head"]["sha"],
        base_ref=data["base"]["ref"],
        url=data["html_url"],
        created_at=_instant_or_none(data.get("created_at")),
        head_repository=(data["head"].get("repo") or {}).get("full_name"),
        mergeable=data.get("mergeable"),
    )


@legible
def changed_file(data: Any) -> ChangedFile:
    """Parse one file of a pull request; GitHub leaves the patch out of what is too large or binary."""
    return ChangedFile(name=data["filename"], status=data["status"], patch=data.get("patch"))


@legible
def workflow_run(data: Any) -> Run:
    """Parse a workflow run."""
    return Run(
        id=data["id"],
        attempt=data.get("run_attempt") or 1,
        status=data["status"],
        conclusion=data.get("conclusion"),
        head_sha=data["head_sha"],
        head_branch=data.get("head_branch"),
        event=data.get("event") or "",
        title=data.get("display_title") or data.get("name") or "",
        workflow=str(data.get("path") or "").rpartition("/")[2],
        url=data["html_url"],
        created_at=instant(data["created_at"]),
        started_at=_instant_or_none(data.get("run_started_at")),
        updated_at=_instant_or_none(data.get("updated_at")),
    )


@legible
def deployment(data: Any, status: DeploymentStatus | None = None) -> Deployment:
    """Parse a deployment; older pipelines store the payload as a string of JSON."""
    payload = data.get("payload") or {}
    if isinstance(payload, str):
        payload = _payload(payload)
    key = payload.get("key")
    return Deployment(
        id=data["id"],
        sha=data["sha"],
        ref=data["ref"],
        environment=data["environment"],
        task=data.get("task") or "deploy",
        description=data.get("description") or "",
        key=key if isinstance(key, str) else None,
        payload=payload,
        creator=_login(data.get("creator")),
        created_at=instant(data["created_at"]),
        status=status,
    )


def _payload(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError:
        return {"text": text}
    return parsed if isinstance(parsed, dict) else {"text": text}


@legible
def deployment_status(data: Any) -> DeploymentStatus:
    """Parse one status of a deployment."""
    return DeploymentStatus(
        id=data["id"],
        state=data["state"],
        description=data.get("description") or "",
        created_at=instant(data["created_at"]),
        log_url=data.get("log_url") or data.get("target_url") or "",
    )


@legible
def release(data: Any) -> Release:
    """Parse a release."""
    return Release(
        id=data["id"],
        tag=data["tag_name"],
        name=data.get("name") or "",
        body=data.get("body") or "",
        draft=bool(data.get("draft")),
        prerelease=bool(data.get("prerelease")),
        url=data["html_url"],
    )


@legible
def issue(data: Any) -> Issue:
    """Parse one item of `issues`."""
    return Issue(
        number=data["number"],
        title=data["title"],
        body=data.get("body") or "",
        state=data["state"],
        labels=tuple(label if isinstance(label, str) else label["name"] for label in data["labels"]),
        assignees=tuple(user["login"] for user in data["assignees"]),
        created_at=instant(data["created_at"]),
        closed_at=_instant_or_none(data.get("closed_at")),
        pull_request="pull_request" in data,
        url=data["html_url"],
    )


@legible
def comment(data: Any) -> Comment:
    """Parse one comment of an issue."""
    return Comment(
        id=data["id"],
        body=data.get("body") or "",
        url=data.get("html_url", ""),
        author=_login(data.get("user")) or "",
        bot=_is_bot(data.get("user")),
        at=_instant_or_none(data.get("created_at")),
    )
