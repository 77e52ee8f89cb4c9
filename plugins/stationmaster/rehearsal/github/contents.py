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
    return {
        "type": "dir" if folder else "file",
        "size": 0 if folder else _BYTES,
        "name": plain,
        "path": plain,
        "url": f"{call.at}/contents/{plain}",
        "html_url": f"{call.page}/blob/{call.repository.spec.default_branch}/{plain}",
    }


def get_content(call: Call) -> Reply:
    """Answer one file."""
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
    path = call.params["path"]
    return {
        "type": "file",
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": hashlib.sha1(f"blob {len(text.encode())}\0{text}".encode(), usedforsecurity=False).hexdigest(),
        "size": len(text.encode()),
        "url": f"{call.at}/contents/{path}?ref={branch}",
        "html_url": f"{call.page}/blob/{branch}/{path}",
    }


ENDPOINTS = (
    Endpoint("GET", "/repos/{owner}/{name}/contents", list_root),
    Endpoint("GET", "/repos/{owner}/{name}/contents/{path:path}", get_content),
    Endpoint("PUT", "/repos/{owner}/{name}/contents/{path:path}", put_content),
)
