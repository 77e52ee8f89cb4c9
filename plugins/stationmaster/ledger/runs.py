"""What each DAG run is about. The first word holds: a run that opened something is about that for ever (F71)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stationmaster.ledger.columns import prose, utc
from stationmaster.ledger.errors import RunMadeAgain
from stationmaster.ledger.pen import Pen
from stationmaster.ledger.records import BoundRun
from stationmaster.ledger.store import Store
from stationmaster.ledger.tables import RUN_BOUND, RunRow


class Runs(Store):
    """Runs of Airflow's, each with what it is about."""

    def bind(
        self,
        dag: str,
        run: str,
        subject: str,
        marks: Mapping[str, str],
        now: datetime,
        by: str,
        *,
        part: str = "",
    ) -> BoundRun:
        """Write down what a run is about, and return what holds: the first one, whatever ``subject`` says now.

        :param marks: what tells this run from another one of the same id, such as who started it.
        :param part: which part of the run it is; empty for the whole run.
        :raises RunMadeAgain: the run that was bound is not this one.
        """
        if (known := self.bound(dag, run, marks, part=part)) is not None:
            return known
        with self.writing() as pen:
            row = run_row(pen.session, dag, run, part) or add_run(pen, dag, run, subject, marks, now, by, part=part)
            return _same(row, marks)

    def bound(self, dag: str, run: str, marks: Mapping[str, str] | None = None, *, part: str = "") -> BoundRun | None:
        """Return what a run is about, None for one that has opened nothing.

        :param marks: of the run that asks; None asks by the names alone.
        :raises RunMadeAgain: the run that was bound is not this one.
        """
        with self.reading() as session:
            row = run_row(session, dag, run, part)
            if row is None:
                return None
            return _bound(row) if marks is None else _same(row, marks)


def run_row(session: Session, dag: str, run: str, part: str) -> RunRow | None:
    """Return the row of a run, None where nothing is bound to it."""
    query = select(RunRow).where(RunRow.dag == dag, RunRow.run == prose(run), RunRow.part == part)
    return session.scalars(query).one_or_none()


def add_run(
    pen: Pen, dag: str, run: str, subject: str, marks: Mapping[str, str], now: datetime, by: str, *, part: str = ""
) -> RunRow:
    """Add the row of a run."""
    row = RunRow(dag=dag, run=run, part=part, subject=subject, marks=dict(marks), at=utc(now), by=by)
    pen.add(row, RUN_BOUND, subject, at=now, actor=by)
    return row


def _same(row: RunRow, marks: Mapping[str, str]) -> BoundRun:
    """Return the row's value if it is of the run that asks. What one of the two does not know, tells nothing."""
    found = _bound(row)
    other = [name for name, mark in marks.items() if found.marks.get(name, mark) != mark]
    if other:
        told = "; ".join(
            f"its {name} was {found.marks[name] or 'nothing'}, and is {marks[name] or 'nothing'}" for name in other
        )
        raise RunMadeAgain(
            f"The run {row.run} of {row.dag} was deleted and made again under its id ({told}). What the first one "
            f"opened, {row.subject}, is not its own. Start a new run instead."
        )
    return found


def _bound(row: RunRow) -> BoundRun:
    return BoundRun(dag=row.dag, run=row.run, part=row.part, subject=row.subject, marks=row.marks, at=row.at, by=row.by)
