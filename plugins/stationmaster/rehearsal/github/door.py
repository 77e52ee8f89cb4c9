"""The door of the stand-in: who may in, which version is spoken, what was scripted, which endpoint answers."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from starlette.routing import compile_path

from stationmaster.rehearsal.github import accounts as github_accounts
from stationmaster.rehearsal.github import actions as github_actions
from stationmaster.rehearsal.github import checks as github_checks
from stationmaster.rehearsal.github import commits as github_commits
from stationmaster.rehearsal.github import compare as github_compare
from stationmaster.rehearsal.github import contents as github_contents
from stationmaster.rehearsal.github import deployments as github_deployments
from stationmaster.rehearsal.github import git as github_git
from stationmaster.rehearsal.github import issues as github_issues
from stationmaster.rehearsal.github import pulls as github_pulls
from stationmaster.rehearsal.github import releases as github_releases
from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply
from stationmaster.rehearsal.github.faults import HAPPENS, Fault
from stationmaster.rehearsal.github.journal import READS
from stationmaster.rehearsal.github.outcomes import Answered, encoded, refusal, spoilt
from stationmaster.rehearsal.github.world import GithubWorld

VERSIONS = ("2022-11-28", "2026-03-10")

ENDPOINTS: tuple[Endpoint, ...] = (
    *github_accounts.ENDPOINTS,
    *github_git.ENDPOINTS,
    *github_commits.ENDPOINTS,
    *github_compare.ENDPOINTS,
    *github_checks.ENDPOINTS,
    *github_pulls.ENDPOINTS,
    *github_actions.ENDPOINTS,
    *github_deployments.ENDPOINTS,
    *github_issues.ENDPOINTS,
    *github_contents.ENDPOINTS,
    *github_releases.ENDPOINTS,
    *github_commits.LAST_ENDPOINTS,
)
_COMPILED = [(endpoint, compile_path(endpoint.path)[0]) for endpoint in ENDPOINTS]


@dataclass(slots=True)
class Asked:
    """A request as it came in; `path` is without the prefix, header names are lower-case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base: str
    site: str


def answer(world: GithubWorld, asked: Asked) -> Answered:
    """Carry the world to the present, answer one request, and write it into the journal."""
    with world.lock:
        now = world.settle()
        fault = world.faults.take(asked.method, asked.path)
        actor = world.tokens.get(_token(asked))
        hour = now.replace(minute=0, second=0, microsecond=0)
        body: Any = None
        try:
            body = _parsed(asked)
            reply = _admitted(world, asked, actor, now, fault, body)
        except Problem as problem:
            reply = Reply(problem.status, problem.body(), _problem_headers(problem))
        applied = asked.method not in READS and reply.status < 300
        told = spoilt(fault, reply) if fault else None
        sent = told or _sent(asked, reply)
        if sent.status != 304:
            world.requests_in_hour[hour] = world.requests_in_hour.get(hour, 0) + 1
        sent.headers = {**_standing_headers(world, asked, now), **sent.headers}
        world.journal.add(
            at=now,
            actor=actor,
            method=asked.method,
            path=asked.path,
            query=asked.query,
            body=body,
            status=sent.status,
            applied=applied,
            fault=fault.kind if fault else None,
            result=reply.body if applied else None,
        )
        return sent


def _admitted(
    world: GithubWorld, asked: Asked, actor: str | None, now: datetime, fault: Fault | None, body: Any
) -> Reply:
    if actor is None:
        raise Problem(401, "Bad credentials" if _token(asked) else "Requires authentication")
    version = asked.headers.get("x-github-api-version", VERSIONS[0])
    if version not in VERSIONS:
        raise Problem(400, f"Version {version!r} is not supported; use one of {', '.join(VERSIONS)}")
    if fault is not None and fault.kind not in HAPPENS:
        return refusal(fault, now)
    path = _by_number(world, asked.path)
    endpoint, params = endpoint_of(asked.method, path)
    call = Call(
        world=world,
        method=asked.method,
        path=path,
        params=params,
        query=asked.query,
        body=body if isinstance(body, dict) else {},
        actor=actor,
        version=version,
        base=asked.base,
        site=asked.site,
        now=now,
        fault=fault,
    )
    moved = _moved(call)
    if moved is None:
        _refuse_archived(call)
    return moved or endpoint.handler(call)


def endpoint_of(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """Return who answers a request, and the parameters of its path. Raises Problem 404."""
    for endpoint, pattern in _COMPILED:
        found = pattern.match(path) if endpoint.method in (method, "GET" if method == "HEAD" else method) else None
        if found:
            return endpoint, found.groupdict()
    raise Problem(404, "Not Found")


def _by_number(world: GithubWorld, path: str) -> str:
    """Name the repository of an address that has its number."""
    parts = path.split("/", 3)
    if len(parts) < 3 or parts[1] != "repositories":
        return path
    for repository in world.repositories():
        if str(repository.record.id) == parts[2]:
            return "/".join(["/repos", repository.record.name, *parts[3:]])
    raise Problem(404, "Not Found")


def _moved(call: Call) -> Reply | None:
    if "owner" not in call.params:
        return None
    name = f"{call.params['owner']}/{call.params['name']}"
    target = call.world.moved_to(name)
    if target is None or target.record.name.lower() == name.lower():
        return None
    rest = call.path.removeprefix(f"/repos/{name}")
    location = f"{call.base}/repositories/{target.record.id}{rest}"
    status = 301 if call.method in READS else 307
    return Reply(status, {"message": "Moved Permanently", "url": location}, {"location": location})


def _refuse_archived(call: Call) -> None:
    if call.method not in READS and "owner" in call.params and call.repository.record.archived:
        raise Problem(403, "Repository was archived so is read-only.")


def _sent(asked: Asked, reply: Reply) -> Answered:
    if reply.status == 204 or reply.body is None:
        return Answered(reply.status, b"", dict(reply.headers))
    body = encoded(reply.body)
    headers = {"content-type": "application/json; charset=utf-8", **reply.headers}
    if asked.method in READS and reply.status == 200:
        etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        headers["etag"] = etag
        if asked.headers.get("if-none-match") == etag:
            return Answered(304, b"", {"etag": etag})
    return Answered(reply.status, b"" if asked.method == "HEAD" else body, headers)


def _standing_headers(world: GithubWorld, asked: Asked, now: datetime) -> dict[str, str]:
    core = github_accounts.quota(world, now)
    return {
        "date": format_datetime(now.astimezone(UTC), usegmt=True),
        "x-github-request-id": f"{len(world.journal.entries()) + 1:08X}",
        "x-github-api-version-selected": asked.headers.get("x-github-api-version", VERSIONS[0]),
        "x-oauth-scopes": ", ".join(world.scopes),
        "x-ratelimit-resource": "core",
        **{f"x-ratelimit-{name}": str(value) for name, value in core.items()},
    }


def _problem_headers(problem: Problem) -> dict[str, str]:
    return {"www-authenticate": 'Bearer realm="GitHub"'} if problem.status == 401 else {}


def _token(asked: Asked) -> str:
    kind, _, token = asked.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() in ("bearer", "token") else ""


def _parsed(asked: Asked) -> Any:
    if not asked.body:
        return None
    try:
        return json.loads(asked.body)
    except ValueError:
        raise Problem(400, "Problems parsing JSON") from None
