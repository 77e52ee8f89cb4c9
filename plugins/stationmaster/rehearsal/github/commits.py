"""Commits: listed, single, merged into a branch."""

import hashlib
from datetime import datetime
from typing import Any

from stationmaster.rehearsal.github import graph as github_graph
from stationmaster.rehearsal.github import shapes as github_shapes
from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply, moment, node, paginate
from stationmaster.rehearsal.github.state import CommitRecord, RepositoryRecord

WEB_FLOW = "web-flow"
UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
SIGNED = {"verified": True, "reason": "valid", "signature": "-----BEGIN PGP SIGNATURE-----", "payload": "tree"}


def list_commits(call: Call) -> Reply:
    """Answer the commits of a ref, the newest first, by since, until and author."""
    asked = call.query.get("sha") or call.repository.record.default_branch
    head = call.repository.resolve(asked)
    if head is None:
        raise Problem(404, "Not Found")
    since, until = _bound(call, "since"), _bound(call, "until")
    author = call.query.get("author")
    found = [
        commit
        for commit in github_graph.walk(call.repository.record.commits, head)
        if (since is None or commit.committed_at >= since)
        and (until is None or commit.committed_at <= until)
        and (author is None or commit.author == author)
    ]
    return paginate(call, found, lambda commit: shape(call, commit))


def get_commit(call: Call) -> Reply:
    """Answer one commit by sha, short sha, branch or tag."""
    sha = call.repository.resolve(call.params["ref"])
    if sha is None:
        raise Problem(422, f"No commit found for SHA: {call.params['ref']}")
    commit = call.repository.commit(sha)
    files = [changed_file(call, commit)]
    return Reply(200, {**shape(call, commit), "stats": {"additions": 1, "deletions": 0, "total": 1}, "files": files})


def get_git_commit(call: Call) -> Reply:
    """Answer one commit as git stores it."""
    record = call.repository.record.commits.get(call.params["sha"])
    if record is None:
        raise Problem(404, "Not Found")
    return Reply(200, _as_git_stores_it(call, record))


def merge(call: Call) -> Reply:
    """Merge a commit into a branch: 204 when it is there already, 409 for a conflict."""
    base, head = call.text("base", resource="Merge"), call.text("head", resource="Merge")
    repository = call.repository
    ref, sha = f"heads/{base}", repository.resolve(head)
    if ref not in repository.record.refs:
        raise Problem(404, "Base does not exist")
    if sha is None:
        raise Problem(404, "Head does not exist")
    present = repository.record.refs[ref]
    if github_graph.contains(repository.record.commits, present, sha):
        return Reply(204)
    if repository.record.conflicts & {base, sha}:
        raise Problem(409, "Merge conflict")
    message = str(call.body.get("commit_message") or f"Merge {head} into {base}")
    commit = repository.add_commit(parents=(present, sha), message=message, author=call.actor, at=call.now)
    commit.tree = _merged(repository.record, present, sha)
    repository.move(ref, commit.sha, call.now)
    return Reply(201, shape(call, commit))


def create_git_commit(call: Call) -> Reply:
    """Make a commit of a tree and its parents; the same ones with the same words and instants are the same commit."""
    record = call.repository.record
    message, tree = call.text("message", resource="Commit"), call.text("tree", resource="Commit")
    parents = [str(parent) for parent in call.body.get("parents") or ()]
    if any(parent not in record.commits for parent in parents):
        raise Problem(422, "Parent SHA does not exist or is not a commit object")
    author, committer = call.body.get("author") or {}, call.body.get("committer") or {}
    seed = f"{record.name}\0{tree}\0{parents}\0{message}\0{author}\0{committer}"
    sha = hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()
    if sha not in record.commits:
        written = datetime.fromisoformat(committer["date"]) if committer.get("date") else call.now
        record.commits[sha] = CommitRecord(
            sha=sha,
            parents=tuple(parents),
            message=message,
            author=str(author.get("name") or call.actor),
            committed_at=written,
            landed_at=call.now,
            depth=1 + max((record.commits[parent].depth for parent in parents), default=-1),
            tree=tree,
            change=record.tree_changes.get(tree, ""),
            **_as_written(author, committer),
        )
    return Reply(201, _as_git_stores_it(call, record.commits[sha]))


def _as_git_stores_it(call: Call, record: CommitRecord) -> dict[str, Any]:
    at, (written, committed) = f"{call.at}/git/commits/{record.sha}", people(record)
    return {
        "sha": record.sha,
        "node_id": node("Commit", record.sha),
        "url": at,
        "html_url": f"{call.page}/commit/{record.sha}",
        "author": written,
        "committer": committed,
        "message": record.message,
        "tree": {"sha": _tree(record), "url": f"{call.at}/git/trees/{_tree(record)}"},
        "parents": [_parent(call, sha) for sha in record.parents],
        "verification": _verification(record),
    }


def _verification(record: CommitRecord) -> dict[str, Any]:
    return {**SIGNED, "verified_at": moment(record.landed_at)} if record.verified else UNSIGNED


def _merged(record: RepositoryRecord, ours: str, theirs: str) -> str:
    """Return the tree of a merge: that of `ours` if it has the change of `theirs` already."""
    change = record.commits[theirs].change or theirs
    mine = _tree(record.commits[ours])
    holders = [commit for commit in record.commits.values() if _tree(commit) == mine]
    for holder in holders:
        if any((commit.change or commit.sha) == change for commit in github_graph.walk(record.commits, holder.sha)):
            return mine
    tree = hashlib.sha1(f"{mine} {change}".encode(), usedforsecurity=False).hexdigest()
    record.tree_changes[tree] = change
    return tree


def person(login: str, date: str | None, email: str = "") -> dict[str, Any]:
    """Return an author as git knows one."""
    return {"name": login, "email": email or f"{login}@users.noreply.example", "date": date}


def people(commit: CommitRecord) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return author and committer as git knows them."""
    date = moment(commit.committed_at)
    written = person(commit.author, date, commit.author_email)
    if commit.committer is None:
        return written, written
    if commit.committer == WEB_FLOW:
        return written, {"name": "GitHub", "email": "noreply@github.com", "date": date}
    return written, person(
        commit.committer or "somebody", date, "" if commit.committer else "somebody@elsewhere.example"
    )


def accounts(call: Call, commit: CommitRecord) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the accounts of author and committer, None where the mail address belongs to nobody."""
    author = github_shapes.user(call, commit.author) if commit.linked else None
    if commit.committer is None:
        return author, author
    return author, github_shapes.user(call, commit.committer) if commit.committer else None


def _as_written(author: dict[str, Any], committer: dict[str, Any]) -> dict[str, Any]:
    """Return what git was told of author and committer: an address of our own making belongs to the account."""
    login, email = str(author.get("name") or ""), str(author.get("email") or "")
    ours = {"", f"{login}@users.noreply.example"}
    found: dict[str, Any] = {} if email in ours else {"author_email": email, "linked": False}
    if committer.get("email") == "noreply@github.com":
        found["committer"] = WEB_FLOW
    elif committer.get("name") and committer.get("email") not in (None, email):
        mine = str(committer["email"]) == f"{committer['name']}@users.noreply.example"
        found["committer"] = str(committer["name"]) if mine else ""
    return found


def shape(call: Call, commit: CommitRecord) -> dict[str, Any]:
    """Return a commit as lists show it."""
    at, (written, committed), (author, committer) = (
        f"{call.at}/commits/{commit.sha}",
        people(commit),
        accounts(call, commit),
    )
    return {
        "url": at,
        "sha": commit.sha,
        "node_id": node("Commit", commit.sha),
        "html_url": f"{call.page}/commit/{commit.sha}",
        "comments_url": f"{at}/comments",
        "commit": {
            "url": f"{call.at}/git/commits/{commit.sha}",
            "author": written,
            "committer": committed,
            "message": commit.message,
            "comment_count": 0,
            "tree": {"sha": _tree(commit), "url": f"{call.at}/git/trees/{_tree(commit)}"},
            "verification": _verification(commit),
        },
        "author": author,
        "committer": committer,
        "parents": [_parent(call, sha) for sha in commit.parents],
    }


def changed_file(call: Call, commit: CommitRecord) -> dict[str, Any]:
    """Return the one file that a commit changes here; the history holds no contents."""
    name = f"changes/{(commit.change or commit.sha)[:10]}.txt"
    return {
        "sha": _tree(commit),
        "filename": name,
        "status": "added",
        "additions": 1,
        "deletions": 0,
        "changes": 1,
        "blob_url": f"{call.page}/blob/{commit.sha}/{name}",
        "raw_url": f"{call.page}/raw/{commit.sha}/{name}",
        "contents_url": f"{call.at}/contents/{name}?ref={commit.sha}",
        "patch": f"@@ -0,0 +1 @@\n+{commit.message.splitlines()[0] if commit.message else ''}",
    }


def _tree(commit: CommitRecord) -> str:
    return commit.tree or hashlib.sha1(f"tree {commit.sha}".encode(), usedforsecurity=False).hexdigest()


def _parent(call: Call, sha: str) -> dict[str, Any]:
    return {"sha": sha, "url": f"{call.at}/commits/{sha}", "html_url": f"{call.page}/commit/{sha}"}


def _bound(call: Call, name: str) -> datetime | None:
    text = call.query.get(name)
    if not text:
        return None
    try:
        bound = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(422, f"Validation Failed: {name} is not a timestamp") from None
    return bound if bound.tzinfo else bound.replace(tzinfo=call.now.tzinfo)


ENDPOINTS = (
    Endpoint("GET", "/repos/{owner}/{name}/commits", list_commits),
    Endpoint("GET", "/repos/{owner}/{name}/git/commits/{sha}", get_git_commit),
    Endpoint("POST", "/repos/{owner}/{name}/git/commits", create_git_commit),
    Endpoint("POST", "/repos/{owner}/{name}/merges", merge),
)
LAST_ENDPOINTS = (Endpoint("GET", "/repos/{owner}/{name}/commits/{ref:path}", get_commit),)
"""Matched after the endpoints below a commit, since a ref may hold slashes."""
