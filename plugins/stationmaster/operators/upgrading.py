"""The tasks of a dependency upgrade: start, find, follow, merge or ask, hand over (D-24, D-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.operators import actors
from stationmaster.operators.base import Result, StepFailedForNow
from stationmaster.operators.question import COMMIT, Question, commit_field, moment, text_field, tick_field
from stationmaster.operators.upgrade_step import UPGRADE_KEY, Pausing, UpgradeOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.upgrades.deciding import Decision
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

READ = "read"
NOTE = "note"


class StartUpgradeOperator(UpgradeOperator):
    """Starts the workflow, once a week, unless somebody has stopped the upgrades.

    XCom ``upgrade``: its id; ``return_value``: ``{"upgrade", "repository", "workflow", "run"}``; ``run`` is the run's
    id, null where GitHub did not tell it.
    """

    def step(self, desk: UpgradeDesk, upgrade: Upgrade, context: Context, event: Result | None) -> Result | Pausing:
        """Dispatch, or adopt what this week has dispatched already."""
        from stationmaster.upgrades import starting, waiting

        context["ti"].xcom_push(key=UPGRADE_KEY, value=upgrade.id)
        if not starting.halted(desk).opens:
            return Pausing(waiting.START, {})
        receipt = starting.start(desk, upgrade)
        return {
            "upgrade": upgrade.id,
            "repository": desk.repository,
            "workflow": receipt["workflow"],
            "run": receipt["run_id"],
        }


class FindPullOperator(UpgradeOperator):
    """Waits for the run's end and finds its pull request; skipped, with all that follows, where there is none.

    XCom: ``{"pull", "url", "problem"}``; ``pull`` and ``url`` are null, and ``problem`` a sentence, where the workflow
    failed: then the person on call is asked.
    """

    def step(self, desk: UpgradeDesk, upgrade: Upgrade, context: Context, event: Result | None) -> Result | Pausing:
        """Look once; what was found stays."""
        from stationmaster.upgrades import deciding, finding, waiting

        found = finding.known(desk, upgrade)
        if found is None:
            search = finding.search(desk, upgrade)
            if search.blocker is not None:
                return Pausing(waiting.PULL, {})
            if search.state == "nothing":
                deciding.settle(desk, upgrade, "nothing", search.why)
                raise AirflowSkipException(f"{search.why} There was nothing to upgrade, or it is settled already.")
            if search.pull is None:
                return {"pull": None, "url": None, "problem": search.why}
            found = finding.remember(desk, upgrade, search.pull)
        return {"pull": found.value["number"], "url": found.value["url"], "problem": None}


class CloseSupersededOperator(UpgradeOperator):
    """Closes older pull requests of the same workflow, never one that a person has commits in.

    XCom: ``{"closed": [numbers], "left": [numbers]}``.
    """

    def step(self, desk: UpgradeDesk, upgrade: Upgrade, context: Context, event: Result | None) -> Result | Pausing:
        """Close them, each once."""
        from stationmaster.upgrades import finding, superseding

        found = finding.known(desk, upgrade)
        if found is None:
            return {"closed": [], "left": []}
        closed, left = superseding.supersede(desk, upgrade, int(found.value["number"]))
        return {"closed": list(closed), "left": list(left)}


class FollowChecksOperator(UpgradeOperator):
    """Waits until the checks have ended, or have had their time. XCom: ``{"next"}``: over, merge or ask."""

    def step(self, desk: UpgradeDesk, upgrade: Upgrade, context: Context, event: Result | None) -> Result | Pausing:
        """Look, and wait if need be; what comes next is decided again by the task that does it (F32)."""
        from stationmaster.upgrades import deciding, waiting

        decision = deciding.decide(desk, upgrade)
        if decision.what == "wait":
            return Pausing(waiting.CHECKS, {})
        return {"next": decision.what}


class SettleUpgradeOperator(UpgradeOperator):
    """Merges by the policy, or asks whoever is on call, until the upgrade is settled or their shift is over.

    A task instance asks the same people for ever (fact 4), so the next shift is asked by the next task of the row. The
    last one of the row stays with whom it asked; whoever comes after settles it on GitHub.

    XCom: ``{"outcome", "why", "by"}``; outcome is one of merged_by_policy, merged, merged_on_github, closed, left,
    superseded and handed_over; ``by`` is a person's id, or ``stationmaster``.

    :param place: 0 for the first task of the row.
    :param last: whether no other task of the row comes after it.
    """

    MERGE = "Merge it"
    LEAVE = "Leave it this week"

    def __init__(self, *, place: int, last: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.place = place
        self.last = last

    @property
    def named(self) -> str:
        """The repository, and whoever is asked."""
        from stationmaster.core.rotations.rotation import NobodyOnCall

        try:
            names = " and ".join(person.name for person in self.at_hand(self.desk).on_call)
        except NobodyOnCall:
            names = "nobody"
        return f"{self.repository}: {names}"

    def step(self, desk: UpgradeDesk, upgrade: Upgrade, context: Context, event: Result | None) -> Result | Pausing:
        """Take the answer, decide, and do it; or ask, and wait."""
        from stationmaster.upgrades import asking, deciding, waiting
        from stationmaster.work.questions import not_taken

        if self.place and deciding.outcome(desk, upgrade) is not None:
            raise AirflowSkipException("it is settled: nobody else is asked")
        if event is not None and "error" in event:
            raise AirflowFailException(f"the answer cannot be read: {event['error']}")
        answered = event is not None and bool(event.get("chosen_options"))
        person = self._taken_or_why(desk, upgrade, event) if event is not None and answered else None
        decision = deciding.decide(desk, upgrade)
        asked = (event or {}).get("asked") or {}
        kept = {"place": self.place, "last": self.last, **{name: asked[name] for name in self.keeps if name in asked}}
        if decision.what == "over":
            return self._over(desk, upgrade, decision)
        if decision.what == "wait":
            return Pausing(waiting.CHECKS, kept)
        if decision.what == "merge":
            return self._merge(desk, upgrade, decision, kept)
        if not self.last and asking.handed_over(desk, upgrade, self.place):
            return {"outcome": "handed_over", "why": "The shift of whoever was asked is over.", "by": "stationmaster"}
        if event is not None and person is not None:
            # No task instance is asked twice in one try (fact 3).
            why = f"Not merged: {' '.join(decision.reasons)} It is asked again."
            not_taken(desk, upgrade.id, self.task_name, person, why, once=moment(event))
            raise StepFailedForNow(why)
        if asked.get("armed"):
            return Pausing(waiting.QUESTION, kept)
        return self._ask(desk, upgrade, decision, kept, context)

    def _over(self, desk: UpgradeDesk, upgrade: Upgrade, decision: Decision) -> Result:
        from stationmaster.upgrades import deciding

        ending = decision.ending or "superseded"
        fact = deciding.settle(desk, upgrade, ending, " ".join(decision.reasons), decision.by)
        if fact.value["outcome"] in ("merged", "merged_by_policy"):
            self._tell_merged(desk, upgrade, decision)
        return {"outcome": fact.value["outcome"], "why": fact.value["why"], "by": fact.by}

    def _tell_merged(self, desk: UpgradeDesk, upgrade: Upgrade, decision: Decision) -> None:
        """Tell the channel, once; what is merged does not wait for Slack (F61)."""
        from stationmaster.upgrades import wording
        from stationmaster.work.messages import say
        from stationmaster.work.obstacles import hindrance

        text = wording.merged(desk, decision, desk.team.people.get(decision.by))
        try:
            say(desk, f"{upgrade.id}/merged", desk.channel, text)
        except Exception as error:
            if hindrance(desk, error, ()) is None:
                raise
            self.log.warning("The channel is not told: %s", error)

    def _merge(self, desk: UpgradeDesk, upgrade: Upgrade, decision: Decision, kept: Result) -> Result | Pausing:
        from stationmaster.hooks.errors import ForgeConflict
        from stationmaster.ledger.errors import EffectRefused
        from stationmaster.upgrades import deciding, waiting

        if not deciding.held(desk).opens:
            return Pausing(waiting.HELD, kept)
        try:
            deciding.merge(desk, upgrade, decision)
        except deciding.MergeHeld as held:
            raise StepFailedForNow(str(held)) from held
        except EffectRefused as refused:
            if decision.pull is None or not isinstance(refused.__cause__, ForgeConflict):
                raise
            deciding.refused(desk, upgrade, decision.pull, str(refused))
            raise StepFailedForNow(f"GitHub does not merge it, so that a person is asked: {refused}") from refused
        ending: Any = "merged" if decision.by in desk.team.people else "merged_by_policy"
        why = ("It was green, and is merged.",)
        return self._over(desk, upgrade, decision._replace(what="over", reasons=why, ending=ending))

    def _taken_or_why(self, desk: UpgradeDesk, upgrade: Upgrade, event: Result) -> Person:
        """Take the answer and return whose it is; why it is not taken hears whoever gave it."""
        from stationmaster.work.questions import not_taken

        person = self._responder(desk, upgrade, event)
        try:
            self._answered(desk, upgrade, person, event)
        except StepFailedForNow as refused:
            not_taken(desk, upgrade.id, self.task_name, person, str(refused), once=moment(event))
            raise
        return person

    def _answered(self, desk: UpgradeDesk, upgrade: Upgrade, person: Person, event: Result) -> None:
        from stationmaster.upgrades import deciding

        form = event.get("params_input") or {}
        shown = event.get("question") or event.get("asked") or {}
        note = str(form.get(NOTE) or "").strip()
        if event["chosen_options"][0] == self.LEAVE:
            if not note:
                raise StepFailedForNow("Why is it left? Write a note, so that the next one knows. It is asked again.")
            deciding.settle(desk, upgrade, "left", note, person.id)
            return
        if form.get(READ) is not True:
            raise StepFailedForNow("Tick that you have read what changes, then merge. It is asked again.")
        try:
            deciding.approve(desk, upgrade, person, note, meant=form.get(COMMIT) or shown.get(COMMIT))
        except deciding.OtherHead as other:
            raise StepFailedForNow(f"{other} It is asked again.") from other

    def _responder(self, desk: UpgradeDesk, upgrade: Upgrade, event: Result) -> Person:
        from stationmaster.upgrades import asking

        fact = asking.asked_at(desk, upgrade, self.place)
        asked = [desk.team.people[name] for name in fact.value["people"] if name in desk.team.people] if fact else []
        return actors.responder(desk, event, (*asked, *desk.on_call))

    def _ask(
        self, desk: UpgradeDesk, upgrade: Upgrade, decision: Decision, kept: Result, context: Context
    ) -> Result | Pausing:
        from stationmaster.core.blockers import blocker
        from stationmaster.upgrades import asking, waiting, wording
        from stationmaster.work.obstacles import StepImpossible

        people = desk.identities.can_answer(desk.on_call)
        if not people:
            # An empty list would mean anyone (fact 5).
            names = ", ".join(person.name for person in desk.on_call)
            found = blocker("NOBODY_TO_ASK", who=tuple(person.id for person in desk.on_call), people=names)
            desk.ledger.set_blockers(self.subject(upgrade), (found,), desk.now())
            raise AirflowFailException(str(StepImpossible(found)))
        subject, body = wording.question(desk, upgrade, decision)
        asking.ask(desk, upgrade, self.place, people)
        head = decision.pull.head_sha if decision.pull is not None else ""
        fields = {
            READ: tick_field("I have read what changes", "The change logs of what is more than a patch, and the diff"),
            COMMIT: commit_field("The last one that you have read: it is merged, and no other", head),
            NOTE: text_field("Note", "What you fixed or held back; or why it is left"),
        }
        self.ask(desk, context, Question(subject, body, (self.MERGE, self.LEAVE), fields), people)
        return Pausing(waiting.QUESTION, {**kept, "armed": True, COMMIT: head})
