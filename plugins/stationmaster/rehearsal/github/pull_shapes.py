"""A pull request as GitHub writes it, in either version of the API (F24)."""

from typing import Any

from stationmaster.rehearsal.github import shapes as github_shapes
from stationmaster.rehearsal.github.call import Call, moment, node
from stationmaster.rehearsal.github.state import PullRecord

_GONE_IN_2026 = ("merge_commit_sha", "assignee")


def short(call: Call, pull: PullRecord) -> dict[str, Any]:
    """Return the form that lists show."""
    at, page = f"{call.at}/pulls/{pull.number}", f"{call.page}/pull/{pull.number}"
    issue = f"{call.at}/issues/{pull.number}"
    addresses = {
        "self": at,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{at}/comments",
        "review_comment": f"{call.at}/pulls/comments{{/number}}",
        "commits": f"{at}/commits",
        "statuses": f"{call.at}/statuses/{pull.head_sha}",
    }
    identifier = call.repository.record.id * 1_000_000 + pull.number
    body = {
        "url": at,
        "id": identifier,
        "node_id": node("PullRequest", identifier),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        **{f"{name}_url": addresses[name] for name in ("commits", "review_comments", "review_comment", "comments")},
        "statuses_url": addresses["statuses"],
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "title": pull.title,
        "user": github_shapes.user(call, pull.author),
        "body": pull.body or None,
        "labels": [github_shapes.label(call, name) for name in pull.labels],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": moment(pull.created_at),
        "updated_at": moment(pull.updated_at or pull.created_at),
        "closed_at": moment(pull.updated_at) if pull.state == "closed" else None,
        "merged_at": moment(pull.merged_at),
        "merge_commit_sha": pull.merge_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _end(call, pull.head_ref, pull.head_sha),
        "base": _end(call, pull.base_ref, pull.base_sha),
        "_links": {name: {"href": address} for name, address in addresses.items()},
        "author_association": "MEMBER",
        "auto_merge": None,
        "draft": pull.draft,
    }
    if call.is_new_version:
        for name in _GONE_IN_2026:
            del body[name]
    return body


def whole(call: Call, pull: PullRecord) -> dict[str, Any]:
    """Return the form of a single pull request."""
    return {
        **short(call, pull),
        "merged": pull.merged_at is not None,
        "mergeable": pull.mergeable if pull.state == "open" else None,
        "rebaseable": None,
        "mergeable_state": "clean" if pull.mergeable else "dirty",
        "merged_by": github_shapes.user(call, pull.merged_by) if pull.merged_by else None,
        "comments": sum(one.number == pull.number for one in call.repository.record.comments.values()),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 1,
        "deletions": 0,
        "changed_files": 1,
    }


def _end(call: Call, ref: str, sha: str) -> dict[str, Any]:
    owner = call.repository.record.name.partition("/")[0]
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": github_shapes.user(call, owner),
        "repo": github_shapes.whole_repository(call),
    }
