"""Whether a freeze keeps a stop from going on, and the exceptions from it: asked, approved, used once (F32 … F34)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

from stationmaster.core.calendar import StopName
from stationmaster.core.freezes import active, freeze_gate
from stationmaster.core.gates import Bypass, Standing, Verdict
from stationmaster.departures import agreeing
from stationmaster.departures.agreeing import ExceptionRefused, Request, able, counted, request, requests, write
from stationmaster.departures.beside import action_of

if TYPE_CHECKING:
    from stationmaster.config.freezing import FreezeExceptions
    from stationmaster.config.team import TeamConfig
    from stationmaster.departures.station import Station
    from stationmaster.ledger import Ledger
    from stationmaster.ledger.pen import Pen

KIND = "freeze-exception"
USED = "freeze-exception-used"
EXEMPT = "freeze-exempt"


class UnknownException(LookupError):
    """There is no exception of that id."""


class FreezeException(Request):
    """One departure's one stop, let through one freeze."""

    kind: ClassVar[str] = KIND

    stop: StopName
    freeze: str


def exceptions_of(ledger: Ledger, departure: str) -> tuple[FreezeException, ...]:
    """Return the exceptions of a departure as they are now, in the order in which they were asked for."""
    return requests(ledger, departure, FreezeException)


def used_at(ledger: Ledger, exception: FreezeException) -> datetime | None:
    """Return when an exception was used, None before."""
    fact = ledger.fact(exception.departure, USED, exception.id)
    return fact.at if fact is not None else None


def ask(
    station: Station,
    departure: str,
    stop: StopName,
    freeze: str,
    *,
    why: str,
    link: str,
    by: str,
    name: str = "",
    brought_by: str = "",
) -> FreezeException:
    """Ask for an exception.

    :param name: its id, where the same one may be asked for twice by a task that is retried; a new one by default.
    :param brought_by: who has filled in the form by which the approvers are asked.
    :raises ExceptionRefused: the team allows none, there is no such freeze, or reason or link are missing.
    """
    rule = rule_of(station.team)
    known = [each.name for each in station.team.freezes_of(station.train.id)]
    if freeze not in known:
        raise ExceptionRefused(f"{station.train.key} has no freeze {freeze!r}; it has {', '.join(known) or 'none'}.")
    if by not in station.team.people:
        raise ExceptionRefused(f"{by!r} is not in the people of {station.team.id}: an exception is asked in a name.")
    if not why.strip():
        raise ExceptionRefused("Why? An exception is asked for with its reason.")
    if not link.startswith("https://"):
        raise ExceptionRefused(f"{link!r} is no link: write the address of the issue, with https://.")
    now = station.now()
    record = FreezeException(
        id=name or f"fx-{uuid4().hex[:8]}",
        departure=departure,
        stop=stop,
        freeze=freeze,
        why=why.strip(),
        link=link,
        asked_by=by,
        asked_at=now,
        expires_at=now + rule.expires,
        brought_by=brought_by,
    )
    write(station.ledger, record, now, by)
    return request(station.ledger, departure, record.id, FreezeException) or record


def approve(
    ledger: Ledger, team: TeamConfig, departure: str, name: str, *, now: datetime, by: str, proof: str
) -> FreezeException:
    """Approve an exception; whoever asked for it may not, and nobody counts twice.

    :param proof: how it is proved that ``by`` approves: :data:`stationmaster.departures.agreeing.AIRFLOW`.
    :raises UnknownException: the departure has none of that id.
    :raises ExceptionRefused: the approval would not count.
    """
    record = request(ledger, departure, name, FreezeException)
    if record is None:
        raise UnknownException(f"{departure} has no exception {name!r}.")
    if used_at(ledger, record) is not None:
        raise ExceptionRefused(f"{name} was used already.")
    return agreeing.approve(ledger, record, approvers(team, record), by=by, proof=proof, now=now, zone=team.zone)


def approvers(team: TeamConfig, asked: FreezeException) -> tuple[str, ...]:
    """Return who may approve an exception, in the order of the group.

    :raises ExceptionRefused: the team allows none.
    """
    return able(team, team.groups[rule_of(team).approvers], asked)


def standing(station: Station, departure: str, stop: StopName) -> Standing:
    """Return whether a freeze forbids a stop now: WAIT with each that does; BYPASSED if each has an exception in force.

    What has been excepted and used stays open for the rest of its stop: one use is one stop of one departure.
    """
    now, freezes = station.now(), station.team.freezes_of(station.train.id)
    gate = freeze_gate(freezes, action_of(departure, stop), now, zone=station.train.zone)
    if gate.opens:
        return gate
    in_force = {each.freeze: each for each in _in_force(station, departure, stop, now)}
    left = tuple(found for found in gate.blockers if found.subject not in in_force)
    if left:
        return gate.model_copy(update={"blockers": left})
    first = in_force[gate.blockers[0].subject]
    who = " and ".join(counted(first, approvers(station.team, first)))
    bypass = Bypass(who=who, why=first.why, link=first.link, expires_at=first.expires_at)
    return Standing(gate="freeze", verdict=Verdict.BYPASSED, blockers=gate.blockers, bypass=bypass)


def note_use(station: Station, pen: Pen, departure: str, stop: StopName) -> None:
    """Write down, in the transaction by which something begins, which exceptions that needs: they are used up."""
    from stationmaster.ledger.facts import add_fact

    now, action = station.now(), action_of(departure, stop)
    names = {freeze.name for freeze in active(station.team.freezes_of(station.train.id), action, now)}
    for each in _in_force(station, departure, stop, now) if names else ():
        if each.freeze in names:
            value = {"stop": stop, "freeze": each.freeze}
            add_fact(pen, departure, USED, each.id, value, now, "stationmaster", once=f"{USED}/{each.id}")


def note_exemption(station: Station, departure: str) -> None:
    """Write down that a rollback goes on although a freeze stands: it is exempt, and that is seen (F34)."""
    found = [each.name for each in station.team.freezes_of(station.train.id) if each.holds(station.now())]
    if found:
        value = {"freezes": found, "freeze_exempt": "rollback"}
        station.ledger.record_once(departure, EXEMPT, "rollback", value, station.now(), "stationmaster")


def _in_force(station: Station, departure: str, stop: StopName, now: datetime) -> list[FreezeException]:
    rule = station.team.freeze_exceptions
    if rule is None:
        return []
    found = []
    for each in exceptions_of(station.ledger, departure):
        given = counted(each, approvers(station.team, each))
        used = used_at(station.ledger, each) is not None
        if each.stop == stop and len(given) >= rule.needed and (used or now < each.expires_at):
            found.append(each)
    return found


def rule_of(team: TeamConfig) -> FreezeExceptions:
    """Return who may approve exceptions, and how many must.

    :raises ExceptionRefused: the team allows none.
    """
    if team.freeze_exceptions is None:
        raise ExceptionRefused(
            f"{team.id} allows no exceptions from its freezes. Write freeze_exceptions into the team's file: the group "
            "whose members may approve, and how many must."
        )
    return team.freeze_exceptions
