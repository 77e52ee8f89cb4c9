"""Refs, tag objects, branches: the git database of the stand-in."""

import hashlib
import re
from typing import Any

from stationmaster.rehearsal.github import commits as github_commits
from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply, invalid, moment, node, paginate
from stationmaster.rehearsal.github.state import TagRecord


def get_ref(call: Call) -> Reply:
    """Answer one ref."""
    ref = call.params["ref"].removeprefix("refs/")
    if ref not in call.repository.record.refs:
        raise Problem(404, "Not Found")
    return Reply(200, shape_ref(call, ref))


def matching_refs(call: Call) -> Reply:
    """Answer the refs that begin like this."""
    prefix = call.params["ref"].removeprefix("refs/")
    found = sorted(ref for ref in call.repository.record.refs if ref.startswith(prefix))
    return paginate(call, found, lambda ref: shape_ref(call, ref))


def create_ref(call: Call) -> Reply:
    """Create a ref; one that exists is never touched (F19, F20)."""
    name, sha = call.text("ref", resource="Reference"), call.text("sha", resource="Reference")
    if not re.fullmatch(r"refs/(heads|tags)/[^\s~^:?*\[\\]+", name) or ".." in name:
        raise Problem(422, f"Reference name must be a valid ref: {name!r} is not one")
    ref = name.removeprefix("refs/")
    if ref in call.repository.record.refs:
        raise Problem(422, "Reference already exists")
    _existing_object(call, sha)
    call.repository.move(ref, sha, call.now)
    return Reply(201, shape_ref(call, ref))


def update_ref(call: Call) -> Reply:
    """Move a ref forward, or anywhere with `force`."""
    ref, sha = call.params["ref"].removeprefix("refs/"), call.text("sha", resource="Reference")
    repository = call.repository
    if ref not in repository.record.refs:
        raise Problem(422, "Reference does not exist")
    _refuse_protected(call, ref)
    _existing_object(call, sha)
    present = repository.resolve(ref)
    forced = call.body.get("force") is True
    if present is not None and not forced and not repository.is_fast_forward(present, sha):
        raise Problem(422, "Update is not a fast forward")
    repository.move(ref, sha, call.now)
    return Reply(200, shape_ref(call, ref))


def delete_ref(call: Call) -> Reply:
    """Delete a ref."""
    ref = call.params["ref"].removeprefix("refs/")
    if ref not in call.repository.record.refs:
        raise Problem(422, "Reference does not exist")
    _refuse_protected(call, ref)
    call.repository.move(ref, None, call.now)
    return Reply(204)


def create_tag(call: Call) -> Reply:
    """Make a tag object; a ref has to be made for it."""
    tag, target = call.text("tag", resource="Tag"), call.text("object", resource="Tag")
    message = call.text("message", resource="Tag")
    if call.body.get("type") not in ("commit", "tree", "blob"):
        raise invalid("Tag", "type")
    if target not in call.repository.record.commits:
        raise Problem(422, "Object does not exist")
    seed = f"{call.repository.record.name}\0{tag}\0{target}\0{call.world.next_id()}"
    record = TagRecord(
        sha=hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest(),
        tag=tag,
        message=message,
        target=target,
        tagged_at=call.now,
    )
    call.repository.record.tag_objects[record.sha] = record
    return Reply(201, shape_tag(call, record))


def get_tag(call: Call) -> Reply:
    """Answer one tag object."""
    record = call.repository.record.tag_objects.get(call.params["sha"])
    if record is None:
        raise Problem(404, "Not Found")
    return Reply(200, shape_tag(call, record))


def list_tags(call: Call) -> Reply:
    """Answer the tags with the commits they stand for."""
    names = sorted((ref[5:] for ref in call.repository.record.refs if ref.startswith("tags/")), reverse=True)
    return paginate(call, names, lambda name: _listed_tag(call, name))


def list_branches(call: Call) -> Reply:
    """Answer the branches."""
    names = sorted(ref[6:] for ref in call.repository.record.refs if ref.startswith("heads/"))
    return paginate(call, names, lambda name: _short_branch(call, name))


def get_branch(call: Call) -> Reply:
    """Answer one branch with its head."""
    name = call.params["branch"]
    if f"heads/{name}" not in call.repository.record.refs:
        raise Problem(404, "Branch not found")
    short = _short_branch(call, name)
    commit = call.repository.commit(short["commit"]["sha"])
    at = f"{call.at}/branches/{name}"
    return Reply(
        200,
        {
            **short,
            "commit": github_commits.shape(call, commit),
            "_links": {"self": at, "html": f"{call.page}/tree/{name}"},
            "protection": {"enabled": short["protected"]},
            "protection_url": f"{at}/protection",
        },
    )


def shape_ref(call: Call, ref: str) -> dict[str, Any]:
    """Return a ref; an annotated tag points at its tag object."""
    record = call.repository.record
    sha = record.refs[ref]
    kind = "tag" if sha in record.tag_objects else "commit"
    return {
        "ref": f"refs/{ref}",
        "node_id": node("Ref", f"{record.id}:{ref}"),
        "url": f"{call.at}/git/refs/{ref}",
        "object": {"type": kind, "sha": sha, "url": f"{call.at}/git/{kind}s/{sha}"},
    }


def shape_tag(call: Call, record: TagRecord) -> dict[str, Any]:
    """Return a tag object."""
    return {
        "node_id": node("Tag", record.sha),
        "tag": record.tag,
        "sha": record.sha,
        "url": f"{call.at}/git/tags/{record.sha}",
        "message": record.message,
        "tagger": github_commits.person(call.actor, moment(record.tagged_at)),
        "object": {"type": "commit", "sha": record.target, "url": f"{call.at}/git/commits/{record.target}"},
        "verification": github_commits.UNSIGNED,
    }


def _listed_tag(call: Call, name: str) -> dict[str, Any]:
    sha = call.repository.resolve(f"tags/{name}")
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{call.at}/commits/{sha}"},
        "zipball_url": f"{call.at}/zipball/refs/tags/{name}",
        "tarball_url": f"{call.at}/tarball/refs/tags/{name}",
        "node_id": node("Ref", f"tags/{name}"),
    }


def _short_branch(call: Call, name: str) -> dict[str, Any]:
    sha = call.repository.record.refs[f"heads/{name}"]
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{call.at}/commits/{sha}"},
        "protected": name in call.repository.spec.protected,
    }


def _existing_object(call: Call, sha: str) -> None:
    record = call.repository.record
    if not re.fullmatch(r"[0-9a-f]{40}", sha):
        raise Problem(422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
    if sha not in record.commits and sha not in record.tag_objects:
        raise Problem(422, "Object does not exist")


def _refuse_protected(call: Call, ref: str) -> None:
    if ref.removeprefix("heads/") in call.repository.spec.protected:
        raise Problem(
            422, f"Repository rule violations found\n\nGH013: changes to {ref} must be made through a pull request."
        )


ENDPOINTS = (
    Endpoint("GET", "/repos/{owner}/{name}/git/ref/{ref:path}", get_ref),
    Endpoint("GET", "/repos/{owner}/{name}/git/matching-refs/{ref:path}", matching_refs),
    Endpoint("POST", "/repos/{owner}/{name}/git/refs", create_ref),
    Endpoint("PATCH", "/repos/{owner}/{name}/git/refs/{ref:path}", update_ref),
    Endpoint("DELETE", "/repos/{owner}/{name}/git/refs/{ref:path}", delete_ref),
    Endpoint("POST", "/repos/{owner}/{name}/git/tags", create_tag),
    Endpoint("GET", "/repos/{owner}/{name}/git/tags/{sha}", get_tag),
    Endpoint("GET", "/repos/{owner}/{name}/tags", list_tags),
    Endpoint("GET", "/repos/{owner}/{name}/branches", list_branches),
    Endpoint("GET", "/repos/{owner}/{name}/branches/{branch:path}", get_branch),
)
