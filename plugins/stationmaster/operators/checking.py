"""The test list after a deploy: a required action whose form holds every item (C-20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from stationmaster.operators.asking import Answer, AskOperator
from stationmaster.operators.base import Result, Waiting
from stationmaster.operators.question import COMMIT, Question, commit_field, text_field, tick_field

if TYPE_CHECKING:
    from stationmaster.config.checklist import ChecklistItem
    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.deploying import Leg
    from stationmaster.departures.station import Station


class ChecklistOperator(AskOperator):
    """Asks the person on call to walk through a Markdown test list.

    ``All passed`` counts only with every box ticked.
    XCom: ``{"person", "name", "passed", "items": [{"title", "answer"}]}``.
    """

    PASSED = "All passed"
    FAILED = "Something failed"

    def __init__(self, *, role: str, component: str, page: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role
        self.component = component
        self.page = page

    def person(self, station: Station) -> Person:
        """Return the person on call."""
        return station.on_call(self.role)

    def deputies(self, station: Station, departure: str) -> tuple[Person, ...]:
        """Return the backups."""
        return station.backups

    def question(self, station: Station, departure: str) -> Question:
        """Return the list as a form, under what its page says of the whole list."""
        from stationmaster.config.checklist import introduction

        leg = self._leg(station, departure)
        fields = {item.id: tick_field(item.text, item.section) for item in self._items()}
        body = f"`{leg.sha}` is on {leg.environment}. Walk through `{self.page}` and tick what works."
        return Question(
            subject=f"{departure}: test {leg.component} on {leg.environment}",
            body="\n\n".join(part for part in (body, introduction(self._page())) if part),
            options=(self.PASSED, self.FAILED),
            fields={
                **fields,
                COMMIT: commit_field("The one that you tested", leg.sha),
                "note": text_field("Note", "What failed, with a link to the issue"),
            },
        )

    def commit(self, station: Station, departure: str) -> str:
        """Return the commit that is tested."""
        return self._leg(station, departure).sha

    def blocker(self, station: Station, departure: str) -> Blocker:
        """Return the open list."""
        from stationmaster.core.blockers import blocker

        leg = self._leg(station, departure)
        items = "; ".join(item.text for item in self._items())
        return blocker(
            "CHECKLIST_OPEN",
            who=(self.person(station).id,),
            subject=leg.component,
            component=f"{leg.component} on {leg.environment}",
            items=items,
        )

    def known(self, station: Station, departure: str) -> Result | None:
        """Return the recorded answer for this commit, if the list was passed."""
        from stationmaster.departures import gating

        found = gating.tested(station, departure, self._leg(station, departure))
        if found is None:
            return None
        return {**self.tagged_by(station, found.by), "passed": True, "items": found.value["items"]}

    def waiting(self, station: Station, departure: str) -> Waiting:
        """Wait for the answer, or until the list was passed elsewhere: by the hotfix that came aboard meanwhile."""
        waits = super().waiting(station, departure)
        return waits._replace(arguments={**waits.arguments, "tests": self.component})

    def answered(self, station: Station, departure: str, answer: Answer) -> Result:
        """Record each item; one that was not ticked is not passed."""
        from stationmaster.core.blockers import blocker
        from stationmaster.work.obstacles import StepImpossible

        leg = self._leg(station, departure)
        ticked = {item.id: answer.fields.get(item.id) is True for item in self._items()}
        left = "failed" if answer.choice == self.FAILED else "open"
        items = [{"title": item.text, "answer": "passed" if ticked[item.id] else left} for item in self._items()]
        passed = answer.choice == self.PASSED and all(ticked.values())
        value = {"sha": leg.sha, "passed": passed, "items": items, "note": str(answer.fields.get("note") or "")}
        station.ledger.record(departure, "checklist", leg.subject, value, answer.at, answer.by.id)
        if not passed:
            titles = "; ".join(item["title"] for item in items if item["answer"] != "passed") or "the whole list"
            raise StepImpossible(
                blocker("CHECKLIST_FAILED", who=(answer.by.id,), component=leg.component, items=titles)
            )
        return {**self.tagged(answer.by), "passed": True, "items": items}

    def _items(self) -> tuple[ChecklistItem, ...]:
        from stationmaster.config.checklist import parse_checklist

        return parse_checklist(self._page())

    def _page(self) -> str:
        return (self.include_dir / self.page).read_text(encoding="utf-8")

    def _leg(self, station: Station, departure: str) -> Leg:
        from stationmaster.departures import deploying

        leg = deploying.leg_of(station, departure, self.stop, self.component)
        if leg is None:
            raise AirflowSkipException(f"{self.component} is not deployed at this stop of {departure}")
        return leg
