"""The world behind the stand-in GitHub: its repositories, its clock, its script of failures, its journal.

    world = GithubWorld(
        repositories=[
            RepositorySpec(
                name="chanzuckerberg/single-cell-explorer",
                shift=timedelta(weeks=N),
                environments=(
                    EnvironmentSpec(name="staging", as_of=...),
                    EnvironmentSpec(name="prod", as_of=..., production=True),
                ),
                workflows=(WorkflowSpec(file="deploy.yml", environment="{environment}"),),
            )
        ],
        clock=stationmaster.clock.now,                         # reads the virtual clock of a rehearsal
        tokens={"github-stand-in": "stationmaster[bot]"},      # token -> login; any other token is refused
        dispatch_mode="details",                               # or "no_details", "refuses_parameter"
    )
    app = create_app(world)                                    # stationmaster.rehearsal.github.standin
    with serve(app) as url: ...                                # connection host: f"{url}/api/v3"

Nothing runs by itself: each request first carries the world to the clock's present. The clock may jump forward by any
amount; a clock that goes back changes nothing. All public methods take the lock, so a test may call them while the app
serves.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import RLock
from typing import Any, Literal

from stationmaster import clock as house_clock
from stationmaster.rehearsal.github import graph as github_graph
from stationmaster.rehearsal.github.faults import Fault, FaultScript
from stationmaster.rehearsal.github.journal import Journal, JournalEntry
from stationmaster.rehearsal.github.pipeline import begin_environments, deploy_by_hand, follow_branches, statuses
from stationmaster.rehearsal.github.repository import Repository
from stationmaster.rehearsal.github.runner import rescript, settle_runs
from stationmaster.rehearsal.github.specs import CheckState, RepositorySpec, UpgradeSpec
from stationmaster.rehearsal.github.state import CommitRecord, DeploymentRecord

STAND_IN_TOKEN = "github-stand-in"  # noqa: S105 - it opens nothing but the stand-in
STAND_IN_LOGIN = "stationmaster[bot]"

DispatchMode = Literal["details", "no_details", "refuses_parameter"]
"""details: run details on request, always in 2026-03-10. no_details: 204 whatever is asked. refuses_parameter: 400."""


class UnknownRepository(LookupError):
    """The world has no repository of that name."""


class GithubWorld:
    """See the module. `scopes` is what every token of the world carries."""

    def __init__(
        self,
        *,
        repositories: Sequence[RepositorySpec],
        clock: Callable[[], datetime] = house_clock.now,
        tokens: Mapping[str, str] | None = None,
        dispatch_mode: DispatchMode = "details",
        scopes: Sequence[str] = ("admin:repo_hook", "repo", "workflow"),
    ) -> None:
        self.lock = RLock()
        self.clock = clock
        self.dispatch_mode = dispatch_mode
        self.scopes = tuple(scopes)
        self.tokens = dict(tokens) if tokens is not None else {STAND_IN_TOKEN: STAND_IN_LOGIN}
        self.faults = FaultScript()
        self.journal = Journal()
        self.requests_in_hour: dict[datetime, int] = {}
        self._ids = count(1001)
        self._renamed: dict[str, str] = {}
        self._followed: dict[str, int] = {}
        begins = self.now()
        self._repositories: dict[str, Repository] = {}
        for number, spec in enumerate(repositories, start=1):
            repository = Repository(spec=spec, identifier=number, begins=begins, next_id=self.next_id)
            begin_environments(repository)
            self._repositories[spec.name.lower()] = repository
        self.settle()

    def now(self) -> datetime:
        """Return the world's present, aware, in UTC, to the microsecond."""
        return self.clock().astimezone(UTC)

    def next_id(self) -> int:
        """Return a number that this world has not given yet."""
        return next(self._ids)

    def settle(self) -> datetime:
        """Carry every repository to the present and return it."""
        with self.lock:
            now = self.now()
            for name, repository in self._repositories.items():
                repository.settle(now)
                self._followed[name] = follow_branches(repository, self._followed.get(name, 0))
                settle_runs(repository, now)
            return now

    def repository(self, name: str) -> Repository:
        """Return a repository by its present name. Raises UnknownRepository."""
        try:
            return self._repositories[name.lower()]
        except KeyError:
            raise UnknownRepository(f"this world has no repository {name!r}") from None

    def repositories(self) -> list[Repository]:
        """Return all repositories."""
        return list(self._repositories.values())

    def moved_to(self, name: str) -> Repository | None:
        """Return the repository that had this name once, or None."""
        present = self._renamed.get(name.lower())
        return self._repositories.get(present) if present else None

    # What people and machines outside do, for tests and the driver.

    def script(self, fault: Fault) -> None:
        """Let a failure happen to the next requests that it matches."""
        with self.lock:
            self.faults.add(fault)

    def revoke(self, token: str) -> None:
        """Make a token worthless."""
        with self.lock:
            self.tokens.pop(token, None)

    def grant(self, token: str, login: str = STAND_IN_LOGIN) -> None:
        """Make a token valid for a login."""
        with self.lock:
            self.tokens[token] = login

    def push(
        self,
        repo: str,
        *,
        branch: str | None = None,
        title: str,
        author: str = "dev-01",
        author_email: str = "",
        linked: bool = True,
        committer: str | None = None,
        verified: bool = False,
    ) -> CommitRecord:
        """Let a person push one commit onto a branch (the default branch unless named).

        :param title: the whole message; trailers stand below an empty line.
        :param linked: whether the author's mail address belongs to an account.
        :param committer: a login, ``web-flow``, empty for an address that belongs to nobody; by default the author.
        :param verified: whether the committer signed it.
        """
        with self._settled(repo) as (repository, now):
            ref = f"heads/{branch}" if branch else repository.main
            head = repository.record.refs.get(ref) or repository.record.refs[repository.main]
            written: dict[str, Any] = {"author_email": author_email, "linked": linked, "committer": committer}
            written["verified"] = verified
            commit = repository.add_commit(parents=(head,), message=title, author=author, at=now, **written)
            repository.move(ref, commit.sha, now)
        self.settle()
        return commit

    def force_push(
        self, repo: str, *, branch: str | None = None, drop: int = 1, author: str = "dev-01"
    ) -> CommitRecord:
        """Let a person rewrite a branch: its newest `drop` commits are replaced by one other (F27)."""
        with self._settled(repo) as (repository, now):
            ref = f"heads/{branch}" if branch else repository.main
            chain = github_graph.walk(repository.record.commits, repository.record.refs[ref])
            base = next(commit for index, commit in enumerate(chain) if index == drop)
            commit = repository.add_commit(parents=(base.sha,), message="Rewritten", author=author, at=now)
            repository.move(ref, commit.sha, now)
        self.settle()
        return commit

    def deploy(self, repo: str, environment: str, sha: str, *, by: str = "dev-01") -> DeploymentRecord:
        """Let a person or another pipeline deploy a commit, with success, at once (F50)."""
        with self._settled(repo) as (repository, now):
            return deploy_by_hand(repository, environment, repository.commit(sha).sha, by=by, at=now)

    def script_checks(self, repo: str, sha: str, state: CheckState) -> None:
        """Fix what the checks of a commit say from now on."""
        with self._settled(repo) as (repository, _):
            repository.record.check_states[repository.commit(sha).sha] = state

    def script_conflict(self, repo: str, branch: str) -> None:
        """Let the next merge into a branch conflict."""
        with self._settled(repo) as (repository, _):
            repository.record.conflicts.add(branch)

    def script_runs(
        self,
        repo: str,
        workflow: str,
        *,
        conclusion: str | None = None,
        duration: timedelta | None = None,
        stubborn: bool | None = None,
    ) -> None:
        """Change how the runs of a workflow that are not done yet will end, and how its new ones do."""
        with self._settled(repo) as (repository, _):
            fields = {"conclusion": conclusion, "duration": duration}
            changes = {name: value for name, value in fields.items() if value is not None}
            repository.spec = repository.spec.model_copy(
                update={
                    "workflows": tuple(
                        spec.model_copy(update=changes) if spec.file == workflow else spec
                        for spec in repository.spec.workflows
                    )
                }
            )
            for run in repository.record.runs.values():
                if run.workflow == workflow and run.status != "completed":
                    rescript(run, conclusion, duration, stubborn)

    def script_upgrade(self, repo: str, workflow: str, **changes: object) -> None:
        """Change what the later runs of an upgrade workflow open: any field of UpgradeSpec."""
        with self._settled(repo) as (repository, _):
            repository.spec = repository.spec.model_copy(
                update={
                    "workflows": tuple(
                        spec.model_copy(update={"upgrade": (spec.upgrade or UpgradeSpec()).model_copy(update=changes)})
                        if spec.file == workflow
                        else spec
                        for spec in repository.spec.workflows
                    )
                }
            )

    def rename(self, repo: str, name: str) -> None:
        """Rename or transfer a repository: the old name redirects (F68)."""
        with self._settled(repo) as (repository, _):
            del self._repositories[repo.lower()]
            self._repositories[name.lower()] = repository
            self._followed[name.lower()] = self._followed.pop(repo.lower(), 0)
            self._renamed = {old: name.lower() if new == repo.lower() else new for old, new in self._renamed.items()}
            self._renamed[repo.lower()] = name.lower()
            repository.record.name = name

    def archive(self, repo: str, *, archived: bool = True) -> None:
        """Make a repository read-only (F68)."""
        with self._settled(repo) as (repository, _):
            repository.record.archived = archived

    # What the rehearsal's report is computed from.

    def writes(self, *, path: str = "", applied: bool | None = True, since: int = 0) -> list[JournalEntry]:
        """Return the writes that took effect (all with `applied` None), oldest first."""
        with self.lock:
            return self.journal.writes(path=path, applied=applied, since=since)

    def deployments(self, repo: str, environment: str) -> list[tuple[DeploymentRecord, str | None]]:
        """Return the deployments of an environment with their newest state, newest first."""
        with self._settled(repo) as (repository, now):
            found = [one for one in repository.record.deployments.values() if one.environment == environment]
            found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
            return [(one, told[0].state if (told := statuses(one, now)) else None) for one in found]

    def deployed(self, repo: str, environment: str) -> str | None:
        """Return the sha an environment runs: that of its newest successful deployment."""
        found = self.deployments(repo, environment)
        return next((deployment.sha for deployment, state in found if state == "success"), None)

    @contextmanager
    def _settled(self, repo: str) -> Iterator[tuple[Repository, datetime]]:
        with self.lock:
            now = self.settle()
            yield self.repository(repo), now
