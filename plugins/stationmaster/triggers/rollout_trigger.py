"""The trigger of the rollouts: looks in place of a batch's task until the batch has come as far as the task needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.triggers.base import TaskSkippedEvent, TaskSuccessEvent, TriggerEvent

from stationmaster.triggers.station_trigger import LookingTrigger

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.departures.station import Station


class RolloutTrigger(LookingTrigger):
    """Waits, without a worker, for a batch; what it reads of votes, versions and alerts goes to the ledger.

    Its arguments outlive releases and stand in Airflow's database: only optional ones may be added.

    :param team: the team's configuration as JSON, so that the triggerer needs no DAG bundle.
    :param train: the train's id within the team.
    :param departure: such as ``dre.weekly/2026-W48``.
    :param subject: where the blockers stand in the ledger.
    :param rollout: its number within the departure.
    :param batch: its number within the plan.
    :param stage: a name of :data:`stationmaster.rollouts.stepping.STAGES`.
    :param interval: seconds between two looks.
    :param ends: whether the trigger may end the task, where nothing is left for a worker to do.
    """

    def __init__(
        self,
        *,
        team: dict[str, Any],
        train: str,
        departure: str,
        subject: str,
        rollout: int,
        batch: int,
        stage: str,
        interval: float,
        ends: bool = False,
    ) -> None:
        super().__init__(subject=subject, interval=interval)
        self.team = team
        self.train = train
        self.departure = departure
        self.rollout = rollout
        self.batch = batch
        self.stage = stage
        self.ends = ends

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return (
            "stationmaster.triggers.rollout_trigger.RolloutTrigger",
            {
                "team": self.team,
                "train": self.train,
                "departure": self.departure,
                "subject": self.subject,
                "rollout": self.rollout,
                "batch": self.batch,
                "stage": self.stage,
                "interval": self.interval,
                "ends": self.ends,
            },
        )

    def look(self) -> tuple[bool, Standing]:
        """Take one look with fresh connections, keep the blockers, and return whether it settles."""
        from stationmaster.rollouts.waiting import look

        station = self._station()
        settled, standing = look(station, self.departure, self.rollout, self.batch, self.stage)
        if standing.blockers:
            # What it waited for stands until the task itself goes on: no waiting task is ever without a reason.
            station.ledger.renew_blockers(self.subject, standing.blockers, station.now())
        return settled, standing

    def event(self, standing: Standing) -> TriggerEvent:
        """Return the end of the task itself where its batch has come as far, so that it needs no worker at all."""
        from stationmaster.rollouts.waiting import ending

        if not self.ends or standing.blockers:  # with blockers left there is something for a worker to propose
            return super().event(standing)
        station = self._station()
        result = ending(station, self.departure, self.rollout, self.batch)
        station.ledger.set_blockers(self.subject, (), station.now())
        return TaskSkippedEvent() if result is None else TaskSuccessEvent(xcoms={"return_value": result})

    def _station(self) -> Station:
        from stationmaster.config.team import TeamConfig
        from stationmaster.departures.station import Station

        return Station(team=TeamConfig.model_validate(self.team), train=self.train)
