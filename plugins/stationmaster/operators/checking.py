"""The test list after a deploy: a required action whose form holds every item; what follows a failed one (C-20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from stationmaster.departures.answers import Choice
from stationmaster.operators.asking import Answer, TakenAndAskedOn
from stationmaster.operators.base import Result, StepFailedForNow, Waiting
from stationmaster.operators.deploying import LegOperator
from stationmaster.operators.patient import is_answer
from stationmaster.operators.question import (
    COMMIT,
    Question,
    choice_field,
    choices_field,
    commit_field,
    text_field,
    tick_field,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.checklist import ChecklistItem
    from stationmaster.config.people import Person
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.deploying import Leg
    from stationmaster.departures.failing import Failure
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact

WHAT_FAILED, WHAT_FOLLOWS = "what_failed", "what_follows"
"""The form's fields for a list that failed; no item has such a name: theirs are joined by dashes."""
UNDECIDED = "to be asked"


class ChecklistOperator(LegOperator):
    """Asks the person on call to walk through a Markdown test list, and, where something failed, what follows.

    ``All passed`` counts only once every box was ticked, in one answer or in several; ``Something failed`` only with
    what failed and what was seen. Both come back in the same form, for Airflow shows a task one question (fact 4).
    XCom: ``{"person", "name", "passed", "items": [{"title", "answer"}]}``; ``passed`` is false where a person went on
    with what failed.
    """

    PASSED = "All passed"
    FAILED = "Something failed"
    CHOICES: ClassVar[dict[str, Choice]] = {
        "Test again": Choice.VERIFY_AGAIN,
        "Deploy again": Choice.DEPLOY_AGAIN,
        "Roll back": Choice.ROLL_BACK,
        "Go on": Choice.GO_ON,
        "Leave it": Choice.LEAVE,
    }

    def __init__(self, *, role: str, component: str, page: str, **kwargs: Any) -> None:
        super().__init__(component=component, **kwargs)
        self.role = role
        self.page = page

    def person(self, station: Station) -> Person:
        """Return the person on call."""
        return station.on_call(self.role)

    @property
    def changes_production(self) -> bool:
        """Whoever is on call may test; what follows a failed list is for those who may change production (T-01)."""
        return False

    def offered(self, station: Station, leg: Leg) -> dict[str, Choice]:
        """Return what may follow a failed list: on staging nothing is deployed or taken back by it."""
        on_production = leg.environment == station.train.production
        left_out = {Choice.LEAVE} if on_production else {Choice.DEPLOY_AGAIN, Choice.ROLL_BACK}
        return {words: choice for words, choice in super().offered(station, leg).items() if choice not in left_out}

    def question(self, station: Station, departure: str) -> Question:
        """Return the list as a form, under what its page says of the whole list."""
        from stationmaster.config.checklist import introduction

        leg = self.leg(station, departure)
        fields = {item.id: tick_field(item.text, item.section) for item in self._items()}
        follows = tuple(self.offered(station, leg))
        body = (
            f"`{leg.sha}` is on {leg.environment}. Walk through `{self.page}` and tick what works. If something does "
            f"not, choose *{self.FAILED}*, and say in *What failed* and *Note* which item, and what you saw. What "
            f"follows then ({', '.join(follows)}) is asked in *What follows*: now, or in a second answer."
        )
        return Question(
            subject=f"{departure}: test {leg.component} on {leg.environment}",
            body="\n\n".join(part for part in (body, introduction(self._page())) if part),
            options=(self.PASSED, self.FAILED),
            fields={
                **fields,
                COMMIT: commit_field("The one that you tested", leg.sha),
                WHAT_FAILED: choices_field("What failed", [item.text for item in self._items()]),
                "note": text_field("Note", "What you saw, with a link to the issue; or why you choose what follows"),
                WHAT_FOLLOWS: choice_field("What follows", (UNDECIDED, *follows), value=UNDECIDED),
            },
        )

    def commit(self, station: Station, departure: str) -> str:
        """Return the commit that is tested."""
        return self.leg(station, departure).sha

    def blocker(self, station: Station, departure: str) -> Blocker:
        """Return the open list, or the failed one and what may follow."""
        from stationmaster.core.blockers import blocker
        from stationmaster.departures import failing

        leg = self.leg(station, departure)
        failure = failing.open_failure(station, leg)
        if failure is not None:
            who = tuple(self._entitled(station, departure))
            return failing.asked(station, failure, tuple(self.offered(station, leg)), who, since=station.now())
        ticked = self._ticked(station, leg)
        return blocker(
            "CHECKLIST_OPEN",
            who=(self.person(station).id,),
            subject=leg.component,
            component=f"{leg.component} on {leg.environment}",
            items="; ".join(item.text for item in self._items() if item.id not in ticked),
        )

    def told_as(self, station: Station, departure: str) -> str:
        """Tell of the list once, and of each failure of it."""
        from stationmaster.departures import failing

        failure = failing.open_failure(station, self.leg(station, departure))
        number = failing.attempt(station, self.leg(station, departure))
        return f"/failure-{failure.number}" if failure is not None else f"/attempt-{number}" if number > 1 else ""

    def waiting(self, station: Station, departure: str) -> Waiting:
        """Wait for the answer, or until the list was settled elsewhere: by the hotfix that came aboard meanwhile."""
        from stationmaster.departures.watches import look

        found = self.blocker(station, departure)
        arguments = {
            "gate": self.task_id,
            "stop": self.stop,
            "blocker": found.model_dump(mode="json"),
            COMMIT: self.commit(station, departure),
            "tests": self.component,
            WHAT_FAILED: True,
        }
        return Waiting(look(station, "answer", departure, arguments), "answer", arguments)

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Ask, take the answer, bring once more what a person wants brought, or see that nothing is left to ask."""
        waits = None if is_answer(event) else self._before_asking(station, departure)
        if waits is not None:
            return waits
        if event is not None and "component" in event.get("asked", {}):
            # Airflow fails a try whose second question is answered at once (fact 3).
            raise StepFailedForNow(f"{self.component} is there again. Its test list is asked in another try.")
        return super(LegOperator, self).step(station, departure, context, event)

    def known(self, station: Station, departure: str) -> Result | None:
        """Return the answer that settles the list of this commit, if there is one."""
        from stationmaster.departures import failing, gating

        leg = self.leg(station, departure)
        found = gating.test_settled(station, leg)
        if found is None:
            return None
        over = failing.gone_on(station, leg)
        by = over.answer.by if over is not None and over.answer is not None else found.by
        return {**self.tagged_by(station, by), "passed": bool(found.value["passed"]), "items": found.value["items"]}

    def answered(self, station: Station, departure: str, answer: Answer) -> Result:
        """Keep what was ticked; take what passed, or what failed and what follows."""
        leg = self.leg(station, departure)
        ticked = self._ticked(station, leg) | {item.id for item in self._items() if answer.fields.get(item.id) is True}
        if answer.choice == self.PASSED:
            return self._passed(station, leg, answer, ticked)
        return self._failed(station, departure, leg, answer, ticked)

    def _passed(self, station: Station, leg: Leg, answer: Answer, ticked: set[str]) -> Result:
        """Take the list as passed; one with open items is none, and is asked again (T1)."""
        left = [item.text for item in self._items() if item.id not in ticked]
        if left:
            self._keep(station, leg, answer, ticked, failed=())
            raise StepFailedForNow(
                f"{self.PASSED!r} counts only with every item ticked. Open: {'; '.join(left)}. What you have ticked is "
                f"kept: tick these once they pass, or choose {self.FAILED!r} and say what failed. It is asked again."
            )
        kept = self._keep(station, leg, answer, ticked, failed=())
        return {**self.tagged(answer.by), "passed": True, "items": kept.value["items"]}

    def _failed(self, station: Station, departure: str, leg: Leg, answer: Answer, ticked: set[str]) -> Result:
        """Keep what failed and what is to follow; else it is asked again, or the file's policy takes it back."""
        from stationmaster.departures import failing, telling, wording
        from stationmaster.work.obstacles import StepImpossible

        named, note = self._named(answer, ticked), str(answer.fields.get("note") or "").strip()
        failure = failing.open_failure(station, leg)
        if failure is None or (named and set(named) != set(failure.items)):
            self._require_named(named, note)
            self._keep(station, leg, answer, ticked - {item.id for item in self._items() if item.text in named}, named)
            failure = failing.open_failure(station, leg)
            if failure is None:
                raise StepFailedForNow("The list was settled meanwhile. It is looked at again.")
            text = wording.list_failed(station, failure, answer.by, note)
            telling.tell(station, departure, f"{self.stop}/list-failed/{failure.fact.seq}", text)
        if leg.environment == station.train.production and station.train.on_failed_test == "roll_back":
            raise StepImpossible(*failure.blockers)
        words = str(answer.fields.get(WHAT_FOLLOWS) or UNDECIDED)
        choice = self.offered(station, leg).get(words)
        if choice is None:
            raise TakenAndAskedOn(
                f"It is kept that {leg.component} failed at {'; '.join(failure.items)}. What follows? Choose "
                f"{self.FAILED!r} once more, with *What follows* ({', '.join(self.offered(station, leg))}) and a note. "
                f"It is asked again."
            )
        self._follow(station, departure, failure, words, choice, answer)
        if choice in (Choice.ROLL_BACK, Choice.LEAVE):
            raise StepImpossible(*failure.blockers)
        if choice is Choice.GO_ON:
            return {**self.tagged(answer.by), "passed": False, "items": failure.fact.value["items"]}
        raise TakenAndAskedOn(f"{words}, as {answer.by.name} says. The list is asked for anew in another try.")

    def _follow(
        self, station: Station, departure: str, failure: Failure, words: str, choice: Choice, answer: Answer
    ) -> None:
        from stationmaster.departures import failing, telling, wording

        note = str(answer.fields.get("note") or "")
        try:
            kept = failing.answer(station, failure.leg, failure, choice, reason=note, by=answer.by.id, at=answer.at)
        except failing.AnswerRefused as refused:
            raise StepFailedForNow(f"{refused} It is asked again.") from refused
        text = wording.failure_answered(failure, words, answer.by, str(kept.value["reason"]))
        telling.tell(station, departure, f"{self.stop}/answer/{kept.seq}", text)

    def _require_named(self, named: tuple[str, ...], note: str) -> None:
        if not named:
            raise StepFailedForNow("Which item failed? Choose it in *What failed*. It is asked again.")
        if not note:
            raise StepFailedForNow("What did you see? Write it into *Note*. It is asked again.")

    def _named(self, answer: Answer, ticked: set[str]) -> tuple[str, ...]:
        """Return the items that failed; a form of an older release has no field for them: what is not ticked (F69)."""
        if WHAT_FAILED not in answer.fields and not answer.asked.get(WHAT_FAILED):
            return tuple(item.text for item in self._items() if item.id not in ticked)
        given = {str(each) for each in answer.fields.get(WHAT_FAILED) or ()}
        return tuple(item.text for item in self._items() if given & {item.text, item.id})

    def _keep(self, station: Station, leg: Leg, answer: Answer, ticked: set[str], failed: tuple[str, ...]) -> Fact:
        from stationmaster.departures import failing

        def word(item: ChecklistItem) -> str:
            return "failed" if item.text in failed else "passed" if item.id in ticked else "open"

        items = [{"title": item.text, "answer": word(item)} for item in self._items()]
        value = {
            "sha": leg.sha,
            "passed": bool(items) and all(item["answer"] == "passed" for item in items),
            "items": items,
            "note": str(answer.fields.get("note") or ""),
            "attempt": failing.attempt(station, leg),
        }
        # An answer that is read twice, by a try that follows a killed one, is kept once.
        once = f"{failing.LIST}/{leg.subject}/{answer.by.id}/{answer.moment}"
        return station.ledger.record_once(
            leg.departure, failing.LIST, leg.subject, value, answer.at, answer.by.id, key=once
        )

    def _ticked(self, station: Station, leg: Leg) -> set[str]:
        """Return the ids of the items that were ticked in earlier answers, and did not fail since."""
        from stationmaster.departures import gating

        last = next(iter(reversed(gating.lists_of(station, leg))), None)
        passed = {item["title"] for item in last.value["items"] if item["answer"] == "passed"} if last else set()
        return {item.id for item in self._items() if item.text in passed}

    def _before_asking(self, station: Station, departure: str) -> Waiting | None:
        """Bring once more what a person wants brought, and see whether the list is still to be asked.

        What fails of another attempt is the deploying task's to ask about.

        :raises ActRefused: something failed, and the departure has ended since, or is on its way back.
        """
        from stationmaster.departures import deploying, failing
        from stationmaster.work.obstacles import StepImpossible

        leg = self.leg(station, departure)
        found = failing.last(station, leg)
        if found is not None:
            failing.require_open(station, leg)
            if found.choice is Choice.ROLL_BACK:
                raise StepImpossible(*found.blockers)
        if failing.attempt(station, leg) == 1 or deploying.deployed(station, leg):
            return None
        try:
            return self.verified(station, leg)
        except failing.Failed as failed:
            raise StepImpossible(*failed.failure.blockers) from failed

    def _items(self) -> tuple[ChecklistItem, ...]:
        from stationmaster.config.checklist import parse_checklist

        return parse_checklist(self._page())

    def _page(self) -> str:
        return (self.include_dir / self.page).read_text(encoding="utf-8")
