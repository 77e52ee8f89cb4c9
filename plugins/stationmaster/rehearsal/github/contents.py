"""What stands at the root of a repository, by name: the stand-in keeps no contents."""

from typing import Any

from stationmaster.rehearsal.github.call import Call, Endpoint, Reply

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


ENDPOINTS = (Endpoint("GET", "/repos/{owner}/{name}/contents", list_root),)
