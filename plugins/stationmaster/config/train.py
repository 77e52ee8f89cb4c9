"""A train: what rides, when it stops, what must hold (``include/trains/<team>.<train>.yaml``)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from stationmaster.config.base import ConfigModel, refusal
from stationmaster.config.beside import FeatureBuilds, Hotfix, SecurityHotfix
from stationmaster.config.board import Board
from stationmaster.config.components import Component
from stationmaster.config.fields import Line, PositiveDuration, Slug, Text, ZoneName
from stationmaster.config.gates import Gates
from stationmaster.config.holiday_lists import Holidays
from stationmaster.config.rolling_out import Rollout
from stationmaster.config.stops import Forms, Stop, Stops
from stationmaster.config.train_rules import Rules
from stationmaster.core.calendar import StopTimetable, promote_week
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek

_FIRST_YEAR, _LAST_YEAR = 2020, 2044
"""For which years the holidays of a train are worked out; the range is fixed, so that a timetable stays the same."""
_WEEKEND = 5


class Rollback(ConfigModel):
    """Where a rollback goes (C-18)."""

    target: Literal["recorded", "last_healthy"] = Field(
        default="recorded",
        description="recorded: what prod ran before the promotion; last_healthy: the newest manifest verified there",
    )
    irreversible: tuple[Text, ...] = Field(
        default=("irreversible",),
        description="Labels of pull requests that no rollback undoes: migrations (F48)",
    )


class Reminders(ConfigModel):
    """How often a gate that waits for people asks them again."""

    every: PositiveDuration = timedelta(hours=1)


class Runbooks(ConfigModel):
    """The pages that tasks name when a person must act: ids under ``include/runbooks/``."""

    cut: Slug = "cut"
    promote: Slug = "promote"
    rollback: Slug = "rollback"
    deploy_failed: Slug = "deploy-failed"
    hotfix: Slug = "hotfix"


class TrainFile(ConfigModel):
    """``include/trains/<team>.<train>.yaml``."""

    id: Slug
    team: Slug
    title: Line
    zone: ZoneName | None = Field(default=None, description="Defaults to the team's zone")
    channel: Slug = Field(description="The team's channel that hears of departures (C-14, C-17)")
    on_call: Slug = Field(default="primary", description="The role that conducts the train (C-08)")
    environments: tuple[Slug, ...] = ("dev", "staging", "prod")
    components: tuple[Component, ...] = Field(min_length=1, description="In the order in which they are deployed")
    stops: Stops
    holidays: Holidays = Field(default_factory=Holidays, description="Days on which a stop asks its on_holiday")
    gates: Gates
    rules: Rules = Field(default_factory=Rules, description="Who may change production, and under which issue (T-01)")
    board: Board | None = Field(
        default=None, description="Columns of the team's board, as labels of issues, that go with the train (C-36)"
    )
    rollback: Rollback = Field(default_factory=Rollback)
    on_partial_failure: Literal["compensate", "stop", "continue"] = Field(
        default="compensate",
        description="When a component does not arrive in production: compensate takes back those that did, stop leaves "
        "all as it is for a person, continue brings the others. A departure that is half there is PARTIAL, and the "
        "next one waits for it (F67)",
    )
    on_failed_test: Literal["ask", "roll_back"] = Field(
        default="ask",
        description="When an item of a test list fails in production: ask lets the person on call choose what follows, "
        "roll_back takes the departure back by itself. On staging a person is always asked (C-20)",
    )
    previous_departure: Literal["hold", "supersede", "parallel"] = Field(
        default="hold", description="When the departure before is still open"
    )
    reminders: Reminders = Field(default_factory=Reminders)
    poll: PositiveDuration = Field(default=timedelta(seconds=30), description="How often a waiting gate looks again")
    runbooks: Runbooks = Field(default_factory=Runbooks)
    forms: Forms = Field(default_factory=Forms)
    hotfix: Hotfix | None = Field(default=None, description="Without it there is no DAG for hotfixes (D-14)")
    security_hotfix: SecurityHotfix | None = Field(
        default=None, description="Without it there is no DAG for them (D-15)"
    )
    feature_builds: FeatureBuilds | None = Field(default=None, description="Without it there is no DAG for them (D-13)")
    rollout: Rollout | None = Field(
        default=None, description="What follows the promotion over days, batch by batch (D-09)"
    )

    @model_validator(mode="after")
    def _components_differ(self) -> Self:
        for name in ("id", "repository"):
            seen: dict[str, int] = {}
            for index, component in enumerate(self.components):
                value = str(getattr(component, name)).lower()
                if value in seen:
                    raise refusal(
                        f"duplicate_{name}",
                        f"components {seen[value] + 1} and {index + 1} share the {name} {value!r}",
                        "Give each component its own.",
                        field=f"components.{index}.{name}",
                    )
                seen[value] = index
        return self

    @model_validator(mode="after")
    def _environments_exist(self) -> Self:
        named = list(self._stop_environments().items())
        for index, component in enumerate(self.components):
            named += [(f"components.{index}.environments.{name}", name) for name in component.environments]
        for field, name in named:
            if name not in self.environments:
                raise refusal(
                    "unknown_environment",
                    f"{name!r} is not an environment of this train",
                    f"Use one of {', '.join(self.environments)}, or add it to environments.",
                    field=field,
                )
        return self

    def _stop_environments(self) -> dict[str, str]:
        found = {"stops.cut.environment": self.stops.cut.environment}
        found["stops.promote.environment"] = self.stops.promote.environment
        if self.feature_builds is not None:
            found["feature_builds.environment"] = self.feature_builds.environment
        return found


class TrainConfig(TrainFile):
    """A train whose zone is settled. ``model_dump(mode="json")`` and ``model_validate`` are each other's inverse."""

    zone: ZoneName

    @property
    def key(self) -> str:
        """``<team>.<train>``, as DAG ids and departures begin."""
        return f"{self.team}.{self.id}"

    @property
    def staging(self) -> str:
        """The environment that the cut deploys to."""
        return self.stops.cut.environment

    @property
    def production(self) -> str:
        """The environment that the promotion deploys to."""
        return self.stops.promote.environment

    def beside(self, kind: DepartureKind) -> Hotfix | None:
        """Return the rules of a hotfix of that kind, None for the train itself and for feature builds."""
        return {DepartureKind.HOTFIX: self.hotfix, DepartureKind.SECURITY_HOTFIX: self.security_hotfix}.get(kind)

    def stop(self, name: Literal["cut", "promote"]) -> StopTimetable:
        """Return the timetable of a stop, in the train's zone."""
        return self._timetables[name]

    def promote_week(self, cut_week: IsoWeek) -> IsoWeek:
        """Return the week in which what is cut in ``cut_week`` is promoted (T-20)."""
        return promote_week(self.stop("cut"), self.stop("promote"), cut_week, self.stops.promote.weeks_later)

    def cut_week(self, due: IsoWeek) -> IsoWeek:
        """Return the week in which what is promoted in the week ``due`` was cut: the inverse."""
        return due.plus(-((self.promote_week(due).monday() - due.monday()).days // 7))

    @cached_property
    def _timetables(self) -> dict[str, StopTimetable]:
        years = range(_FIRST_YEAR, _LAST_YEAR, 12)
        days = frozenset(day for year in years for day in self.holidays.from_year(year))
        stops: dict[str, tuple[Stop, Stop]] = {
            "cut": (self.stops.cut, self.stops.promote),
            "promote": (self.stops.promote, self.stops.cut),
        }
        return {
            name: stop.timetable(self.zone, _moved(stop, other, days) if stop.on_holiday != "go" else None)
            for name, (stop, other) in stops.items()
        }

    def component(self, name: str) -> Component:
        """Return a component by its id.

        :raises UnknownComponent: no such component rides on this train.
        """
        for component in self.components:
            if component.id == name:
                return component
        aboard = ", ".join(component.id for component in self.components)
        raise UnknownComponent(f"{self.key}: {name!r} is not a component of this train; it has {aboard}")


def _moved(stop: Stop, other: Stop, days: frozenset[date]) -> dict[date, date | None]:
    """Return where a stop falls on each holiday that is its day: in the same week, and not past the other one (F36)."""
    return {day: _elsewhere(stop, other, day, days) for day in sorted(days) if day.weekday() == stop.day.index}


def _elsewhere(stop: Stop, other: Stop, day: date, days: frozenset[date]) -> date | None:
    if stop.on_holiday == "skip":
        return None
    step = timedelta(days=1 if stop.on_holiday == "next_workday" else -1)
    found = day + step
    while found.isocalendar()[:2] == day.isocalendar()[:2]:
        if found.weekday() == other.day.index:
            return None
        if found.weekday() < _WEEKEND and found not in days:
            return found
        found += step
    return None


class UnknownComponent(LookupError):
    """A name that is not a component of the train."""
