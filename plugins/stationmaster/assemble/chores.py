"""Each chore of a team becomes a DAG: opened, asked of whoever is on call, closed (D-22, D-23, O-07, T-16, N-09)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param, TriggerRule

from stationmaster.assemble.building import building, defaults, notice_of
from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing_chores import chore_doc
from stationmaster.config.chore_schedules import FormField
from stationmaster.config.chore_timing import schedule_of
from stationmaster.config.chores import Chore, channel_key
from stationmaster.config.team import TeamConfig
from stationmaster.core.chores import AREA, dag_of, row
from stationmaster.operators.doing_chores import (
    OPEN_TASK,
    CheckChoreOperator,
    CloseChoreOperator,
    DoChoreOperator,
    LogChoreOperator,
    OpenChoreOperator,
)
from stationmaster.timetables.chore_timetable import ChoreTimetable

CHECK_TASK, LOG_TASK, CLOSE_TASK = "let_a_machine_look", "log_it_as_an_issue", "close_the_chore"
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
_NAMED = "{{ task.named }}"
_ASKED_AGAIN = 25
"""Each answer that will not do ends a try."""
_REQUESTS = 16
"""Requests that may be open at once."""
_LONGEST = {"line": 200, "text": 4000, "link": 2000}


def chore_dags(
    include: Path, team: TeamConfig, *, dag_file: Path | str | None = None, only: str | None = None
) -> Iterator[DAG]:
    """Yield ``<team>.chores.<chore>`` for each chore of the team.

    :param dag_file, only: as of :func:`stationmaster.assemble.include.dags_of`.
    """
    for chore in team.chores.values():
        dag_id = dag_of(team.id, chore.id)
        if only not in (None, dag_id):
            continue
        dag = _dag(dag_id, include, team, chore, found_from(include, dag_file))
        if dag_file is not None:
            dag.fileloc = str(Path(dag_file).absolute())
        yield dag


def _dag(dag_id: str, include: Path, team: TeamConfig, chore: Chore, found: str) -> DAG:
    schedule = schedule_of(team, chore)
    tags = {f"team:{team.id}", AREA, f"role:{chore.role}"}
    tags |= {f"priority:{chore.priority}"} if chore.priority else set()
    made = DAG(
        dag_id=dag_id,
        dag_display_name=f"{team.title}: {chore.title}",
        description=f"{team.title}: {chore.title}, of whoever holds {chore.role}",
        doc_md=chore_doc(include, team, chore),
        schedule=None if schedule is None else ChoreTimetable(schedule=schedule),
        start_date=_START,
        catchup=False,
        # A run is over when the next one begins, which may be a moment earlier; requests go on side by side.
        max_active_runs=2 if schedule is not None else _REQUESTS,
        tags=tags if schedule is not None else tags | {"form"},
        default_args=defaults(
            team, told=notice_of(team, found, role=chore.role, channel=channel_key(chore, team.chores_head))
        ),
        params={name: _param(field) for name, field in chore.form.form.items()} if chore.form is not None else {},
        is_paused_upon_creation=False,
    )
    with building(made) as dag:
        _tasks(team, chore, {"include": found, "team": team.id, "chore": chore.id})
    return dag


def _tasks(team: TeamConfig, chore: Chore, common: dict[str, Any]) -> None:
    opened = OpenChoreOperator(task_id=OPEN_TASK, **common)
    steps: list[Any] = [opened]
    if chore.check is not None:
        steps.append(CheckChoreOperator(task_id=CHECK_TASK, **common))
    names = row(chore.late.hands)
    for place, task_id in enumerate(names):
        last = place == len(names) - 1
        asks = DoChoreOperator.partial(
            task_id=task_id,
            place=place,
            last=last,
            map_index_template=_NAMED,
            **{**common, "retries": _ASKED_AGAIN},
        )
        # Mapped, so that the grid names the person.
        steps.append(asks.expand(role=[chore.role]))
    for before, after in pairwise(steps):
        before >> after
    closed = CloseChoreOperator(task_id=CLOSE_TASK, trigger_rule=TriggerRule.NONE_FAILED, **common)
    steps[-1] >> closed
    if chore.issue and team.chores_head is not None and team.chores_head.issues is not None:
        # Beside the question: a GitHub that is down keeps nobody from being asked.
        opened >> LogChoreOperator(task_id=LOG_TASK, **common) >> closed


def _param(field: FormField) -> Param:
    shape: dict[str, Any] = {"title": field.title, "description": field.help or ""}
    if field.kind == "choice":
        return Param(field.choices[0], type="string", enum=list(field.choices), **shape)
    if field.kind == "number":
        return Param(None, type="number" if field.needed else ["number", "null"], **shape)
    if field.kind == "text":
        shape["format"] = "multiline"
    if field.needed:
        return Param(None, type="string", minLength=1, maxLength=_LONGEST[field.kind], **shape)
    return Param(None, type=["string", "null"], maxLength=_LONGEST[field.kind], **shape)
