"""Airflow's side of the tries of task instances, without Airflow: their numbers, and what it keeps between two."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

from airflow.sdk.exceptions import TaskDeferred
from airflow.sdk.serde import deserialize, serialize

UNANSWERED = {"question": "unanswered"}


def by_airflow(kwargs: dict[str, Any]) -> dict[str, Any]:
    """What a task is resumed with, after Airflow has kept it in its database."""
    kept: dict[str, Any] = deserialize(json.loads(json.dumps(serialize(kwargs))))
    return kept


class StateStore:
    """What a task instance keeps for its next try, as JSON."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return json.loads(self._kept[key]) if key in self._kept else default

    def set(self, key: str, value: Any) -> None:
        assert value is not None
        self._kept[key] = json.dumps(value)

    def delete(self, key: str) -> None:
        self._kept.pop(key, None)


class Tries:
    """Counts the tries of each task instance; reads for a new one whether an earlier one was answered."""

    def __init__(self) -> None:
        self.numbers: Counter[str] = Counter()
        self.stores: defaultdict[str, StateStore] = defaultdict(StateStore)
        self.answered: dict[str, dict[str, Any]] = {}
        """What was answered while no task was there to be woken, by :func:`name`: Airflow keeps it (fact 3)."""

    def call(self, operator: Any, method: str, context: dict[str, Any], kwargs: dict[str, Any]) -> Any:
        """Call a task as Airflow does; the look for an answer is taken at once."""
        this = name(operator)
        if method == "execute":
            self.numbers[this] += 1
        context["ti"].try_number = max(1, self.numbers[this])
        context["task_state_store"] = self.stores[this]
        try:
            return getattr(operator, method)(context, **kwargs)
        except TaskDeferred as deferred:
            if deferred.method_name != "taken_up":
                raise
            kept = by_airflow(deferred.kwargs)
            return operator.taken_up(context, event=self.answered.pop(this, UNANSWERED), **kept)


def name(operator: Any) -> str:
    """The task instance: the task, and what tells it from its mapped siblings."""
    return f"{operator.task_id}/{getattr(operator, 'label', '')}/{getattr(operator, 'place', '')}"
