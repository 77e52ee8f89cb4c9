"""The names that go into a path: checked before anything is sent, so that no input can ask for another thing (F66)."""

import re
from typing import Any
from urllib.parse import quote

from stationmaster.core.manifest import valid_ref, valid_repository, valid_sha
from stationmaster.hooks.errors import ForgeRejected

_WORKFLOW = re.compile(r"[A-Za-z0-9._-]{1,100}")


def repository(name: str) -> str:
    """Return the path of a repository "owner/name"; raises core's InvalidRepository."""
    return f"/repos/{valid_repository(name)}"


def branch(name: str) -> str:
    """Return a branch or tag name, checked and quoted for a path; raises core's InvalidRef."""
    return quote(valid_ref(name), safe="/")


def commit(sha: str) -> str:
    """Return a full sha, checked; raises core's InvalidSha."""
    return valid_sha(sha)


def workflow(name: str) -> str:
    """Return a workflow's file name such as `deploy.yml`; raises ForgeRejected."""
    if not _WORKFLOW.fullmatch(name) or name in (".", ".."):
        raise ForgeRejected(f"{name!r} is not a workflow: write the name of its file, such as deploy.yml")
    return name


def number(value: Any) -> int:
    """Return a positive number of a run, pull request or deployment; raises ForgeRejected."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ForgeRejected(f"{value!r} is not the number of a GitHub object")
    return value


def carries(text: str, key: str) -> bool:
    """Whether `key` stands in `text` as a whole: a key that ends in /1 is not found in one that ends in /10."""
    return re.search(rf"(?<![\w/.-]){re.escape(key)}(?![\w/-]|\.\w)", text) is not None
