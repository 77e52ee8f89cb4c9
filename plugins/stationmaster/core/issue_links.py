"""A link to an issue, as a person types it: read strictly, for it becomes part of a request (T-04, F66)."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from stationmaster.core.manifest import InvalidRepository, valid_repository
from stationmaster.core.value import Value

_NUMBER = r"(?P<number>[1-9]\d{0,8})"
_SHORT = re.compile(rf"(?:(?P<repository>[^\s#]+)?#)?{_NUMBER}", re.ASCII)
_ADDRESS = re.compile(
    rf"https?://[A-Za-z0-9.-]+(?::\d+)?/(?P<repository>[^/\s]+/[^/\s]+)/(?P<kind>issues|pull)/{_NUMBER}/?(?:[?#]\S*)?",
    re.ASCII,
)
_SHOWN = 120


class NotAnIssueLink(ValueError):
    """A text that names no issue of the repository whose issues count."""

    def __init__(self, text: str, repository: str, why: str) -> None:
        """Keep the text and the repository."""
        super().__init__(text, repository, why)
        self.text, self.repository, self.why = text, repository, why

    def __str__(self) -> str:
        """Name the text and the way out."""
        return (
            f"{self.text[:_SHOWN]!r} {self.why}. Give an issue of {self.repository}: its address, "
            f"{self.repository}#12, or #12."
        )


class IssueLink(Value):
    """Which issue a departure is logged as. ``ours``: the departure wrote it itself."""

    repository: str
    number: int = Field(ge=1)
    url: str = ""
    ours: bool = False

    @property
    def name(self) -> str:
        """``owner/name#12``."""
        return f"{self.repository}#{self.number}"


class IssueSeen(Value):
    """What GitHub says of it now; a pull request has a number of the same row, and is no issue."""

    state: Literal["open", "closed"]
    pull_request: bool = False


def issue_link(text: str, repository: str) -> IssueLink:
    """Return the issue that a text names: its address, ``owner/name#12``, ``#12`` or ``12``.

    :param repository: whose issues count, ``owner/name``.
    :raises NotAnIssueLink: it names none, one of another repository, or a pull request.
    """
    given = text.strip()
    found = _ADDRESS.fullmatch(given) or _SHORT.fullmatch(given)
    if found is None:
        raise NotAnIssueLink(given, repository, "names no issue")
    parts = found.groupdict()
    if parts.get("kind") == "pull":
        raise NotAnIssueLink(given, repository, "is a pull request")
    named = parts["repository"] or repository
    try:
        elsewhere = valid_repository(named).lower() != repository.lower()
    except InvalidRepository as error:
        raise NotAnIssueLink(given, repository, "names no issue") from error
    if elsewhere:
        raise NotAnIssueLink(given, repository, "is of another repository")
    address = given.partition("?")[0].partition("#")[0].rstrip("/") if "://" in given else ""
    return IssueLink(repository=repository, number=int(parts["number"]), url=address)
