"""What one person may not decide: to go in spite of a freeze, to lift a rejection, to take an unknown commit for right.

Each is asked for by one person and approved by others in Airflow, as many as it needs; it is done when they have, and
is counted again by what does it (I4, F32, F46, F50).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from stationmaster.core.blockers import blocker
from stationmaster.core.departure_ids import DepartureId, DepartureKind
from stationmaster.core.gates import Standing, Verdict
from stationmaster.core.instants import Instant, local_text
from stationmaster.core.manifest import valid_sha
from stationmaster.core.naming import names, short
from stationmaster.departures import agreeing, arriving, freezing, ruling
from stationmaster.departures.agreeing import ExceptionRefused, Request, able, counted, request, write
from stationmaster.departures.electing import running_sha
from stationmaster.departures.freezing import FreezeException, UnknownException
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.core.calendar import StopName
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Fact

GATE = "exception"
REFUSED = "exception-refused"
"""The fact that an approver said no: subject the request's id, value ``{"person", "why"}``. It is over then."""
DONE = "exception-done"
"""The fact that what was asked for was done: subject the request's id, value ``{"approved_by"}``."""
_OTHERS = 1
"""How many others must agree with who asks, where the team's file says nothing: two people in all."""
_GOOD_FOR = timedelta(days=1)


class Lift(Request):
    """Lets a rejected manifest, and its commits, be promoted again (F46). It is about the train."""

    kind: ClassVar[str] = "lift-rejection"

    manifest: str
    rejected_at: Instant


class Adoption(Request):
    """Takes a commit that no departure brought for right, or lets the next one replace it (F50); about the train.

    :param over: the next departure may replace it, whether or not it contains it.
    """

    kind: ClassVar[str] = "adopt-commit"

    component: str
    sha: str
    over: bool


_KINDS: tuple[type[Request], ...] = (FreezeException, Lift, Adoption)


class Wish(NamedTuple):
    """What the form says. ``act`` is one of :data:`ACTS`; texts may be empty."""

    act: str
    why: str
    link: str
    departure: str = ""
    exception: str = ""
    stop: str = ""
    freeze: str = ""
    manifest: str = ""
    component: str = ""
    sha: str = ""


def find(station: Station, about: str, name: str) -> Request:
    """Return a request as it is now.

    :raises UnknownException: there is none of that id.
    """
    for kind in _KINDS:
        found = request(station.ledger, about, name, kind)
        if found is not None:
            return found
    raise UnknownException(f"{about} has no exception {name!r}.")


def ask(station: Station, wish: Wish, *, by: str, once: str) -> Request:
    """Ask for what the form says, or find it asked for.

    :param by: the id of the person whom Airflow proves to have filled it in.
    :param once: names the form's run for ever: a retry asks for nothing new.
    :raises ExceptionRefused: it cannot be asked for so, or too few people may approve it.
    :raises StepImpossible: ``by`` may not change production.
    """
    if wish.act not in ACTS:
        raise ExceptionRefused(f"{wish.act!r} is not one of {', '.join(ACTS)}.")
    if not wish.why.strip():
        raise ExceptionRefused("Why? It is asked for with its reason.")
    asked = ACTS[wish.act](station, wish, by, sha256(once.encode()).hexdigest()[:12])
    may, needed = approvers(station, asked), needed_for(station, asked)
    if len(may) < needed:
        raise ExceptionRefused(
            f"{needed} others must approve it, and only {', '.join(may) or 'nobody'} may: neither {asked.asked_by} nor "
            f"{by} counts."
        )
    return asked


def approvers(station: Station, asked: Request) -> tuple[str, ...]:
    """Return who may approve a request: of a freeze, the group of the team's file; else who may change production."""
    if isinstance(asked, FreezeException):
        return freezing.approvers(station.team, asked)
    return able(station.team, ruling.actors(station), asked)


def needed_for(station: Station, asked: Request) -> int:
    """Return how many must approve it, beside who asks."""
    return freezing.rule_of(station.team).needed if isinstance(asked, FreezeException) else _OTHERS


def approved_by(station: Station, asked: Request) -> tuple[str, ...]:
    """Return whose approvals count now."""
    return counted(asked, approvers(station, asked))


def approve(station: Station, about: str, name: str, *, by: str, proof: str) -> Request:
    """Add an approval.

    :raises ExceptionRefused: it would not count, or it is over.
    """
    asked = find(station, about, name)
    over = why_over(station, asked)
    if over:
        raise ExceptionRefused(over)
    may, now = approvers(station, asked), station.now()
    return agreeing.approve(station.ledger, asked, may, by=by, proof=proof, now=now, zone=station.train.zone)


def refuse(station: Station, about: str, name: str, *, by: str, why: str) -> Fact:
    """Write down that an approver says no: then it is over.

    :raises ExceptionRefused: they may not approve it either.
    """
    asked = find(station, about, name)
    if by not in approvers(station, asked):
        raise ExceptionRefused(f"{by} may not decide {name}.")
    return station.ledger.record_once(about, REFUSED, name, {"person": by, "why": why}, station.now(), by)


def standing(station: Station, asked: Request) -> Standing:
    """Return whether enough people agree: WAIT until they do, DENY once it is over."""
    if station.ledger.fact(asked.departure, DONE, asked.id) is not None:
        return passed(GATE)
    try:
        over, given, needed = why_over(station, asked), approved_by(station, asked), needed_for(station, asked)
    except ExceptionRefused as gone:
        over, given, needed = str(gone), (), 0
    if over:
        return waiting(
            GATE,
            blocker("EXCEPTION_OVER", subject=asked.id, exception=asked.id, why=over.rstrip(".")),
            verdict=Verdict.DENY,
        )
    if len(given) >= needed:
        return passed(GATE)
    found = blocker(
        "EXCEPTION_OPEN",
        since=asked.asked_at,
        clears_at=asked.expires_at,
        who=tuple(each for each in approvers(station, asked) if each not in given),
        subject=asked.id,
        what=sentence(asked),
        given=str(len(given)),
        needed=str(needed),
    )
    return waiting(GATE, found)


def why_over(station: Station, asked: Request) -> str:
    """Return why nobody can approve a request any longer, empty while somebody can."""
    said = station.ledger.fact(asked.departure, REFUSED, asked.id)
    if said is not None:
        return f"{said.value['person']} has refused {asked.id}: {said.value['why'] or 'no reason given'}."
    if isinstance(asked, FreezeException) and freezing.used_at(station.ledger, asked) is not None:
        return f"{asked.id} was used already."
    if station.now() >= asked.expires_at:
        return f"{asked.id} expired {local_text(asked.expires_at, station.train.zone)}. Ask for another one."
    return ""


def take_effect(station: Station, asked: Request) -> None:
    """Do what was asked for, once, having counted the approvals again.

    :raises ExceptionRefused: too few people agree, or what it was about has changed since.
    """
    if station.ledger.fact(asked.departure, DONE, asked.id) is not None:
        return
    gate = standing(station, asked)
    if not gate.opens:
        raise ExceptionRefused(" ".join(found.sentence for found in gate.blockers))
    given = approved_by(station, asked)
    if not isinstance(asked, FreezeException):
        # Who asks is one of the two: they must still be somebody who may change production.
        ruling.require_actor(station, asked.asked_by)
    if isinstance(asked, Lift):
        _lift(station, asked, given)
    elif isinstance(asked, Adoption):
        _adopt(station, asked, given)
    value = {"approved_by": list(given)}
    station.ledger.record_once(asked.departure, DONE, asked.id, value, station.now(), asked.asked_by)


def done_by(station: Station, asked: Request) -> tuple[str, ...]:
    """Return whose approvals it was done with; nobody's before it is done."""
    fact = station.ledger.fact(asked.departure, DONE, asked.id)
    return tuple(fact.value["approved_by"]) if fact is not None else ()


def sentence(asked: Request) -> str:
    """Return what a request is for, for a message or a question."""
    if isinstance(asked, FreezeException):
        return f"let the {asked.stop} of {asked.departure} go in spite of the freeze {asked.freeze}"
    if isinstance(asked, Lift):
        return f"let the rejected manifest {short(asked.manifest)} of {asked.departure} be promoted again"
    if isinstance(asked, Adoption):
        what = "be replaced by the next departure" if asked.over else "be taken for right"
        return f"let {asked.sha[:12]} of {asked.component}, which no departure brought to production, {what}"
    return asked.id


def told_under(station: Station, asked: Request, departure: str) -> str:
    """Return the departure under which a request is told of; what lifts a secret hotfix's rejection, under that (D-15).

    :param departure: the one that it is about otherwise.
    """
    if not isinstance(asked, Lift):
        return departure
    for found in station.ledger.departures(station.train.key, kinds=(DepartureKind.SECURITY_HOTFIX,)):
        rounds = (station.ledger.manifest_of(found.id, number) for number in range(1, found.round + 1))
        if any(manifest is not None and manifest.hash == asked.manifest for manifest in rounds):
            return found.id
    return departure


def _lift(station: Station, asked: Lift, given: tuple[str, ...]) -> None:
    rejection = station.ledger.rejection(asked.manifest)
    if rejection is None:
        return
    if rejection.at != asked.rejected_at:
        raise ExceptionRefused(f"Manifest {short(asked.manifest)} was rejected anew since. Ask for another exception.")
    why = f"{asked.why} (approved by {' and '.join(given)})"
    station.ledger.lift_rejection(asked.manifest, why, station.now(), asked.asked_by)


def _adopt(station: Station, asked: Adoption, given: tuple[str, ...]) -> None:
    _require_running(station, asked.component, asked.sha)
    said = arriving.adoption(station, asked.component, asked.sha)
    if said is not None and said.over == asked.over:
        return
    why = f"{asked.why} (approved by {' and '.join(given)})"
    arriving.adopt(station, asked.component, asked.sha, over=asked.over, why=why, by=asked.asked_by)


def _require_running(station: Station, component: str, sha: str) -> None:
    running = running_sha(station, component, station.train.production)
    if running != sha:
        raise ExceptionRefused(
            f"{station.train.production} runs {running or 'nothing'} of {component}, not {sha}: look again."
        )


def _ask_freeze(station: Station, wish: Wish, by: str, name: str) -> Request:
    departure = _departure(station, wish.departure)
    if wish.exception:
        return _bring(station, departure, wish.exception, by)
    if not wish.stop or not wish.freeze:
        raise ExceptionRefused("Name the stop and the freeze.")
    stop: StopName = "cut" if wish.stop == "cut" else "promote"
    asked = freezing.ask(
        station, departure, stop, wish.freeze, why=wish.why, link=wish.link, by=by, name=f"fx-{name}", brought_by=by
    )
    return _of(asked, by)


def _bring(station: Station, departure: str, name: str, by: str) -> Request:
    """Let the approvers be asked of an exception that was asked for by command line."""
    asked = request(station.ledger, departure, name, FreezeException)
    if asked is None:
        raise UnknownException(f"{departure} has no exception {name!r}.")
    if asked.brought_by:
        return _of(asked, by)
    changed = asked.model_copy(update={"brought_by": by, "version": asked.version + 1})
    if not write(station.ledger, changed, station.now(), by):
        raise ExceptionRefused(f"{name} was changed by somebody else just now. Look at it again.")
    return changed


def _ask_lift(station: Station, wish: Wish, by: str, name: str) -> Request:
    known = request(station.ledger, station.train.key, f"lf-{name}", Lift)
    if known is not None:
        return _of(known, by)
    ruling.require_actor(station, by)
    manifest = _rejected(station, wish.manifest)
    rejection = station.ledger.rejection(manifest)
    if rejection is None:
        raise ExceptionRefused(f"Manifest {short(manifest)} is not rejected: there is nothing to lift.")
    asked = Lift(
        **_asked(station, wish, by, f"lf-{name}"),
        manifest=manifest,
        rejected_at=rejection.at,
    )
    return _kept(station, asked, by)


def _ask_adoption(station: Station, wish: Wish, by: str, name: str) -> Request:
    known = request(station.ledger, station.train.key, f"ad-{name}", Adoption)
    if known is not None:
        return _of(known, by)
    ruling.require_actor(station, by)
    if not wish.component or not wish.sha:
        raise ExceptionRefused("Name the component and the commit that runs.")
    sha = valid_sha(wish.sha)
    _require_running(station, station.train.component(wish.component).id, sha)
    asked = Adoption(
        **_asked(station, wish, by, f"ad-{name}"),
        component=wish.component,
        sha=sha,
        over=wish.act == ADOPT_OVER,
    )
    return _kept(station, asked, by)


def _asked(station: Station, wish: Wish, by: str, name: str) -> dict[str, Any]:
    """Return what every request has, beside what it is about."""
    now = station.now()
    return {
        "id": name,
        "departure": station.train.key,
        "why": wish.why.strip(),
        "link": wish.link.strip(),
        "asked_by": by,
        "brought_by": by,
        "asked_at": now,
        "expires_at": now + _GOOD_FOR,
    }


def _kept(station: Station, asked: Request, by: str) -> Request:
    write(station.ledger, asked, asked.asked_at, by)
    return _of(find(station, asked.departure, asked.id), by)


def _of(asked: Request, by: str) -> Request:
    """Return a request if ``by`` brought it: a run that was deleted and made again under its id is another one."""
    if asked.brought_by != by:
        raise ExceptionRefused(f"{asked.brought_by} asked for {asked.id} in this run, and not {by}. Start a new one.")
    return asked


def _departure(station: Station, week: str) -> str:
    return str(DepartureId.parse(f"{station.train.key}/{week.strip().rpartition('/')[2]}"))


def _rejected(station: Station, digits: str) -> str:
    """Return the whole hash of the one manifest of the train's that begins so."""
    found: set[str] = set()
    for departure in station.ledger.departures(station.train.key, kinds=tuple(DepartureKind)):
        for number in range(1, departure.round + 1):
            manifest = station.ledger.manifest_of(departure.id, number)
            if manifest is not None and names(digits, manifest.hash):
                found.add(manifest.hash)
    if len(found) != 1:
        raise ExceptionRefused(
            f"{digits.strip()!r} names {len(found)} manifests of {station.train.key}. Write 8 digits or more of "
            "the one that was rejected."
        )
    return found.pop()


FREEZE, LIFT, ADOPT, ADOPT_OVER = "freeze", "lift", "adopt", "adopt_over"
ACTS: dict[str, Callable[[Station, Wish, str, str], Request]] = {
    FREEZE: _ask_freeze,
    LIFT: _ask_lift,
    ADOPT: _ask_adoption,
    ADOPT_OVER: _ask_adoption,
}
"""What can be asked for, by its name in the form."""
