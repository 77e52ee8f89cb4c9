"""A rotation's file becomes the DAG of its handoffs (C-06, C-07)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG

from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing import changes_doc, handoff_doc
from stationmaster.config.roster import RotationEntry
from stationmaster.config.team import TeamConfig
from stationmaster.operators.handing_over import (
    AcknowledgeOperator,
    CheckAccessOperator,
    FollowShiftOperator,
    HandOverOperator,
    MoveHandleOperator,
    OpenShiftOperator,
    TellShiftOperator,
)
from stationmaster.operators.handoff_step import OPEN_SHIFT
from stationmaster.timetables.handoff_timetable import HandoffTimetable

_NAMED = "{{ task.named(ti, dag_run) }}"
# Fixed for ever: a start date that moves makes a new version of the DAG each time it is parsed (fact 27).
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
_RETRIES = 5
_ASKED_AGAIN = 25
"""Each answer that something is missing ends a try; by then somebody else must have noticed."""


def rotation_dags(
    include: Path,
    team: TeamConfig,
    entry: RotationEntry,
    *,
    dag_file: Path | str | None = None,
    only: str | None = None,
) -> Iterator[DAG]:
    """Yield ``<team>.<rotation>.handoff`` and ``….changes``, unless the file asks for nothing at a handoff.

    :param dag_file: the file that defines it, from which its tasks find ``include/``.
    :param only: a DAG id; no other is built.
    """
    if not entry.hands_over:
        return
    common = {"include": found_from(include, dag_file), "team": team.id, "rotation": entry.id}
    for what, build in (("handoff", _handoff), ("changes", _changes)):
        dag_id = f"{team.id}.{entry.id}.{what}"
        if only not in (None, dag_id):
            continue
        dag = build(dag_id, include, team, entry, common)
        if dag_file is not None:
            dag.fileloc = str(Path(dag_file).absolute())
        yield dag


def _handoff(dag_id: str, include: Path, team: TeamConfig, entry: RotationEntry, common: dict[str, Any]) -> DAG:
    with DAG(
        dag_id=dag_id,
        dag_display_name=f"{entry.title}: handoff",
        description=f"{team.title}: whoever comes on call is told, and asked for access",
        doc_md=handoff_doc(include, team, entry),
        schedule=HandoffTimetable(rotation=team.rotations[entry.id]),
        start_date=_START,
        catchup=False,
        # An older run ends when its shift does: the next one may begin a moment earlier.
        max_active_runs=2,
        tags={f"team:{team.id}", f"rotation:{team.id}.{entry.id}", "handoff"},
        default_args={"owner": team.id, "retries": _RETRIES, "retry_delay": timedelta(seconds=5)},
        is_paused_upon_creation=False,
    ) as dag:
        opened = OpenShiftOperator(task_id=OPEN_SHIFT, **common)
        if entry.notices is not None:
            opened >> TellShiftOperator.partial(task_id="tell_the_shift", map_index_template=_NAMED, **common).expand(
                # Whoever holds a role that is like another hears of both at once.
                role=[role for role, rule in entry.roles.items() if rule.like is None]
            )
        rotating = [role for role, rule in entry.roles.items() if rule.turn is not None]
        if entry.access is not None and rotating:
            opened >> CheckAccessOperator.partial(
                task_id="check_access", map_index_template=_NAMED, retries=_ASKED_AGAIN, **common
            ).expand(role=rotating)
        if entry.handle is not None:
            opened >> MoveHandleOperator(task_id="move_the_handle", **common)
        packed = opened
        if entry.package is not None:
            packed = opened >> HandOverOperator(task_id="hand_over", **common)
        if entry.acknowledge is not None:
            packed >> AcknowledgeOperator.partial(
                task_id="acknowledge", map_index_template=_NAMED, retries=_ASKED_AGAIN, **common
            ).expand(role=[next(iter(entry.roles))])
    return dag


def _changes(dag_id: str, include: Path, team: TeamConfig, entry: RotationEntry, common: dict[str, Any]) -> DAG:
    with DAG(
        dag_id=dag_id,
        dag_display_name=f"{entry.title}: changes",
        description=f"{team.title}: overrides and swaps are handed over when they begin and end",
        doc_md=changes_doc(include, team, entry),
        schedule=HandoffTimetable(rotation=team.rotations[entry.id]),
        start_date=_START,
        catchup=False,
        max_active_runs=2,
        tags={f"team:{team.id}", f"rotation:{team.id}.{entry.id}", "handoff"},
        default_args={"owner": team.id, "retries": _RETRIES, "retry_delay": timedelta(seconds=5)},
        is_paused_upon_creation=False,
    ) as dag:
        FollowShiftOperator(task_id="follow_the_shift", **common)
    return dag
