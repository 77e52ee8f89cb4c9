"""A run of another DAG, started from within a task by Airflow's own means; the same run is started once."""

from __future__ import annotations

from typing import Any


class NotStarted(RuntimeError):
    """Airflow did not start a run; the task tries again."""


def start_run(dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
    """Start a run as TriggerDagRunOperator does; one that is there already is fine: its id says what it is for.

    :raises NotStarted: Airflow refuses.
    """
    from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    answer = SUPERVISOR_COMMS.send(TriggerDagRun(dag_id=dag_id, run_id=run_id, conf=conf))
    if isinstance(answer, ErrorResponse) and answer.error.value != "DAGRUN_ALREADY_EXISTS":
        raise NotStarted(
            f"Airflow did not start {dag_id}: {answer.error.value}. Look whether the DAG is paused or gone."
        )
