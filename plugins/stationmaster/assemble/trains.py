"""A train's files become its DAGs. The only place that knows both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Param, TriggerRule

from stationmaster.assemble.beside import NAMES, feature_build_dag, hotfix_dag
from stationmaster.assemble.building import building, train_defaults
from stationmaster.assemble.bundle import found_from
from stationmaster.assemble.components import component_tasks, in_a_row
from stationmaster.assemble.describing import cut_doc, promote_doc, rollback_doc
from stationmaster.assemble.exceptions import EXCEPTION, exception_dag
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.operators.base import NAMED, OPENING_TASK
from stationmaster.operators.board_moving import MoveIssuesOperator
from stationmaster.operators.closing import TELLER, CloseStopOperator
from stationmaster.operators.cutting import AskHoldOperator, PinManifestOperator
from stationmaster.operators.deploying import RollBackOperator
from stationmaster.operators.going_back import PLAN_TASK, GoBackOperator, PlanRollbackOperator
from stationmaster.operators.opening import OpenDepartureOperator
from stationmaster.operators.releasing import PublishReleasesOperator
from stationmaster.operators.voting import AskForVotesOperator, BallotOperator, ConfirmOperator
from stationmaster.sensors.standing import StandingSensor
from stationmaster.timetables.stop_timetable import WeeklyStopTimetable

if TYPE_CHECKING:
    from stationmaster.core.calendar import StopName

ROLLBACK = "rollback"
MOVE_TASK = "move_the_issues"
_Build = Callable[[Path, TeamConfig, TrainConfig, dict[str, Any]], DAG]
# Fixed for ever: a start date that moves makes a new version of the DAG each time it is parsed (fact 27).
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def train_dags(
    include: Path,
    team: TeamConfig,
    train: TrainConfig,
    *,
    dag_file: Path | str | None = None,
    only: str | None = None,
) -> Iterator[DAG]:
    """Yield the DAGs of one train: ``<team>.<train>.cut``, ``….promote``, and by hand ``….rollback`` and the others.

    :param dag_file: the file that defines them, from which their tasks find ``include/``.
    :param only: a DAG id; no other is built.
    """
    for stop, build in (
        ("cut", _cut),
        ("promote", _promote),
        (ROLLBACK, _rollback),
        (EXCEPTION, exception_dag),
        *_beside(train),
    ):
        if only in (None, f"{train.key}.{stop}"):
            common: dict[str, Any] = {
                "include": found_from(include, dag_file),
                "team": team.id,
                "train": train.id,
                "stop": stop,
            }
            dag = build(include, team, train, common)
            if dag_file is not None:
                dag.fileloc = str(Path(dag_file).absolute())
            yield dag


def _beside(train: TrainConfig) -> Iterator[tuple[str, _Build]]:
    for kind in (DepartureKind.HOTFIX, DepartureKind.SECURITY_HOTFIX):
        if train.beside(kind) is not None:
            yield NAMES[kind], partial(hotfix_dag, kind=kind)
    if train.feature_builds is not None:
        environment = train.feature_builds.environment
        yield NAMES[DepartureKind.FEATURE_BUILD], partial(feature_build_dag, environment=environment)


def _cut(include: Path, team: TeamConfig, train: TrainConfig, common: dict[str, Any]) -> DAG:
    role = [train.on_call]
    with building(_dag(team, train, "cut", cut_doc(include, train), _cut_form(train), common["include"])) as dag:
        opened = OpenDepartureOperator(task_id=OPENING_TASK, **common)
        window = StandingSensor(task_id="wait_for_the_window", watch="opening", **common)
        steps: list[Any] = [opened, window]
        if train.stops.cut.hold_question is not None:
            steps.append(
                AskHoldOperator.partial(task_id="ask_whom_to_wait_for", map_index_template=NAMED, **common).expand(
                    role=role
                )
            )
        steps.append(PinManifestOperator(task_id="pin_the_manifest", **common))
        for component in train.components:
            steps += component_tasks(train, component, common, train.staging)
        closed = _close(common)
        steps.append(closed)
        if any(each.release is not None and each.release.candidate is not None for each in train.components):
            steps.append(_publish(common))
        in_a_row(steps)
        if train.board is not None:
            closed >> MoveIssuesOperator(task_id=MOVE_TASK, **common)
    return dag


def _promote(include: Path, team: TeamConfig, train: TrainConfig, common: dict[str, Any]) -> DAG:
    with building(
        _dag(team, train, "promote", promote_doc(include, train), _promote_form(train), common["include"])
    ) as dag:
        opened = OpenDepartureOperator(task_id=OPENING_TASK, **common)
        asked = AskForVotesOperator(task_id="ask_for_votes", **common)
        ballots = BallotOperator.partial(task_id="ballot", map_index_template=NAMED, **common).expand(
            voter=asked.output
        )
        window = StandingSensor(task_id="wait_for_the_window", watch="opening", **common)
        soak = StandingSensor(task_id="wait_for_the_soak", watch="soak", **common)
        quorum = StandingSensor(task_id="wait_for_the_quorum", watch="quorum", **common)
        opened >> asked >> [ballots, soak, window, quorum]
        gates: list[Any] = [soak, window, quorum]
        steps: list[Any] = []
        if train.gates.confirm is not None:
            confirmed = ConfirmOperator.partial(
                task_id="confirm_the_promotion", map_index_template=NAMED, **common
            ).expand(role=[train.gates.confirm.role])
            gates >> confirmed
            steps.append(confirmed)
        for number, component in enumerate(train.components):
            whatever = number > 0 and train.on_partial_failure == "continue"
            steps += component_tasks(train, component, common, train.production, whatever=whatever)
        if train.gates.confirm is None:
            gates >> steps[0]
        rolled_back = RollBackOperator(task_id="roll_back", trigger_rule=TriggerRule.ONE_FAILED, **common)
        closed = _close(common)
        in_a_row(steps)
        [*gates, *steps] >> rolled_back
        [*gates, *steps, rolled_back] >> closed
        if any(each.release is not None for each in train.components):
            # After the outcome is told: notes that cannot be published take nothing back.
            closed >> _publish(common)
        if train.board is not None:
            closed >> MoveIssuesOperator(task_id=MOVE_TASK, **common)
    return dag


def _rollback(include: Path, team: TeamConfig, train: TrainConfig, common: dict[str, Any]) -> DAG:
    form = {
        "dry_run": Param(True, type="boolean", title="Dry run", description="Only say what would happen."),
        "to": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-W\d{2}(\.[a-z-]+-[1-9]\d*)?$",
            title="Back to",
            description="What was healthy, such as 2026-W33 or 2026-W33.hotfix-1; empty: the newest before.",
        ),
        "reason": Param(
            "", type=["null", "string"], maxLength=300, title="Why", description="Needed unless it is a dry run."
        ),
        "accept_irreversible": Param(
            False,
            type="boolean",
            title="Accept what cannot be undone",
            description="Only if the preview names such a change, and the person who wrote it agrees.",
        ),
    }
    with building(
        DAG(
            dag_id=f"{train.key}.{ROLLBACK}",
            dag_display_name=f"{train.title}: rollback",
            description=f"{team.title}: production goes back to what was healthy before; started by hand",
            doc_md=rollback_doc(include, train),
            schedule=None,
            start_date=_START,
            catchup=False,
            max_active_runs=1,
            tags={f"team:{team.id}", f"train:{train.key}", "form"},
            default_args=train_defaults(team, train, common["include"]),
            params=form,
            is_paused_upon_creation=False,
        )
    ) as dag:
        planned = PlanRollbackOperator(task_id=PLAN_TASK, **{**common, "stop": "promote"})
        planned >> GoBackOperator(task_id="go_back", **{**common, "stop": "promote"})
    return dag


def _close(common: dict[str, Any]) -> CloseStopOperator:
    return CloseStopOperator(task_id=TELLER, trigger_rule=TriggerRule.ALL_DONE, **common)


def _publish(common: dict[str, Any]) -> PublishReleasesOperator:
    return PublishReleasesOperator(task_id="publish_the_releases", **common)


def _dag(team: TeamConfig, train: TrainConfig, stop: StopName, doc: str, form: dict[str, Param], include: str) -> DAG:
    return DAG(
        dag_id=f"{train.key}.{stop}",
        dag_display_name=f"{train.title}: {stop}",
        description=f"{team.title}: {stop} of the {train.title}",
        doc_md=doc,
        schedule=WeeklyStopTimetable(stop=train.stop(stop)),
        start_date=_START,
        catchup=False,
        # Not a mutex (fact 15), only a queue for people who press the button twice.
        max_active_runs=1,
        tags={f"team:{team.id}", f"train:{train.key}", f"stop:{stop}"},
        default_args=train_defaults(team, train, include),
        params=form,
        is_paused_upon_creation=False,
    )


def _skip_field(train: TrainConfig) -> dict[str, Param]:
    if not train.forms.skip_departure:
        return {}
    return {
        "skip_reason": Param(
            default=None,
            type=["null", "string"],
            title="Skip this departure",
            description="Write why, and this week's departure is skipped. Leave it empty to go on.",
            maxLength=300,
        )
    }


def _cut_form(train: TrainConfig) -> dict[str, Param]:
    form: dict[str, Param] = {}
    if train.forms.board_commit:
        for component in train.components:
            form[f"board_{component.id}"] = Param(
                default=None,
                type=["null", "string"],
                title=f"Board this commit of {component.id}",
                description=f"Forty hex digits of a commit on {component.branch}; empty takes the newest green one.",
                pattern="^[0-9a-f]{40}$",
            )
    if train.forms.exclude_component:
        form["exclude"] = Param(
            default=[],
            type="array",
            items={"type": "string", "enum": [component.id for component in train.components]},
            examples=[component.id for component in train.components],
            title="Leave behind",
            description="Components that do not ride this week.",
        )
    return {**form, **_issue_field(train), **_skip_field(train)}


def _promote_form(train: TrainConfig) -> dict[str, Param]:
    return {**_issue_field(train), **_skip_field(train)}


def _issue_field(train: TrainConfig) -> dict[str, Param]:
    rule = train.rules.issue
    if rule is None:
        return {}
    return {
        "issue": Param(
            default=None,
            type=["null", "string"],
            title="Issue",
            description=f"The issue of {rule.repository} under which this is done: its address, or #12.",
            maxLength=300,
        )
    }
