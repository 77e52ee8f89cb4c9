"""GitHub, as the train uses it: the one way to every repository."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from stationmaster import clock
from stationmaster.hooks.errors import ForgeUnreadable
from stationmaster.hooks.forge_connection import Connect, from_airflow
from stationmaster.hooks.forge_contents import ForgeContents
from stationmaster.hooks.forge_deployments import ForgeDeployments
from stationmaster.hooks.forge_files import ForgeFiles
from stationmaster.hooks.forge_history import ForgeHistory
from stationmaster.hooks.forge_issues import ForgeIssues
from stationmaster.hooks.forge_models import Identity
from stationmaster.hooks.forge_picks import ForgePicks
from stationmaster.hooks.forge_pulls import ForgePulls
from stationmaster.hooks.forge_reviews import ForgeReviews
from stationmaster.hooks.forge_runs import ForgeRuns
from stationmaster.hooks.forge_wire import ForgeWire

if TYPE_CHECKING:
    import github

API_VERSION = "2022-11-28"
PATIENCE = timedelta(seconds=90)
PACE = timedelta(seconds=1)


class Forge(
    ForgeHistory,
    ForgeFiles,
    ForgePicks,
    ForgePulls,
    ForgeReviews,
    ForgeIssues,
    ForgeContents,
    ForgeRuns,
    ForgeDeployments,
):
    """Repositories behind one Airflow connection of type `github`; nothing is opened before the first call.

    Every failure is a ForgeError of `hooks.errors`. Reads are patient: rate limits, 5xx and broken connections are
    waited out up to `patience` in all. Writes are sent once, at least `pace` apart; each has a look-up that tells
    whether it happened, for the ledger's recipe:

    =============================================================  =========================================
    write                                                          look-up
    =============================================================  =========================================
    move_branch(repo, branch, sha)                                 find_branch(repo, branch)
    create_tag(repo, tag, sha)                                     find_tag(repo, tag)
    merge(repo, base, head, message)                               relation(repo, base, head)
    pick(repo, base, commits, scratch)                             the same commit again
    open_pull(repo, head, base, title, body, key)                  find_pull(repo, head, base, key)
    merge_pull(repo, number, sha)                                  pull(repo, number).merged
    close_pull(repo, number)                                       pull(repo, number).state
    comment(repo, number, body, key)                               has_comment(repo, number, key)
    dispatch(repo, workflow, ref, inputs, key)                     find_runs(repo, workflow, key, since)
    cancel_run(repo, run_id)                                       run(repo, run_id)
    create_deployment(repo, sha, environment, key, description)    find_deployment(repo, environment, key)
    set_deployment_status(repo, deployment_id, state)              find_deployment(...).status
    create_release(repo, tag, name, body)                          find_release(repo, tag)
    open_issue(repo, title, body, key, labels, assignees)          find_issue(repo, key, labels)
    close_issue(repo, number)                                      issue(repo, number).state
    comment_issue(repo, number, body, key)                         find_issue_comment(repo, number, key)
    label_issue(repo, number, labels)                              issue(repo, number).labels
    add_file(repo, path, text, branch, message)                    file(repo, path, branch)
    =============================================================  =========================================

    `repo` is "owner/name". `now` returns an aware UTC datetime, `sleep` takes seconds; both are injected by tests.
    """

    def __init__(
        self,
        conn_id: str = "github_default",
        *,
        connect: Connect | None = None,
        api_version: str = API_VERSION,
        patience: timedelta = PATIENCE,
        pace: timedelta = PACE,
        now: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.conn_id = conn_id
        wire = ForgeWire(
            connect=connect or from_airflow(conn_id),
            api_version=api_version,
            patience=patience,
            pace=pace,
            now=now,
            sleep=sleep,
        )
        super().__init__(wire, api_version=api_version)

    @classmethod
    def from_client(
        cls,
        client: "github.Github",
        *,
        api_version: str = API_VERSION,
        patience: timedelta = PATIENCE,
        pace: timedelta = PACE,
        now: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Self:
        """Return a forge over a client at hand; its address and credentials are used, its retries are not."""
        return cls(
            conn_id="",
            connect=lambda: client,
            api_version=api_version,
            patience=patience,
            pace=pace,
            now=now,
            sleep=sleep,
        )

    def identity(self) -> Identity:
        """Return who the token speaks for: the check of a connection. Raises ForgeUnauthorised and the rest."""
        data, headers = self._wire.read_with_headers("/user")
        try:
            scopes = tuple(scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",") if scope.strip())
            return Identity(login=data["login"], bot=data.get("type") == "Bot", scopes=scopes)
        except (KeyError, TypeError) as error:
            raise ForgeUnreadable(f"GitHub's answer for the user is not legible: {error!r}") from error

    def __repr__(self) -> str:
        return f"Forge(conn_id={self.conn_id!r})"
