"""How somebody in a rehearsal answers a required action: logged in to Airflow as who they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stationmaster.rehearsal.airflow_answers import RequiredAction
from stationmaster.rehearsal.airflow_api import AirflowApi, AirflowConflict
from stationmaster.rehearsal.conducting import Scene


class Answers:
    """Answers questions in the name of Airflow's users.

    :param api_of: returns a client logged in as an Airflow user; it is closed here.
    :param tell: gets a sentence for each answer.
    """

    def __init__(self, api_of: Callable[[str], AirflowApi], tell: Callable[[str], None]) -> None:
        self._api_of = api_of
        self._tell = tell

    def give(self, action: RequiredAction, option: str, form: dict[str, Any], *, user: str | None = None) -> bool:
        """Answer as the first who is asked, or as ``user``; return whether the question still stood.

        What the form lacks is filled with its defaults.
        """
        asked = {each.id: each.name or each.id for each in action.assigned_users}
        if not asked or option not in action.options:
            return False
        name = user if user in asked else next(iter(asked))
        defaults = {field: _value(each) for field, each in action.params.items()}
        values = {**defaults, **{field: value for field, value in form.items() if field in action.params}}
        task = action.task_instance
        with self._api_of(str(name)) as api:
            try:
                api.answer(
                    task.dag_id, task.dag_run_id, task.task_id, [option], params=values, map_index=task.map_index
                )
            except AirflowConflict:
                return False  # the question has just ended by itself
        self._tell(f"{asked[str(name)]} answers {option!r} to {action.subject!r}")
        return True


def still(scene: Scene, action: RequiredAction) -> RequiredAction | None:
    """Return the same question as it stands now, None when it is no longer asked."""
    wanted = action.task_instance
    for found in scene.actions:
        task = found.task_instance
        same = (task.dag_id, task.dag_run_id, task.task_id, task.map_index) == (
            wanted.dag_id,
            wanted.dag_run_id,
            wanted.task_id,
            wanted.map_index,
        )
        if same and found.waits:
            return found
    return None


def _value(field: Any) -> Any:
    return field.get("value") if isinstance(field, dict) else field
