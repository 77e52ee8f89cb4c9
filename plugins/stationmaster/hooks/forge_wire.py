"""One conversation with GitHub's REST API: reads that are patient, writes that are sent exactly once."""

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from stationmaster.hooks.errors import (
    ForgeError,
    ForgeMoved,
    ForgeNotFound,
    ForgeOutcomeUnknown,
    ForgeUnauthorised,
    ForgeUnreachable,
    ForgeUnreadable,
)
from stationmaster.hooks.forge_connection import Connect, plain_requester, secret_of
from stationmaster.hooks.forge_errors import error_of, is_failure, scrub
from stationmaster.hooks.forge_retry import Answer, failure_pause, rate_limit_pause

if TYPE_CHECKING:
    from github.Requester import Requester

log = logging.getLogger(__name__)

PAGE = 100
MOST_PAGES = 200
MOST_REDIRECTS = 3
REMEMBERED = 256

Query = Mapping[str, str | int]


class Written(NamedTuple):
    """The answer to a write: 200, 201, 202 or 204 (then `data` is None)."""

    status: int
    data: Any


class ForgeWire:
    """Sends requests with PyGithub's transport; `patience` bounds all pauses of one read together.

    Reads are repeated after a rate limit, a 5xx or a broken connection, with pauses taken by `sleep` (seconds), and are
    conditional on what was read before (ETag), which costs no quota. Writes are sent once; only a 401 is answered with
    fresh credentials and one more attempt, because it says that nothing happened (F57).
    """

    def __init__(
        self,
        *,
        connect: Connect,
        api_version: str,
        patience: timedelta,
        pace: timedelta,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._connect = connect
        self._api_version = api_version
        self._patience = patience
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._requester: Requester | None = None
        self._remembered: OrderedDict[str, Answer] = OrderedDict()

    def read(self, path: str, query: Query | None = None) -> Any:
        """Return the JSON of a GET. Raises a ForgeError; ForgeNotFound for 404."""
        return _json(self._get(path, query or {}), f"GET {path}")

    def read_with_headers(self, path: str) -> tuple[Any, dict[str, str]]:
        """Return the JSON and the headers (lower-case names) of a GET."""
        answer = self._get(path, {})
        return _json(answer, f"GET {path}"), answer.headers

    def read_or_none(self, path: str, query: Query | None = None) -> Any | None:
        """Return the JSON of a GET, or None when it answers 404."""
        try:
            return self.read(path, query)
        except ForgeNotFound:
            return None

    def pages(self, path: str, query: Query | None = None, *, field: str | None = None) -> Iterator[Any]:
        """Yield the items of every page; `field` names the list inside an answer that wraps it.

        Raises ForgeUnreadable when a page holds no list, or when there is no end to the pages.
        """
        asked: dict[str, str | int] = {"per_page": PAGE, **(query or {})}
        for _ in range(MOST_PAGES):
            answer = self._get(path, asked)
            body = _json(answer, f"GET {path}")
            items = body.get(field) if field and isinstance(body, dict) else body
            if not isinstance(items, list):
                raise ForgeUnreadable(f"GET {path} answered no list{f' in {field!r}' if field else ''}")
            yield from items
            following = _next_page(answer.headers.get("link", ""))
            if following is None:
                return
            asked = {**asked, **following}
        raise ForgeUnreadable(f"GET {path} did not end after {MOST_PAGES} pages")

    def write(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Written:
        """Send a write once and return its answer.

        Raises ForgeOutcomeUnknown when it may have happened; any other ForgeError says that it has not.
        """
        answer = self._authorised(verb, path, {}, body, {})
        if is_failure(answer):
            pause = rate_limit_pause(answer, attempt=0, now=self._now())
            raise error_of(verb, path, answer, now=self._now(), pause=pause, secrets=self._secrets())
        if not answer.body:
            return Written(answer.status, None)
        try:
            return Written(answer.status, json.loads(answer.body))
        except ValueError as error:
            raise ForgeOutcomeUnknown(
                f"{verb} {path} answered {answer.status} with no JSON: it probably happened; look it up",
                request=f"{verb} {path}",
                status=answer.status,
            ) from error

    def _get(self, path: str, query: Query) -> Answer:
        """Read patiently: repeat what may pass, follow a renamed repository, use what is remembered."""
        waited, attempt, redirects = timedelta(), 0, 0
        while True:
            failure: ForgeError | None
            answer, failure = self._try_read(path, query)
            if answer is not None and not is_failure(answer):
                return answer
            if answer is not None and answer.status in (307, 308) and redirects < MOST_REDIRECTS:
                path, redirects = self._follow(path, answer), redirects + 1
                continue
            pause = rate_limit_pause(answer, attempt=attempt, now=self._now()) if answer is not None else None
            if answer is not None:
                failure = error_of("GET", path, answer, now=self._now(), pause=pause, secrets=self._secrets())
            if pause is None and isinstance(failure, ForgeUnreachable):
                pause = failure_pause(attempt)
            if pause is None or waited + pause > self._patience:
                raise failure or ForgeUnreadable(f"GET {path} gave neither an answer nor a failure")
            log.info("GET %s: asking again in %s s", path, pause.total_seconds())
            self._sleep(pause.total_seconds())
            waited, attempt = waited + pause, attempt + 1

    def _try_read(self, path: str, query: Query) -> tuple[Answer | None, ForgeUnreachable | None]:
        name = f"{path}?{urlencode(sorted(query.items()))}"
        known = self._remembered.get(name)
        headers = {"If-None-Match": known.headers["etag"]} if known else {}
        try:
            answer = self._authorised("GET", path, query, None, headers)
        except ForgeUnreachable as error:
            return None, error
        if answer.status == 304 and known is not None:
            self._remembered.move_to_end(name)
            return known, None
        if answer.status == 200 and "etag" in answer.headers:
            self._remembered[name] = answer
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return answer, None

    def _authorised(
        self, verb: str, path: str, query: Query, body: Mapping[str, Any] | None, headers: dict[str, str]
    ) -> Answer:
        answer = self._send(verb, path, query, body, headers)
        if answer.status != 401:
            return answer
        self._requester = None
        answer = self._send(verb, path, query, body, headers)
        if answer.status == 401:
            error = error_of(verb, path, answer, now=self._now(), pause=None, secrets=self._secrets())
            raise error if isinstance(error, ForgeUnauthorised) else ForgeUnauthorised(error.message)
        return answer

    def _send(
        self, verb: str, path: str, query: Query, body: Mapping[str, Any] | None, headers: dict[str, str]
    ) -> Answer:
        import requests
        from github import GithubException

        if self._requester is None:
            self._requester = plain_requester(self._connect(), api_version=self._api_version, pace=self._pace)
        try:
            status, received, output = self._requester.requestJson(
                verb, path, dict(query), dict(headers), dict(body) if body is not None else None
            )
        except GithubException as error:
            raise ForgeUnauthorised(
                f"{verb} {path} was not sent: GitHub gave no token for the connection's app ({error.status}). "
                "Check its key, app_id and installation_id"
            ) from None
        except (requests.exceptions.RequestException, OSError) as error:
            request, told = f"{verb} {path}", scrub(str(error), *self._secrets())
            if verb == "GET" or _never_sent(error):
                raise ForgeUnreachable(f"{request}: GitHub cannot be reached: {told}", request=request) from None
            raise ForgeOutcomeUnknown(
                f"{request}: the answer was lost ({told}); the write may have happened: look it up first",
                request=request,
            ) from None
        return Answer(status, {name.lower(): str(value) for name, value in received.items()}, output)

    def _follow(self, path: str, answer: Answer) -> str:
        location = urlsplit(answer.headers.get("location", "")).path
        start = min((at for mark in ("/repos/", "/repositories/") if (at := location.find(mark)) >= 0), default=-1)
        if start < 0:
            raise ForgeMoved(f"GET {path} was sent on to {location or 'nowhere'}, which is no repository")
        log.warning("%s has moved to %s; writes are refused until the configuration names it", path, location[start:])
        return location[start:]

    def _secrets(self) -> tuple[str, ...]:
        return (secret_of(self._requester),) if self._requester is not None else ()


def _never_sent(error: Exception) -> bool:
    """Whether the connection could not even be opened, so that no byte of a write left this machine."""
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError | NameResolutionError)


def _json(answer: Answer, request: str) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise ForgeUnreadable(
            f"{request} answered {answer.status} with a body that is not JSON", request=request
        ) from error


def _next_page(link: str) -> dict[str, str] | None:
    """Return the query of rel="next" of a Link header; its path is ignored, since it may name the repository by id."""
    for part in link.split(","):
        address, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            return {name: values[-1] for name, values in parse_qs(urlsplit(address.strip(" <>")).query).items()}
    return None


class ForgePart:
    """One topic of the forge; each holds the same wire."""

    def __init__(self, wire: ForgeWire) -> None:
        self._wire = wire
