"""What stands at the root of a repository, by name, and the text files that are added through the API.

Of the contents of the history nothing is known.
"""

import base64
import binascii
import hashlib
from typing import Any

from stationmaster.rehearsal.github.call import Call, Endpoint, Problem, Reply

_BYTES = 1200


def list_root(call: Call) -> Reply:
    """Answer the files and folders at the root of the default branch."""
    return Reply(200, [_entry(call, name) for name in call.repository.spec.files])


def _entry(call: Call, name: str) -> dict[str, Any]:
    plain, folder = name.rstrip("/"), name.endswith("/")
    sha = hashlib.sha1(f"{call.repository.spec.name}/{name}".encode(), usedforsecurity=False).hexdigest()
    return _described(
        call,
        call.repository.spec.default_branch,
        plain,
        kind="dir" if folder else "file",
        size=0 if folder else _BYTES,
        sha=sha,
    )


def get_content(call: Call) -> Reply:
    """Answer one file; no path is the root."""
    if not call.params["path"]:
        return list_root(call)
    branch = call.query.get("ref") or call.repository.record.default_branch
    text = call.repository.record.files.get(f"{branch}:{call.params['path']}")
    if text is None:
        raise Problem(404, "Not Found")
    content = base64.encodebytes(text.encode()).decode()
    return Reply(200, {**_shape(call, branch, text), "encoding": "base64", "content": content})


def put_content(call: Call) -> Reply:
    """Add a file as a commit of its own; one that is there needs its sha, which nothing here sends."""
    repository = call.repository
    branch, path = str(call.body.get("branch") or repository.record.default_branch), call.params["path"]
    ref = f"heads/{branch}"
    if ref not in repository.record.refs:
        raise Problem(404, f"Branch {branch} not found")
    if branch in repository.spec.protected:
        raise Problem(409, f"Repository rule violations found\n\nChanges to {branch} go through a pull request.")
    if f"{branch}:{path}" in repository.record.files:
        raise Problem(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    try:
        text = base64.b64decode(call.text("content", resource="Commit"), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Problem(422, "content is not valid Base64") from None
    message = call.text("message", resource="Commit")
    head = repository.record.refs[ref]
    commit = repository.add_commit(parents=(head,), message=message, author=call.actor, at=call.now)
    repository.move(ref, commit.sha, call.now)
    repository.record.files[f"{branch}:{path}"] = text
    return Reply(201, {"content": _shape(call, branch, text), "commit": {"sha": commit.sha, "message": message}})


def _shape(call: Call, branch: str, text: str) -> dict[str, Any]:
    raw = text.encode()
    sha = hashlib.sha1(b"blob %d\0%s" % (len(raw), raw), usedforsecurity=False).hexdigest()
    return _described(call, branch, call.params["path"], kind="file", size=len(raw), sha=sha)


def _described(call: Call, branch: str, path: str, *, kind: str, size: int, sha: str) -> dict[str, Any]:
    url = f"{call.at}/contents/{path}?ref={branch}"
    page = f"{call.page}/{'tree' if kind == 'dir' else 'blob'}/{branch}/{path}"
    stored = f"{call.at}/git/{'trees' if kind == 'dir' else 'blobs'}/{sha}"
    return {
        "type": kind,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": size,
        "url": url,
        "html_url": page,
        "git_url": stored,
        "download_url": None if kind == "dir" else f"{call.page}/raw/{branch}/{path}",
        "_links": {"self": url, "git": stored, "html": page},
    }


ENDPOINTS = (
    Endpoint("GET", "/repos/{owner}/{name}/contents/{path:path}", get_content),
    Endpoint("PUT", "/repos/{owner}/{name}/contents/{path:path}", put_content),
)
