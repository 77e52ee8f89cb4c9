"""The trigger of the trains: takes a look again and again until there is nothing left to wait for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TaskSkippedEvent, TaskSuccessEvent, TriggerEvent

from stationmaster.triggers.answers import given

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.departures.station import Station

log = logging.getLogger(__name__)

PATIENCE = 20
"""Looks in a row that may fail for what nobody has foreseen, before the task is woken to fail."""
SETTLING_SECONDS = 2.0
"""Real seconds before the first look: an event within about a second of the deferral fails that try of the task."""


PULSE_SECONDS = 0.5
"""Real seconds between two questions to the ledger whether a look is worth while before its time."""


class LookingTrigger(BaseTrigger):
    """Looks again and again, in threads of its own, until there is nothing left to wait for.

    :param subject: where the blockers stand in the ledger.
    :param interval: seconds between two looks.
    :param question: whether a person was asked, whose answer may have come before the task began to wait.
    """

    def __init__(self, *, subject: str, interval: float, question: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.subject = subject
        self.interval = interval
        self.question = question

    def look(self) -> tuple[bool, Standing]:
        """Take one look with fresh connections, keep the blockers, and return whether it settles."""
        raise NotImplementedError

    def event(self, standing: Standing) -> TriggerEvent:
        """Return what fires when the wait is over: the task is woken, unless it needs no worker to end."""
        return TriggerEvent({"settled": str(standing.verdict)})  # type: ignore[no-untyped-call]

    def pulse(self) -> int | None:
        """Return a number of the ledger that changes when a look is worth while at once, None where there is none."""
        return None

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until the watch settles, then fire once.

        Looks run in threads of their own: one that is slow, because GitHub is, holds up no other trigger.
        """
        from asgiref.sync import sync_to_async

        from stationmaster.ledger.errors import LedgerUnreachable

        look = sync_to_async(self.look, thread_sensitive=False)
        event = sync_to_async(self.event, thread_sensitive=False)
        await asyncio.sleep(SETTLING_SECONDS)
        answer = await given(self) if self.question else None
        if answer is not None:
            yield TriggerEvent(answer)  # type: ignore[no-untyped-call]
            return
        failures = 0
        while True:
            try:
                settled, standing = await look()
                fires = await event(standing) if settled else None
            except LedgerUnreachable as away:
                # Nothing can be decided without it, and nothing is lost: everything waits.
                log.warning("%s cannot be looked at: %s", self.subject, away)
            except Exception:
                failures += 1
                if failures >= PATIENCE:
                    raise
                log.exception("%s cannot be looked at (%d of %d)", self.subject, failures, PATIENCE)
            else:
                failures = 0
                if fires is not None:
                    yield fires
                    return
            await self._rest()

    async def _rest(self) -> None:
        """Sleep until the next look: for the interval, or until the ledger tells that something has come."""
        from asgiref.sync import sync_to_async

        pulse = sync_to_async(self.pulse, thread_sensitive=False)
        left = self.interval
        try:
            before = await pulse()
            while before is not None and left > PULSE_SECONDS:
                await asyncio.sleep(PULSE_SECONDS)
                left -= PULSE_SECONDS
                if await pulse() != before:
                    return
        except Exception as error:
            # The look after the rest asks the same ledger, and says what is wrong.
            log.warning("%s: the ledger cannot be asked between two looks: %s", self.subject, error)
        await asyncio.sleep(left)


class StationTrigger(LookingTrigger):
    """Waits, without a worker, until a watch settles; writes down meanwhile why it waits and for whom.

    Its arguments outlive releases and stand in Airflow's database: only optional ones may be added.

    :param team: the team's configuration as JSON, so that the triggerer needs no DAG bundle.
    :param train: the train's id within the team.
    :param departure: such as ``cellxgene.weekly/2026-W34``.
    :param subject: where the blockers stand in the ledger.
    :param watch: a name of :data:`stationmaster.departures.watches.WATCHES`.
    :param arguments: what that watch needs.
    :param interval: seconds between two looks.
    :param ends: whether the trigger may end the task, where nothing is left for a worker to do.
    :param question: whether a person was asked.
    """

    def __init__(
        self,
        *,
        team: dict[str, Any],
        train: str,
        departure: str,
        subject: str,
        watch: str,
        arguments: dict[str, Any],
        interval: float,
        ends: bool = False,
        question: bool = False,
    ) -> None:
        super().__init__(subject=subject, interval=interval, question=question)
        self.team = team
        self.ends = ends
        self.train = train
        self.departure = departure
        self.watch = watch
        self.arguments = arguments

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return (
            "stationmaster.triggers.station_trigger.StationTrigger",
            {
                "team": self.team,
                "train": self.train,
                "departure": self.departure,
                "subject": self.subject,
                "watch": self.watch,
                "arguments": self.arguments,
                "interval": self.interval,
                "ends": self.ends,
                "question": self.question,
            },
        )

    def look(self) -> tuple[bool, Standing]:
        """Take one look with fresh connections, keep the blockers, and return whether it settles."""
        from stationmaster.departures.watches import look, settled

        station = self._station()
        standing = look(station, self.watch, self.departure, self.arguments)
        if standing.blockers:
            # What it waited for stands until the task itself goes on: no waiting task is ever without a reason, and
            # a look that was under way when the task was woken by an answer brings no reason back.
            station.ledger.renew_blockers(self.subject, standing.blockers, station.now())
        return settled(self.watch, standing), standing

    def event(self, standing: Standing) -> TriggerEvent:
        """Return the end of the task itself where nothing is left to do, so that it needs no worker at all."""
        from stationmaster.departures.watches import ending

        if not self.ends:
            return super().event(standing)
        station = self._station()
        end = ending(station, self.watch, self.departure, standing)
        if end is None:
            return super().event(standing)
        station.ledger.set_blockers(self.subject, (), station.now())
        return TaskSkippedEvent() if end.skipped else TaskSuccessEvent(xcoms={"return_value": end.result})

    def pulse(self) -> int | None:
        """Return what the watch counts in the ledger, such as ballots."""
        from stationmaster.departures.watches import pulse

        return pulse(self._listening, self.watch, self.departure)

    def _station(self) -> Station:
        from stationmaster.config.team import TeamConfig
        from stationmaster.departures.station import Station

        return Station(team=TeamConfig.model_validate(self.team), train=self.train)

    @cached_property
    def _listening(self) -> Station:
        return self._station()
