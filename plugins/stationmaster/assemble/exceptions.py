"""The form of a train for what one person may not decide: a freeze, a rejection, a commit that nobody released (I4)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param

from stationmaster.assemble.building import building, train_defaults
from stationmaster.assemble.describing import exception_doc
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.operators.base import NAMED
from stationmaster.operators.excepting import ASK_TASK, ApproveOperator, AskForExceptionOperator, TakeEffectOperator

EXCEPTION = "exception"
# Fixed for ever: a start date that moves makes a new version of the DAG each time it is parsed (fact 27).
_START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
_ACTS = {
    "freeze": "Go in spite of a freeze",
    "lift": "Let a rejected manifest be promoted again",
    "adopt": "Take a commit that nobody released for right",
    "adopt_over": "Let the train replace a commit that nobody released",
}


def exception_dag(_: Path, team: TeamConfig, train: TrainConfig, common: dict[str, Any]) -> DAG:
    """Return ``<team>.<train>.exception``."""
    common = {**common, "stop": "promote"}
    with building(
        DAG(
            dag_id=f"{train.key}.{EXCEPTION}",
            dag_display_name=f"{train.title}: exception",
            description=f"{team.title}: what several people decide together; started by hand",
            doc_md=exception_doc(team, train),
            schedule=None,
            start_date=_START,
            catchup=False,
            max_active_runs=16,  # what one asks for waits for nobody else's answer
            tags={f"team:{team.id}", f"train:{train.key}", "form"},
            default_args=train_defaults(team, train, common["include"]),
            params=_form(team, train),
            is_paused_upon_creation=False,
        )
    ) as dag:
        asked = AskForExceptionOperator(task_id=ASK_TASK, **common)
        ApproveOperator.partial(task_id="approve", map_index_template=NAMED, **common).expand(approver=asked.output)
        asked >> TakeEffectOperator(task_id="take_effect", **common)
    return dag


def _form(team: TeamConfig, train: TrainConfig) -> dict[str, Param]:
    acts = [name for name in _ACTS if name != "freeze" or team.freeze_exceptions is not None]
    form = {
        "act": Param(
            acts[0], type="string", enum=acts, values_display={name: _ACTS[name] for name in acts}, title="What"
        ),
        "why": Param("", type=["null", "string"], maxLength=300, title="Why", description="The channel hears it."),
        "link": Param(
            None,
            type=["null", "string"],
            maxLength=300,
            title="Issue",
            description="With https://. Needed for a freeze.",
        ),
        "manifest": _text(
            "Manifest", "The first 8 digits or more of the one that was rejected.", "A rejected manifest"
        ),
        "component": Param(
            None,
            type=["null", "string"],
            enum=[None, *(component.id for component in train.components)],
            title="Component",
            section="A commit that nobody released",
        ),
        "sha": _text("Commit", f"All 40 digits of what runs on {train.production}.", "A commit that nobody released"),
    }
    if "freeze" not in acts:
        return form
    freezes = [freeze.name for freeze in team.freezes_of(train.id)]
    return {
        **form,
        "departure": _text("Departure", "Such as 2026-W34 or 2026-W34.hotfix-1.", "A freeze"),
        "stop": Param(None, type=["null", "string"], enum=[None, "cut", "promote"], title="Stop", section="A freeze"),
        "freeze": Param(None, type=["null", "string"], enum=[None, *freezes], title="Freeze", section="A freeze"),
        "exception": _text(
            "Exception", "The id of one that stationmaster freeze ask has written down; empty otherwise.", "A freeze"
        ),
    }


def _text(title: str, told: str, section: str) -> Param:
    return Param(None, type=["null", "string"], maxLength=100, title=title, description=told, section=section)
