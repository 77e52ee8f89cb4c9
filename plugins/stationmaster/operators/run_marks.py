"""Which run of Airflow's a task belongs to, and what is said when a run asks for what it may not.

A run's id is a text: a run can be deleted and made again under it. What tells the two apart are its marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.sdk import Context

    from stationmaster.ledger import Ledger
    from stationmaster.ledger.records import BoundRun

OPENED_IN = "task instance"
"""The mark that names the task instance by which the run was bound; a later one is of another try, or another run."""


def marks(context: Context) -> dict[str, str]:
    """Return what tells a run from another one of its id: how, when and by whom it was started."""
    run = context["dag_run"]
    return {
        "kind": str(getattr(run, "run_type", "") or ""),
        "starter": str(getattr(run, "triggering_user_name", "") or ""),
        "logical date": _instant(getattr(run, "logical_date", None)),
        "due time": _instant(getattr(run, "run_after", None)),
    }


def bound(ledger: Ledger, context: Context, dag: str, *, part: str = "") -> BoundRun | None:
    """Return what the run of a task is about, None where it has opened nothing.

    :raises RunMadeAgain: another run was bound under this id.
    """
    return ledger.bound(dag, context["dag_run"].run_id, marks(context), part=part)


def bind(
    ledger: Ledger, context: Context, dag: str, subject: str, *, now: datetime, by: str, part: str = ""
) -> BoundRun:
    """Write down what the run of a task is about, and return what holds: the first word.

    Only the task that opens it calls this: a first try of it that finds a word of another task instance belongs to a
    run that was made again.

    :raises RunMadeAgain: another run was bound under this id.
    """
    from stationmaster.ledger.errors import RunMadeAgain

    task: Any = context["ti"]
    run = context["dag_run"].run_id
    known = bound(ledger, context, dag, part=part)
    instance = str(getattr(task, "id", "") or "")
    if known is None:
        known = ledger.bind(dag, run, subject, {**marks(context), OPENED_IN: instance}, now, by, part=part)
    if getattr(task, "try_number", 0) == 1 and known.marks.get(OPENED_IN) != instance:
        raise RunMadeAgain(
            f"The run {run} of {dag} was deleted and made again under its id. What the first one opened, "
            f"{known.subject}, is not its own. Start a new run instead."
        )
    return known


def refusal(context: Context, why: str) -> str:
    """Return why a task did nothing, for its log: who started the run, that it was touched, and where that is seen.

    Airflow tells no task who cleared or marked it: its event log does.

    :param why: a sentence.
    """
    run, task = context["dag_run"], context["ti"]
    starter = getattr(run, "triggering_user_name", None) or "the timetable"
    page = str(getattr(task, "log_url", "") or "").partition("?")[0]
    log = f" Its event log: {page}/events" if page else f" See the events of {task.task_id} in Airflow."
    return (
        f"Refused: {why} Nothing was sent. The run was started by {starter}. If this task ran again, somebody cleared "
        f"or marked it; Airflow does not tell it who.{log}"
    )


def _instant(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""
