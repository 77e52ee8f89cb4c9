"""What a person has answered, read where Airflow keeps it: an answer may come while no task is there to be woken."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any

log = logging.getLogger(__name__)

REST_SECONDS = 15.0
"""Real seconds before Airflow is asked again, when it could not say what was answered."""
PATIENCE = 20
"""How often it is asked: after that the task is woken to fail, for until then nobody looks in its place."""


class QuestionGone(LookupError):
    """Airflow has no question of this task any more: its database was cleaned."""


async def given(trigger: Any) -> dict[str, Any] | None:
    """Return the answer to the question of a trigger's task, if there is one."""
    try:
        return await answer_given(trigger.task_instance)
    except QuestionGone as gone:
        log.warning("Airflow knows of no question of %s", gone)
        return None


async def answer_given(task_instance: Any) -> dict[str, Any] | None:
    """Return the answer to the question of a task instance, as Airflow wakes a task with it; None if there is none.

    Airflow wakes only a task that is deferred when the answer comes (fact 3). One that comes a moment earlier, or whose
    try Airflow fails, stands in its database alone.

    :raises QuestionGone: Airflow knows of no such question.
    :raises AirflowRuntimeError: it cannot say, however often it is asked.
    """
    from airflow.sdk.exceptions import AirflowRuntimeError
    from airflow.sdk.execution_time.hitl import get_hitl_detail_content_detail
    from asgiref.sync import sync_to_async

    read = sync_to_async(get_hitl_detail_content_detail, thread_sensitive=False)
    for attempt in range(1, PATIENCE + 1):
        try:
            found = await read(ti_id=task_instance.id)
        except AirflowRuntimeError as failed:
            if (failed.error.detail or {}).get("status_code") == HTTPStatus.NOT_FOUND:
                raise QuestionGone(str(task_instance.id)) from failed
            if attempt == PATIENCE:
                raise
            log.warning("Airflow does not say whether %s was answered: %s", task_instance.id, failed)
            await asyncio.sleep(REST_SECONDS)
        else:
            break
    if not found.response_received or not found.chosen_options:
        return None
    responder = found.responded_by_user
    return {
        "chosen_options": list(found.chosen_options),
        "params_input": dict(found.params_input or {}),
        "responded_at": found.responded_at,
        "responded_by_user": {"id": responder.id, "name": responder.name} if responder is not None else None,
    }
