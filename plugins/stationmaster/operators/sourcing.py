"""The tasks that read what somebody else keeps: a rotation's source, and a calendar of absences (R34, R43)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from stationmaster.operators.base import Result
from stationmaster.operators.files import FilesOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.handoffs.shift_desk import ShiftDesk


class RotationSourceOperator(FilesOperator):
    """Base of the tasks about one rotation's source; when the last try fails, the team hears of it once a day."""

    def __init__(self, *, rotation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rotation = rotation

    def read(self, desk: ShiftDesk) -> Result:
        """Read the source.

        :raises SourceUnreadable, CalendarFeedError, PagerError: it cannot be read.
        """
        raise NotImplementedError

    def execute(self, context: Context) -> Result:
        """Read it, and say so where that fails for good."""
        from stationmaster.handoffs.comparing import tell_unread
        from stationmaster.handoffs.shift_desk import ShiftDesk
        from stationmaster.hooks.calendar_feed import CalendarFeedError
        from stationmaster.hooks.pager_models import PagerError
        from stationmaster.oncall.sources import SourceUnreadable

        desk = ShiftDesk(team=self.team_config, rotation=self.rotation)
        try:
            return self.read(desk)
        except (SourceUnreadable, CalendarFeedError, PagerError) as error:
            if context["ti"].try_number > (self.retries or 0):
                tell_unread(desk, str(error))
            raise AirflowException(str(error)) from None


class ReadSourceOperator(RotationSourceOperator):
    """Keeps what the source that decides says; whoever gets or loses a shift is told.

    XCom: ``{"rotation", "changed": [role]}``.
    """

    def read(self, desk: ShiftDesk) -> Result:
        """Read and keep."""
        from stationmaster.handoffs.comparing import read

        return {"rotation": self.rotation, "changed": [each.role for each in read(desk, self.include_dir)]}


class CompareSourceOperator(RotationSourceOperator):
    """Holds the source against the files; the team hears once of each difference.

    XCom: ``{"rotation", "agrees", "differences": [{"role", "start", "end", "files": [id], "source": [id]}]}``; instants
    are ISO in UTC.
    """

    def read(self, desk: ShiftDesk) -> Result:
        """Compare."""
        from stationmaster.handoffs.comparing import compare

        found = compare(desk, self.include_dir)
        rows = [
            {
                "role": role,
                "start": row.start.isoformat(),
                "end": row.end.isoformat(),
                "files": list(row.files),
                "source": list(row.source),
            }
            for role, rows in found.items()
            for row in rows
        ]
        return {"rotation": self.rotation, "agrees": not rows, "differences": rows}


class ReadAbsencesOperator(FilesOperator):
    """Keeps who is away by the team's calendar; events that name nobody of the team are left out.

    XCom: ``{"absences", "changed"}``.
    """

    def execute(self, context: Context) -> Result:
        """Read and keep; what cannot be read leaves what was known."""
        from datetime import timedelta

        from stationmaster import clock, settings
        from stationmaster.hooks.calendar_feed import CalendarFeedError
        from stationmaster.ledger import Ledger
        from stationmaster.oncall.answers import keep_absences
        from stationmaster.oncall.sources import CalendarSource, SourceUnreadable, calendar_bytes

        team, now = self.team_config, clock.now()
        try:
            calendar = CalendarSource(calendar_bytes(str(team.away), self.include_dir), team, lenient=True)
            found = calendar.shifts(now - timedelta(days=1), now + timedelta(days=370))
        except (SourceUnreadable, CalendarFeedError) as error:
            raise AirflowException(str(error)) from None
        changed = keep_absences(Ledger.at(settings.ledger_url()), team, found, now)
        return {"absences": len(found), "changed": changed}
