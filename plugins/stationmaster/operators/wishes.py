"""What a form asks for is decided once, soon after it was filled in; to touch its run later only looks (F71).

Carried out, it stands in the ledger as what it has led to, and is found again. Refused, or not carried out within
:data:`GOOD_FOR`, it is over: what it was about may have changed, and its author has gone on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from stationmaster.core import escaping
from stationmaster.operators import run_marks

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.operators.base import Result
    from stationmaster.work.context import Desk

REFUSED = "form_refused"
"""The fact that a form was refused: subject the run, as ``<DAG>/<run id>``; value ``{"why"}``."""
GOOD_FOR = timedelta(hours=1)
"""How long after its run has begun a form may still be carried out."""


@contextmanager
def deciding(
    desk: Desk, context: Context, run: str, *, about: str, event: Result | None = None, since: datetime | None = None
) -> Iterator[None]:
    """Carry out what a form asks for, within the block, and keep it if that is refused.

    What only passes, such as a GitHub out of reach, decides nothing: the step is taken again.

    :param run: the form's run, as ``<DAG>/<run id>``.
    :param about: under which subject of the ledger a refusal is kept: that of the train, the rotation, the chore.
    :param event: what woke the task. One that goes on after its own wait was not touched, however long that took.
    :param since: when the run began by our clock, where the ledger knows it.
    :raises AirflowFailException: it was refused before, or it is too old.
    """
    from stationmaster.core.transitions import ActRefused
    from stationmaster.work.obstacles import StepImpossible

    _require_open(desk, context, run, about)
    if event is None:
        require_new(desk, context, since=since)
    try:
        yield
    except (AirflowFailException, StepImpossible, ActRefused) as refused:
        value = {"why": escaping.one_line(str(refused))}
        desk.ledger.record_once(about, REFUSED, run, value, desk.now(), "stationmaster", key=f"{REFUSED}/{run}")
        raise


def require_new(desk: Desk, context: Context, *, since: datetime | None = None) -> None:
    """Return if a form may still be carried out by its age.

    Both clocks are asked: the ledger's, from the run's first task on, and Airflow's, from its start on. The first task
    may have been marked as success, and be cleared much later.

    :raises AirflowFailException: it is too old.
    """
    begun, tried = getattr(context["dag_run"], "run_after", None), getattr(context["ti"], "start_date", None)
    ages = [desk.now() - since] if since is not None else []
    ages += [tried - begun] if begun is not None and tried is not None else []
    if any(age > GOOD_FOR for age in ages):
        raise AirflowFailException(
            run_marks.refusal(
                context,
                "this form is too old: it was filled in more than an hour ago, and was not carried out then. What it "
                "is about may have changed. Fill the form in again.",
            )
        )


def _require_open(desk: Desk, context: Context, run: str, about: str) -> None:
    fact = desk.ledger.fact(about, REFUSED, run)
    if fact is not None:
        why = str(fact.value["why"])
        raise AirflowFailException(
            run_marks.refusal(context, f"this form was refused when it was filled in: {why} Fill the form in again.")
        )
