"""Issues, labels, comments; a pull request is an issue too, as far as labels and comments go."""

from datetime import datetime
from typing import Any

from stationmaster.rehearsal.github import shapes as github_shapes
from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply, invalid, moment, node, paginate
from stationmaster.rehearsal.github.state import CommentRecord, IssueRecord, PullRecord


def list_issues(call: Call) -> Reply:
    """Answer issues (not pull requests), the newest first, by state, labels, assignee and creator."""
    state, wanted = call.query.get("state", "open"), [name for name in call.query.get("labels", "").split(",") if name]
    found = [
        issue
        for issue in call.repository.record.issues.values()
        if state in ("all", issue.state)
        and set(wanted) <= set(issue.labels)
        and call.query.get("creator") in (None, issue.author)
        and (call.query.get("assignee") in (None, "*") or call.query["assignee"] in issue.assignees)
    ]
    found.sort(key=lambda issue: (issue.created_at, issue.number), reverse=True)
    return paginate(call, found, lambda issue: shape_issue(call, issue))


def get_issue(call: Call) -> Reply:
    """Answer one issue."""
    return Reply(200, shape_issue(call, _issue(call)))


def create_issue(call: Call) -> Reply:
    """Open an issue."""
    record = call.repository.record
    issue = IssueRecord(
        number=record.next_number,
        title=call.text("title", resource="Issue"),
        body=str(call.body.get("body") or ""),
        author=call.actor,
        created_at=call.now,
        updated_at=call.now,
        labels=_names(call.body.get("labels")),
        assignees=_names(call.body.get("assignees")),
    )
    record.next_number += 1
    record.issues[issue.number] = issue
    _remember_labels(call, issue.labels)
    return Reply(201, shape_issue(call, issue))


def update_issue(call: Call) -> Reply:
    """Change an issue."""
    issue = _issue(call)
    state = call.body.get("state", issue.state)
    if state not in ("open", "closed"):
        raise invalid("Issue", "state")
    issue.title, issue.body = str(call.body.get("title", issue.title)), str(call.body.get("body", issue.body) or "")
    issue.labels = _names(call.body["labels"]) if "labels" in call.body else issue.labels
    issue.assignees = _names(call.body["assignees"]) if "assignees" in call.body else issue.assignees
    issue.closed_at = call.now if state == "closed" else None
    issue.state, issue.updated_at = state, call.now
    _remember_labels(call, issue.labels)
    return Reply(200, shape_issue(call, issue))


def list_issue_labels(call: Call) -> Reply:
    """Answer the labels of an issue or a pull request."""
    return paginate(call, _thing(call).labels, lambda name: github_shapes.label(call, name))


def add_issue_labels(call: Call) -> Reply:
    """Add labels to an issue or a pull request; answers all of them."""
    thing, names = _thing(call), _names(call.body.get("labels"))
    thing.labels += [name for name in names if name not in thing.labels]
    _remember_labels(call, names)
    return Reply(200, [github_shapes.label(call, name) for name in thing.labels])


def remove_issue_label(call: Call) -> Reply:
    """Take a label away from an issue or a pull request; answers those that are left."""
    thing, name = _thing(call), call.params["label"]
    if name not in thing.labels:
        raise Problem(404, "Label does not exist")
    thing.labels.remove(name)
    return Reply(200, [github_shapes.label(call, left) for left in thing.labels])


def list_labels(call: Call) -> Reply:
    """Answer the labels of the repository."""
    return paginate(call, sorted(call.repository.record.labels), lambda name: github_shapes.label(call, name))


def create_label(call: Call) -> Reply:
    """Make a label."""
    name = call.text("name", resource="Label")
    if name in call.repository.record.labels:
        raise Problem(422, "Validation Failed", {"resource": "Label", "code": "already_exists", "field": "name"})
    call.repository.record.labels[name] = str(call.body.get("color") or "ededed")
    return Reply(201, github_shapes.label(call, name))


def list_comments(call: Call) -> Reply:
    """Answer the comments of an issue or a pull request, the oldest first."""
    number = _thing(call).number
    since = call.query.get("since")
    found = [
        one
        for one in call.repository.record.comments.values()
        if one.number == number and (since is None or one.updated_at >= datetime.fromisoformat(since))
    ]
    return paginate(call, found, lambda one: shape_comment(call, one))


def create_comment(call: Call) -> Reply:
    """Comment on an issue or a pull request."""
    comment = CommentRecord(
        id=call.world.next_id(),
        number=_thing(call).number,
        body=call.text("body", resource="IssueComment"),
        author=call.actor,
        created_at=call.now,
        updated_at=call.now,
    )
    call.repository.record.comments[comment.id] = comment
    return Reply(201, shape_comment(call, comment))


def get_comment(call: Call) -> Reply:
    """Answer one comment."""
    return Reply(200, shape_comment(call, _comment(call)))


def update_comment(call: Call) -> Reply:
    """Rewrite a comment."""
    comment = _comment(call)
    comment.body, comment.updated_at = call.text("body", resource="IssueComment"), call.now
    return Reply(200, shape_comment(call, comment))


def shape_issue(call: Call, issue: IssueRecord) -> dict[str, Any]:
    """Return an issue."""
    at, identifier = f"{call.at}/issues/{issue.number}", call.repository.record.id * 1_000_000 + issue.number
    people = [github_shapes.user(call, login) for login in issue.assignees]
    body = {
        "id": identifier,
        "node_id": node("Issue", identifier),
        "url": at,
        "repository_url": call.at,
        "labels_url": f"{at}/labels{{/name}}",
        "comments_url": f"{at}/comments",
        "events_url": f"{at}/events",
        "html_url": f"{call.page}/issues/{issue.number}",
        "number": issue.number,
        "state": issue.state,
        "state_reason": "completed" if issue.state == "closed" else None,
        "title": issue.title,
        "body": issue.body or None,
        "user": github_shapes.user(call, issue.author),
        "labels": [github_shapes.label(call, name) for name in issue.labels],
        "assignee": people[0] if people else None,
        "assignees": people,
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": sum(one.number == issue.number for one in call.repository.record.comments.values()),
        "closed_at": moment(issue.closed_at),
        "created_at": moment(issue.created_at),
        "updated_at": moment(issue.updated_at),
        "author_association": "MEMBER",
    }
    if call.is_new_version:
        del body["assignee"]
    return body


def shape_comment(call: Call, comment: CommentRecord) -> dict[str, Any]:
    """Return a comment."""
    return {
        "id": comment.id,
        "node_id": node("IssueComment", comment.id),
        "url": f"{call.at}/issues/comments/{comment.id}",
        "html_url": f"{call.page}/issues/{comment.number}#issuecomment-{comment.id}",
        "body": comment.body,
        "user": github_shapes.user(call, comment.author),
        "created_at": moment(comment.created_at),
        "updated_at": moment(comment.updated_at),
        "issue_url": f"{call.at}/issues/{comment.number}",
        "author_association": "MEMBER",
    }


def _issue(call: Call) -> IssueRecord:
    issue = call.repository.record.issues.get(call.number("number"))
    if issue is None:
        raise Problem(404, "Not Found")
    return issue


def _thing(call: Call) -> IssueRecord | PullRecord:
    number, record = call.number("number"), call.repository.record
    thing = record.issues.get(number) or record.pulls.get(number)
    if thing is None:
        raise Problem(404, "Not Found")
    return thing


def _comment(call: Call) -> CommentRecord:
    comment = call.repository.record.comments.get(call.number("id"))
    if comment is None:
        raise Problem(404, "Not Found")
    return comment


def _names(value: Any) -> list[str]:
    items = value if isinstance(value, list) else []
    return [str(item.get("name")) if isinstance(item, dict) else str(item) for item in items]


def _remember_labels(call: Call, names: list[str]) -> None:
    for name in names:
        call.repository.record.labels.setdefault(name, "ededed")


_AT: Any = "/repos/{owner}/{name}"
ENDPOINTS = (
    Endpoint("GET", f"{_AT}/issues", list_issues),
    Endpoint("POST", f"{_AT}/issues", create_issue),
    Endpoint("GET", f"{_AT}/issues/comments/{{id}}", get_comment),
    Endpoint("PATCH", f"{_AT}/issues/comments/{{id}}", update_comment),
    Endpoint("GET", f"{_AT}/issues/{{number}}", get_issue),
    Endpoint("PATCH", f"{_AT}/issues/{{number}}", update_issue),
    Endpoint("GET", f"{_AT}/issues/{{number}}/labels", list_issue_labels),
    Endpoint("POST", f"{_AT}/issues/{{number}}/labels", add_issue_labels),
    Endpoint("DELETE", f"{_AT}/issues/{{number}}/labels/{{label}}", remove_issue_label),
    Endpoint("GET", f"{_AT}/issues/{{number}}/comments", list_comments),
    Endpoint("POST", f"{_AT}/issues/{{number}}/comments", create_comment),
    Endpoint("GET", f"{_AT}/labels", list_labels),
    Endpoint("POST", f"{_AT}/labels", create_label),
)
