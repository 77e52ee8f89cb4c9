"""Releases and generated notes."""

from typing import Any

from stationmaster.rehearsal.github import graph as github_graph
from stationmaster.rehearsal.github import shapes as github_shapes
from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply, invalid, moment, node, paginate
from stationmaster.rehearsal.github.state import ReleaseRecord


def list_releases(call: Call) -> Reply:
    """Answer the releases, the newest first."""
    found = sorted(call.repository.record.releases.values(), key=lambda one: one.id, reverse=True)
    return paginate(call, found, lambda one: shape(call, one))


def get_release(call: Call) -> Reply:
    """Answer one release."""
    return Reply(200, shape(call, _release(call)))


def latest_release(call: Call) -> Reply:
    """Answer the newest published release."""
    found = [one for one in call.repository.record.releases.values() if not one.draft and not one.prerelease]
    if not found:
        raise Problem(404, "Not Found")
    return Reply(200, shape(call, max(found, key=lambda one: (one.published_at or one.created_at, one.id))))


def release_by_tag(call: Call) -> Reply:
    """Answer the published release of a tag; drafts are not found this way."""
    for release in call.repository.record.releases.values():
        if release.tag == call.params["tag"] and not release.draft:
            return Reply(200, shape(call, release))
    raise Problem(404, "Not Found")


def create_release(call: Call) -> Reply:
    """Publish a release; its tag is made at `target_commitish` unless it exists, in which case that is ignored."""
    tag, repository = call.text("tag_name", resource="Release"), call.repository
    draft = call.body.get("draft") is True
    if any(one.tag == tag and not one.draft for one in repository.record.releases.values()) and not draft:
        raise Problem(422, "Validation Failed", {"resource": "Release", "code": "already_exists", "field": "tag_name"})
    target = str(call.body.get("target_commitish") or repository.record.default_branch)
    if f"tags/{tag}" not in repository.record.refs and not draft:
        sha = repository.resolve(target)
        if sha is None:
            raise invalid("Release", "target_commitish")
        repository.move(f"tags/{tag}", sha, call.now)
    release = ReleaseRecord(
        id=call.world.next_id(),
        tag=tag,
        target=target,
        name=str(call.body.get("name") or tag),
        body=str(call.body.get("body") or ""),
        draft=draft,
        prerelease=call.body.get("prerelease") is True,
        author=call.actor,
        created_at=call.now,
        published_at=None if draft else call.now,
    )
    repository.record.releases[release.id] = release
    return Reply(201, shape(call, release))


def update_release(call: Call) -> Reply:
    """Change a release, or publish a draft."""
    release = _release(call)
    release.name, release.body = (
        str(call.body.get("name", release.name)),
        str(call.body.get("body", release.body) or ""),
    )
    if release.draft and call.body.get("draft") is False:
        release.draft, release.published_at = False, call.now
    return Reply(200, shape(call, release))


def generate_notes(call: Call) -> Reply:
    """Answer the text of release notes between two tags; nothing is kept."""
    tag, repository = call.text("tag_name", resource="Release"), call.repository
    target = str(call.body.get("target_commitish") or repository.record.default_branch)
    head = repository.resolve(tag) or repository.resolve(target)
    if head is None:
        raise invalid("Release", "target_commitish")
    previous = call.body.get("previous_tag_name")
    base = repository.resolve(str(previous)) if previous else None
    commits = repository.record.commits
    aboard = github_graph.between(commits, base, head) if base else [commits[head]]
    pulls = [repository.record.pulls[commit.pull] for commit in aboard if commit.pull in repository.record.pulls]
    lines = [f"* {pull.title} by @{pull.author} in {call.page}/pull/{pull.number}" for pull in pulls]
    span = f"{previous}...{tag}" if previous else tag
    whole = f"**Full Changelog**: {call.page}/{'compare' if previous else 'commits'}/{span}"
    return Reply(200, {"name": tag, "body": "\n".join(["## What's Changed", *lines, "", "", whole])})


def shape(call: Call, release: ReleaseRecord) -> dict[str, Any]:
    """Return a release."""
    at = f"{call.at}/releases/{release.id}"
    return {
        "url": at,
        "html_url": f"{call.page}/releases/tag/{release.tag}",
        "assets_url": f"{at}/assets",
        "upload_url": f"{at}/assets{{?name,label}}",
        "tarball_url": f"{call.at}/tarball/{release.tag}",
        "zipball_url": f"{call.at}/zipball/{release.tag}",
        "id": release.id,
        "node_id": node("Release", release.id),
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name,
        "body": release.body,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "immutable": False,
        "created_at": moment(release.created_at),
        "updated_at": moment(release.published_at or release.created_at),
        "published_at": moment(release.published_at),
        "author": github_shapes.user(call, release.author),
        "assets": [],
    }


def _release(call: Call) -> ReleaseRecord:
    release = call.repository.record.releases.get(call.number("id"))
    if release is None:
        raise Problem(404, "Not Found")
    return release


_AT: Any = "/repos/{owner}/{name}/releases"
ENDPOINTS = (
    Endpoint("GET", f"{_AT}", list_releases),
    Endpoint("POST", f"{_AT}", create_release),
    Endpoint("POST", f"{_AT}/generate-notes", generate_notes),
    Endpoint("GET", f"{_AT}/latest", latest_release),
    Endpoint("GET", f"{_AT}/tags/{{tag:path}}", release_by_tag),
    Endpoint("GET", f"{_AT}/{{id}}", get_release),
    Endpoint("PATCH", f"{_AT}/{{id}}", update_release),
)
