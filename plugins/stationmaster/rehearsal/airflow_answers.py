"""What Airflow's public REST API tells, as far as anybody here asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """A part of an answer; fields that are not named here are left out, for Airflow may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Component(Answer):
    status: str | None = None


class Health(Answer):
    """The state of each component."""

    metadatabase: _Component
    scheduler: _Component
    triggerer: _Component
    dag_processor: _Component | None = None

    @property
    def unhealthy(self) -> tuple[str, ...]:
        """The components that have not reported, or not lately."""
        parts = {
            "database": self.metadatabase,
            "scheduler": self.scheduler,
            "triggerer": self.triggerer,
            "dag-processor": self.dag_processor,
        }
        return tuple(name for name, part in parts.items() if part is None or part.status != "healthy")


class Dag(Answer):
    """A DAG in the list."""

    dag_id: str
    is_paused: bool
    is_stale: bool
    has_import_errors: bool
    file_token: str
    last_parsed_time: datetime | None
    next_dagrun_run_after: datetime | None


class DagVersion(Answer):
    """One serialized version of a DAG."""

    id: str
    version_number: int
    created_at: datetime


class DagRun(Answer):
    """A run of a DAG."""

    dag_id: str
    dag_run_id: str
    state: str
    logical_date: datetime | None
    start_date: datetime | None
    end_date: datetime | None
    conf: dict[str, Any] | None
    note: str | None
    triggering_user_name: str | None

    @property
    def ended(self) -> bool:
        """Whether it will not go on by itself."""
        return self.state in {"success", "failed"}


class TaskInstance(Answer):
    """A task instance; ``state`` is None before it is scheduled."""

    id: str
    dag_id: str
    dag_run_id: str
    task_id: str
    map_index: int
    rendered_map_index: str | None
    state: str | None
    try_number: int
    operator: str | None = None
    note: str | None = None
    queued_when: datetime | None = None
    scheduled_when: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None

    @property
    def asking(self) -> str:
        """What tells one asking from the next: Airflow may fail the try that was answered, and tries again then."""
        return f"{self.id}/{self.try_number}"

    @property
    def label(self) -> str:
        """The task id, with the map index of a mapped one: ``ballot[3]``."""
        return self.task_id if self.map_index < 0 else f"{self.task_id}[{self.map_index}]"


class Assignee(Answer):
    """A user whom a required action names."""

    id: str
    name: str


WAITING = frozenset({"deferred", "awaiting_input"})
"""The states in which a task waits for its answer."""


class RequiredAction(Answer):
    """A question to a person."""

    task_instance: TaskInstance
    subject: str
    body: str | None
    options: tuple[str, ...]
    defaults: tuple[str, ...] | None = None
    params: dict[str, Any] = {}
    assigned_users: tuple[Assignee, ...] = ()
    response_received: bool = False
    chosen_options: tuple[str, ...] | None = None
    params_input: dict[str, Any] = {}
    responded_by_user: Assignee | None = None
    responded_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether an answer still makes a difference."""
        return not self.response_received and self.task_instance.state in WAITING


class ImportFault(Answer):
    """A file that could not be parsed."""

    filename: str
    stack_trace: str
    bundle_name: str | None

    @property
    def last_line(self) -> str:
        """The last line of the trace: the error itself."""
        lines = self.stack_trace.strip().splitlines()
        return lines[-1] if lines else ""
