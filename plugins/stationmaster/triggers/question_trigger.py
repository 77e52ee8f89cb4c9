"""The trigger of a try that finds a question put already: reads whether it was answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from stationmaster.triggers.answers import QuestionGone, answer_given
from stationmaster.triggers.station_trigger import SETTLING_SECONDS

UNANSWERED, GONE = "unanswered", "gone"


class QuestionTrigger(BaseTrigger):
    """Fires with the answer of a question that an earlier try has put; or with ``{"question": "unanswered"}``.

    A question that Airflow does not know any more is ``gone``.
    """

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path; there are no arguments: the task instance tells which question is meant."""
        return "stationmaster.triggers.question_trigger.QuestionTrigger", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Read once, and fire."""
        await asyncio.sleep(SETTLING_SECONDS)
        try:
            event = await answer_given(self.task_instance) or {"question": UNANSWERED}
        except QuestionGone:
            event = {"question": GONE}
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]
