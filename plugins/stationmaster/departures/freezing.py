"""Whether a freeze keeps a stop from going on, and the exceptions from it: asked, approved, used once (F32 … F34)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from stationmaster.core.calendar import StopName
from stationmaster.core.freezes import active, freeze_gate
from stationmaster.core.gates import Bypass, Standing, Verdict
from stationmaster.core.instants import Instant, local_text
from stationmaster.core.value import Value
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


class ExceptionRefused(ValueError):
    """An exception that may not be asked for, or an approval that does not count."""


class UnknownException(LookupError):
    """There is no exception of that id."""


class Approval(Value):
    """One approval of an exception."""

    person: str
    at: Instant


class FreezeException(Value):
    """One departure's one stop, let through one freeze. ``version`` counts its changes."""

    id: str
    departure: str
    stop: StopName
    freeze: str
    why: str
    link: str
    asked_by: str
    asked_at: Instant
    expires_at: Instant
    approvals: tuple[Approval, ...] = ()
    version: int = 1


def exceptions_of(ledger: Ledger, departure: str) -> tuple[FreezeException, ...]:
    """Return the exceptions of a departure as they are now, in the order in which they were asked for."""
    newest = {fact.subject: fact.value for fact in ledger.facts(departure, kind=KIND)}
    return tuple(FreezeException.model_validate(value) for value in newest.values())


def used_at(ledger: Ledger, exception: FreezeException) -> datetime | None:
    """Return when an exception was used, None before."""
    fact = ledger.fact(exception.departure, USED, exception.id)
    return fact.at if fact is not None else None


def ask(
    station: Station, departure: str, stop: StopName, freeze: str, *, why: str, link: str, by: str
) -> FreezeException:
    """Ask for an exception.

    :raises ExceptionRefused: the team allows none, there is no such freeze, or reason or link are missing.
    """
    rule = _rule(station.team)
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
        id=f"fx-{uuid4().hex[:8]}",
        departure=departure,
        stop=stop,
        freeze=freeze,
        why=why.strip(),
        link=link,
        asked_by=by,
        asked_at=now,
        expires_at=now + rule.expires,
    )
    _write(station.ledger, record, now, by)
    return record


def approve(ledger: Ledger, team: TeamConfig, departure: str, name: str, *, now: datetime, by: str) -> FreezeException:
    """Approve an exception; whoever asked for it may not, and nobody counts twice.

    :raises UnknownException: the departure has none of that id.
    :raises ExceptionRefused: the approval would not count.
    """
    rule = _rule(team)
    record = next((each for each in exceptions_of(ledger, departure) if each.id == name), None)
    if record is None:
        raise UnknownException(f"{departure} has no exception {name!r}.")
    if by not in team.groups[rule.approvers]:
        who = ", ".join(team.groups[rule.approvers])
        raise ExceptionRefused(f"{by} may not approve an exception; {who} may.")
    if by == record.asked_by:
        raise ExceptionRefused(f"{by} asked for {name}: somebody else must approve it.")
    if any(each.person == by for each in record.approvals):
        raise ExceptionRefused(f"{by} has approved {name} already: one person counts once.")
    if now >= record.expires_at:
        raise ExceptionRefused(f"{name} expired {local_text(record.expires_at, team.zone)}. Ask for another one.")
    if used_at(ledger, record) is not None:
        raise ExceptionRefused(f"{name} was used already.")
    changed = record.model_copy(
        update={"approvals": (*record.approvals, Approval(person=by, at=now)), "version": record.version + 1}
    )
    if not _write(ledger, changed, now, by):
        raise ExceptionRefused(f"{name} was changed by somebody else just now. Look at it again.")
    return changed


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
    who = " and ".join(each.person for each in first.approvals) or first.asked_by
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
    able = set(station.team.groups[rule.approvers])
    found = []
    for each in exceptions_of(station.ledger, departure):
        approvals = {given.person for given in each.approvals if given.person in able and given.person != each.asked_by}
        used = used_at(station.ledger, each) is not None
        if each.stop == stop and len(approvals) >= rule.needed and (used or now < each.expires_at):
            found.append(each)
    return found


def _rule(team: TeamConfig) -> FreezeExceptions:
    if team.freeze_exceptions is None:
        raise ExceptionRefused(
            f"{team.id} allows no exceptions from its freezes. Write freeze_exceptions into the team's file: the group "
            "whose members may approve, and how many must."
        )
    return team.freeze_exceptions


def _write(ledger: Ledger, record: FreezeException, now: datetime, by: str) -> bool:
    value = record.model_dump(mode="json")
    kept = ledger.record_once(
        record.departure, KIND, record.id, value, now, by, key=f"{KIND}/{record.id}/{record.version}"
    )
    return kept.value == value and kept.by == by
