"""The tasks that bring one component onto one environment."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from airflow.sdk import TaskGroup, TriggerRule

from stationmaster.config.components import Component
from stationmaster.config.train import TrainConfig
from stationmaster.operators.base import NAMED
from stationmaster.operators.checking import ChecklistOperator
from stationmaster.operators.deploying import DeployByHandOperator, DeployOperator, VerifyOperator

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator


def component_tasks(
    train: TrainConfig, component: Component, common: dict[str, Any], environment: str, *, whatever: bool = False
) -> list[BaseOperator]:
    """Return the tasks that bring a component to an environment, in their order; none where it is not deployed.

    :param whatever: go on with it whatever became of the one before; the gates are counted by whoever deploys.
    """
    mode = component.deploy(environment).mode
    page = component.checklist_of(environment)
    if mode == "none":
        return []
    # A component that stays behind skips its own tasks and not those of the next one.
    rule = {"trigger_rule": TriggerRule.NONE_FAILED}
    begin = {"trigger_rule": TriggerRule.ALL_DONE} if whatever else rule
    with TaskGroup(group_id=component.id, tooltip=component.title or component.id):
        first: Any = (
            DeployByHandOperator.partial(
                task_id=f"deploy_to_{environment}", component=component.id, map_index_template=NAMED, **common, **begin
            ).expand(role=[train.on_call])
            if mode == "manual"
            else DeployOperator(task_id=f"deploy_to_{environment}", component=component.id, **common, **begin)
        )
        steps = [first, VerifyOperator(task_id=f"verify_{environment}", component=component.id, **common, **rule)]
        if page is not None:
            steps.append(
                ChecklistOperator.partial(
                    task_id=f"test_{environment}",
                    component=component.id,
                    page=page,
                    map_index_template=NAMED,
                    **common,
                    **rule,
                ).expand(role=[train.on_call])
            )
    return steps


def in_a_row(steps: list[Any]) -> None:
    """Let each step follow the one before it."""
    for before, after in pairwise(steps):
        before >> after
