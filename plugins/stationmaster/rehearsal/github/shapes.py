"""The objects that stand inside many answers: users, repositories, labels, the checks' app."""

from typing import Any

from stationmaster.rehearsal.github.call import Call, moment, node, number_of
from stationmaster.rehearsal.github.repository import Repository

_PLAIN = (
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "hooks",
    "languages",
    "merges",
    "stargazers",
    "subscribers",
    "subscription",
    "tags",
    "teams",
)
_TEMPLATES = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "statuses": "/statuses/{sha}",
    "trees": "/git/trees{/sha}",
}


def is_bot(login: str) -> bool:
    """Whether an account is a machine."""
    return login.startswith("bot-") or login.endswith("[bot]")


def user(call: Call, login: str) -> dict[str, Any]:
    """Return the short form of an account."""
    at, number = f"{call.base}/users/{login}", number_of(login)
    return {
        "login": login,
        "id": number,
        "node_id": node("User", number),
        "avatar_url": f"{call.site}/avatars/{number}",
        "gravatar_id": "",
        "url": at,
        "html_url": f"{call.site}/{login}",
        "followers_url": f"{at}/followers",
        "following_url": f"{at}/following{{/other_user}}",
        "gists_url": f"{at}/gists{{/gist_id}}",
        "starred_url": f"{at}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{at}/subscriptions",
        "organizations_url": f"{at}/orgs",
        "repos_url": f"{at}/repos",
        "events_url": f"{at}/events{{/privacy}}",
        "received_events_url": f"{at}/received_events",
        "type": "Bot" if is_bot(login) else "User",
        "site_admin": False,
    }


def repository(call: Call, of: Repository | None = None) -> dict[str, Any]:
    """Return the short form of a repository."""
    record = (of or call.repository).record
    owner, _, name = record.name.partition("/")
    at = f"{call.base}/repos/{record.name}"
    return {
        "id": record.id,
        "node_id": node("Repository", record.id),
        "name": name,
        "full_name": record.name,
        "owner": user(call, owner),
        "private": record.private,
        "html_url": f"{call.site}/{record.name}",
        "description": None,
        "fork": False,
        "url": at,
        **{f"{topic}_url": f"{at}/{topic}" for topic in _PLAIN},
        **{f"{topic}_url": f"{at}{template}" for topic, template in _TEMPLATES.items()},
    }


def whole_repository(call: Call, of: Repository | None = None) -> dict[str, Any]:
    """Return the long form of a repository."""
    record = (of or call.repository).record
    page, created = f"{call.site}/{record.name}", moment(record.created_at)
    opened = sum(pull.state == "open" for pull in record.pulls.values())
    counts = dict.fromkeys(("forks_count", "stargazers_count", "watchers_count", "forks", "watchers", "size"), 0)
    return {
        **repository(call, of),
        **counts,
        "git_url": f"git://{page.partition('://')[2]}.git",
        "ssh_url": f"git@{page.partition('://')[2]}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "default_branch": record.default_branch,
        "open_issues_count": opened,
        "open_issues": opened,
        **{f"has_{feature}": feature == "issues" for feature in ("issues", "projects", "wiki", "pages", "discussions")},
        "has_downloads": False,
        "archived": record.archived,
        "disabled": False,
        "visibility": "private" if record.private else "public",
        "pushed_at": created,
        "created_at": created,
        "updated_at": created,
        "subscribers_count": 0,
        "network_count": 0,
        "license": None,
        "permissions": {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True},
    }


def label(call: Call, name: str) -> dict[str, Any]:
    """Return a label."""
    number = number_of(f"{call.repository.record.name}/{name}")
    return {
        "id": number,
        "node_id": node("Label", number),
        "url": f"{call.at}/labels/{name}",
        "name": name,
        "description": None,
        "color": call.repository.record.labels.get(name, "ededed"),
        "default": False,
        "archived_at": None,
        "archived_by": None,
    }


def actions_app(call: Call) -> dict[str, Any]:
    """Return the app that reports checks."""
    return {
        "id": 15368,
        "slug": "github-actions",
        "node_id": node("Integration", 15368),
        "owner": user(call, "github"),
        "name": "GitHub Actions",
        "description": "Automate your workflow",
        "external_url": f"{call.site}/features/actions",
        "html_url": f"{call.site}/apps/github-actions",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2019-12-10T19:04:12Z",
        "permissions": {"checks": "write", "contents": "read", "metadata": "read"},
        "events": ["push", "workflow_dispatch"],
    }
