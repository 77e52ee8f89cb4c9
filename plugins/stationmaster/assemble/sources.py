"""What somebody else keeps becomes DAGs that read it: a rotation's source, and a calendar of absences (R34, R43)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable

from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing import absences_doc, source_doc
from stationmaster.config.roster import RotationEntry
from stationmaster.config.team import TeamConfig
from stationmaster.operators.sourcing import CompareSourceOperator, ReadAbsencesOperator, ReadSourceOperator

SOURCE = "source"
ABSENCES = "absences"
COMPARED_AT = "30 7 * * *"
READ_AT = "7,22,37,52 * * * *"
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
_RETRIES = 3


def source_dags(
    include: Path, team: TeamConfig, *, dag_file: Path | str | None = None, only: str | None = None
) -> Iterator[DAG]:
    """Yield ``<team>.<rotation>.source`` of each rotation that somebody else keeps, too, and ``<team>.absences``.

    :param dag_file, only: as of :func:`stationmaster.assemble.include.dags_of`.
    """
    common = {"include": found_from(include, dag_file), "team": team.id}
    made = [_source(team, entry, common) for entry in team.roster.values() if _wanted(team, entry, only)]
    if team.away is not None and only in (None, f"{team.id}.{ABSENCES}"):
        made.append(_absences(team, common))
    for dag in made:
        if dag_file is not None:
            dag.fileloc = str(Path(dag_file).absolute())
        yield dag


def _wanted(team: TeamConfig, entry: RotationEntry, only: str | None) -> bool:
    return entry.source is not None and only in (None, f"{team.id}.{entry.id}.{SOURCE}")


def _source(team: TeamConfig, entry: RotationEntry, common: dict[str, Any]) -> DAG:
    decides, zone = bool(entry.decided_roles), entry.zone or team.zone
    with DAG(
        dag_id=f"{team.id}.{entry.id}.{SOURCE}",
        dag_display_name=f"{entry.title}: source",
        description=f"{team.title}: {'who is on call, as' if decides else 'the files, held against'} somebody else",
        doc_md=source_doc(team, entry),
        schedule=CronTriggerTimetable(READ_AT if decides else COMPARED_AT, timezone=zone),
        tags={f"team:{team.id}", f"rotation:{team.id}.{entry.id}", SOURCE},
        **_common(team),
    ) as dag:
        if decides:
            ReadSourceOperator(task_id="read_the_source", rotation=entry.id, **common)
        else:
            CompareSourceOperator(task_id="compare_the_source", rotation=entry.id, **common)
    return dag


def _absences(team: TeamConfig, common: dict[str, Any]) -> DAG:
    with DAG(
        dag_id=f"{team.id}.{ABSENCES}",
        dag_display_name=f"{team.title}: absences",
        description=f"{team.title}: who is away, as the team's calendar says",
        doc_md=absences_doc(team),
        schedule=CronTriggerTimetable(READ_AT, timezone=team.zone),
        tags={f"team:{team.id}", SOURCE},
        **_common(team),
    ) as dag:
        ReadAbsencesOperator(task_id="read_the_absences", **common)
    return dag


def _common(team: TeamConfig) -> dict[str, Any]:
    return {
        "start_date": _START,
        "catchup": False,
        "max_active_runs": 1,
        "default_args": {"owner": team.id, "retries": _RETRIES, "retry_delay": timedelta(seconds=30)},
        "is_paused_upon_creation": False,
    }
