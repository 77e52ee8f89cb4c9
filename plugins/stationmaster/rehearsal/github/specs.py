"""How a stand-in GitHub is furnished: repositories, their environments, workflows and checks. Plain, frozen values."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from stationmaster.core.value import Value

CheckState = Literal["green", "red", "pending", "absent", "unreadable"]
Conclusion = Literal["success", "failure", "cancelled", "timed_out", "startup_failure", "action_required"]


class CheckSpec(Value):
    """The checks of every commit: `names` turn green `after` it landed.

    `red_share` of all commits (0 to 1, the same ones for the same `seed`) fail their last check. `scripted` says it for
    single commits (sha -> state).
    """

    names: tuple[str, ...] = ("build", "unit-tests")
    after: timedelta = timedelta(minutes=12)
    red_share: float = Field(default=0.0, ge=0, le=1)
    seed: int = 0
    scripted: Mapping[str, CheckState] = Field(default_factory=dict)


class EnvironmentSpec(Value):
    """An environment and what it runs when the world begins: the commit `sha`, or main as of an instant, or nothing.

    Given both, `sha` runs since `as_of`; without an instant, it was deployed `after` its commit landed.

    `follows` names a branch that is deployed here continuously: each of its moves is live `after` it. An environment
    that follows a branch begins with that branch's head.
    """

    name: str
    sha: str | None = None
    as_of: AwareDatetime | None = None
    follows: str | None = None
    after: timedelta = timedelta(minutes=20)
    production: bool = False


class UpgradeSpec(Value):
    """The pull request that a workflow opens when its run has succeeded, as an upgrade of dependencies does.

    `branch` and `title` are templates over the run's inputs. Where an open pull request stands on the branch already,
    it is moved to the new commit, as the usual action does. `files` are names and patches. `outcome` says what becomes
    of it: its checks turn green or red, it conflicts with its base, or there is nothing to upgrade and none is opened.
    """

    branch: str = "bot-update-deps"
    title: str = "chore: Update dependencies"
    body: str = ""
    author: str = "upgrade-bot[bot]"
    labels: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    outcome: Literal["green", "red", "conflict", "nothing"] = "green"


class WorkflowSpec(Value):
    """A workflow that is started by dispatch. Its run deploys its head to `environment` when that is given.

    `environment`, `run_name` and `concurrency` are templates over the inputs ("deploy-{environment}"); runs whose name
    lacks "{key}" cannot be told apart. `inputs` None accepts any. `appears_after` is how long a new run stays
    invisible, `queue` and `duration` how long it waits and runs; all on the world's clock.
    """

    file: str = "deploy.yml"
    name: str = "Deploy"
    inputs: tuple[str, ...] | None = None
    required: tuple[str, ...] = ()
    environment: str | None = None
    run_name: str = "{workflow} {environment} {key}"
    concurrency: str | None = None
    appears_after: timedelta = timedelta()
    queue: timedelta = timedelta(seconds=20)
    duration: timedelta = timedelta(minutes=6)
    conclusion: Conclusion = "success"
    dispatchable: bool = True
    upgrade: UpgradeSpec | None = None


class IssueSpec(Value):
    """An issue that is open when the world begins, opened `before` that."""

    title: str
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    before: timedelta = timedelta(days=1)


class RepositorySpec(Value):
    """A repository. `history` names a packaged history (its own name is looked up when it is left out).

    `shift` moves the whole history in time, by whole weeks so that the weekdays stay. `protected` branches refuse
    direct moves.
    """

    name: str
    history: str | None = None
    lively: bool = False
    """Whether a history is made up where none is packaged."""
    shift: timedelta = timedelta()
    default_branch: str = "main"
    environments: tuple[EnvironmentSpec, ...] = ()
    workflows: tuple[WorkflowSpec, ...] = ()
    checks: CheckSpec = CheckSpec()
    branches: Mapping[str, str] = Field(default_factory=dict)
    """Further branches at the start: name -> sha of a commit that had landed."""
    protected: tuple[str, ...] = ()
    private: bool = False
    issues: tuple[IssueSpec, ...] = ()
    files: tuple[str, ...] = ("README.md", "LICENSE")
    """What stands at its root; a name that ends in a slash is a folder."""
