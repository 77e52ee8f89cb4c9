"""A team whose file has a section incidents gets a form: whoever sees that something is broken opens it (C-33)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param, TriggerRule

from stationmaster.assemble.building import building, defaults, notice_of
from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing_incidents import incidents_doc
from stationmaster.config.incident_ladder import rungs
from stationmaster.config.incidents import IncidentRules
from stationmaster.config.team import TeamConfig
from stationmaster.core.incidents import AREA
from stationmaster.operators.handling_incidents import (
    ExamineIncidentOperator,
    FileReportOperator,
    HandleIncidentOperator,
    PostmortemOperator,
)
from stationmaster.operators.paging_people import OPEN_TASK, LogIncidentOperator, OpenIncidentOperator, PageOperator

ROW = (
    "handle",
    *(f"handle_in_the_{place}_shift" for place in ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")),
)
"""One task for each shift that an incident may live through: a task instance asks the same people for ever (fact 4)."""
_NAMED = "{{ task.named }}"
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
_ASKED_AGAIN = 50
"""Each answer that ends nothing, such as an update, ends a try."""


def incident_dags(
    include: Path, team: TeamConfig, *, dag_file: Path | str | None = None, only: str | None = None
) -> Iterator[DAG]:
    """Yield ``<team>.incident``, unless the team's file has no section incidents.

    :param dag_file, only: as of :func:`stationmaster.assemble.include.dags_of`.
    """
    dag_id = f"{team.id}.{AREA}"
    if team.incidents is None or only not in (None, dag_id):
        return
    dag = _dag(dag_id, include, team, team.incidents, {"include": found_from(include, dag_file), "team": team.id})
    if dag_file is not None:
        dag.fileloc = str(Path(dag_file).absolute())
    yield dag


def _dag(dag_id: str, include: Path, team: TeamConfig, rules: IncidentRules, common: dict[str, Any]) -> DAG:
    asked: dict[str, Any] = {"map_index_template": _NAMED, "retries": _ASKED_AGAIN, **common}
    going_on = {"trigger_rule": TriggerRule.ALL_DONE}
    role = rules.roles[0]
    told = notice_of(team, common["include"], role=role, channel=rules.channel)
    with building(
        DAG(
            dag_id=dag_id,
            dag_display_name=f"{team.title}: incident",
            description=f"{team.title}: something is broken: people are paged until one has it",
            doc_md=incidents_doc(include, team, rules),
            schedule=None,
            start_date=_START,
            catchup=False,
            # Two things may break at once, and a report may wait while the next thing breaks.
            max_active_runs=32,
            tags={f"team:{team.id}", AREA, "form"},
            default_args=defaults(team, told=told),
            params=_form(rules),
            is_paused_upon_creation=False,
        )
    ) as dag:
        opened = OpenIncidentOperator(task_id=OPEN_TASK, **common)
        opened >> LogIncidentOperator(task_id="log_it_as_an_issue", **common)
        paged = PageOperator.partial(task_id="page", role=role, **asked).expand(
            rung=list(range(len(rungs(team, rules))))
        )
        opened >> paged
        before: list[Any] = [opened, paged]
        for place, task_id in enumerate(ROW[: rules.shifts]):
            last = place == rules.shifts - 1
            handled = HandleIncidentOperator.partial(
                task_id=task_id, place=place, last=last, **asked, **going_on
            ).expand(role=[role])
            before >> handled
            before = [opened, handled]
        examined = ExamineIncidentOperator.partial(task_id="examine", **asked, **going_on).expand(role=[role])
        filed = FileReportOperator(task_id="file_the_report", **common, **going_on)
        written = PostmortemOperator.partial(task_id="ask_for_the_postmortem", **asked, **going_on).expand(role=[role])
        before >> examined
        [opened, examined] >> filed
        [opened, filed] >> written
    return dag


def _form(rules: IncidentRules) -> dict[str, Param]:
    """Return the form: choices with the likeliest first, and nothing that has to be typed."""
    severities = {
        name: f"{each.title}" + (f": {each.means}" if each.means else "") for name, each in rules.severities.items()
    }
    form = {
        "service": Param(rules.services[0], type="string", enum=list(rules.services), title="What is broken"),
        "kind": Param(rules.kinds[0], type="string", enum=list(rules.kinds), title="How"),
        "severity": Param(
            next(iter(rules.severities)),
            type="string",
            enum=list(rules.severities),
            values_display=severities,
            title="Severity",
            description="Unsure? Take the worse one: it can be changed.",
        ),
        "impact": Param(
            next(iter(rules.impacts)),
            type="string",
            enum=list(rules.impacts),
            values_display={name: each.title for name, each in rules.impacts.items()},
            title="Who notices",
        ),
    }
    if rules.company is not None:
        form["company"] = Param(
            "",
            type="string",
            enum=["", *rules.company.levels],
            title=rules.company.title,
            description=f"If it is on that scale, its procedure comes first: {rules.company.procedure}",
        )
    form["what"] = Param(
        None, type=["null", "string"], maxLength=200, title="In one line", description="If you know it already."
    )
    form["link"] = Param(
        None,
        type=["null", "string"],
        pattern=r"^https?://[^\s<>|]+$",
        maxLength=500,
        title="See",
        description="The address of an alert, a dashboard or a message.",
    )
    form["reopens"] = Param(
        None,
        type=["null", "string"],
        pattern=r"^[a-z][a-z0-9_-]*\.incident/\d{4}-\d{2}-\d{2}\.\d+$",
        title="Is back",
        description="The id of an incident that is back, such as cellxgene.incident/2026-11-21.1.",
    )
    form["alert"] = Param(
        None,
        type=["null", "string"],
        maxLength=500,
        title="Alert",
        description="Filled in by the watch; leave it empty.",
    )
    return form
