"""A rotation's file becomes the DAG of its handoffs (C-06, C-07)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param

from stationmaster.assemble.building import building, defaults, notice_of
from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.describing import changes_doc, handoff_doc, override_doc, swap_doc
from stationmaster.config.roster import RotationEntry
from stationmaster.config.team import TeamConfig
from stationmaster.core.rotations.changes import OverrideType
from stationmaster.operators.changing import ASK_TASK, AnswerSwapOperator, AskSwapOperator, MakeOverrideOperator
from stationmaster.operators.handing_over import (
    AcknowledgeOperator,
    CheckAccessOperator,
    FollowShiftOperator,
    HandOverOperator,
    LookBackOperator,
    MoveHandleOperator,
    OpenShiftOperator,
    PairUpOperator,
    PublishLogOperator,
    TellShiftOperator,
)
from stationmaster.operators.handoff_step import OPEN_SHIFT
from stationmaster.timetables.handoff_timetable import HandoffTimetable

_NAMED = "{{ task.named(ti, dag_run) }}"
# Fixed for ever: a start date that moves makes a new version of the DAG each time it is parsed (fact 27).
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
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
    """Yield the DAGs of a rotation, unless its file asks for nothing at a handoff: ``<team>.<rotation>.handoff`` and
    ``….changes`` on its timetable, ``….override`` and ``….swap`` by hand.

    :param dag_file: the file that defines it, from which its tasks find ``include/``.
    :param only: a DAG id; no other is built.
    """
    if not entry.hands_over:
        return
    common = {"include": found_from(include, dag_file), "team": team.id, "rotation": entry.id}
    for what, build in (("handoff", _handoff), ("changes", _changes), ("override", _override), ("swap", _swap)):
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
        default_args=_defaults(team, entry, common),
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
        if entry.pairing is not None:
            opened >> PairUpOperator.partial(
                task_id="pair_up", map_index_template=_NAMED, **{**common, "retries": _ASKED_AGAIN}
            ).expand(role=[entry.pairing.leads])
        if entry.feedback:
            opened >> LookBackOperator(task_id="look_back", **{**common, "retries": _ASKED_AGAIN})
        if entry.handle is not None:
            opened >> MoveHandleOperator(task_id="move_the_handle", **common)
        if team.log is not None and team.log.repository is not None and _keeps_log(team, entry):
            opened >> PublishLogOperator(task_id="publish_the_log", **common)
        packed = opened
        if entry.package is not None:
            packed = opened >> HandOverOperator(task_id="hand_over", **common)
        if entry.acknowledge is not None:
            packed >> AcknowledgeOperator.partial(
                task_id="acknowledge", map_index_template=_NAMED, retries=_ASKED_AGAIN, **common
            ).expand(role=[next(iter(entry.roles))])
    return dag


def _keeps_log(team: TeamConfig, entry: RotationEntry) -> bool:
    return team.log is not None and (not team.log.roles or any(role in entry.roles for role in team.log.roles))


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
        default_args=_defaults(team, entry, common),
        is_paused_upon_creation=False,
    ) as dag:
        FollowShiftOperator(task_id="follow_the_shift", **common)
    return dag


def _override(dag_id: str, _: Path, team: TeamConfig, entry: RotationEntry, common: dict[str, Any]) -> DAG:
    people: dict[str, Any] = {"type": "string", "enum": _people(team)}
    form = {
        "type": Param(
            "set",
            enum=[str(kind) for kind in OverrideType],
            title="What",
            description="set: these people and nobody else; replace: one by another; add: one more; remove: one less",
        ),
        "role": _role(entry),
        "comes": Param([], type="array", items=people, examples=_people(team), title="Who comes"),
        "goes": _nobody(team, "Who goes", "For replace and remove"),
        **_span("start", "end"),
        "reason": Param("", type=["string", "null"], maxLength=500, title="Why"),
    }
    with building(_form(dag_id, team, entry, override_doc(team, entry), form, common)) as dag:
        MakeOverrideOperator(task_id="make_the_override", **common)
    return dag


def _swap(dag_id: str, _: Path, team: TeamConfig, entry: RotationEntry, common: dict[str, Any]) -> DAG:
    form = {
        "role": _role(entry),
        "giver": Param(_people(team)[0], enum=_people(team), title="Who gives the shift away"),
        "taker": Param(_people(team)[-1], enum=_people(team), title="Who is asked to take it"),
        **_span("start", "end"),
        **_span("back_start", "back_end", "In return, the giver takes over from here", optional=True),
        "reason": Param("", type=["string", "null"], maxLength=500, title="Why"),
    }
    with building(_form(dag_id, team, entry, swap_doc(team, entry), form, common)) as dag:
        asked = AskSwapOperator(task_id=ASK_TASK, **common)
        asked >> AnswerSwapOperator(task_id="answer_the_swap", **{**common, "retries": _ASKED_AGAIN})
    return dag


def _defaults(team: TeamConfig, entry: RotationEntry, common: dict[str, Any]) -> dict[str, Any]:
    channel = entry.notices.channel if entry.notices is not None else None
    return defaults(team, told=notice_of(team, common["include"], role=next(iter(entry.roles)), channel=channel))


def _form(
    dag_id: str,
    team: TeamConfig,
    entry: RotationEntry,
    doc: str,
    form: dict[str, Any],
    common: dict[str, Any],
) -> DAG:
    what = dag_id.rpartition(".")[2]
    return DAG(
        dag_id=dag_id,
        dag_display_name=f"{entry.title}: {what}",
        description=f"{team.title}: started by hand, with a form",
        doc_md=doc,
        schedule=None,
        start_date=_START,
        catchup=False,
        tags={f"team:{team.id}", f"rotation:{team.id}.{entry.id}", "form"},
        default_args=_defaults(team, entry, common),
        params=form,
        is_paused_upon_creation=False,
    )


def _role(entry: RotationEntry) -> Param:
    roles = [role for role, rule in entry.roles.items() if rule.like is None]
    return Param(roles[0], enum=roles, title="Role")


def _people(team: TeamConfig) -> list[str]:
    return [name for name, person in team.people.items() if person.active and not person.bot]


def _nobody(team: TeamConfig, title: str, description: str) -> Param:
    return Param("", enum=["", *_people(team)], title=title, description=description)


def _span(start: str, end: str, title: str = "From", *, optional: bool = False) -> dict[str, Param]:
    given: dict[str, Any] = {"type": ["string", "null"] if optional else "string", "format": "date-time"}
    return {
        start: Param(None, title=title, **given),
        end: Param(None, title="Until" if not optional else "until here", **given),
    }
