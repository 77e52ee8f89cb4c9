"""What follows a failure: it stands in the ledger, and only a person's recorded answer to it is a licence (R7, T1).

A deploy run that failed, a verification whose window is over, a test list that failed: each is a fact. It is the last
word until a person answers exactly it, or what it missed arrives after all. Clearing a task, retrying it or marking it
is no answer: it only looks again.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.calendar import stop_times
from stationmaster.core.departure_ids import DepartureKind, kind_of, week_of
from stationmaster.core.instants import local_text
from stationmaster.core.transitions import Act, ActRefused, allows
from stationmaster.departures import electing, ruling, runs
from stationmaster.departures.answers import ANSWER, NEEDS_REASON, Choice, again_since, answers
from stationmaster.departures.fitting import TARGET
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import StepImpossible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact

RUN = "run_failed"
"""The fact that a deploy run ended without success: subject the leg's key, value ``{"key", "why"}``."""
VERIFICATION = "verify_failed"
"""The fact that a window passed in which the environment did not report the commit; shape as of :data:`RUN`."""
LIST = "checklist"
"""The fact of an answered test list: subject ``<component>/<environment>``.

Its value is ``{"sha", "passed", "items": [{"title", "answer"}], "note", "attempt"}``. It is a
failure if an item of it failed; one with items that are open is no answer yet.
"""
_LONGEST_REASON = 300


class AnswerRefused(ValueError):
    """An answer that does not count: nothing of it is kept. The text says why, and what to do."""


class Failure(NamedTuple):
    """One failure of a leg.

    ``number`` counts the leg's failures from 1; ``attempt`` is the one that failed; ``answer`` the last one, if any.
    """

    fact: Fact
    leg: Leg
    number: int
    attempt: int
    answer: Fact | None

    @property
    def kind(self) -> str:
        """Which failure it is: RUN, VERIFICATION or LIST."""
        return self.fact.kind

    @property
    def choice(self) -> Choice | None:
        """What was answered, None while nobody has."""
        return Choice(self.answer.value["choice"]) if self.answer is not None else None

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person: nobody has answered, or it was left as it is."""
        return self.choice in (None, Choice.LEAVE)

    @property
    def items(self) -> tuple[str, ...]:
        """The items of a test list that failed."""
        if self.kind != LIST:
            return ()
        return tuple(str(item["title"]) for item in self.fact.value["items"] if item["answer"] == "failed")

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """What failed, in words."""
        if self.kind != LIST:
            return (Blocker.model_validate(self.fact.value["why"]),)
        return (
            blocker(
                "CHECKLIST_FAILED",
                since=self.fact.at,
                who=(self.fact.by,),
                subject=self.leg.component,
                component=f"{self.leg.component} on {self.leg.environment}",
                items="; ".join(self.items),
            ),
        )


class Failed(StepImpossible):
    """A step that meets a failure which is the last word: only a person's answer lets it go on."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(*failure.blockers)
        self.failure = failure


def failures(station: Station, leg: Leg) -> tuple[Failure, ...]:
    """Return the failures of a leg, the oldest first."""
    facts = [
        *station.ledger.facts(leg.departure, RUN, leg.key),
        *station.ledger.facts(leg.departure, VERIFICATION, leg.key),
        *(fact for fact in station.ledger.facts(leg.departure, LIST, leg.subject) if _failed_list(fact, leg)),
    ]
    answered = {fact.value["failure"]: fact for fact in answers(station, leg.departure, leg.subject)}
    ordered = enumerate(sorted(facts, key=lambda fact: fact.seq), start=1)
    return tuple(Failure(fact, leg, number, _attempt_of(fact), answered.get(fact.seq)) for number, fact in ordered)


def last(station: Station, leg: Leg) -> Failure | None:
    """Return the failure that is the last word about a leg; None where nothing failed, or something came after it.

    What comes after it is another attempt that has begun, the commit's arrival, or a test list that passed.
    """
    found = failures(station, leg)
    if not found:
        return None
    failure = found[-1]
    if failure.attempt < _attempt(station, leg, found) or _came_after(station, failure):
        return None
    return failure


def open_failure(station: Station, leg: Leg) -> Failure | None:
    """Return the failure that waits for a person's answer, None if none does."""
    found = last(station, leg)
    return found if found is not None and found.is_open else None


def attempt(station: Station, leg: Leg) -> int:
    """Return the number of the attempt that counts: 1, and one more for each answer that asks for another.

    An older release made another attempt whenever somebody cleared the task; those count, too (F69).
    """
    return _attempt(station, leg, failures(station, leg))


def licence(station: Station, leg: Leg) -> Failure | None:
    """Return the failure whose answer allows the present attempt; None for the first one."""
    found = failures(station, leg)
    number = _attempt(station, leg, found)
    asked = (each for each in found if each.choice is Choice.DEPLOY_AGAIN and each.attempt + 1 == number)
    return next(asked, None)


def act_again(leg: Leg) -> Act:
    """Return what another attempt does to the departure."""
    return Act.STAGE_AGAIN if leg.stop == "cut" else Act.DEPLOY_AGAIN


def require_again(session: Session, leg: Leg) -> None:
    """Refuse, within a session, what may not follow a failure now: the departure has ended, or is on its way back.

    A cut that has failed may begin again; a departure whose *promotion* has begun, or failed, has no cut left.

    :raises ActRefused: why.
    """
    from stationmaster.ledger.departures import existing_departure, failed_by

    row, act = existing_departure(session, leg.departure), act_again(leg)
    state = DepartureState(row.state)
    told = f"by {row.changed_by}{f': {row.why}' if row.why else ''}"
    if not allows(state, act):
        raise ActRefused(leg.departure, state, act, told)
    if (
        act is Act.STAGE_AGAIN
        and state is DepartureState.FAILED
        and not failed_by(session, leg.departure, Act.FAIL_CUT)
    ):
        raise ActRefused(leg.departure, state, act, told)


def can_deploy_again(station: Station, leg: Leg) -> bool:
    """Return whether another attempt is the station's to make: by a workflow, or by a proposal."""
    deploy = station.train.component(leg.component).deploy(leg.environment)
    return deploy.mode == "proposal" or _by_workflow(station, leg)


def can_roll_back(station: Station, leg: Leg) -> bool:
    """Return whether the station can take a component back: on production, by a workflow."""
    return leg.environment == station.train.production and _by_workflow(station, leg)


def note_verification(station: Station, leg: Leg, why: Blocker) -> Failure:
    """Keep that the present window of a verification is over, once, and return the failure that is the last word."""
    restarted = again_since(station, leg.departure, leg.subject, Choice.VERIFY_AGAIN, Choice.DEPLOY_AGAIN)
    value = {"key": f"{leg.key}/{attempt(station, leg)}", "why": why.model_dump(mode="json")}
    fact = station.ledger.record_once(
        leg.departure,
        VERIFICATION,
        leg.key,
        value,
        station.now(),
        "stationmaster",
        key=f"{VERIFICATION}/{leg.key}/{restarted}",
    )
    return next(each for each in failures(station, leg) if each.fact.seq == fact.seq)


def answer(station: Station, leg: Leg, failure: Failure, choice: Choice, *, reason: str, by: str, at: datetime) -> Fact:
    """Keep what a person says is to follow a failure: once for each, as long as the failure is the last word.

    What was left as it is may be answered again.

    :param by: the person's id, as Airflow proved them.
    :raises AnswerRefused: it does not count, and why.
    :raises ActRefused: the departure has ended, or is on its way back.
    """
    from stationmaster.ledger.facts import add_fact

    reason = " ".join(reason.split())[:_LONGEST_REASON]
    if choice in NEEDS_REASON and not reason:
        raise AnswerRefused("Say why: the reason stands in the message and in the audit.")
    if not may_answer(station, leg, choice, by):
        group = station.train.rules.actors
        raise AnswerRefused(f"{by} may not decide that: only the group {group} changes {station.train.production}.")
    present = last(station, leg)
    if present is None or present.fact.seq != failure.fact.seq:
        raise AnswerRefused(f"Failure {failure.number} of {leg.component} is no longer what this is about.")
    before = [
        fact for fact in answers(station, leg.departure, leg.subject) if fact.value["failure"] == failure.fact.seq
    ]
    value = {"choice": str(choice), "failure": failure.fact.seq, "reason": reason}
    once = f"{ANSWER}/{failure.fact.seq}/{sum(fact.value['choice'] == Choice.LEAVE for fact in before)}"
    with station.ledger.writing() as pen:
        require_again(pen.session, leg)
        kept = add_fact(pen, leg.departure, ANSWER, leg.subject, value, at, by, once=once)
    if (kept.by, kept.value) != (by, value):
        raise AnswerRefused(f"{kept.by} has answered it already: {kept.value['choice']}.")
    return kept


def may_answer(station: Station, leg: Leg, choice: Choice, person: str) -> bool:
    """Return whether a person may say that: to change production, or to let a failed list pass, is T-01's."""
    if leg.environment != station.train.production and choice is not Choice.GO_ON:
        return True
    return ruling.may_act(station, person)


def until(station: Station, failure: Failure, *, since: datetime) -> datetime | None:
    """Return until when an answer is waited for; None: of a test list as long as it takes.

    Until the window of the promotion closes, and for one window of the verification at least. What follows then is what
    the train's file says; nothing is ever deployed by it.

    :param since: when the question was put.
    """
    leg = failure.leg
    if failure.kind == LIST:
        return None
    least: datetime = since + station.train.component(leg.component).verify.within
    if kind_of(leg.departure) is not DepartureKind.TRAIN:
        return least
    week = station.train.promote_week(week_of(leg.departure))
    return max(least, stop_times(station.train.stop("promote"), week).latest_start)


def asked_since(station: Station, failure: Failure) -> datetime:
    """Return since when an answer is waited for: a task that is cleared meanwhile asks for no longer than before."""
    if failure.kind != VERIFICATION:
        return station.now()  # nobody was asked before its task is cleared
    begun = failure.fact.at
    ends = until(station, failure, since=begun)
    return begun if ends is not None and station.now() < ends else station.now()


def answerable_until(station: Station, leg: Leg) -> datetime | None:
    """Return until when the failure of a verification is left to a person's answer alone; None where it is not.

    Until then nothing follows by itself, whatever becomes of the task that asks: that is what was announced.
    """
    found = last(station, leg)
    if found is None or found.kind != VERIFICATION or found.choice is not None:
        return None
    ends = until(station, found, since=found.fact.at)
    return ends if ends is not None and station.now() < ends else None


def require_open(station: Station, leg: Leg) -> None:
    """Refuse what may not follow a failure now: the departure has ended, or is on its way back.

    :raises ActRefused: why.
    """
    with station.ledger.reading() as session:
        require_again(session, leg)


def is_over(station: Station, failure: Failure, *, since: datetime) -> bool:
    """Return whether nobody is asked any longer: the time is up, or nothing may follow any more.

    :param since: when the question was put.
    """
    ends = until(station, failure, since=since)
    if ends is not None and station.now() >= ends:
        return True
    try:
        require_open(station, failure.leg)
    except ActRefused:
        return True
    return False


def asked(
    station: Station, failure: Failure, choices: Sequence[str], who: tuple[str, ...], *, since: datetime
) -> Blocker:
    """Return that a person is asked what follows.

    :param choices: what they may answer, as the form says it.
    :param since: when the question was put.
    """
    leg, ends = failure.leg, until(station, failure, since=since)
    policy = _unanswered(station, leg)
    when = local_text(ends, station.train.zone) if ends is not None else ""
    limit = f"; without an answer until {when}: {policy}" if when else ""
    if limit and failure.kind == VERIFICATION and since > failure.fact.at:
        limit = f"; the time for an answer was up, and {policy} may follow at any time; it is asked until {when}"
    return blocker(
        "FAILURE_ASKED",
        since=failure.fact.at,
        who=who,
        subject=leg.component,
        component=leg.component,
        environment=leg.environment,
        number=failure.number,
        why=" ".join(found.sentence for found in failure.blockers),
        choices=", ".join(choices),
        limit=limit,
    )


def goes_back_by_itself(station: Station, departure: str) -> bool:
    """Return whether production is taken back when a promotion fails and no person says so (C-18).

    A hotfix always is, whatever the train's file says of the train's own; a feature build has nothing in production.
    """
    kind = kind_of(departure)
    return kind.is_hotfix or (kind is DepartureKind.TRAIN and station.train.on_partial_failure == "compensate")


def _unanswered(station: Station, leg: Leg) -> str:
    """Return what happens where nobody answers what failed of a leg, in few words."""
    if leg.stop != "promote":
        return "the cut ends"
    if goes_back_by_itself(station, leg.departure):
        return "compensate"
    return station.train.on_partial_failure if kind_of(leg.departure) is DepartureKind.TRAIN else "stop"


def compensates(station: Station, leg: Leg) -> Failure | None:
    """Return the failure that a way back may name as its cause now; None: nothing that is the last word asks for one.

    A person's *roll back* does, whatever the train's file says. A failed run does while nobody has answered it, and
    nobody has run it again; a verification once the time for an answer is up; a failed test list only where the file
    says ``on_failed_test: roll_back``.
    """
    found = last(station, leg)
    if found is None or found.choice is Choice.ROLL_BACK:
        return found
    if (
        found.choice is not None
        or came_right(station, found)
        or answerable_until(station, leg) is not None
        or (found.kind == LIST and station.train.on_failed_test != "roll_back")
    ):
        return None
    return found


def came_right(station: Station, failure: Failure) -> bool:
    """Return whether a run that failed was run again on GitHub, and succeeded or is at it (F53)."""
    leg = failure.leg
    if failure.kind != RUN or electing.by_proposal(station, leg.component, leg.environment):
        return False
    return runs.came_right(station, leg, str(failure.fact.value["key"]))


def gone_on(station: Station, leg: Leg) -> Failure | None:
    """Return the failed test list that a person who may has passed over, for the leg's commit; None if nobody has."""
    found = last(station, leg)
    if found is None or found.kind != LIST or found.choice is not Choice.GO_ON or found.answer is None:
        return None
    return found if may_answer(station, leg, Choice.GO_ON, found.answer.by) else None


def _failed_list(fact: Fact, leg: Leg) -> bool:
    return fact.value["sha"] == leg.sha and any(item["answer"] == "failed" for item in fact.value["items"])


def _attempt_of(fact: Fact) -> int:
    if fact.kind == LIST:
        return int(fact.value.get("attempt", 1))
    return int(str(fact.value["key"]).rpartition("/")[2])


def _attempt(station: Station, leg: Leg, found: Sequence[Failure]) -> int:
    number = max((each.attempt + 1 for each in found if each.choice is Choice.DEPLOY_AGAIN), default=1)
    while station.ledger.effect(f"{leg.key}/{number + 1}") is not None:
        number += 1
    return number


def _came_after(station: Station, failure: Failure) -> bool:
    leg = failure.leg
    kind = LIST if failure.kind == LIST else "deployed"
    facts = station.ledger.facts(leg.departure, kind, leg.subject)
    later = (fact for fact in facts if fact.seq > failure.fact.seq and fact.value["sha"] == leg.sha)
    begun = station.ledger.fact(leg.departure, TARGET, leg.subject)
    return (begun is not None and begun.seq > failure.fact.seq) or any(
        kind != LIST or fact.value["passed"] for fact in later
    )


def _by_workflow(station: Station, leg: Leg) -> bool:
    deploy = station.train.component(leg.component).deploy(leg.environment)
    return deploy.mode in ("workflow", "on_merge") and deploy.workflow is not None
