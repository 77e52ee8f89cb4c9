"""The tasks of a handoff: who comes on call, that they are told, and that they can open what they need (C-06, C-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.core import escaping
from stationmaster.operators import actors
from stationmaster.operators.base import Result, StepFailedForNow
from stationmaster.operators.handoff_step import HANDOFF_KEY, HandoffOperator, Pausing, RoleOperator
from stationmaster.operators.question import (
    Question,
    choice_field,
    number_field,
    text_field,
    tick_field,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.checklist import ChecklistItem
    from stationmaster.config.people import Person
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk


class OpenShiftOperator(HandoffOperator):
    """Writes down who comes on call in which role.

    XCom ``handoff``: its id; ``return_value``: ``{"handoff", "rotation", "start", "end", "shifts": [{"role", "person",
    "name"}]}``; ``start`` and ``end`` are ISO in UTC.
    """

    def handoff(self, desk: ShiftDesk, ti: Any, dag_run: Any) -> Handoff:
        """Return the handoff that the calendar gives this run."""
        return desk.handoff_at(self.due(dag_run))

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Record each role once for each person: a roster that is edited later shows as a second fact."""
        self.bind(desk, context, handoff.id)
        context["ti"].xcom_push(key=HANDOFF_KEY, value=handoff.id)
        shifts = []
        for role in handoff.shifts:
            person = desk.person(handoff, role)
            shift = handoff.shifts[role]
            value = {"person": person.id, "start": shift.start.isoformat(), "end": shift.end.isoformat()}
            once = f"shift/{role}/{person.id}"
            desk.ledger.record_once(handoff.id, "shift", role, value, desk.now(), "timetable", key=once)
            shifts.append({"role": role, "person": person.id, "name": person.name})
        return {
            "handoff": handoff.id,
            "rotation": self.rotation,
            "start": handoff.start.isoformat(),
            "end": handoff.end.isoformat(),
            "shifts": shifts,
        }


class TellShiftOperator(RoleOperator):
    """Tells whoever comes on call so, in Slack and by mail, each once (C-06).

    XCom: ``{"role", "person", "name", "slack": {"channel", "ts"}, "mail": {"to"} or null}``.
    """

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Say what has not been said; what cannot be said now is said when Slack or the mail server is back."""
        from stationmaster.handoffs import telling

        shift = handoff.shifts[self.role]
        if shift.start < handoff.start:
            raise AirflowSkipException(f"{shift.person} stays {self.role}: their shift does not change here")
        links = self._links(desk)
        told = [telling.tell(desk, alone, self.role, links) for alone in handoff.apart(self.role)]
        blockers = tuple(dict.fromkeys(found for one in told for found in one.blockers))
        if blockers:
            return self.again(desk, handoff, blockers)
        return {**self.tagged(desk.person(handoff, self.role)), "slack": told[0].slack, "mail": told[0].mail}

    def _links(self, desk: ShiftDesk) -> list[tuple[str, str]]:
        """Return the pages of this DAG and of the trains that the role conducts: each shows its runbook."""
        from stationmaster import settings

        pages = f"{settings.base_url()}/dags"
        links = []
        if desk.entry.notices is not None and desk.entry.notices.runbook is not None:
            links.append((f"runbook {desk.entry.notices.runbook}", f"{pages}/{desk.key}.handoff"))
        for train in desk.team.trains.values():
            if train.on_call == self.role:
                links += [(f"{train.title}: {stop}", f"{pages}/{train.key}.{stop}") for stop in ("cut", "promote")]
        return links


class CheckAccessOperator(RoleOperator):
    """Asks whoever comes on call whether they can open what they need; what is missing is asked for at once (C-07).

    Who has answered lately that nothing is missing is not asked. Who misses something is asked again until they have
    it, or until their shift is over. ``I can open everything`` counts only with every box ticked.
    XCom: ``{"role", "person", "name", "answered_at"}``; ``answered_at`` is ISO in UTC.
    """

    EVERYTHING = "I can open everything"
    MISSING = "Something is missing"

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Ask, take the answer, or see that none is needed."""
        from stationmaster.handoffs import access

        items = self._items(desk)
        known = access.known(desk, desk.person(handoff, self.role).id, [item.id for item in items])
        if known is not None:
            return {**self.tagged(desk.person(handoff, self.role)), "answered_at": known.at.isoformat()}
        if event is not None and "error" in event:
            raise AirflowFailException(f"the answer cannot be read: {event['error']}")
        if event is not None and "chosen_options" in event:
            return self._answered(desk, handoff, items, event)
        return self._ask(desk, handoff, items, context)

    def _ask(self, desk: ShiftDesk, handoff: Handoff, items: tuple[ChecklistItem, ...], context: Context) -> Pausing:
        from stationmaster.handoffs import waiting

        person = desk.person(handoff, self.role)
        if not desk.identities.can_answer((person,)):
            # An empty list would mean anyone (fact 5).
            raise AirflowSkipException(f"{person.name} cannot be asked. {desk.identities.unable((person,))}")
        question = Question(
            subject=f"{person.name}: can you open everything that {self.role} of {desk.entry.title} needs?",
            body="Log in to each and tick what works. What you do not tick is asked for in your name, and you are "
            "asked again.",
            options=(self.EVERYTHING, self.MISSING),
            fields={
                **{item.id: tick_field(item.text, item.section) for item in items},
                "note": text_field("Note", "What happened when you tried"),
            },
        )
        self.ask(desk, context, question, (person,))
        return Pausing(waiting.ANSWER, {"role": self.role, "items": [item.text for item in items]})

    def _answered(
        self, desk: ShiftDesk, handoff: Handoff, items: tuple[ChecklistItem, ...], event: Result
    ) -> Result | Pausing:
        from stationmaster.handoffs import access

        person = actors.responder(desk, event, (desk.person(handoff, self.role),))
        form = event.get("params_input") or {}
        missing = [item for item in items if form.get(item.id) is not True]
        everything = event["chosen_options"][0] == self.EVERYTHING
        if not everything and not missing:
            missing = list(items)
        answer = access.record(
            desk,
            handoff,
            person,
            items=items,
            missing=missing,
            note=str(form.get("note") or ""),
            at=desk.now(),
        )
        if missing:
            access.call_for_help(desk, handoff, self.role)
            # No task instance is asked twice in one try (fact 3).
            raise StepFailedForNow(f"{person.name} lacks {len(missing)} of {len(items)}: asked again in another try")
        return {**self.tagged(person), "answered_at": answer.at.isoformat()}

    def _items(self, desk: ShiftDesk) -> tuple[ChecklistItem, ...]:
        from stationmaster.config.checklist import read_checklist

        if desk.entry.access is None:
            raise AirflowSkipException(f"{desk.key} asks nobody for access any longer")
        return read_checklist(self.include_dir, desk.entry.access.page)


class MoveHandleOperator(HandoffOperator):
    """Makes the rotation's Slack handle whoever comes on call (D-05, D-06).

    XCom: ``{"handle", "account", "written"}``; ``written`` is false where it was theirs already.
    """

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Move it; what is in the way is tried again until the shift is over."""
        from stationmaster.core.blockers import blocker
        from stationmaster.handoffs import handles

        try:
            moved = handles.move(desk, handoff)
        except handles.HandleStuck as stuck:
            who = tuple(manager.id for manager in desk.managers)
            return self.again(desk, handoff, [blocker("HANDLE_STUCK", who=who, why=str(stuck))])
        if moved is None:
            raise AirflowSkipException(f"{desk.key} has no handle, or nobody comes on call")
        return moved.model_dump(mode="json")


class HandOverOperator(HandoffOperator):
    """Collects the open work by the team's policy, writes it as an issue, tells the channel (D-26, N-11, N-12, O-13).

    XCom: ``{"items", "issue": {"repository", "number", "url", "items"}, "message": {"channel", "ts"} or null}``.
    """

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Hand over once; what GitHub or Slack cannot do now is done when they are back."""
        from stationmaster.handoffs import packing

        packed = packing.hand_over(desk, handoff)
        if packed is None:
            raise AirflowSkipException(f"{desk.key} hands over no package any longer")
        return packed.model_dump(mode="json")


class PublishLogOperator(HandoffOperator):
    """Publishes the on-call log of the shift that ends, as an issue or a file, by the team's policy (C-30, O-10).

    XCom: ``{"url", …}``, or ``{}`` where the team publishes none.
    """

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Take in what was written in Slack, then publish once; what is out of reach is waited for."""
        from stationmaster.handoffs import shift_log

        if not shift_log.keeps_log(desk):
            raise AirflowSkipException(f"the log is not kept by the shifts of {desk.key}")
        shift_log.gather(desk)
        return shift_log.publish(desk, handoff) or {}


class AcknowledgeOperator(RoleOperator):
    """Asks whoever comes on call to say that they have taken over; reminds, and escalates (D-27, C-34).

    An answer of whoever is told in their place counts, too; so does ✅ under the package's message.
    XCom: ``{"role", "person", "name", "by", "way", "answered_at"}``.
    """

    TAKEN = "I have taken over"

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Ask, or take the answer."""
        from stationmaster.handoffs import acknowledging

        if event is not None and "error" in event:
            raise AirflowFailException(f"the answer cannot be read: {event['error']}")
        if event is not None and event.get("chosen_options"):
            self._answered(desk, handoff, event)
        found = acknowledging.acknowledgement(desk, handoff)
        if found is None:
            return self._ask(desk, handoff, context)
        person = desk.person(handoff, self.role)
        answered = {"by": found.value["person"], "way": found.value["way"], "answered_at": found.at.isoformat()}
        return {**self.tagged(person), **answered}

    def _answered(self, desk: ShiftDesk, handoff: Handoff, event: Result) -> None:
        from stationmaster.handoffs import acknowledging

        person = actors.responder(desk, event, acknowledging.may_answer(desk, handoff))
        acknowledging.acknowledge(desk, handoff, person, "airflow")

    def _ask(self, desk: ShiftDesk, handoff: Handoff, context: Context) -> Pausing:
        from stationmaster.handoffs import acknowledging, waiting

        person = desk.person(handoff, self.role)
        may = acknowledging.may_answer(desk, handoff)
        people = desk.identities.can_answer(may)
        if not people:
            # An empty list would mean anyone (fact 5).
            raise AirflowSkipException(f"{person.name} cannot be asked. {desk.identities.unable(may)}")
        acknowledging.asked_at(desk, handoff)
        question = Question(
            subject=f"{person.name}: have you taken over {desk.entry.title}?",
            body="Read the package of open work first. Whoever stands in for you may answer, too.",
            options=(self.TAKEN,),
            fields={},
        )
        self.ask(desk, context, question, people)
        return Pausing(waiting.ACKNOWLEDGED, {"role": self.role})


class PairUpOperator(RoleOperator):
    """Asks whoever leads to take a newcomer along (C-25); skipped where nobody is new.

    XCom: ``{"role", "person", "name", "newcomer", "paired"}``.
    """

    PAIRED = "We have paired"
    NOT_NOW = "Not this time"

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Ask, or take the answer."""
        from stationmaster.handoffs import pairing

        new = pairing.newcomer(desk, handoff)
        if new is None:
            raise AirflowSkipException("nobody who comes on call is new")
        if event is not None and "error" in event:
            raise AirflowFailException(f"the answer cannot be read: {event['error']}")
        lead = desk.person(handoff, self.role)
        if event is not None and event.get("chosen_options"):
            actors.responder(desk, event, (lead,))
            paired, form = event["chosen_options"][0] == self.PAIRED, event.get("params_input") or {}
            pairing.record(desk, handoff, new, paired=paired, note=str(form.get("note") or ""), by=lead)
        found = pairing.answer(desk, handoff)
        if found is None:
            pairing.ask_in_slack(desk, handoff, lead, new)
            return self._ask(desk, lead, new, context)
        return {**self.tagged(lead), "newcomer": found.value["newcomer"], "paired": found.value["paired"]}

    def _ask(self, desk: ShiftDesk, lead: Person, new: Person, context: Context) -> Pausing:
        from stationmaster.handoffs import waiting

        if not desk.identities.can_answer((lead,)):
            raise AirflowSkipException(f"{lead.name} cannot be asked. {desk.identities.unable((lead,))}")
        question = Question(
            subject=f"{lead.name}: have you taken {new.name} along?",
            body=f"{escaping.markdown(new.name)} is new. Deploy together, and look at what breaks together.",
            options=(self.PAIRED, self.NOT_NOW),
            fields={"note": text_field("Note", "What they have seen, and what is still to be shown")},
        )
        self.ask(desk, context, question, (lead,))
        return Pausing(waiting.PAIRED, {"role": self.role})


class LookBackOperator(HandoffOperator):
    """Asks whoever goes off call how the shift was (R48, R52); skipped where the same person goes on.

    XCom: ``{"person", "name", "load", "nights"}``: load from 1, quiet, to 5, too much; nights: how often they were
    woken.
    """

    SEND = "Send"

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Say that the shift is over, ask, and take the answer."""
        from stationmaster.handoffs import looking_back

        person = looking_back.leaving(desk, handoff)
        if person is None:
            raise AirflowSkipException("nobody goes off call here")
        if event is not None and "error" in event:
            raise AirflowFailException(f"the answer cannot be read: {event['error']}")
        if event is not None and event.get("chosen_options"):
            actors.responder(desk, event, (person,))
            form = event.get("params_input") or {}
            load = int(str(form.get("load") or looking_back.SCALE[2])[0])
            nights, note = int(form.get("nights") or 0), str(form.get("note") or "")
            looking_back.record(desk, handoff, person, load=load, nights=nights, note=note)
        found = looking_back.answer(desk, handoff)
        if found is None:
            looking_back.say_goodbye(desk, handoff, person)
            return self._ask(desk, person, context)
        told = {name: found.value[name] for name in ("load", "nights")}
        return {"person": person.id, "name": person.name, **told}

    def _ask(self, desk: ShiftDesk, person: Person, context: Context) -> Pausing:
        from stationmaster.handoffs import waiting
        from stationmaster.handoffs.looking_back import SCALE

        if not desk.identities.can_answer((person,)):
            raise AirflowSkipException(f"{person.name} cannot be asked. {desk.identities.unable((person,))}")
        question = Question(
            subject=f"{person.name}: how was your shift?",
            body="Nothing hangs on the answer. stationmaster fairness shows it to the team, beside the hours.",
            options=(self.SEND,),
            fields={
                "load": choice_field("How much was it?", SCALE, value=SCALE[2]),
                "nights": number_field("How often were you woken?", most=100),
                "note": text_field("Note", "What should be different the next time"),
            },
        )
        self.ask(desk, context, question, (person,))
        return Pausing(waiting.LOOKED_BACK, {})


class FollowShiftOperator(HandoffOperator):
    """Hands over what overrides and swaps begin and end between two handoffs of the plan; tells who comes next.

    XCom ``handoff``: its id; ``return_value``: ``{"handoff", "changes": [ids of the handoffs that changes made]}``.
    """

    def handoff(self, desk: ShiftDesk, ti: Any, dag_run: Any) -> Handoff:
        """Return the handoff of the plan that this run follows."""
        named = self.bound_handoff(desk, ti, dag_run, part=self.task_id)
        return desk.handoff(named) if named is not None else desk.handoff_at(self._began(desk, dag_run))

    def subject(self, handoff: Handoff) -> str:
        """Return where this task's blockers stand in the ledger."""
        return f"{handoff.id}/changes/{self.task_id}"

    def is_over(self, desk: ShiftDesk, about: Handoff) -> str:
        """Never by an edge of a change: those are what it waits for."""
        return ""

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Do what is due, and wait for what comes next."""
        from stationmaster.core.blockers import blocker
        from stationmaster.handoffs import following, handles, waiting

        self.bind(desk, context, handoff.id, part=self.task_id)
        context["ti"].xcom_push(key=HANDOFF_KEY, value=handoff.id)
        began = handoff.start
        if desk.now() >= following.end_of_watch(desk, began):
            made = [desk.handoff_at(at).id for at in following.edges(desk, began)]
            return {"handoff": handoff.id, "changes": made}
        try:
            following.catch_up(desk, began)
        except handles.HandleStuck as stuck:
            return self.again(desk, handoff, [blocker("HANDLE_STUCK", why=str(stuck))])
        done = [at.isoformat() for at in following.edges(desk, began) if at <= desk.now()]
        until = following.next_due(desk, began).isoformat()
        return Pausing(waiting.FOLLOW, {"began": began.isoformat(), "until": until, "done": done})

    def _began(self, desk: ShiftDesk, dag_run: Any) -> Any:
        planned = desk.files.rotations[desk.entry.id]
        return planned.latest_handoff(self.due(dag_run))
