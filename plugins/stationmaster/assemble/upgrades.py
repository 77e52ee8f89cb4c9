"""A team whose file names upgrades gets the DAG of its weekly dependency upgrades (D-24, D-25)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, task_group

from stationmaster.assemble.building import defaults, notice_of
from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing import upgrades_doc
from stationmaster.config.team import TeamConfig
from stationmaster.config.upgrading import Upgrades
from stationmaster.core.upgrades import AREA
from stationmaster.operators.upgrade_step import START_TASK
from stationmaster.operators.upgrading import (
    CloseSupersededOperator,
    FindPullOperator,
    FollowChecksOperator,
    SettleUpgradeOperator,
    StartUpgradeOperator,
)
from stationmaster.timetables.stop_timetable import WeeklyStopTimetable

GROUP = "upgrade"
ROW = ("merge_or_ask", "ask_the_next_shift", "ask_the_shift_after", "ask_the_last_shift")
"""One task for each shift that an upgrade may live through: a task instance asks the same people for ever (fact 4)."""
_NAMED = "{{ task.named }}"
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
_ASKED_AGAIN = 25
"""Each answer that settles nothing ends a try."""


def upgrade_dags(
    include: Path, team: TeamConfig, *, dag_file: Path | str | None = None, only: str | None = None
) -> Iterator[DAG]:
    """Yield ``<team>.dependencies``, unless the team's file names no upgrades.

    :param dag_file, only: as of :func:`stationmaster.assemble.include.dags_of`.
    """
    dag_id = f"{team.id}.{AREA}"
    if team.upgrades is None or only not in (None, dag_id):
        return
    dag = _dag(dag_id, include, team, team.upgrades, found_from(include, dag_file))
    if dag_file is not None:
        dag.fileloc = str(Path(dag_file).absolute())
    yield dag


def _dag(dag_id: str, include: Path, team: TeamConfig, rules: Upgrades, found: str) -> DAG:
    with DAG(
        dag_id=dag_id,
        dag_display_name=f"{team.title}: dependencies",
        description=f"{team.title}: the weekly dependency upgrades, from the workflow to the merge",
        doc_md=upgrades_doc(include, team, rules),
        schedule=WeeklyStopTimetable(stop=rules.timetable(team.zone)),
        start_date=_START,
        catchup=False,
        # An older run ends when the next upgrade begins: the next one may begin a moment earlier.
        max_active_runs=2,
        tags={f"team:{team.id}", AREA},
        default_args=defaults(team, told=notice_of(team, found, role=rules.role, channel=rules.channel)),
        is_paused_upon_creation=False,
    ) as dag:

        @task_group(group_id=GROUP)
        def upgrade(repository: Any) -> None:
            _tasks({"include": found, "team": team.id, "repository": repository, "map_index_template": _NAMED})

        upgrade.expand(repository=[entry.repository for entry in rules.repositories])
    return dag


def _tasks(common: dict[str, Any]) -> None:
    """Put the tasks of one repository in a row; those of another wait for nothing of it."""
    steps: list[Any] = [
        StartUpgradeOperator(task_id=START_TASK, **common),
        FindPullOperator(task_id="find_the_pull_request", **common),
        CloseSupersededOperator(task_id="close_superseded", **common),
        FollowChecksOperator(task_id="wait_for_the_checks", **common),
    ]
    for place, task_id in enumerate(ROW):
        last = place == len(ROW) - 1
        steps.append(
            SettleUpgradeOperator(task_id=task_id, place=place, last=last, **{**common, "retries": _ASKED_AGAIN})
        )
    for before, after in pairwise(steps):
        before >> after
