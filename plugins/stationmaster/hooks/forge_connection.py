"""PyGithub as the wire, with what it would do behind our back switched off.

PyGithub repeats failed POSTs, follows a renamed repository even when it writes, loses the query when it does, and
keeps connections open until the server has dropped them. A release must know of each of these: nothing is retried
here, a redirect is an answer like any other, and every request opens its own connection, so that a write never goes
out on a dead one.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stationmaster.hooks.errors import ForgeConnectionMissing
from stationmaster.hooks.rehearsed_hosts import forbidden

if TYPE_CHECKING:
    import github
    from github.Requester import Requester

Connect = Callable[[], "github.Github"]


def from_airflow(conn_id: str) -> Connect:
    """Return what opens a client from an Airflow connection of type `github`, each time with the token as it is then.

    The client raises ForgeConnectionMissing when the connection is unknown or holds no credentials.
    """

    def connect() -> "github.Github":
        from airflow.providers.github.hooks.github import GithubHook
        from airflow.sdk.exceptions import AirflowNotFoundException

        try:
            return GithubHook(github_conn_id=conn_id).get_conn()
        except AirflowNotFoundException as error:
            raise ForgeConnectionMissing(
                f"the Airflow connection {conn_id!r} is not defined: create it with type github, "
                "the API address as host and a token as password"
            ) from error
        except ValueError as error:
            raise ForgeConnectionMissing(
                f"the Airflow connection {conn_id!r} cannot be used: {error}. Put a token into its password, "
                "or an app's key_path or private_key, app_id and installation_id into its extra"
            ) from error

    return connect


def plain_requester(client: "github.Github", *, api_version: str, pace: timedelta) -> "Requester":
    """Return a requester with the client's address and credentials that sends each request exactly once.

    `pace` is the least time between two writes (F56). Raises ForgeConnectionMissing where a rehearsal would reach the
    real GitHub.
    """
    settings = client.requester.kwargs
    host = urlsplit(settings["base_url"]).hostname
    if forbidden(host):
        raise ForgeConnectionMissing(
            f"a rehearsal speaks to a stand-in only, and the connection names {host}: set its host to the stand-in's"
        )
    settings.update(
        retry=0,
        api_version=api_version,
        seconds_between_requests=None,
        seconds_between_writes=pace.total_seconds() or None,
    )
    return _requester_class()(**settings)


def secret_of(requester: "Requester") -> str:
    """Return the fixed token the requester sends, or "" (an app's short-lived tokens have a shape that scrub knows)."""
    from github.Auth import Token

    return requester.auth.token if isinstance(requester.auth, Token) else ""


@cache
def _requester_class() -> "type[Requester]":
    from github.Requester import (
        HTTPRequestsConnectionClass,
        HTTPSRequestsConnectionClass,
        Requester,
        RequestsResponse,
    )

    def unfollowed(response: RequestsResponse) -> RequestsResponse:
        if response.status == 301:
            response.status = 308
        return response

    class PlainConnection(HTTPRequestsConnectionClass):
        def getresponse(self) -> RequestsResponse:
            return unfollowed(super().getresponse())

    class PlainSecureConnection(HTTPSRequestsConnectionClass):
        def getresponse(self) -> RequestsResponse:
            return unfollowed(super().getresponse())

    class PlainRequester(Requester):
        pass

    PlainRequester.injectConnectionClasses(PlainConnection, PlainSecureConnection)
    return PlainRequester
