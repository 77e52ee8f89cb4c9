"""The first task of every run: which departure it belongs to, who conducts it, who may vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.core import escaping
from stationmaster.operators import actors, wishes
from stationmaster.operators.base import DEPARTURE_KEY, Result, StationOperator, Waiting

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Departure


class OpenDepartureOperator(StationOperator):
    """Opens this week's departure, or adopts it if an earlier start opened it (F38).

    XCom ``departure``: its id; ``return_value``: ``{"departure", "person", "name"}``.
    """

    ends_with_departure: ClassVar[bool] = False

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that this run has opened before, or that the calendar gives it."""
        from stationmaster.departures import opening

        return self.bound(station, context) or opening.departure_id(station, at=self.due(context), stop=self.stop)

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Open or adopt, unless the form says to skip; a promotion waits for a cut that is late.

        A token that lacks rights fails the task at once, before anybody is asked anything (C-23).
        """
        from stationmaster.departures import logbook, opening, preflight, taking_up, telling
        from stationmaster.departures.watches import look

        reason = str(context["params"].get("skip_reason") or "").strip()
        if event is None and context["dag_run"].run_type != "scheduled":
            self._require_new(station, departure, context, skips=bool(reason))
        self._refuse_strangers(station, context)
        if self.bound(station, context) is not None:
            taking_up.take_up(station, departure, self.stop)  # the whole run was cleared
        arguments = {"stop": self.stop}
        if self.stop == "promote" and not reason:
            standing = look(station, "staged", departure, arguments)
            if not standing.opens:
                return Waiting(standing, "staged", arguments)
        if self.stop == "cut":
            found = opening.departure_to_cut(station, departure, by=self.started_by(station, context))
        else:
            found = opening.departure_to_promote(station, departure)
        self._take_the_link(station, found.id, context)
        if not reason:
            preflight.inspect(station, found.id, self.stop)
        self.bind(station, context, found.id, by=self.started_by(station, context))
        context["ti"].xcom_push(key=DEPARTURE_KEY, value=found.id)
        conductor = station.conductor
        if reason:
            self._skip(station, found, by=self.started_by(station, context), reason=reason)
        if self.stop == "promote":
            logbook.write(station, found.id)
        logbook.catch_up(station)
        telling.refresh_headline(station, found.id)
        self.log.info("%s is conducted by %s", found.id, conductor.name)
        return {"departure": found.id, **self.tagged(conductor)}

    def _require_new(self, station: Station, departure: str, context: Context, *, skips: bool) -> None:
        """Refuse what a person has started long ago, unless it has opened its departure, or skipped it, then."""
        from stationmaster.ledger.records import DepartureState

        since, found = self.bound_since(station, context), station.ledger.departure(departure)
        done = found is not None and (not skips or found.state is DepartureState.SKIPPED)
        if since is None or not done:
            wishes.require_new(station, context, since=since)

    def _refuse_strangers(self, station: Station, context: Context) -> None:
        """Only people of the team fill the form in; a skip, and a start under ``rules.actors``, take who may (T-01).

        A form that is as it is written says no more than the timetable does: to start it so decides nothing.
        """
        from stationmaster.departures import ruling

        run, form = context["dag_run"], context["params"]
        skips, filled = bool(form.get("skip_reason")), any(form.values())
        if run.run_type == "scheduled" and not skips:
            return
        if run.run_type == "backfill":
            raise AirflowFailException("a backfill opens no departure: a week that is over does not leave again")
        changes_production = skips or self.stop == "promote"
        try:
            person = actors.starter(station, context).id
        except AirflowFailException as stranger:
            if filled:
                raise AirflowFailException(f"{'ACTOR_NOT_ALLOWED: ' * changes_production}{stranger}") from stranger
            person = ""
        if changes_production:
            ruling.require_actor(station, person)

    def _take_the_link(self, station: Station, departure: str, context: Context) -> None:
        from stationmaster.core.issue_links import NotAnIssueLink
        from stationmaster.departures import ruling

        given = str(context["params"].get("issue") or "").strip()
        if given and station.train.rules.issue is not None:
            try:
                ruling.give_link(station, departure, given, by=self.started_by(station, context))
            except NotAnIssueLink as wrong:
                raise AirflowFailException(f"the form's issue: {wrong}") from wrong

    def _skip(self, station: Station, found: Departure, *, by: str, reason: str) -> None:
        from stationmaster.core.transitions import BEFORE_THE_PROMOTION
        from stationmaster.departures import opening

        if found.state not in BEFORE_THE_PROMOTION:
            raise AirflowFailException(
                f"{found.id} is {found.state}: what has begun on {station.train.production} is finished or taken back, "
                "not skipped. Clear the failed task of its run instead."
            )
        opening.skip(station, found, by=by, reason=reason)
        raise AirflowSkipException(f"{found.id} is skipped: {escaping.said(reason)}")
