"""A train's rollout becomes its DAG: one mapped group over the batches, whatever the plan of the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Param, TriggerRule, task_group

from stationmaster.assemble.building import building, train_defaults
from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing import rollout_doc
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.operators.closing import TELLER
from stationmaster.operators.rolling_out import (
    CHECK_TASK,
    OPEN_TASK,
    SAY_TASK,
    BatchOperator,
    CheckPlanOperator,
    CloseRolloutOperator,
    OpenRolloutOperator,
    RequestVotesOperator,
    SayScheduleOperator,
)

if TYPE_CHECKING:
    from stationmaster.config.rolling_out import Rollout

ROLLOUT = "rollout"
GROUP = "batch"
MOST_BATCHES = 1024
"""Airflow's ``max_map_length``: a plan has one row a batch, so that a thousand targets are far below it."""
_LABELLED = "{{ task.label }}"
# Fixed for ever: a start date that moves makes a new version of the DAG each time it is parsed (fact 27).
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def rollout_dags(
    include: Path,
    team: TeamConfig,
    train: TrainConfig,
    *,
    dag_file: Path | str | None = None,
    only: str | None = None,
) -> Iterator[DAG]:
    """Yield ``<team>.<train>.rollout`` of a train that rolls out.

    :param dag_file: the file that defines it, from which its tasks find ``include/``.
    :param only: a DAG id; no other is built.
    """
    if train.rollout is None or only not in (None, f"{train.key}.{ROLLOUT}"):
        return
    common: dict[str, Any] = {
        "include": found_from(include, dag_file),
        "team": team.id,
        "train": train.id,
        "stop": "promote",
    }
    dag = _dag(team, train, train.rollout, common)
    if dag_file is not None:
        dag.fileloc = str(Path(dag_file).absolute())
    yield dag


def _dag(team: TeamConfig, train: TrainConfig, rollout: Rollout, common: dict[str, Any]) -> DAG:
    with building(
        DAG(
            dag_id=f"{train.key}.{ROLLOUT}",
            dag_display_name=f"{train.title}: rollout",
            description=f"{team.title}: {rollout.component} to its targets, batch by batch; started by hand",
            doc_md=rollout_doc(train, rollout),
            schedule=None,
            start_date=_START,
            catchup=False,
            tags={f"team:{team.id}", f"train:{train.key}", "form"},
            default_args=train_defaults(team, train, common["include"]),
            params=_form(rollout),
            is_paused_upon_creation=False,
        )
    ) as dag:
        checked = CheckPlanOperator(task_id=CHECK_TASK, **common)
        said = SayScheduleOperator(task_id=SAY_TASK, **common)
        opened = OpenRolloutOperator(task_id=OPEN_TASK, **common)
        closed = CloseRolloutOperator(task_id=TELLER, trigger_rule=TriggerRule.ALL_DONE, **common)

        @task_group(group_id=GROUP, tooltip="One batch: its targets get their version together")
        def batch(row: Any) -> None:
            mapped = {"batch": row, "map_index_template": _LABELLED, **common}
            started = BatchOperator(task_id="wait_until_start_time", stage="start", **mapped)
            proposed = BatchOperator(task_id="create_proposal_if_none_exists", stage="proposed", **mapped)
            asked = RequestVotesOperator(task_id="request_votes", stage="proposed", **mapped)
            accepted = BatchOperator(task_id="wait_until_accepted", stage="accepted", **mapped)
            running = BatchOperator(task_id="wait_until_version_runs", stage="running", **mapped)
            started >> proposed >> asked >> accepted >> running
            running >> BatchOperator(task_id="wait_until_no_alerts", stage="quiet", **mapped)

        batches = batch.expand(row=opened.output)
        checked >> said >> opened
        batches >> closed
    return dag


def _form(rollout: Rollout) -> dict[str, Param]:
    return {
        "dry_run": Param(
            True, type="boolean", title="Dry run", description="Only check the plan and say the schedule."
        ),
        "departure": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-W\d{2}$",
            title="Departure",
            description="The week of a departure that is promoted, such as 2026-W48; empty: the one of this week.",
        ),
        "plan": Param(
            rollout.plan,
            type="string",
            format="multiline",
            title="Plan",
            description="Days, times and targets, as docs/rollouts.md says. Every mistake is told at once.",
        ),
        "start": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Days count from the week of",
            description="Empty: this week.",
        ),
        "take_back": Param(
            [],
            type="array",
            items={"type": "string", "maxLength": 100},
            title="Take back",
            description="Targets that run something newer and go back all the same: the whole name of each.",
        ),
    }
