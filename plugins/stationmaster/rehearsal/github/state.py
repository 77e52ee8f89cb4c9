"""What the stand-in GitHub remembers: mutable records, guarded by the world's lock."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from stationmaster.rehearsal.github.specs import CheckState


@dataclass(slots=True)
class CommitRecord:
    """A commit. `landed_at`: when it came into the repository and its checks began; `depth` orders history."""

    sha: str
    parents: tuple[str, ...]
    message: str
    author: str
    committed_at: datetime
    landed_at: datetime
    depth: int
    pull: int | None = None
    tree: str = ""
    """Of commits made of a tree; the others have one of their own."""
    change: str = ""
    """Whose change it brings: of a pick that of the picked commit; empty: its own."""
    author_email: str = ""
    """Empty: the one that GitHub gives to the account of `author`."""
    linked: bool = True
    """Whether the mail address belongs to an account; otherwise GitHub shows no author."""
    committer: str | None = None
    """The login of who committed it, `web-flow` for GitHub itself, empty for an unknown one; None: the author."""
    verified: bool = False
    """Whether it bears a signature of its committer's that GitHub has verified."""


@dataclass(slots=True)
class TagRecord:
    """An annotated tag object."""

    sha: str
    tag: str
    message: str
    target: str
    tagged_at: datetime


@dataclass(slots=True)
class RefMove:
    """A branch came to stand at `sha`; None when it was deleted."""

    at: datetime
    ref: str
    sha: str | None


@dataclass(slots=True)
class PullRecord:
    """A pull request; a merged one knows the commit that it became."""

    number: int
    title: str
    body: str
    author: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    created_at: datetime
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: str | None = None
    merge_sha: str | None = None
    updated_at: datetime | None = None
    mergeable: bool = True
    files: tuple[tuple[str, str], ...] = ()
    """Names and patches; empty: what the history knows of its commits."""


@dataclass(slots=True)
class RunRecord:
    """A workflow run; the instants are the world's, `ends_at` is set when it starts."""

    id: int
    workflow: str
    number: int
    title: str
    inputs: dict[str, str]
    actor: str
    head_branch: str
    head_sha: str
    created_at: datetime
    visible_at: datetime
    queue: timedelta
    duration: timedelta
    wanted: str
    environment: str | None
    group: str | None
    attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    started_at: datetime | None = None
    ends_at: datetime | None = None
    updated_at: datetime | None = None
    queued_at: datetime | None = None
    deployment: int | None = None
    stubborn: bool = False
    """Ignores cancel; only force-cancel ends it."""


@dataclass(slots=True)
class StatusRecord:
    """One status of a deployment; it counts from `at` on, which may lie ahead where a branch is followed."""

    id: int
    at: datetime
    state: str
    description: str
    creator: str
    log_url: str = ""
    environment_url: str = ""


@dataclass(slots=True)
class DeploymentRecord:
    """A deployment and all its statuses, those to come included."""

    id: int
    sha: str
    ref: str
    task: str
    environment: str
    payload: Any
    description: str
    creator: str
    created_at: datetime
    production: bool
    transient: bool
    statuses: list[StatusRecord] = field(default_factory=list)


@dataclass(slots=True)
class ContextRecord:
    """A commit status."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: str
    at: datetime


@dataclass(slots=True)
class CheckRunRecord:
    """A check run that somebody reported."""

    id: int
    sha: str
    name: str
    status: str
    conclusion: str | None
    started_at: datetime
    completed_at: datetime | None


@dataclass(slots=True)
class IssueRecord:
    """An issue."""

    number: int
    title: str
    body: str
    author: str
    created_at: datetime
    updated_at: datetime
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    state: str = "open"
    closed_at: datetime | None = None


@dataclass(slots=True)
class CommentRecord:
    """A comment of an issue or a pull request."""

    id: int
    number: int
    body: str
    author: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class ReleaseRecord:
    """A release."""

    id: int
    tag: str
    target: str
    name: str
    body: str
    draft: bool
    prerelease: bool
    author: str
    created_at: datetime
    published_at: datetime | None


@dataclass(slots=True)
class RepositoryRecord:
    """Everything of one repository."""

    id: int
    name: str
    default_branch: str
    private: bool
    created_at: datetime
    archived: bool = False
    commits: dict[str, CommitRecord] = field(default_factory=dict)
    tag_objects: dict[str, TagRecord] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    moves: list[RefMove] = field(default_factory=list)
    pulls: dict[int, PullRecord] = field(default_factory=dict)
    runs: dict[int, RunRecord] = field(default_factory=dict)
    deployments: dict[int, DeploymentRecord] = field(default_factory=dict)
    contexts: list[ContextRecord] = field(default_factory=list)
    check_runs: dict[int, CheckRunRecord] = field(default_factory=dict)
    check_states: dict[str, CheckState] = field(default_factory=dict)
    issues: dict[int, IssueRecord] = field(default_factory=dict)
    comments: dict[int, CommentRecord] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    releases: dict[int, ReleaseRecord] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Text files that were added, by ``<branch>:<path>``; the history holds none."""
    conflicts: set[str] = field(default_factory=set)
    """Branches into which the next merge conflicts, and commits that conflict wherever they are merged."""
    tree_changes: dict[str, str] = field(default_factory=dict)
    """Whose change a tree that a merge made holds, besides that of the branch."""
    next_number: int = 1
