"""A task that finds no ledger waits until it answers: what its database lets fall is picked up where it lay."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from stationmaster.operators.files import FilesOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

_ASKS_EVERY = timedelta(seconds=15)


class PatientOperator(FilesOperator):
    """Base of the tasks that keep their place in the ledger.

    While the ledger does not answer, the task waits without a worker, however long that takes. What had woken it, such
    as a person's answer, stands in Airflow meanwhile: nobody is asked twice because a database started anew.
    """

    def execute(self, context: Context) -> Any:
        """Take the step for the first time in this try."""
        return self._patiently(context, None)

    def resume(self, context: Context, event: dict[str, Any] | None = None, asked: dict[str, Any] | None = None) -> Any:
        """Take the step again after a wait.

        :param asked: the arguments of the look that was waited for; absent in waits of an older release (F69).
        """
        return self._patiently(context, {**(event or {}), "asked": asked or {}})

    def after_outage(
        self, context: Context, event: dict[str, Any] | None = None, kept: dict[str, Any] | None = None
    ) -> Any:
        """Go on where the ledger was not there.

        :param event: that it answers; or what a person has answered meanwhile.
        :param kept: what the step was to be taken with; None if the try had just begun.
        """
        if event and "chosen_options" in event:
            return self._patiently(context, {**event, "asked": (kept or {}).get("asked", {})})
        if kept is None:
            # A question may have been put already, and is put once in each try (fact 3).
            raise AirflowException("The ledger answers again. The step starts anew in another try.")
        return self._patiently(context, kept)

    def _take(self, context: Context, event: dict[str, Any] | None) -> Any:
        """Take the step, or wait.

        :param event: None at the start of a try; what woke the task after a wait, with what it had ``asked`` for.
        """
        raise NotImplementedError

    def _patiently(self, context: Context, event: dict[str, Any] | None) -> Any:
        from stationmaster import settings
        from stationmaster.ledger.errors import LedgerUnreachable
        from stationmaster.triggers.ledger_trigger import LedgerTrigger

        try:
            return self._take(context, event)
        except LedgerUnreachable as away:
            self.log.warning("Waiting: %s. It goes on by itself when the ledger answers.", away)
            interval = settings.poll_interval(_ASKS_EVERY).total_seconds()
            return self.defer(
                trigger=LedgerTrigger(interval=interval), method_name="after_outage", kwargs={"kept": event}
            )
