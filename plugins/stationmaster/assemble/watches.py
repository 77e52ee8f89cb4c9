"""A team that watches anything gets one DAG for it: a run on each working day (C-26, N-08)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG

from stationmaster.assemble.building import defaults, notice_of
from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing_watches import watch_doc
from stationmaster.config.watch_kinds import AlertsWatch
from stationmaster.operators.watching import (
    INCIDENTS_TASK,
    OPEN_TASK,
    SILENCES_TASK,
    CheckSilencesOperator,
    OpenWatchOperator,
    StartIncidentsOperator,
    WatchOperator,
)
from stationmaster.timetables.watch_timetable import WatchTimetable
from stationmaster.watches.telling import home_of

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig

AREA = "watch"
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def watch_dags(
    include: Path, team: TeamConfig, *, dag_file: Path | str | None = None, only: str | None = None
) -> Iterator[DAG]:
    """Yield ``<team>.watch``, unless the team watches nothing.

    :param dag_file, only: as of :func:`stationmaster.assemble.include.dags_of`.
    """
    dag_id = f"{team.id}.{AREA}"
    if not team.watches or only not in (None, dag_id):
        return
    dag = _dag(dag_id, include, team, found_from(include, dag_file))
    if dag_file is not None:
        dag.fileloc = str(Path(dag_file).absolute())
    yield dag


def _dag(dag_id: str, include: Path, team: TeamConfig, found: str) -> DAG:
    role, channel = home_of(team)
    with DAG(
        dag_id=dag_id,
        dag_display_name=f"{team.title}: watch",
        description=f"{team.title}: questions, issues, alerts and errors that nobody has taken up",
        doc_md=watch_doc(include, team),
        schedule=WatchTimetable(
            windows=[watch.hours.window(team.zone) for watch in team.watches.values()], zone=team.zone
        ),
        start_date=_START,
        catchup=False,
        # A day ends before the next one begins; a run that was left paused over night does not hold that up.
        max_active_runs=2,
        tags={f"team:{team.id}", AREA},
        default_args=defaults(team, told=notice_of(team, found, role=role, channel=channel)),
        is_paused_upon_creation=False,
    ) as dag:
        common: dict[str, Any] = {"include": found, "team": team.id}
        first = OpenWatchOperator(task_id=OPEN_TASK, **common)
        for name, watch in team.watches.items():
            first >> WatchOperator(task_id=f"watch_{name}", task_display_name=watch.title, watch=name, **common)
        first >> CheckSilencesOperator(task_id=SILENCES_TASK, role=role, channel=channel, **common)
        if team.incidents is not None and any(isinstance(watch, AlertsWatch) for watch in team.watches.values()):
            first >> StartIncidentsOperator(task_id=INCIDENTS_TASK, **common)
    return dag
