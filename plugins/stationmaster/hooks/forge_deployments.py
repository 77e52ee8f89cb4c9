"""Deployments: what an environment runs, and the records we keep there."""

from collections.abc import Iterator
from typing import Literal

from stationmaster.hooks import forge_answers, forge_names
from stationmaster.hooks.errors import ForgeConflict
from stationmaster.hooks.forge_models import DeployedSha, Deployment, DeploymentStatus
from stationmaster.hooks.forge_wire import ForgePart

State = Literal["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]
LONGEST_DESCRIPTION = 140


class ForgeDeployments(ForgePart):
    """GitHub gives deployments no idempotency of its own; ours carry their key in the payload."""

    def deployed_sha(self, repo: str, environment: str) -> DeployedSha | None:
        """Return what the environment runs: its newest deployment whose newest status is success; or None.

        A deployment in progress or failed is passed over, since the environment still runs what came before it.
        """
        for found in self._deployments(repo, environment, None):
            status = self._newest_status(repo, found.id)
            if status is not None and status.state == "success":
                return DeployedSha(sha=found.sha, since=status.created_at, deployment_id=found.id)
        return None

    def find_deployment(self, repo: str, environment: str, key: str, *, sha: str | None = None) -> Deployment | None:
        """Return the oldest deployment that carries `key`, with its newest status; `sha` narrows the search."""
        carriers = [found for found in self._deployments(repo, environment, sha) if found.key == key]
        if not carriers:
            return None
        oldest = carriers[-1]
        return oldest.model_copy(update={"status": self._newest_status(repo, oldest.id)})

    def create_deployment(
        self,
        repo: str,
        sha: str,
        environment: str,
        key: str,
        description: str = "",
        *,
        production: bool = False,
        transient: bool = False,
    ) -> Deployment:
        """Record a deployment of exactly `sha`: nothing is merged, no context is required (F55).

        Raises ForgeConflict when GitHub merged in place of deploying (202) or refuses (409). The look-up after a lost
        answer is find_deployment(repo, environment, key).
        """
        body = {
            "ref": forge_names.commit(sha),
            "environment": environment,
            "task": "deploy",
            "payload": {"key": key},
            "auto_merge": False,
            "required_contexts": [],
            "production_environment": production,
            "transient_environment": transient,
            "description": description[:LONGEST_DESCRIPTION],
        }
        answer = self._wire.write("POST", f"{forge_names.repository(repo)}/deployments", body)
        if answer.status != 201:
            raise ForgeConflict(
                f"{repo}: GitHub answered {answer.status} to a deployment of {sha} and made none "
                f"({(answer.data or {}).get('message', 'no explanation')})",
                status=answer.status,
            )
        return forge_answers.deployment(answer.data)

    def deployment_statuses(self, repo: str, deployment_id: int) -> list[DeploymentStatus]:
        """Return the statuses of a deployment, newest first."""
        path = f"{forge_names.repository(repo)}/deployments/{forge_names.number(deployment_id)}/statuses"
        found = [forge_answers.deployment_status(item) for item in self._wire.pages(path)]
        return sorted(found, key=lambda status: (status.created_at, status.id), reverse=True)

    def set_deployment_status(
        self, repo: str, deployment_id: int, state: State, *, description: str = "", log_url: str = ""
    ) -> DeploymentStatus:
        """Append a status, unless the newest one says the same already."""
        present = self._newest_status(repo, deployment_id)
        if present is not None and present.state == state:
            return present
        path = f"{forge_names.repository(repo)}/deployments/{forge_names.number(deployment_id)}/statuses"
        body = {"state": state, "description": description[:LONGEST_DESCRIPTION], "log_url": log_url}
        return forge_answers.deployment_status(self._wire.write("POST", path, body).data)

    def _deployments(self, repo: str, environment: str, sha: str | None) -> Iterator[Deployment]:
        query = {"environment": environment, **({"sha": forge_names.commit(sha)} if sha else {})}
        for item in self._wire.pages(f"{forge_names.repository(repo)}/deployments", query):
            yield forge_answers.deployment(item)

    def _newest_status(self, repo: str, deployment_id: int) -> DeploymentStatus | None:
        statuses = self.deployment_statuses(repo, deployment_id)
        return statuses[0] if statuses else None
