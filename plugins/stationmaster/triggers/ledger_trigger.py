"""The trigger of a task that found no ledger: asks until it answers, for as long as it takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from stationmaster.triggers.answers import given
from stationmaster.triggers.station_trigger import SETTLING_SECONDS

log = logging.getLogger(__name__)


class LedgerTrigger(BaseTrigger):
    """Waits, without a worker, until the ledger answers.

    Its arguments outlive releases and stand in Airflow's database: only optional ones may be added.

    :param interval: seconds between two questions.
    :param question: whether a person was asked, whose answer may have come before the task began to wait.
    """

    def __init__(self, *, interval: float, question: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.interval = interval
        self.question = question

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        kwargs = {"interval": self.interval, "question": self.question}
        return "stationmaster.triggers.ledger_trigger.LedgerTrigger", kwargs

    def answers(self) -> bool:
        """Ask the ledger once.

        :raises LedgerError, LedgerNotConfigured: it answers, and is not what this release needs; the task says so.
        """
        from stationmaster import settings
        from stationmaster.ledger import Ledger
        from stationmaster.ledger.errors import LedgerUnreachable

        try:
            Ledger.at(settings.ledger_url()).fingerprint()
        except LedgerUnreachable as away:
            log.warning("%s", away)
            return False
        return True

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Ask until there is an answer, in a thread, then fire once."""
        from asgiref.sync import sync_to_async

        answers = sync_to_async(self.answers, thread_sensitive=False)
        await asyncio.sleep(SETTLING_SECONDS)
        answer = await given(self) if self.question else None
        if answer is not None:
            yield TriggerEvent(answer)  # type: ignore[no-untyped-call]
            return
        while not await answers():
            await asyncio.sleep(self.interval)
        yield TriggerEvent({"ledger": "answers"})  # type: ignore[no-untyped-call]
