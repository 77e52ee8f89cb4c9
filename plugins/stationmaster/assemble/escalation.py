"""A team with circles gets a form by which an urgent matter goes to a circle's owner (T-05)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from airflow.sdk import DAG, Param

from stationmaster.assemble.building import building, defaults, notice_of
from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing import escalate_doc
from stationmaster.config.team import TeamConfig
from stationmaster.operators.escalating import EscalateOperator

ESCALATE = "escalate"
URGENCIES = ("critical", "major", "minor")
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def escalation_dags(
    include: Path, team: TeamConfig, *, dag_file: Path | str | None = None, only: str | None = None
) -> Iterator[DAG]:
    """Yield ``<team>.escalate``, unless the team has no circles.

    :param dag_file, only: as of :func:`stationmaster.assemble.include.dags_of`.
    """
    dag_id = f"{team.id}.{ESCALATE}"
    if not team.circles or only not in (None, dag_id):
        return
    circles, found = list(team.circles), found_from(include, dag_file)
    with building(
        DAG(
            dag_id=dag_id,
            dag_display_name=f"{team.title}: escalate",
            description=f"{team.title}: an urgent matter goes to the owner of its circle, as an issue",
            doc_md=escalate_doc(team),
            schedule=None,
            start_date=_START,
            catchup=False,
            tags={f"team:{team.id}", "form"},
            default_args=defaults(team, told=notice_of(team, found, role=None, channel=None)),
            params={
                "circle": Param(circles[0], enum=circles, title="Circle"),
                "urgency": Param(URGENCIES[0], enum=list(URGENCIES), title="Urgency"),
                "what": Param(None, type="string", minLength=3, maxLength=150, title="What", description="In one line"),
                "details": Param(
                    "",
                    type=["string", "null"],
                    format="multiline",
                    maxLength=5000,
                    title="Details",
                    description="What has been tried, and what is needed",
                ),
            },
            is_paused_upon_creation=False,
        )
    ) as dag:
        EscalateOperator(task_id="write_the_issue", include=found, team=team.id)
    if dag_file is not None:
        dag.fileloc = str(Path(dag_file).absolute())
    yield dag
