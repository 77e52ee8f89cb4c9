"""The looks that a waiting task takes: each returns how things stand, and none of them deploys anything.

They run in the triggerer, again and again, so that waiting holds no worker. What they write is what an open gate does
by itself: ballots read from Slack, observations, reminders.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.calendar import StopName
from stationmaster.core.gates import Standing, Verdict, combine
from stationmaster.core.transitions import Act, ActRefused, allows
from stationmaster.departures import (
    bringing_home,
    counting,
    cutting,
    deploying,
    escalating,
    excepting,
    failing,
    gate_table,
    gating,
    holding,
    legs,
    opening,
    pausing,
    rolling_back,
    verifying,
    voting,
)
from stationmaster.departures.obstacles import obstacle
from stationmaster.ledger.records import DepartureState
from stationmaster.work import waits
from stationmaster.work.effects import GateClosed
from stationmaster.work.obstacles import StepImpossible, locked, passed, waiting

if TYPE_CHECKING:
    from stationmaster.departures.station import Station

Arguments = dict[str, Any]
Watch = Callable[["Station", str, Arguments], Standing]

DENY_IS_FINAL = frozenset({"exception", "failure", "run", "verify", "rollback"})
"""Watches whose DENY no waiting will change. A veto, in contrast, can be withdrawn."""

DROPPED = frozenset({DepartureState.SKIPPED, DepartureState.SKIPPED_EMPTY})
"""The states of a departure that nobody waits for any longer."""


GATES = frozenset({"checks", "opening", "quorum", "soak"})
"""Watches of tasks that do nothing but wait."""
_PAST_ITS_GATES = frozenset({DepartureState.DONE, DepartureState.ROLLED_BACK, DepartureState.ROLLING_BACK})


class Ending(NamedTuple):
    """How a task ends without a worker: skipped, or with a result."""

    skipped: bool
    result: dict[str, str] | None = None


class UnknownWatch(LookupError):
    """A trigger names a watch that this release does not have."""


def look(station: Station, watch: str, departure: str, arguments: Arguments) -> Standing:
    """Take the look named ``watch`` once; what GitHub, Slack or the ledger cannot answer is a blocker, never a yes.

    :raises UnknownWatch: the name is of another release.
    """
    if watch not in WATCHES:
        raise UnknownWatch(f"{watch!r} is not one of {', '.join(sorted(WATCHES))}")
    if _skipped(station, departure, watch):
        return passed(watch)
    try:
        return WATCHES[watch](station, departure, arguments)
    except StepImpossible as impossible:
        return waiting(watch, *impossible.blockers)
    except Exception as error:
        found = obstacle(station, error)
        if found is None:
            raise
        stop: StopName = arguments.get("stop") or ("cut" if watch in ("hold", "selection") else "promote")
        return pausing.while_it_matters(station, departure, stop, waiting(watch, found))


def settled(watch: str, standing: Standing) -> bool:
    """Return whether the task need not wait any longer: it may go on, or it never will."""
    if standing.opens or standing.verdict is Verdict.MISSED:
        return True
    return standing.verdict is Verdict.DENY and watch in DENY_IS_FINAL


def gate_result(watch: str, standing: Standing) -> dict[str, str]:
    """Return what the task of an open gate leaves in XCom."""
    return {"gate": watch, "verdict": str(standing.verdict)}


def ending(station: Station, watch: str, departure: str, standing: Standing) -> Ending | None:
    """Return how a task whose wait is over ends if nothing is left to do, None where a worker must go on.

    A gate that opens is only passed here: whoever deploys counts all of them again. A ballot that is no longer needed
    is skipped; one whose manifest has changed must be asked about anew.
    """
    if watch in GATES and standing.opens:
        if _skipped(station, departure, watch):
            return Ending(skipped=True)
        return Ending(skipped=False, result=gate_result(watch, standing))
    if watch == "ballot" and gating.voting_closed(station, departure):
        return Ending(skipped=True)
    return None


def pulse(station: Station, watch: str, departure: str) -> int | None:
    """Return a number that changes when the next look should not wait for its time; None for most watches.

    It asks the ledger only: a vote in Airflow counts at once, and nobody outside is asked more often for it.
    """
    return len(station.ledger.ballots(departure)) if watch == "quorum" else None


def _skipped(station: Station, departure: str, watch: str) -> bool:
    """A task of a departure that has ended need not wait: it ends when it is woken.

    What a person has skipped or takes back nobody waits for; at the gates of what has ended nobody is asked any more.
    """
    found = station.ledger.departure(departure)
    if found is None or watch == "rollback":
        return False
    going_back = found.state in legs.TAKEN_BACK and watch != waits.AGAIN  # what takes it back waits, too
    return found.state in DROPPED or going_back or (watch in GATES and found.state in _PAST_ITS_GATES)


def _refused(station: Station, leg: deploying.Leg) -> bool:
    """A deploy that the departure's state does not allow any more need not wait: it is refused when it is woken."""
    found = station.ledger.departure(leg.departure)
    return found is not None and not allows(found.state, deploying.act_of(station, leg))


def _leg(station: Station, departure: str, arguments: Arguments) -> deploying.Leg:
    leg = deploying.leg_of(station, departure, arguments["stop"], arguments["component"])
    if leg is None:
        raise LookupError(f"{arguments['component']} is not aboard {departure}")
    return leg


def _until_missed(station: Station, departure: str, stop: StopName, *standings: Standing) -> Standing:
    """Add the window as far as it matters to a task that has begun to wait: when it closes, the waiting is over."""
    window = gating.window_standing(station, departure, stop)
    return combine([window, *standings])


def _opening(station: Station, departure: str, arguments: Arguments) -> Standing:
    stop: StopName = arguments["stop"]
    found = station.ledger.departure(departure)
    previous = opening.previous_standing(station, found) if found and stop == "cut" else passed("previous")
    frozen = gate_table.frozen(station, departure, Act.STAGE if stop == "cut" else Act.PROMOTE)
    return _until_missed(station, departure, stop, previous, frozen)


def _staged(station: Station, departure: str, _: Arguments) -> Standing:
    """A promotion waits for a cut that is late, and not for one that has failed."""
    found = station.ledger.departure(departure)
    if found is None or found.state not in opening.BEFORE_THE_CUT_IS_DONE:
        return passed("staged")
    missing = blocker("NOTHING_STAGED", since=found.changed_at, who=(station.conductor.id,))
    return _until_missed(station, departure, "promote", waiting("staged", missing))


def _hold(station: Station, departure: str, _: Arguments) -> Standing:
    return _until_missed(station, departure, "cut", holding.standing(station, departure))


def _selection(station: Station, departure: str, arguments: Arguments) -> Standing:
    found = cutting.select(station, board=arguments["board"], exclude=arguments["exclude"])
    asked = gate_table.standing(station, departure, Act.PIN)
    return _until_missed(station, departure, "cut", asked, found.standing)


def _quorum(station: Station, departure: str, _: Arguments) -> Standing:
    # Whoever has not voted is not reminded of what cannot be promoted any more (F12).
    missed = gating.window_standing(station, departure, "promote").verdict is Verdict.MISSED
    votes = voting.standing(station, departure) if missed else voting.watch(station, departure)
    return _until_missed(
        station,
        departure,
        "promote",
        gate_table.some(station, departure, Act.PROMOTE, "rejection", "rejected_commits"),
        votes,
    )


def _soak(station: Station, departure: str, _: Arguments) -> Standing:
    return _until_missed(
        station,
        departure,
        "promote",
        gating.soak_standing(station, departure),
        gating.checklist_standing(station, departure, station.train.staging),
    )


def _gates(station: Station, departure: str, arguments: Arguments) -> Standing:
    leg = _leg(station, departure, arguments)
    if _refused(station, leg):
        return passed("gates")
    standings = [deploying.counted(station, leg)]
    held = station.ledger.lock(leg.lock)
    if held is not None and held.holder != leg.holder:
        standings.append(waiting("lock", locked(station, held, (station.conductor.id,))))
    return combine(standings)


def _run(station: Station, departure: str, arguments: Arguments) -> Standing:
    return deploying.run_standing(station, _leg(station, departure, arguments))


def _verify(station: Station, departure: str, arguments: Arguments) -> Standing:
    return verifying.observe(station, _leg(station, departure, arguments))


def _rollback(station: Station, departure: str, _: Arguments) -> Standing:
    try:
        return rolling_back.watch(station, departure)
    except (ActRefused, rolling_back.Replaced):
        return passed("rollback")  # a worker says why
    except GateClosed as closed:
        return closed.standing


def _checks(station: Station, departure: str, _: Arguments) -> Standing:
    return gating.checks_standing(station, departure)


def _home(station: Station, departure: str, _: Arguments) -> Standing:
    return bringing_home.on_branch(station, departure)


def _ballot(station: Station, departure: str, arguments: Arguments) -> Standing:
    """A ballot is closed when it is no longer needed; until then it waits for its voter."""
    if gating.voting_closed(station, departure):
        return passed("ballot")
    _, manifest = counting.round_of(station, departure)
    if manifest.hash != arguments["manifest"]:
        return passed("ballot")
    return _until_missed(station, departure, "promote", waiting("ballot", _waits_for(arguments, manifest.short)))


def _answer(station: Station, departure: str, arguments: Arguments) -> Standing:
    """A question to one person is closed when its window is; until then it waits for the answer, and escalates."""
    asked = Blocker.model_validate(arguments["blocker"])
    task = str(arguments["gate"])
    leg = legs.leg_of(station, departure, arguments["stop"], arguments["tests"]) if "tests" in arguments else None
    if leg is not None and gating.test_settled(station, leg) is not None:
        return passed(task)
    failure = failing.open_failure(station, leg) if leg is not None else None
    about = f"failure-{failure.number}" if failure is not None else ""
    escalating.escalate(station, departure, stop=arguments["stop"], task=task, sentence=asked.sentence, about=about)
    question = waiting(task, asked)
    if arguments.get("until_latest_start"):
        return _until_missed(station, departure, arguments["stop"], question)
    # An unanswered list of this week must not keep the next week's run in the queue for ever.
    return pausing.while_it_matters(station, departure, arguments["stop"], question)


def _exception(station: Station, _: str, arguments: Arguments) -> Standing:
    """Whether enough people agree; for one approver, whether they need not answer any longer."""
    asked = excepting.find(station, arguments["about"], arguments["exception"])
    found = excepting.standing(station, asked)
    voter = arguments.get("voter")
    if voter is not None and (found.verdict is not Verdict.WAIT or voter in excepting.approved_by(station, asked)):
        return passed("exception")
    return found


def _failure(station: Station, departure: str, arguments: Arguments) -> Standing:
    """A question what follows a failure: closed by its answer, or by what arrives after all; not open for ever."""
    leg, asked = _leg(station, departure, arguments), Blocker.model_validate(arguments["blocker"])
    failure = failing.open_failure(station, leg)
    if failure is None or failure.number != arguments["failure"]:
        return passed("failure")
    if failing.is_over(station, failure, since=datetime.fromisoformat(arguments["since"])):
        return waiting("failure", *failure.blockers, verdict=Verdict.DENY)
    if failure.kind == failing.VERIFICATION and verifying.shows(station, leg):
        return passed("failure")
    task, about = str(arguments["gate"]), f"failure-{failure.number}"
    escalating.escalate(station, departure, stop=arguments["stop"], task=task, sentence=asked.sentence, about=about)
    return waiting("failure", asked)


def _waits_for(arguments: Arguments, short: str) -> Blocker:
    return blocker("BALLOT_OPEN", who=(str(arguments["voter"]),), manifest=short)


WATCHES: dict[str, Watch] = {
    waits.AGAIN: pausing.standing,
    "answer": _answer,
    "ballot": _ballot,
    "checks": _checks,
    "exception": _exception,
    "failure": _failure,
    "gates": _gates,
    "hold": _hold,
    "home": _home,
    "opening": _opening,
    "quorum": _quorum,
    "rollback": _rollback,
    "run": _run,
    "selection": _selection,
    "soak": _soak,
    "staged": _staged,
    "verify": _verify,
}
"""Every look by its name. The names stand in triggers that wait, so they are a contract (F69)."""
