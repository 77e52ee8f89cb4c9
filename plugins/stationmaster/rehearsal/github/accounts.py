"""Accounts, limits, and the repository itself."""

from datetime import datetime, timedelta
from typing import Any

from stationmaster.rehearsal.github import shapes as github_shapes
from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply, moment
from stationmaster.rehearsal.github.world import GithubWorld

LIMIT = 5000
_RESOURCES = ("core", "search", "graphql", "integration_manifest", "code_scanning_upload")


def me(call: Call) -> Reply:
    """Answer the account of the token."""
    return Reply(200, _account(call, call.actor))


def account(call: Call) -> Reply:
    """Answer one account: whoever wrote a commit here, votes or works in the world."""
    login = call.params["login"]
    if login not in _known(call):
        raise Problem(404, "Not Found")
    return Reply(200, _account(call, login))


def repository(call: Call) -> Reply:
    """Answer the repository."""
    return Reply(200, github_shapes.whole_repository(call))


def rate_limit(call: Call) -> Reply:
    """Answer the limits; asking costs nothing. 2026-03-10 has no `rate` any more."""
    core = quota(call.world, call.now)
    other = {"limit": 30, "remaining": 30, "used": 0, "reset": core["reset"]}
    body: dict[str, Any] = {"resources": {name: core if name == "core" else other for name in _RESOURCES}}
    if not call.is_new_version:
        body["rate"] = core
    return Reply(200, body)


def quota(world: GithubWorld, now: datetime) -> dict[str, int]:
    """Return the primary limit of the present hour; it is counted and never enforced, faults do that."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    used = min(world.requests_in_hour.get(hour, 0), LIMIT - 1)
    reset = int((hour + timedelta(hours=1)).timestamp())
    return {"limit": LIMIT, "remaining": LIMIT - used, "used": used, "reset": reset}


def _account(call: Call, login: str) -> dict[str, Any]:
    created = moment(min(one.record.created_at for one in call.world.repositories()))
    return {
        **github_shapes.user(call, login),
        "name": login,
        "company": None,
        "blog": None,
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": created,
        "updated_at": created,
    }


def _known(call: Call) -> set[str]:
    authors = {commit.author for one in call.world.repositories() for commit in one.record.commits.values()}
    owners = {one.record.name.partition("/")[0] for one in call.world.repositories()}
    return authors | owners | set(call.world.tokens.values()) | {"github-actions[bot]"}


ENDPOINTS = (
    Endpoint("GET", "/user", me),
    Endpoint("GET", "/users/{login}", account),
    Endpoint("GET", "/rate_limit", rate_limit),
    Endpoint("GET", "/repos/{owner}/{name}", repository),
)
