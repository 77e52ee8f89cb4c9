"""What reaches an environment: by a workflow's job, by following a branch, or from the beginning."""

from datetime import datetime
from typing import Any

from stationmaster.rehearsal.github.repository import Repository
from stationmaster.rehearsal.github.specs import EnvironmentSpec
from stationmaster.rehearsal.github.state import DeploymentRecord, RunRecord, StatusRecord

ACTIONS = "github-actions[bot]"
OUTCOME = {"success": "success", "failure": "failure"}


def deploy(
    repository: Repository,
    *,
    sha: str,
    ref: str,
    environment: str,
    at: datetime,
    creator: str = ACTIONS,
    task: str = "deploy",
    payload: Any = None,
    description: str = "",
    production: bool = False,
    transient: bool = False,
) -> DeploymentRecord:
    """Record a deployment."""
    record = DeploymentRecord(
        id=repository.next_id(),
        sha=sha,
        ref=ref,
        task=task,
        environment=environment,
        payload=payload if payload is not None else {},
        description=description,
        creator=creator,
        created_at=at,
        production=production,
        transient=transient,
    )
    repository.record.deployments[record.id] = record
    return record


def tell(
    repository: Repository,
    deployment: DeploymentRecord,
    state: str,
    at: datetime,
    *,
    creator: str = ACTIONS,
    description: str = "",
    log_url: str = "",
    environment_url: str = "",
    auto_inactive: bool = True,
) -> StatusRecord:
    """Add a status; a success makes earlier deployments that are neither transient nor production inactive."""
    status = StatusRecord(
        id=repository.next_id(),
        at=at,
        state=state,
        description=description,
        creator=creator,
        log_url=log_url,
        environment_url=environment_url,
    )
    deployment.statuses.append(status)
    if state == "success" and auto_inactive:
        for other in repository.record.deployments.values():
            if _is_replaced(other, deployment, at):
                other.statuses.append(
                    StatusRecord(id=repository.next_id(), at=at, state="inactive", description="", creator=creator)
                )
    return status


def statuses(deployment: DeploymentRecord, now: datetime) -> list[StatusRecord]:
    """Return the statuses that had been written by `now`, the newest first."""
    return sorted((one for one in deployment.statuses if one.at <= now), key=lambda one: (one.at, one.id), reverse=True)


def begin_environments(repository: Repository) -> None:
    """Deploy what each environment runs when the world begins."""
    for environment in repository.spec.environments:
        sha = _initial(repository, environment)
        if sha is not None:
            landed = repository.commit(sha).landed_at + environment.after
            at = min(environment.as_of or landed, repository.begins)
            _deploy_now(repository, environment, sha, started=at, at=at)


def follow_branches(repository: Repository, since: int) -> int:
    """Deploy each move of a followed branch after number `since`; returns the number of moves seen.

    A deployment starts at the move and is live `after` it: its statuses carry those instants, some of them ahead.
    """
    for move in repository.record.moves[since:]:
        for environment in repository.spec.environments:
            if environment.follows and move.ref == f"heads/{environment.follows}" and move.sha is not None:
                _deploy_now(repository, environment, move.sha, started=move.at, at=move.at + environment.after)
    return len(repository.record.moves)


def deploy_by_hand(repository: Repository, environment: str, sha: str, *, by: str, at: datetime) -> DeploymentRecord:
    """Record a deployment that no workflow of ours made, and its success."""
    production = is_production(repository, environment)
    record = deploy(repository, sha=sha, ref=sha, environment=environment, at=at, creator=by, production=production)
    tell(repository, record, "success", at, creator=by)
    return record


def job_started(repository: Repository, run: RunRecord, at: datetime) -> None:
    """A job with `environment:` records its deployment when it starts."""
    if run.environment is None:
        return
    record = deploy(
        repository,
        sha=run.head_sha,
        ref=run.head_branch,
        environment=run.environment,
        at=at,
        production=is_production(repository, run.environment),
    )
    run.deployment = record.id
    tell(repository, record, "in_progress", at)


def job_ended(repository: Repository, run: RunRecord, at: datetime) -> None:
    """The deployment of a job ends as the job did; a job that never started has none."""
    record = repository.record.deployments.get(run.deployment or 0)
    if record is not None:
        tell(repository, record, OUTCOME.get(run.conclusion or "", "error"), at)
        run.deployment = None


def is_production(repository: Repository, environment: str) -> bool:
    """Whether an environment is furnished as production, or named so."""
    furnished = {spec.name: spec.production for spec in repository.spec.environments}
    return furnished.get(environment, environment == "production")


def _deploy_now(
    repository: Repository, environment: EnvironmentSpec, sha: str, *, started: datetime, at: datetime
) -> None:
    record = deploy(
        repository,
        sha=sha,
        ref=environment.follows or sha,
        environment=environment.name,
        at=started,
        production=environment.production,
    )
    tell(repository, record, "in_progress", started)
    tell(repository, record, "success", at)


def _initial(repository: Repository, environment: EnvironmentSpec) -> str | None:
    if environment.sha is not None:
        return repository.commit(environment.sha).sha
    if environment.as_of is not None:
        head = repository.history.head(environment.as_of)
        return head.sha if head else None
    return repository.resolve(environment.follows) if environment.follows else None


def _is_replaced(other: DeploymentRecord, newer: DeploymentRecord, at: datetime) -> bool:
    present = statuses(other, at)
    return (
        other is not newer
        and other.environment == newer.environment
        and not other.transient
        and not other.production
        and (other.created_at, other.id) < (newer.created_at, newer.id)
        and bool(present)
        and present[0].state != "inactive"
    )
