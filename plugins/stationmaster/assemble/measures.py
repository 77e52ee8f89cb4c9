"""A team whose file asks for measures gets the DAG that says them each week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from airflow.sdk import DAG

from stationmaster.assemble.building import defaults, notice_of
from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing import measures_doc
from stationmaster.config.team import TeamConfig
from stationmaster.config.weekly_measures import AREA
from stationmaster.operators.measuring import TELL_TASK, TellMeasuresOperator
from stationmaster.timetables.stop_timetable import WeeklyStopTimetable

_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def measures_dags(
    include: Path, team: TeamConfig, *, dag_file: Path | str | None = None, only: str | None = None
) -> Iterator[DAG]:
    """Yield ``<team>.measures``, unless the team's file asks for none.

    :param dag_file, only: as of :func:`stationmaster.assemble.include.dags_of`.
    """
    dag_id = f"{team.id}.{AREA}"
    if team.measures is None or only not in (None, dag_id):
        return
    found = found_from(include, dag_file)
    with DAG(
        dag_id=dag_id,
        dag_display_name=f"{team.title}: measures",
        description=f"{team.title}: how its trains did, told once a week",
        doc_md=measures_doc(team, team.measures),
        schedule=WeeklyStopTimetable(stop=team.measures.timetable(team.zone)),
        start_date=_START,
        catchup=False,
        tags={f"team:{team.id}", AREA},
        default_args=defaults(team, told=notice_of(team, found, role=None, channel=team.measures.channel)),
        is_paused_upon_creation=False,
    ) as dag:
        TellMeasuresOperator(task_id=TELL_TASK, include=found, team=team.id)
    if dag_file is not None:
        dag.fileloc = str(Path(dag_file).absolute())
    yield dag
