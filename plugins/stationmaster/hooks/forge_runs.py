"""Workflow runs: dispatched once, recognised by their key, followed to their end."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from stationmaster.hooks import forge_answers, forge_names
from stationmaster.hooks.errors import ForgeConflict, ForgeRejected
from stationmaster.hooks.forge_models import Run, RunRef
from stationmaster.hooks.forge_wire import PAGE, ForgePart, ForgeWire

MOST_INPUTS = 25
CLOCK_SKEW = timedelta(minutes=2)
"""How far GitHub's clock may be behind ours before a run of ours would be overlooked."""

DETAILS_BECAME_STANDARD = "2026-03-10"


class ForgeRuns(ForgePart):
    """A dispatch carries its key as the input `key`; the workflow shows it in its run-name (F51)."""

    def __init__(self, wire: ForgeWire, *, api_version: str) -> None:
        super().__init__(wire)
        self._asks_details = api_version < DETAILS_BECAME_STANDARD

    def dispatch(self, repo: str, workflow: str, ref: str, inputs: Mapping[str, str], key: str) -> RunRef:
        """Start a workflow at a branch or tag and return the run, if this server tells (else RunRef(id=None)).

        The workflow runs the code at `ref`; point a branch or tag at the pinned commit first and check the run's
        head_sha (F54). Raises ForgeOutcomeUnknown when the answer was lost: then find_runs decides, never a second
        dispatch. A server that does not know `return_run_details` answers 400 and is asked once more without it.
        """
        if "key" in inputs or len(inputs) >= MOST_INPUTS:
            raise ForgeRejected(
                f"a dispatch of {workflow} takes at most {MOST_INPUTS - 1} inputs beside `key`, which is ours"
            )
        forge_names.branch(ref)
        path = f"{forge_names.repository(repo)}/actions/workflows/{forge_names.workflow(workflow)}/dispatches"
        body = {"ref": ref, "inputs": {**inputs, "key": key}}
        if self._asks_details:
            try:
                return _run_ref(self._wire.write("POST", path, {**body, "return_run_details": True}).data)
            except ForgeRejected as error:
                if error.status != 400 and "return_run_details" not in error.message:
                    raise
                self._asks_details = False
        return _run_ref(self._wire.write("POST", path, body).data)

    def find_runs(self, repo: str, workflow: str, key: str, since: datetime) -> list[Run]:
        """Return the runs of a workflow whose name carries `key`, oldest first; `since` is when it was dispatched.

        Two runs from one dispatch are GitHub's doing: keep the first, cancel the others (F03).
        """
        earliest = (since - CLOCK_SKEW).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        path = f"{forge_names.repository(repo)}/actions/workflows/{forge_names.workflow(workflow)}/runs"
        query = {"event": "workflow_dispatch", "created": f">={earliest}"}
        runs = (forge_answers.workflow_run(item) for item in self._wire.pages(path, query, field="workflow_runs"))
        return sorted(
            (run for run in runs if forge_names.carries(run.title, key)), key=lambda run: (run.created_at, run.id)
        )

    def finished_runs(self, repo: str, branch: str) -> list[Run]:
        """Return the newest runs on a branch that have come to their end, newest first, at most a hundred."""
        path = f"{forge_names.repository(repo)}/actions/runs"
        query: dict[str, str | int] = {"branch": forge_names.branch(branch), "status": "completed", "per_page": PAGE}
        found = islice(self._wire.pages(path, query, field="workflow_runs"), PAGE)
        return sorted(
            (forge_answers.workflow_run(item) for item in found), key=lambda run: (run.created_at, run.id), reverse=True
        )

    def run(self, repo: str, run_id: int) -> Run:
        """Return a run as it stands. Raises ForgeNotFound."""
        path = f"{forge_names.repository(repo)}/actions/runs/{forge_names.number(run_id)}"
        return forge_answers.workflow_run(self._wire.read(path))

    def cancel_run(self, repo: str, run_id: int, *, force: bool = False) -> bool:
        """Ask a run to stop; False when it had come to its end already. It stops later: follow it to its end."""
        action = "force-cancel" if force else "cancel"
        path = f"{forge_names.repository(repo)}/actions/runs/{forge_names.number(run_id)}/{action}"
        try:
            self._wire.write("POST", path)
        except ForgeConflict as error:
            if error.status != 409:
                raise
            return False
        return True


def _run_ref(data: object) -> RunRef:
    if not isinstance(data, dict) or not isinstance(data.get("workflow_run_id"), int):
        return RunRef(id=None)
    return RunRef(id=data["workflow_run_id"], url=data.get("html_url") or data.get("run_url"))
