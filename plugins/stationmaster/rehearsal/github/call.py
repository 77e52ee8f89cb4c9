"""One request to the stand-in GitHub, and what a handler may answer."""

import base64
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from stationmaster.rehearsal.github.faults import Fault
from stationmaster.rehearsal.github.repository import Repository
from stationmaster.rehearsal.github.world import GithubWorld, UnknownRepository

DOCUMENTATION = "https://docs.github.com/rest"
LEAST_PAGE, MOST_PAGE = 30, 100


class Problem(Exception):
    """A refusal as GitHub words it. `errors` are the objects of the errors list."""

    def __init__(self, status: int, message: str, *errors: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """Return the JSON of the answer."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = [dict(error) for error in self.errors]
        return {**body, "documentation_url": DOCUMENTATION, "status": str(self.status)}


@dataclass(slots=True)
class Reply:
    """A success: `body` None sends no content."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """A request after the door: who asks, for what, in which version, at which instant of the world."""

    world: GithubWorld
    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    actor: str
    version: str
    base: str
    site: str
    now: datetime
    fault: Fault | None = None

    @property
    def repository(self) -> Repository:
        """The repository that the path names. Raises Problem 404."""
        try:
            return self.world.repository(f"{self.params['owner']}/{self.params['name']}")
        except UnknownRepository:
            raise Problem(404, "Not Found") from None

    @property
    def at(self) -> str:
        """The address of the repository in the API."""
        return f"{self.base}/repos/{self.repository.record.name}"

    @property
    def page(self) -> str:
        """The address of the repository for people."""
        return f"{self.site}/{self.repository.record.name}"

    @property
    def is_new_version(self) -> bool:
        """Whether the caller speaks 2026-03-10."""
        return self.version >= "2026-03-10"

    def number(self, name: str) -> int:
        """Return a number of the path. Raises Problem 404."""
        text = self.params[name]
        if not text.isdigit():
            raise Problem(404, "Not Found")
        return int(text)

    def text(self, name: str, *, resource: str) -> str:
        """Return a required string of the body. Raises Problem 422."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise missing(resource, name)
        return value


Handler = Callable[[Call], Reply]


class Endpoint(NamedTuple):
    """A method, a path template below the API's root, and who answers."""

    method: str
    path: str
    handler: Handler


def missing(resource: str, name: str) -> Problem:
    """Return the refusal for a field that is required."""
    return Problem(422, "Validation Failed", {"resource": resource, "code": "missing_field", "field": name})


def invalid(resource: str, name: str, message: str = "Validation Failed") -> Problem:
    """Return the refusal for a field whose value will not do."""
    return Problem(422, message, {"resource": resource, "code": "invalid", "field": name})


def custom(resource: str, message: str) -> Problem:
    """Return the refusal that GitHub explains in words."""
    return Problem(422, "Validation Failed", {"resource": resource, "code": "custom", "message": message})


def paginate(call: Call, items: Sequence[Any], shape: Callable[[Any], Any], *, field_name: str | None = None) -> Reply:
    """Answer one page of `items`, each turned to JSON by `shape`, with the Link header.

    `field_name` wraps the page as {"total_count", field_name}, as check runs and workflow runs are.
    """
    size, page = page_of(call)
    shown = [shape(item) for item in items[(page - 1) * size : page * size]]
    body = {"total_count": len(items), field_name: shown} if field_name else shown
    return Reply(200, body, link_header(call, page, -(-len(items) // size)))


def page_of(call: Call) -> tuple[int, int]:
    """Return the page size and number that are asked for, within GitHub's bounds."""
    size = call.query.get("per_page", "")
    page = call.query.get("page", "")
    asked = int(size) if size.isdigit() and int(size) > 0 else LEAST_PAGE
    return min(asked, MOST_PAGE), max(int(page) if page.isdigit() else 1, 1)


def link_header(call: Call, page: int, last: int) -> dict[str, str]:
    """Return the Link header; like GitHub's, it names the repository by its number."""
    wanted = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    shown = {
        relation: number
        for relation, number in wanted.items()
        if 1 <= number <= last and (number > page if relation in ("next", "last") else number < page)
    }
    address = f"{call.base}{_numbered(call)}"
    links = [
        f'<{address}?{urlencode({**call.query, "page": number})}>; rel="{relation}"'
        for relation, number in shown.items()
    ]
    return {"link": ", ".join(links)} if links else {}


def moment(instant: datetime | None) -> str | None:
    """Return an instant as GitHub writes it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant else None


def node(kind: str, identifier: object) -> str:
    """Return a node id."""
    return base64.b64encode(f"{kind}:{identifier}".encode()).decode()


def number_of(text: str) -> int:
    """Return a stable number for a name."""
    return zlib.crc32(text.encode()) % 10_000_000 + 1


def _numbered(call: Call) -> str:
    if "owner" not in call.params:
        return call.path
    prefix = f"/repos/{call.params['owner']}/{call.params['name']}"
    return f"/repositories/{call.repository.record.id}{call.path.removeprefix(prefix)}"
