"""Pull requests: listed, opened, merged."""

from datetime import datetime
from typing import Any

from stationmaster.rehearsal.github import commits as github_commits
from stationmaster.rehearsal.github import graph as github_graph
from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply, custom, invalid, paginate
from stationmaster.rehearsal.github.pull_shapes import short, whole
from stationmaster.rehearsal.github.state import CommitRecord, PullRecord


def list_pulls(call: Call) -> Reply:
    """Answer pull requests, the newest first, by state, head (`owner:branch`) and base."""
    state, head, base = call.query.get("state", "open"), call.query.get("head"), call.query.get("base")
    owner = call.repository.record.name.partition("/")[0]
    found = [
        pull
        for pull in call.repository.record.pulls.values()
        if state in ("all", pull.state)
        and head in (None, "", f"{owner}:{pull.head_ref}")
        and base in (None, "", pull.base_ref)
    ]
    by_update = call.query.get("sort") == "updated"
    newest_first = call.query.get("direction", "desc") == "desc"
    found.sort(key=lambda pull: (_changed(pull) if by_update else pull.created_at, pull.number), reverse=newest_first)
    return paginate(call, found, lambda pull: short(call, pull))


def get_pull(call: Call) -> Reply:
    """Answer one pull request."""
    return Reply(200, whole(call, _pull(call)))


def open_pull(call: Call) -> Reply:
    """Open a pull request between two branches."""
    title, head = call.text("title", resource="PullRequest"), call.text("head", resource="PullRequest")
    base = call.text("base", resource="PullRequest")
    repository, record = call.repository, call.repository.record
    head = head.rpartition(":")[2]
    for field, ref in (("head", head), ("base", base)):
        if f"heads/{ref}" not in record.refs:
            raise invalid("PullRequest", field)
    head_sha, base_sha = record.refs[f"heads/{head}"], record.refs[f"heads/{base}"]
    if any(pull.state == "open" and (pull.head_ref, pull.base_ref) == (head, base) for pull in record.pulls.values()):
        owner = record.name.partition("/")[0]
        raise custom("PullRequest", f"A pull request already exists for {owner}:{head}.")
    if repository.is_fast_forward(head_sha, base_sha):
        raise custom("PullRequest", f"No commits between {base} and {head}")
    pull = PullRecord(
        number=record.next_number,
        title=title,
        body=str(call.body.get("body") or ""),
        author=call.actor,
        head_ref=head,
        head_sha=head_sha,
        base_ref=base,
        base_sha=base_sha,
        created_at=call.now,
        draft=call.body.get("draft") is True,
        mergeable=base not in record.conflicts,
    )
    record.next_number += 1
    record.pulls[pull.number] = pull
    return Reply(201, whole(call, pull))


def update_pull(call: Call) -> Reply:
    """Change title, body, base or state."""
    pull = _pull(call)
    pull.title = str(call.body.get("title", pull.title))
    pull.body = str(call.body.get("body", pull.body) or "")
    pull.base_ref = str(call.body.get("base", pull.base_ref))
    state = call.body.get("state", pull.state)
    if state not in ("open", "closed"):
        raise invalid("PullRequest", "state")
    if pull.merged_at is not None and state == "open":
        raise custom("PullRequest", "Cannot change the state of a merged pull request.")
    pull.state, pull.updated_at = state, call.now
    return Reply(200, whole(call, pull))


def is_merged(call: Call) -> Reply:
    """Answer 204 for a merged pull request."""
    if _pull(call).merged_at is None:
        raise Problem(404, "Not Found")
    return Reply(204)


def merge_pull(call: Call) -> Reply:
    """Merge at exactly the head that is asked for."""
    pull, repository = _pull(call), call.repository
    if pull.merged_at is not None or pull.state == "closed" or pull.draft or not pull.mergeable:
        raise Problem(405, "Pull Request is not mergeable")
    asked = call.body.get("sha")
    if asked is not None and asked != pull.head_sha:
        raise Problem(409, "Head branch was modified. Review and try the merge again.")
    method = call.body.get("merge_method", "merge")
    if method not in ("merge", "squash", "rebase"):
        raise invalid("PullRequest", "merge_method")
    ref = f"heads/{pull.base_ref}"
    base, head = repository.record.refs[ref], repository.pull_head(pull)
    title = call.body.get("commit_title") or (
        f"Merge pull request #{pull.number} from {repository.record.name.partition('/')[0]}/{pull.head_ref}"
        if method == "merge"
        else f"{pull.title} (#{pull.number})"
    )
    commit = repository.add_commit(
        parents=(base, head.sha) if method == "merge" else (base,),
        message=str(title),
        author={"merge": call.actor, "squash": pull.author, "rebase": head.author}[method],
        at=call.now,
        pull=pull.number,
        committer=github_commits.WEB_FLOW,
        verified=method != "rebase",
    )
    repository.move(ref, commit.sha, call.now)
    repository.merge_pull(pull, sha=commit.sha, by=call.actor, at=call.now)
    return Reply(200, {"sha": commit.sha, "merged": True, "message": "Pull Request successfully merged"})


def list_commits(call: Call) -> Reply:
    """Answer the commits of a pull request, the oldest first."""
    pull = _pull(call)
    return paginate(call, _commits(call, pull), lambda commit: github_commits.shape(call, commit))


def list_files(call: Call) -> Reply:
    """Answer the files that a pull request changes."""
    pull = _pull(call)
    if pull.files:
        return paginate(call, pull.files, lambda file: _shape_file(call, pull, *file))
    return paginate(call, _commits(call, pull), lambda commit: github_commits.changed_file(call, commit))


def pulls_of_commit(call: Call) -> Reply:
    """Answer the pull requests that a commit belongs to: as what a merge made of it, or among its own commits."""
    sha = call.repository.resolve(call.params["ref"])
    if sha is None:
        raise Problem(422, f"No commit found for SHA: {call.params['ref']}")
    record = call.repository.record
    number = record.commits[sha].pull
    found = [pull for pull in record.pulls.values() if pull.number == number or _has(call, pull, sha)]
    return paginate(call, found, lambda pull: short(call, pull))


def _has(call: Call, pull: PullRecord, sha: str) -> bool:
    """Return whether a commit is between the base and the head of a pull request."""
    commits = call.repository.record.commits
    _follow_head(call, pull)
    if pull.head_sha not in commits or pull.base_sha not in commits:
        return pull.head_sha == sha
    lacking = github_graph.contains(commits, pull.head_sha, sha) and sha != pull.base_sha
    return lacking and not github_graph.contains(commits, pull.base_sha, sha)


def _pull(call: Call) -> PullRecord:
    pull = call.repository.record.pulls.get(call.number("number"))
    if pull is None:
        raise Problem(404, "Not Found")
    _follow_head(call, pull)
    return pull


def _shape_file(call: Call, pull: PullRecord, name: str, patch: str) -> dict[str, Any]:
    lines = patch.split("\n")
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return {
        "sha": pull.head_sha,
        "filename": name,
        "status": "modified",
        "additions": added,
        "deletions": removed,
        "changes": added + removed,
        "blob_url": f"{call.page}/blob/{pull.head_sha}/{name}",
        "raw_url": f"{call.page}/raw/{pull.head_sha}/{name}",
        "contents_url": f"{call.at}/contents/{name}?ref={pull.head_sha}",
        "patch": patch,
    }


def _follow_head(call: Call, pull: PullRecord) -> None:
    """An open pull request moves with its branch."""
    present = call.repository.record.refs.get(f"heads/{pull.head_ref}")
    if pull.state == "open" and present is not None:
        pull.head_sha = present


def _commits(call: Call, pull: PullRecord) -> list[CommitRecord]:
    head = call.repository.pull_head(pull)
    if pull.base_sha not in call.repository.record.commits:
        return [head]
    return github_graph.between(call.repository.record.commits, pull.base_sha, head.sha)


def _changed(pull: PullRecord) -> datetime:
    return pull.updated_at or pull.created_at


_AT: Any = "/repos/{owner}/{name}/pulls"
ENDPOINTS = (
    Endpoint("GET", f"{_AT}", list_pulls),
    Endpoint("POST", f"{_AT}", open_pull),
    Endpoint("GET", f"{_AT}/{{number}}", get_pull),
    Endpoint("PATCH", f"{_AT}/{{number}}", update_pull),
    Endpoint("GET", f"{_AT}/{{number}}/merge", is_merged),
    Endpoint("PUT", f"{_AT}/{{number}}/merge", merge_pull),
    Endpoint("GET", f"{_AT}/{{number}}/commits", list_commits),
    Endpoint("GET", f"{_AT}/{{number}}/files", list_files),
    Endpoint("GET", "/repos/{owner}/{name}/commits/{ref:path}/pulls", pulls_of_commit),
)
