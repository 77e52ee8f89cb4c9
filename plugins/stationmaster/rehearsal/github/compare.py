"""Compare two commits: 250 commits in one piece, or all of them in pages."""

from typing import Any

from stationmaster.rehearsal.github import commits as github_commits
from stationmaster.rehearsal.github import graph as github_graph
from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply, link_header, page_of

UNPAGED = 250
MOST_FILES = 300


def compare(call: Call) -> Reply:
    """Answer what `head` has and `base` lacks, the oldest first (F26)."""
    base_name, dots, head_name = call.params["basehead"].partition("...")
    repository = call.repository
    base, head = repository.resolve(_plain(base_name)), repository.resolve(_plain(head_name))
    if not dots or base is None or head is None:
        raise Problem(404, "Not Found")
    commits = repository.record.commits
    common = github_graph.merge_base(commits, base, head)
    if common is None:
        raise Problem(404, f"No common ancestor between {base_name} and {head_name}.")
    ahead, behind = github_graph.between(commits, base, head), github_graph.between(commits, head, base)
    shown, headers, first_page = ahead[:UNPAGED], {}, True
    if "page" in call.query or "per_page" in call.query:
        size, page = page_of(call)
        shown = ahead[(page - 1) * size : page * size]
        headers, first_page = link_header(call, page, -(-len(ahead) // size)), page == 1
    at = f"{call.at}/compare/{call.params['basehead']}"
    pages = f"{call.page}/compare/{call.params['basehead']}"
    body: dict[str, Any] = {
        "url": at,
        "html_url": pages,
        "permalink_url": f"{call.page}/compare/{base}...{head}",
        "diff_url": f"{pages}.diff",
        "patch_url": f"{pages}.patch",
        "base_commit": github_commits.shape(call, repository.commit(base)),
        "merge_base_commit": github_commits.shape(call, repository.commit(common)),
        "status": _status(len(ahead), len(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [github_commits.shape(call, commit) for commit in shown],
    }
    if first_page:
        body["files"] = [github_commits.changed_file(call, commit) for commit in ahead[:MOST_FILES]]
    return Reply(200, body, headers)


def _plain(name: str) -> str:
    """Drop the owner of `owner:branch`: there are no forks here."""
    return name.rpartition(":")[2]


def _status(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


ENDPOINTS = (Endpoint("GET", "/repos/{owner}/{name}/compare/{basehead:path}", compare),)
