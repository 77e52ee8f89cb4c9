"""What the forge answers, as values. Instants are aware UTC datetimes; shas are 40 lower-case hex digits."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from stationmaster.core.value import Value


class Commit(Value):
    """One commit; `parent` is the first parent.

    `author` and `committer` are GitHub logins, None where the mail address belongs to nobody; `bot` and `committer_bot`
    say that they are robots. `author_name`, `author_mail`, `committer_name` and `committer_mail` are what git was told,
    which proves nothing. `verified` says that GitHub verified the signature, which is the committer's.
    """

    sha: str
    parent: str | None
    parents: tuple[str, ...] = ()
    message: str
    author: str | None
    bot: bool = False
    author_name: str = ""
    author_mail: str = ""
    committer: str | None = None
    committer_bot: bool = False
    committer_name: str = ""
    committer_mail: str = ""
    verified: bool = False
    committed_at: datetime
    url: str = ""

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


class Comparison(Value):
    """`base...head`, complete: every page of commits was read (F26), oldest first."""

    status: Literal["ahead", "behind", "identical", "diverged"]
    ahead_by: int
    behind_by: int
    merge_base: str
    commits: tuple[Commit, ...]
    url: str = ""


class PullRequest(Value):
    """A pull request. `merged_sha` is only known from the answer to a merge (F24).

    `head_repository` is where its branch is, None where GitHub does not say, as for a fork that is gone; `mergeable` is
    None while GitHub works it out, and in lists.
    """

    number: int
    title: str
    body: str = ""
    author: str | None
    bot: bool = False
    labels: tuple[str, ...] = ()
    state: Literal["open", "closed"]
    merged: bool
    merged_at: datetime | None = None
    draft: bool = False
    head_ref: str
    head_sha: str
    base_ref: str
    url: str
    created_at: datetime | None = None
    head_repository: str | None = None
    mergeable: bool | None = None


class Issue(Value):
    """An issue. A pull request is none: `pull_request` tells one that was asked for by its number."""

    number: int
    title: str
    body: str = ""
    state: Literal["open", "closed"]
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    created_at: datetime
    closed_at: datetime | None = None
    pull_request: bool = False
    url: str


class Comment(Value):
    """A comment on an issue or a pull request; `at` is when it was written, None where GitHub does not say."""

    id: int
    body: str = ""
    url: str = ""
    author: str = ""
    bot: bool = False
    at: datetime | None = None


class TextFile(Value):
    """A text file of a repository, with the page that shows it."""

    path: str
    text: str
    url: str


class Moved(Value):
    """A branch or tag that stands at `sha`; `adopted` means that it stood there already."""

    ref: str
    sha: str
    outcome: Literal["created", "moved", "adopted"]


class Merged(Value):
    """The answer to a merge; `sha` is None when there was nothing to merge (204)."""

    sha: str | None
    outcome: Literal["merged", "adopted"]


class Picked(Value):
    """Commits on top of another one: ``sha`` has them all; ``empty`` if that other one had them already."""

    sha: str
    empty: bool


class RunRef(Value):
    """What a dispatch gave back. `id` None: this server gives no run id, so look the run up by its key (F51)."""

    id: int | None
    url: str | None = None


class Run(Value):
    """One workflow run. A re-run keeps the id and raises `attempt` (F53); `conclusion` is None until it completes."""

    id: int
    attempt: int
    status: str
    conclusion: str | None
    head_sha: str
    head_branch: str | None = None
    event: str = ""
    title: str
    workflow: str = ""
    url: str
    created_at: datetime
    started_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether the run has come to its end."""
        return self.status == "completed"

    @property
    def superseded(self) -> bool:
        """Cancelled is not failed: a concurrency group replaced it, or a person stopped it (F52)."""
        return self.conclusion == "cancelled"


class DeploymentStatus(Value):
    """One status of a deployment: error, failure, inactive, in_progress, queued, pending or success."""

    id: int
    state: str
    description: str = ""
    created_at: datetime
    log_url: str = ""


class Deployment(Value):
    """A deployment and its newest status; `key` is ours when we made it, None when another pipeline did."""

    id: int
    sha: str
    ref: str
    environment: str
    task: str = "deploy"
    description: str = ""
    key: str | None = None
    payload: dict[str, Any] = Field(default_factory=dict)
    creator: str | None = None
    created_at: datetime
    status: DeploymentStatus | None = None


class DeployedSha(Value):
    """What an environment runs: the newest deployment whose newest status is success, and since when."""

    sha: str
    since: datetime
    deployment_id: int


class Release(Value):
    """A published release of a tag."""

    id: int
    tag: str
    name: str
    body: str = ""
    draft: bool = False
    prerelease: bool = False
    url: str = ""


class Identity(Value):
    """Who a token speaks for; `scopes` is empty for fine-grained and app tokens, which have none."""

    login: str
    bot: bool
    scopes: tuple[str, ...]
