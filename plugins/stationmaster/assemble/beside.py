"""The DAGs of what leaves beside a train, each started by a form: hotfixes and feature builds (D-13 … D-15)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Param, TaskGroup, TriggerRule

from stationmaster.assemble.building import building, train_defaults
from stationmaster.assemble.components import component_tasks, in_a_row
from stationmaster.assemble.describing import feature_build_doc, hotfix_doc
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.operators.base import NAMED, OPENING_TASK
from stationmaster.operators.closing import TELLER, CloseStopOperator
from stationmaster.operators.deploying import RollBackOperator
from stationmaster.operators.going_back import PLAN_TASK
from stationmaster.operators.hotfixing import (
    TRAIN_TASK,
    BringOntoTrainOperator,
    BringToBranchOperator,
    ChecklistOntoTrainOperator,
    DeployOntoTrainOperator,
    OpenHotfixOperator,
    PickOperator,
    SayHotfixOperator,
    TellArrivalOperator,
    VerifyOntoTrainOperator,
)
from stationmaster.operators.voting import AskForVotesOperator, BallotOperator
from stationmaster.sensors.standing import StandingSensor

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
NAMES = {
    DepartureKind.HOTFIX: "hotfix",
    DepartureKind.SECURITY_HOTFIX: "security_hotfix",
    DepartureKind.FEATURE_BUILD: "feature_build",
}
"""The last part of the DAG's id, by what it opens."""


def hotfix_dag(include: Path, team: TeamConfig, train: TrainConfig, common: dict[str, Any], kind: DepartureKind) -> DAG:
    """Return ``<team>.<train>.hotfix``, or ``….security_hotfix``."""
    common = {**common, "stop": "promote", "kind": str(kind)}
    with building(
        _dag(team, train, kind, hotfix_doc(include, train, kind), _hotfix_form(train), common["include"])
    ) as dag:
        said = SayHotfixOperator(task_id=PLAN_TASK, **common)
        opened = OpenHotfixOperator(task_id=OPENING_TASK, **common)
        picked = PickOperator(task_id="put_the_commits_on_top", **common)
        checks = StandingSensor(task_id="wait_for_the_checks", watch="checks", **common)
        asked = AskForVotesOperator(task_id="ask_for_votes", **common)
        ballots = BallotOperator.partial(task_id="ballot", map_index_template=NAMED, **common).expand(
            voter=asked.output
        )
        quorum = StandingSensor(task_id="wait_for_the_quorum", watch="quorum", **common)
        said >> opened >> picked >> [checks, asked]
        asked >> [ballots, quorum]
        steps: list[Any] = []
        for component in train.components:
            steps += component_tasks(train, component, common, train.production)
        [checks, quorum] >> steps[0]
        in_a_row(steps)
        before = [opened, picked, checks, asked, quorum, *steps]
        rolled_back = RollBackOperator(task_id="roll_back", **{**common, "trigger_rule": TriggerRule.ONE_FAILED})
        steps >> rolled_back
        told = TellArrivalOperator(task_id="tell_that_it_runs", trigger_rule=TriggerRule.NONE_FAILED, **common)
        home = BringToBranchOperator(task_id="bring_it_to_the_branch", **common)
        steps[-1] >> told >> home
        closed = CloseStopOperator(task_id=TELLER, trigger_rule=TriggerRule.ALL_DONE, **common)
        on_train = _onto_train(train, common)
        told >> on_train[0]
        [*before, rolled_back, home, *on_train] >> closed
    return dag


def feature_build_dag(_: Path, team: TeamConfig, train: TrainConfig, common: dict[str, Any], environment: str) -> DAG:
    """Return ``<team>.<train>.feature_build``."""
    kind = DepartureKind.FEATURE_BUILD
    common = {**common, "stop": "promote", "kind": str(kind)}
    with building(
        _dag(team, train, kind, feature_build_doc(train), _build_form(train, environment), common["include"])
    ) as dag:
        steps: list[Any] = [
            SayHotfixOperator(task_id=PLAN_TASK, **common),
            OpenHotfixOperator(task_id=OPENING_TASK, **common),
            PickOperator(task_id="put_the_commits_on_top", **common),
        ]
        for component in train.components:
            steps += component_tasks(train, component, common, environment)
        in_a_row(steps)
        closed = CloseStopOperator(task_id=TELLER, trigger_rule=TriggerRule.ALL_DONE, **common)
        steps >> closed
    return dag


def _onto_train(train: TrainConfig, common: dict[str, Any]) -> list[BaseOperator]:
    """Return the tasks that bring the hotfix to the train under way, and that to staging again (F40)."""
    boarded = BringOntoTrainOperator(task_id=TRAIN_TASK, **common)
    tasks: list[Any] = [boarded]
    staging = {**common, "stop": "cut"}
    rule = {"trigger_rule": TriggerRule.NONE_FAILED}
    for component in train.components:
        mode = component.deploy(train.staging).mode
        if mode == "none":
            continue
        with TaskGroup(group_id=f"{component.id}_on_the_train", tooltip=f"{component.id}, on the train under way"):
            if mode != "manual":
                task_id = f"deploy_to_{train.staging}"
                tasks.append(DeployOntoTrainOperator(task_id=task_id, component=component.id, **staging, **rule))
            tasks.append(
                VerifyOntoTrainOperator(task_id=f"verify_{train.staging}", component=component.id, **staging, **rule)
            )
            page = component.checklist_of(train.staging)
            if page is not None:
                tasks.append(
                    ChecklistOntoTrainOperator.partial(
                        task_id=f"test_{train.staging}",
                        component=component.id,
                        page=page,
                        map_index_template=NAMED,
                        **staging,
                        **rule,
                    ).expand(role=[train.on_call])
                )
    in_a_row(tasks)
    return tasks


def _dag(
    team: TeamConfig, train: TrainConfig, kind: DepartureKind, doc: str, form: dict[str, Param], include: str
) -> DAG:
    return DAG(
        dag_id=f"{train.key}.{NAMES[kind]}",
        dag_display_name=f"{train.title}: {kind.words}",
        description=f"{team.title}: {kind.words} of the {train.title}; started by hand",
        doc_md=doc,
        schedule=None,
        start_date=_START,
        catchup=False,
        # One that waits for its way home keeps no other from leaving.
        max_active_runs=16,
        tags={f"team:{team.id}", f"train:{train.key}", "form"},
        default_args=train_defaults(team, train, include, kind=kind),
        params=form,
        is_paused_upon_creation=False,
    )


def _common_form(train: TrainConfig, environment: str) -> dict[str, Param]:
    aboard = [each.id for each in train.components if each.deploy(environment).mode != "none"]
    return {
        "dry_run": Param(True, type="boolean", title="Dry run", description="Only say what would happen."),
        "component": Param(aboard[0], type="string", enum=aboard, title="Component"),
        "commits": Param(
            [],
            type="array",
            items={"type": "string", "pattern": "^[0-9a-f]{40}$"},
            title="Commits",
            description="All 40 hexadecimal digits of each, one a line, in the order in which they belong.",
        ),
        "branch": Param(
            None,
            type=["null", "string"],
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._/@+=,-]*$",
            maxLength=200,
            title="Branch",
            description="Where the commits stand; empty: the component's own branch. Of another branch a commit that "
            "contains what runs there is taken as it is.",
        ),
    }


def _hotfix_form(train: TrainConfig) -> dict[str, Param]:
    return {
        **_common_form(train, train.production),
        "reason": Param(
            None, type=["null", "string"], maxLength=300, title="Why", description="It stands in the message."
        ),
        "issue": Param(
            None,
            type=["null", "string"],
            pattern="^https://.*",
            maxLength=300,
            title="Issue",
            description="The address of the issue, if there is one.",
        ),
    }


def _build_form(train: TrainConfig, environment: str) -> dict[str, Param]:
    return {
        "name": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z][a-z0-9-]*$",
            maxLength=60,
            title="Name",
            description="What people call this build, such as p2p-quic.",
        ),
        **_common_form(train, environment),
        "of": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-W\d{2}$",
            title="Variant of",
            description="The week of the departure that it is built upon, such as 2026-W34; empty: the newest cut.",
        ),
    }
