"""How often each error was seen, as Sentry tells it (C-28)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from stationmaster.core.instants import utc
from stationmaster.hooks.governance_errors import GovernanceUnreadable
from stationmaster.hooks.governance_wire import Address, Wire

SERVICE = "sentry"
MOST = 100
_TITLE = 200


class SeenError(NamedTuple):
    """One error: Sentry's short id of it, what it says, where it is shown, and how often it was seen."""

    id: str
    title: str
    url: str
    times: int


class Sentry:
    """The Sentry behind an Airflow connection of type ``http``: its host, and as password a token that may read events.

    :param address: in place of the connection's, for tests.
    """

    def __init__(self, conn_id: str, *, address: Address | None = None) -> None:
        self._wire = Wire(SERVICE, conn_id, address=address)

    def seen(
        self,
        organization: str,
        projects: Sequence[str],
        environment: str,
        start: datetime,
        end: datetime,
        *,
        only: Iterable[str] = (),
    ) -> dict[str, SeenError]:
        """Return the errors that were seen in ``[start, end)``, by their ids; the hundred most frequent ones.

        :param only: just these.
        :raises GovernanceError: it cannot be told; that never means that there was none.
        """
        words = [f"project:[{','.join(projects)}]"]
        named = sorted(only)
        if named:
            words.append(f"issue:[{','.join(named)}]")
        query: dict[str, str | list[str]] = {
            "dataset": "errors",
            "field": ["issue", "title", "count()"],
            "query": " ".join(words),
            "environment": environment,
            "start": _instant(start),
            "end": _instant(end),
            "sort": "-count()",
            "per_page": str(MOST),
        }
        path = f"/api/0/organizations/{quote(organization, safe='')}/events/"
        answer = self._wire.read(path, "its errors", query)
        rows = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise GovernanceUnreadable(SERVICE, f"{SERVICE} answers no list of errors")
        found = [self._error(row, organization) for row in rows]
        return {error.id: error for error in found}

    def _error(self, row: Any, organization: str) -> SeenError:
        try:
            name, count = str(row["issue"]), int(row["count()"])
            title = str(row.get("title") or name)[:_TITLE]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise GovernanceUnreadable(SERVICE, f"{SERVICE} answers an error that cannot be read") from None
        url = f"{self._wire.base()}/organizations/{quote(organization, safe='')}/issues/?query={quote(name, safe='')}"
        return SeenError(name, title, url, count)


def _instant(at: datetime) -> str:
    return f"{utc(at):%Y-%m-%dT%H:%M:%S}"
