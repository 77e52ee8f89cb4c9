"""The first tasks of an incident: it is opened, logged as an issue, and people are paged until one has it (C-33)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.core.incidents import ROUND
from stationmaster.operators.base import Result
from stationmaster.operators.question import Question
from stationmaster.operators.team_asking import TeamAskOperator
from stationmaster.operators.team_step import Pausing, TeamOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.work.context import Desk

OPEN_TASK = "open_the_incident"
MINE, NOT_ME = "I have it", "I cannot: page the next"


class OpenIncidentOperator(TeamOperator):
    """Opens the incident that the form, or an alert, asks for; a retry or a clear opens no second one.

    Skipped, with all that follows, where the alert's incident is under way already. XCom: ``about``: its id;
    ``return_value``: ``{"incident", "title", "severity", "impact"}``.
    """

    area, first_task = "incidents", OPEN_TASK

    def about(self, desk: Desk, context: Context) -> str:
        """Open it, or open it again, in the name of whoever filled the form in, or escalated the alert."""
        from stationmaster.core.incidents import NotAnIncident, NotNow
        from stationmaster.incidents import opening
        from stationmaster.incidents.records import NoIncidents

        run, form = context["dag_run"], context["params"]
        # Whoever sees it may open it, also without being in the team's file: nobody is refused at night.
        by = opening.asked_by(desk, run.run_id) or desk.identities.starter_or_label(run)
        try:
            if form.get("reopens"):
                name = str(form["reopens"]).strip()
                return opening.open_again(desk, name, by, str(form.get("what") or ""), once=run.run_id).id
            wanted = self._wanted(run.run_id, form)
            found = opening.open_incident(desk, wanted, by)
        except (NoIncidents, NotAnIncident, NotNow, opening.UnknownRating, opening.TooManyIncidents) as wrong:
            raise AirflowFailException(str(wrong)) from wrong
        if found.happenings[0].value["key"] != wanted.key:
            raise AirflowSkipException(f"{found.id} is under way for this alert: its own run goes on")
        return found.id

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Say it in the channel, if Slack answers; nothing waits for it."""
        from stationmaster.incidents import records, telling

        story = records.story(desk, about)
        telling.refresh(desk, story)
        return {"incident": about, "title": story.title, "severity": story.severity, "impact": story.impact}

    def _wanted(self, run: str, form: Any) -> Any:
        from stationmaster.incidents.opening import Wanted

        alert = str(form.get("alert") or "").strip()
        return Wanted(
            key=f"run/{run}",
            alert=alert,
            what=str(form.get("what") or ""),
            link=str(form.get("link") or "").strip(),
            company=str(form.get("company") or ""),
            **{name: str(form[name]) for name in ("severity", "impact", "service", "kind")},
        )


class LogIncidentOperator(TeamOperator):
    """Logs the incident as an issue, once (T-04, N-15). XCom: ``{"repository", "number", "url"}``, or ``{}``."""

    area, first_task = "incidents", OPEN_TASK

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Write it; nobody who is paged waits for it."""
        from stationmaster.incidents import logging_issue, records

        return logging_issue.write(desk, records.story(desk, about)) or {}


class PageOperator(TeamAskOperator):
    """Pages whoever is on one rung of the ladder when it is due, unless somebody has the incident before.

    A task instance asks the same people for ever (fact 4), so each rung is a task of its own, and all of them stay open
    until one is answered: any level's acknowledgement counts (C-34).

    XCom: ``{"outcome", "by"}``; outcome is acknowledged, passed_on, asked (a channel) or over.

    :param rung: the place in the ladder, from 0.
    """

    area, first_task = "incidents", OPEN_TASK
    hands_over = False

    def __init__(self, *, rung: int, **kwargs: Any) -> None:
        super().__init__(place=rung, **kwargs)
        self.rung = rung

    def subject(self, about: str) -> str:
        """Return where the blockers of this rung stand in the ledger."""
        return f"{about}/{self.task_id}-{self.rung + 1}"

    @property
    def named(self) -> str:
        """The name in the grid: whoever is on the rung, or the channel that is asked."""
        from stationmaster.config.incident_ladder import rungs
        from stationmaster.incidents import records

        desk = self.at_hand(self.desk)
        ladder = rungs(desk.team, records.rules_of(desk))
        if self.rung < len(ladder) and ladder[self.rung].channel is not None:
            return f"#{desk.team.channels[str(ladder[self.rung].channel)].name}"
        return super().named

    def people(self, desk: Desk) -> tuple[Person, ...]:
        """Return who is on the rung now."""
        from stationmaster.config.incident_ladder import rungs
        from stationmaster.incidents import paging, records

        ladder = rungs(desk.team, records.rules_of(desk))
        return paging.people(desk, ladder[self.rung], desk.now()) if self.rung < len(ladder) else ()

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Wait for the rung, page whoever is on it, and ask them."""
        from stationmaster.incidents import paging, records, waiting

        story = records.story(desk, about)
        self.place = ROUND * story.round + self.rung
        step = paging.climb(desk, story, self.rung)
        if self.settled(desk, about) is None:
            if step is None:
                raise AirflowSkipException("the team's file has no such rung any more")
            if desk.now() < step.at:
                return Pausing(waiting.RUNG, {"rung": self.rung})
            told = paging.page(desk, story, step)
            if step.rung.channel is not None:
                return {"outcome": "asked", "by": step.rung.channel}
            if not told:
                raise AirflowSkipException("nobody is on this rung: its group is empty by now")
        return super().step(desk, about, context, event)

    def question(self, desk: Desk, about: str) -> Question:
        """Ask whether they have it."""
        from stationmaster.incidents import questions, records

        subject, body = questions.page(desk, records.story(desk, about))
        return Question(subject=subject, body=body, options=(MINE, NOT_ME), fields={})

    def answered(
        self, desk: Desk, about: str, person: Person, choice: str, form: dict[str, Any], *, once: str
    ) -> Result | None:
        """Take the acknowledgement, or page the next."""
        from stationmaster.incidents import acknowledging, paging, records

        story = records.story(desk, about)
        if choice == NOT_ME:
            paging.pass_on(desk, story, self.rung, person.id)
            return {"outcome": "passed_on", "by": person.id}
        acknowledging.acknowledge(desk, story, person, "airflow")
        return self.settled(desk, about)

    def settled(self, desk: Desk, about: str) -> Result | None:
        """Return who has it, or that it is over."""
        from stationmaster.core.incidents import Kind, State
        from stationmaster.incidents import records

        story = records.story(desk, about)
        if story.state is State.OPEN:
            passed = [each for each in story.all(Kind.PASSED_ON) if each.at >= story.began_at]
            mine = next((each for each in passed if each.value["place"] == self.rung), None)
            return {"outcome": "passed_on", "by": mine.by} if mine is not None else None
        if story.acknowledged_by is not None:
            return {"outcome": "acknowledged", "by": story.acknowledged_by}
        return {"outcome": "over", "by": story.ended_by or "stationmaster"}
