"""The tasks of an incident that somebody has: news until it is over, then the report, the tickets, the postmortem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from stationmaster.core.incidents import HANDLING, POSTMORTEM, REPORT, ROUND
from stationmaster.operators.base import Result, StepFailedForNow
from stationmaster.operators.paging_people import OPEN_TASK
from stationmaster.operators.question import Question, choice_field, text_field
from stationmaster.operators.team_asking import TeamAskOperator
from stationmaster.operators.team_step import Pausing, TeamOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.incidents import Story
    from stationmaster.work.context import Desk

SAME = "as it is"
UPDATE, MITIGATED, RESOLVED = "Update", "Mitigated", "Resolved"
HELP, NOTHING = "Ask for help", "It was nothing"
FILE = "File the report"
WRITTEN = "It is written"


class AfterOpening(TeamOperator):
    """Base of the tasks that come after the ladder, whatever became of its rungs: without an incident they are skipped.

    They run once all before them are done. No other rule will do: a rung that was not climbed is skipped, and with it
    would be everything that waits for a success.
    """

    def matter(self, desk: Desk, context: Context) -> str:
        """Return the incident; where none was opened there is nothing to do."""
        if self.bound(desk, context) is None:
            raise AirflowSkipException("this run has opened no incident: there is nothing to do")
        return super().matter(desk, context)


class IncidentAskOperator(AfterOpening, TeamAskOperator):
    """Base of the questions to whoever leads an incident. Its place counts within the round of the incident."""

    area, first_task = "incidents", OPEN_TASK
    hands_over = False
    begins: int

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.offset = self.place

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Ask in the round that the incident is in; what is settled before it was asked needs nobody."""
        from stationmaster.incidents import records

        self.place = ROUND * records.story(desk, about).round + self.begins + self.offset
        self.asked_about = about
        if not self.offset and (known := self.settled(desk, about)) is not None:
            return known
        return super().step(desk, about, context, event)

    asked_about: str = ""

    @property
    def named(self) -> str:
        """The name in the grid: whoever is asked; before it has asked, whoever is on call."""
        from stationmaster.core.incidents import NotAnIncident
        from stationmaster.core.rotations.rotation import NobodyOnCall
        from stationmaster.incidents import handling, records

        desk = self.at_hand(self.desk)
        try:
            if not self.asked_about:
                people = handling.on_call(desk)
            else:
                people = handling.responders(desk, records.story(desk, self.asked_about))
        except (NobodyOnCall, NotAnIncident):
            return "nobody"
        return " and ".join(person.name for person in people)

    def people(self, desk: Desk) -> tuple[Person, ...]:
        """Return who leads it, and whoever is on call."""
        from stationmaster.incidents import handling, records

        return handling.responders(desk, records.story(desk, self.asked_about))


class HandleIncidentOperator(IncidentAskOperator):
    """Asks for news until the incident is over; whoever comes on call is asked by the next task of the row (fact 4).

    Each answer that ends nothing ends a try. XCom: ``{"outcome", "by"}``; outcome is resolved, called_off or
    handed_over.

    :param place: 0 for the first task of the row.
    """

    begins = HANDLING

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Ask; or hand over to the next task of the row when the shift has changed."""
        from stationmaster.incidents import handling, records

        story = records.story(desk, about)
        place = ROUND * story.round + self.begins + self.offset
        answered = event is not None and bool(event.get("chosen_options"))
        if not self.last and not answered and story.under_way and handling.handed_over(desk, story, place):
            return {"outcome": "handed_over", "by": "stationmaster"}
        return super().step(desk, about, context, event)

    def question(self, desk: Desk, about: str) -> Question:
        """Ask for news."""
        from stationmaster.incidents import questions, records

        story, rules = records.story(desk, about), records.rules_of(desk)
        subject, body = questions.handle(desk, story)
        fields = {
            "text": _lines("What", "What is done, what you are at; or how it ended"),
            "eta": text_field("Over by", "When you think that it will be over"),
            "severity": choice_field("Severity", (SAME, *rules.severities), value=SAME),
            "impact": choice_field("Impact", (SAME, *rules.impacts), value=SAME),
        }
        if rules.company is not None:
            fields["company"] = choice_field(rules.company.title, (SAME, "none", *rules.company.levels), value=SAME)
        people = [name for name, person in desk.team.people.items() if person.active and not person.bot]
        for position in rules.positions:
            fields[position] = choice_field(position.capitalize(), (SAME, *people), value=SAME)
        return Question(subject=subject, body=body, options=(UPDATE, MITIGATED, RESOLVED, HELP, NOTHING), fields=fields)

    def answered(
        self, desk: Desk, about: str, person: Person, choice: str, form: dict[str, Any], *, once: str
    ) -> Result | None:
        """Write the news down; only its end settles the task."""
        from stationmaster.core.incidents import Kind, NotNow
        from stationmaster.incidents import handling, records

        text = str(form.get("text") or "").strip()
        self._change(desk, records.story(desk, about), person, form)
        story = records.story(desk, about)
        if choice == HELP:
            handling.ask_for_help(desk, story, person.id)
            return None
        kinds = {UPDATE: Kind.UPDATED, MITIGATED: Kind.MITIGATED, RESOLVED: Kind.RESOLVED, NOTHING: Kind.CALLED_OFF}
        if not text and choice != UPDATE:
            raise StepFailedForNow(f"{choice}: how? One line is enough. It is asked again.")
        if text:
            try:
                handling.write(
                    desk, story, kinds[choice], person.id, text,
                    eta=str(form.get("eta") or ""), source="form", once=f"form/{person.id}/{once}",
                )  # fmt: skip
            except NotNow as late:
                raise StepFailedForNow(f"{late} It is asked again.") from late
        return self.settled(desk, about)

    def settled(self, desk: Desk, about: str) -> Result | None:
        """Return how it ended; None while it has not."""
        from stationmaster.incidents import records

        story = records.story(desk, about)
        if story.under_way:
            return None
        return {"outcome": story.state.name.lower(), "by": story.ended_by or "stationmaster"}

    def _change(self, desk: Desk, story: Story, person: Person, form: dict[str, Any]) -> None:
        """Change ratings and roles where the form says something else than ``as it is``."""
        from stationmaster.incidents import handling, records

        def chosen(name: str, present: str) -> str:
            value = str(form.get(name) or SAME)
            return present if value == SAME else "" if value == "none" else value

        handling.rate(
            desk,
            story,
            person.id,
            severity=chosen("severity", story.severity),
            impact=chosen("impact", story.impact),
            company=chosen("company", story.company),
        )
        for position in records.rules_of(desk).positions:
            wanted = chosen(position, "")
            if wanted:
                handling.assign(desk, records.story(desk, story.id), position, wanted, by=person.id)


class ExamineIncidentOperator(IncidentAskOperator):
    """Asks whoever led it for the cause, what was learned and what should follow (T-22).

    Skipped for what was nothing. XCom: ``{"outcome", "by", "follow_ups"}``; outcome is examined, or called_off.
    """

    begins = REPORT

    def question(self, desk: Desk, about: str) -> Question:
        """Ask for what only they know."""
        from stationmaster.incidents import questions, records, reporting

        subject, body = questions.report(desk, records.story(desk, about))
        fields = {
            "root_cause": _lines("Root cause", "Why it happened"),
            "impact": _lines("Impact", "Who noticed, and what they could not do"),
            "resolution": _lines("Resolution steps", "What helped, step by step"),
            "preventive": _lines("Preventive measures", "What would have kept it from happening"),
            "lessons": _lines("Lessons learned", "What went well, and what did not"),
            "follow_ups": _lines("Follow-ups", "One a line: each becomes a ticket"),
            "runbook": choice_field("Runbook", ("", *reporting.RUNBOOK), value=""),
            "runbook_page": text_field("Which runbook", "Its name, if one fitted"),
            "attachments": _lines("Attachments", "Addresses, one a line"),
        }
        return Question(subject=subject, body=body, options=(FILE,), fields=fields)

    def answered(
        self, desk: Desk, about: str, person: Person, choice: str, form: dict[str, Any], *, once: str
    ) -> Result | None:
        """Keep what was said."""
        from stationmaster.incidents import records, reporting

        texts = {name: str(form.get(name) or "").strip()[: reporting.LONGEST] for name in _TEXTS}
        found = reporting.Examined(
            **texts, follow_ups=_each_line(form.get("follow_ups")), attachments=_each_line(form.get("attachments"))
        )
        try:
            reporting.examine(desk, records.story(desk, about), person, found)
        except reporting.ReportIncomplete as lacking:
            raise StepFailedForNow(f"{lacking} It is asked again.") from lacking
        return self.settled(desk, about)

    def settled(self, desk: Desk, about: str) -> Result | None:
        """Return who examined it."""
        from stationmaster.core.incidents import Kind, State
        from stationmaster.incidents import records

        story = records.story(desk, about)
        if story.state is State.CALLED_OFF:
            raise AirflowSkipException("it was nothing: there is no report of it")
        found = story.last(Kind.EXAMINED)
        if found is None:
            return None
        return {"outcome": "examined", "by": found.by, "follow_ups": len(found.value["follow_ups"])}


class FileReportOperator(AfterOpening):
    """Opens the tickets, files the report, drafts the postmortem, closes the incident's issue; each once (C-30, T-10).

    XCom: ``{"report", "tickets": [addresses], "postmortem"}``; report and postmortem are addresses, or null.
    """

    area, first_task = "incidents", OPEN_TASK

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """File all of it; a retry goes on where the last try ended."""
        from stationmaster.incidents import following_up, postmortem, records, reporting

        opened = following_up.open_tickets(desk, records.story(desk, about))
        filed = reporting.report(desk, self.include_dir, records.story(desk, about))
        drafted = postmortem.draft(desk, self.include_dir, records.story(desk, about))
        return {
            "report": filed["url"] if filed is not None else None,
            "tickets": [str(receipt["url"]) for receipt in opened],
            "postmortem": drafted["url"] if drafted is not None else None,
        }


class PostmortemOperator(IncidentAskOperator):
    """Asks for the postmortem, and reminds until somebody says where it is; skipped where none is due (C-31).

    XCom: ``{"outcome", "by", "url"}``; outcome is written.
    """

    begins = POSTMORTEM

    def question(self, desk: Desk, about: str) -> Question:
        """Ask where it is."""
        from stationmaster.incidents import questions, records

        draft = desk.ledger.effect(f"{about}/postmortem")
        url = str(draft.receipt["url"]) if draft is not None and draft.receipt else ""
        subject, body = questions.postmortem(desk, records.story(desk, about), url)
        fields = {"url": text_field("Address", "Where the finished postmortem stands, with https://")}
        return Question(subject=subject, body=body, options=(WRITTEN,), fields=fields)

    def answered(
        self, desk: Desk, about: str, person: Person, choice: str, form: dict[str, Any], *, once: str
    ) -> Result | None:
        """Keep where it is."""
        from stationmaster.incidents import postmortem, records

        try:
            postmortem.record(desk, records.story(desk, about), person, str(form.get("url") or ""))
        except postmortem.NoAddress as lacking:
            raise StepFailedForNow(f"{lacking} It is asked again.") from lacking
        return self.settled(desk, about)

    def settled(self, desk: Desk, about: str) -> Result | None:
        """Return where it is."""
        from stationmaster.core.incidents import Kind
        from stationmaster.incidents import postmortem, records

        story = records.story(desk, about)
        if not postmortem.is_due(desk, story):
            raise AirflowSkipException("the team's policy asks for no postmortem of it")
        found = story.last(Kind.POSTMORTEM)
        return {"outcome": "written", "by": found.by, "url": found.value["url"]} if found is not None else None


_TEXTS = ("root_cause", "impact", "resolution", "preventive", "lessons", "runbook", "runbook_page")


def _lines(title: str, description: str) -> dict[str, Any]:
    field = text_field(title, description)
    return {**field, "schema": {**field["schema"], "format": "multiline", "maxLength": 6000}}


def _each_line(value: Any) -> tuple[str, ...]:
    return tuple(line.strip(" -*\t") for line in str(value or "").splitlines() if line.strip(" -*\t"))[:20]
