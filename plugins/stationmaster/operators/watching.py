"""The tasks of a day's watch: one opens it, and one for each watch waits without a worker until the day is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from stationmaster import clock
from stationmaster.operators.base import Result
from stationmaster.operators.team_step import Pausing, TeamOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.team import TeamConfig
    from stationmaster.work.context import Desk

OPEN_TASK = "open_the_watch"
SILENCES_TASK = "check_the_silences"
INCIDENTS_TASK = "start_incidents"


class WatchDayOperator(TeamOperator):
    """Base of the tasks of ``<team>.watch``: a run is about the local date on which it began."""

    area = "watches"
    first_task = OPEN_TASK
    poll = timedelta(minutes=1)

    def about(self, desk: Desk, context: Context) -> str:
        """Return the day: that of the scheduled instant, by hand that of now."""
        from stationmaster.core.instants import to_local

        run: Any = context["dag_run"]
        scheduled = run.run_type == "scheduled" and run.logical_date is not None
        at = run.logical_date if scheduled else clock.now()
        return f"{desk.team.id}.watch/{to_local(at, desk.team.zone).date()}"


class OpenWatchOperator(WatchDayOperator):
    """Names the day. XCom: ``{"day"}``, an ISO date of the team's zone."""

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Say what the day's watch is called."""
        from stationmaster.oncall_log.open_work import TITLE

        day = about.rpartition("/")[2]
        title = {"title": f"{desk.team.title}: what is watched on {day}", "url": ""}
        desk.ledger.record_once(about, TITLE, "", title, desk.now(), "stationmaster")
        return {"day": day}


class WatchOperator(WatchDayOperator):
    """Looks until the watch closes, in a trigger. XCom: ``{"outcome": "watched"}``.

    :param watch: the id of the watch.
    """

    def __init__(self, *, watch: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.watch = watch

    @property
    def entries(self) -> dict[str, tuple[str, ...]]:
        """This watch, and no other."""
        return {"chores": (), "watches": (self.watch,)}

    @property
    def team_config(self) -> TeamConfig:
        """The team with this watch, and with the train that it is about: a mistake in another one stops no watch."""
        from stationmaster.config.loader import load

        found = load(self.include_dir, teams=[self.team], trains=(), entries=self.entries).team(self.team)
        train = getattr(found.watches.get(self.watch), "train", None)
        if train is None:
            return found
        return load(self.include_dir, teams=[self.team], trains=(train,), entries=self.entries).team(self.team)

    def carried(self, files: TeamConfig) -> TeamConfig:
        """Return the team with what its look needs: the watch and its train."""
        return files.model_copy(update={"chores": {}})

    def is_over(self, desk: Desk, about: str) -> str:
        """Return why this watch has nothing to do with the day: it is closed on it, or in no file any more."""
        from stationmaster.watches.waiting import span_of

        if self.watch not in desk.files.watches:
            return f"the team's files have no watch {self.watch} any more"
        return "" if span_of(desk, about, self.watch) is not None else "it is a day off for this watch"

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Wait until the watch closes."""
        from stationmaster.watches.waiting import WATCH, span_of

        span = span_of(desk, about, self.watch)
        if span is None:
            raise AirflowSkipException("it is a day off for this watch")
        if desk.now() >= span.end:
            return {"outcome": "watched"}
        return Pausing(WATCH, {"watch": self.watch})


class CheckSilencesOperator(WatchDayOperator):
    """Complains of each silence whose issue is closed, until the last watch closes. XCom: ``{"outcome": "watched"}``.

    :param role: whoever holds it is told.
    :param channel: the team's channel that hears of it.
    """

    poll = timedelta(minutes=10)

    def __init__(self, *, role: str, channel: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role
        self.channel = channel

    @property
    def entries(self) -> dict[str, tuple[str, ...]]:
        """Every watch: the last one that closes ends this task, too."""
        return {"chores": ()}

    def carried(self, files: TeamConfig) -> TeamConfig:
        """Return the team with its watches: their hours are needed."""
        return files.model_copy(update={"trains": {}, "chores": {}})

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Wait until the last watch closes."""
        from stationmaster.watches.waiting import SILENCES, last_span

        span = last_span(desk, about)
        if span is None or desk.now() >= span.end:
            return {"outcome": "watched"}
        return Pausing(SILENCES, {"role": self.role, "channel": self.channel})


class StartIncidentsOperator(WatchDayOperator):
    """Starts ``<team>.incident`` for each group of alerts that somebody escalates, until the last watch closes (D-18).

    The run's id is made of the decision, so that a task that is tried again starts no second one; the incident itself
    joins one of the same alerts that is under way. XCom: ``{"outcome": "watched"}``.
    """

    @property
    def entries(self) -> dict[str, tuple[str, ...]]:
        """Every watch: a decision may be about any of them."""
        return {"chores": ()}

    def carried(self, files: TeamConfig) -> TeamConfig:
        """Return the team with its watches."""
        return files.model_copy(update={"trains": {}, "chores": {}})

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Start what is wanted, then wait for the next one."""
        from stationmaster.incidents import opening
        from stationmaster.operators.starting_runs import start_run
        from stationmaster.watches import escalated
        from stationmaster.watches.waiting import ESCALATED, last_span

        for each in escalated.wanted(desk):
            conf = opening.open_from(desk, each.once, each.title, link=each.link, by=each.by)
            run = opening.run_of(each.once)
            # An empty field is left out: the form would refuse it.
            filled = {name: value for name, value in conf.items() if value}
            start_run(f"{desk.team.id}.incident", run, {**filled, "alert": each.key})
            escalated.started(desk, each, run)
        span = last_span(desk, about)
        if span is None or desk.now() >= span.end:
            return {"outcome": "watched"}
        return Pausing(ESCALATED, {})
