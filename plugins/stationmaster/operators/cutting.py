"""The tasks of the cut: the question whom to wait for, and the pinning of what boards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from stationmaster.core import escaping
from stationmaster.operators.asking import Answer, AskOperator
from stationmaster.operators.base import Result, StationOperator, Waiting
from stationmaster.operators.question import Question, text_field

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.station import Station


class AskHoldOperator(AskOperator):
    """Asks the channel for pull requests to wait for, and lets the person on call cut the question short (C-19).

    XCom: ``{"person", "name", "choice"}``; ``choice`` is ``nobody asked to wait`` when the time ran out.
    """

    def __init__(self, *, role: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role

    def person(self, station: Station) -> Person:
        """Return the person on call."""
        return station.on_call(self.role)

    def deputies(self, station: Station, departure: str) -> tuple[Person, ...]:
        """Return the backups."""
        return station.backups

    def question(self, station: Station, departure: str) -> Question:
        """Return the choice of the person on call."""
        from stationmaster.departures import holding

        wait = station.train.stops.cut.hold_question
        return Question(
            subject=f"{departure}: board now, or wait for a pull request?",
            body=(
                "The channel was asked whether any pull request should be waited for. The cut goes on by itself when "
                f"the time is over ({wait.wait if wait else ''}) and nobody asked to wait. **{holding.BOARD_NOW}** "
                f"does not wait any longer; **{holding.SKIP_THIS_WEEK}** ends this departure."
            ),
            options=(holding.BOARD_NOW, holding.SKIP_THIS_WEEK),
            fields={"reason": text_field("Reason", "Why, if you skip or overrule somebody's wish to wait")},
        )

    def blocker(self, station: Station, departure: str) -> Blocker:
        """Return the question as a blocker."""
        from stationmaster.core.blockers import blocker

        return blocker("HOLD_ASKED", who=(self.person(station).id,))

    def waiting(self, station: Station, departure: str) -> Waiting:
        """Wait by looking at the thread: requests come and go."""
        from stationmaster.departures.watches import look

        return Waiting(look(station, "hold", departure, {}), "hold", {})

    def known(self, station: Station, departure: str) -> Result | None:
        """Return the recorded answer."""
        facts = station.ledger.facts(departure, kind="hold_answer", subject="cut")
        if not facts:
            return None
        choice, reason = str(facts[-1].value["choice"]), str(facts[-1].value["reason"])
        return self._result(station, departure, self.tagged_by(station, facts[-1].by), choice, reason)

    def answered(self, station: Station, departure: str, answer: Answer) -> Result:
        """Record the answer; skipping ends the departure."""
        from stationmaster.departures import holding, ruling

        if answer.choice == holding.SKIP_THIS_WEEK:
            # Before it is written down, so that whoever clears the task is asked, and not told the same again (T-01).
            ruling.require_actor(station, answer.by.id)
        reason = str(answer.fields.get("reason") or "")
        holding.answer(station, departure, choice=answer.choice, by=answer.by.id, reason=reason)
        return self._result(station, departure, self.tagged(answer.by), answer.choice, reason)

    def closed(self, station: Station, departure: str) -> Result:
        """Go on: nobody asked to wait."""
        return {**self.tagged(self.person(station)), "choice": "nobody asked to wait"}

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Ask the channel first, then as every question."""
        from stationmaster.departures import holding

        if event is None and station.train.stops.cut.hold_question is not None:
            holding.ask(station, departure)
        return super().step(station, departure, context, event)

    @property
    def told(self) -> bool:
        """The question to the channel mentions the person already."""
        return False

    def _result(self, station: Station, departure: str, by: Result, choice: str, reason: str) -> Result:
        from stationmaster.departures import holding, opening
        from stationmaster.departures.obstacles import DepartureSkipped

        if choice == holding.SKIP_THIS_WEEK:
            why = escaping.said(reason) if reason else "no reason given"
            found = station.ledger.departure(departure)
            if found is not None:
                opening.skip(station, found, by=by["person"], reason=reason or why)
            raise DepartureSkipped(f"{departure} is skipped by {by['name']}: {why}")
        return {**by, "choice": choice}


class PinManifestOperator(StationOperator):
    """Chooses the newest green commit of each component and pins them as the manifest (C-11, F08).

    XCom: ``{"manifest": hash, "commits": {repository: sha}, "notes": [...]}``.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Select and pin, or wait for checks to turn green."""
        from stationmaster.core.gates import combine
        from stationmaster.core.transitions import Act
        from stationmaster.departures import changes, columns, cutting, gate_table, gating, logbook

        arguments = self._chosen(station, context)
        pinned = station.ledger.manifest_of(departure)
        if pinned is None:
            selection = cutting.select(station, board=arguments["board"], exclude=arguments["exclude"])
            asked = gate_table.standing(station, departure, Act.PIN)
            standing = combine([gating.window_standing(station, departure, self.stop), asked, selection.standing])
            if not standing.opens:
                return Waiting(standing, "selection", arguments)
            pinned = cutting.pin(station, departure, selection, by=self.started_by(station, context))
        changes.collect(station, departure, pinned)
        columns.note(station, departure, "cut")
        logbook.write(station, departure)
        notes = [fact.value["text"] for fact in station.ledger.facts(departure, kind="note", subject="cut")]
        return {"manifest": pinned.hash, "commits": dict(pinned.repositories), "notes": notes}

    def _chosen(self, station: Station, context: Context) -> dict[str, Any]:
        from stationmaster.core.manifest import InvalidSha, valid_sha

        params, board = context["params"], {}
        for component in station.train.components:
            field = f"board_{component.id}"
            if params.get(field):
                try:
                    board[component.id] = valid_sha(str(params[field]).strip())
                except InvalidSha as invalid:
                    raise AirflowFailException(f"the form's {field}: {invalid}") from invalid
        return {"board": board, "exclude": list(params.get("exclude") or [])}
