"""Where production goes back to: for each component what ran there when the attempt that is taken back was sent.

Never to the departure's own commit, and never past what has come there since, such as a hotfix: only a person who names
where to go takes that back, too (C-18, F45).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.value import Value
from stationmaster.departures import arriving, electing
from stationmaster.departures.fitting import TARGET
from stationmaster.departures.legs import deployed, legs_of
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Departure, Fact

WAY = "way_back"
"""The fact that says where an attempt takes one component: subject the leg's, value a :class:`Way`."""


class Way(Value):
    """Where one component goes back to in one attempt of a way back.

    :param attempt: the number of the mandate that it belongs to.
    :param sha: the commit; empty where nothing is known that ran there before.
    :param stays: the commit that runs there instead of the departure's, and is left there; empty: it goes back.
    """

    attempt: int
    sha: str
    stays: str = ""


class Before(NamedTuple):
    """What ran before a leg: ``sha``, and the departure that had brought it, empty where that is not known."""

    sha: str
    departure: str = ""


def healthy(station: Station) -> tuple[Departure, ...]:
    """Return what production can go back to, the newest arrival first: whole, verified, never rejected (F45).

    A hotfix is whole once it runs there, whether or not it has come home since.
    """
    found = []
    for departure, _ in arriving.arrivals(station):
        manifest = station.ledger.manifest_of(departure.id)
        if manifest is None or station.ledger.rejection(manifest.hash) is not None:
            continue
        if departure.state is not DepartureState.DONE and not departure.kind.is_hotfix:
            continue
        if all(deployed(station, leg) for leg in legs_of(station, departure.id, "promote")):
            found.append(departure)
    return tuple(found)


def before(station: Station, leg: Leg, *, last_healthy: bool) -> Before | None:
    """Return what ran before a leg's attempt was sent, None where nothing is known.

    :param last_healthy: the newest of what was verified there until then and was not rejected, instead of what was
        reported; what a person took for right counts as verified (F45).
    """
    sent = _sent(station, leg)
    if sent is None:
        return None
    reported = Before(str(sent.value["sha"]))
    if not last_healthy:
        return reported
    known: list[tuple[int, Before]] = []
    for departure in healthy(station):
        if departure.id == leg.departure:
            continue
        facts = station.ledger.facts(departure.id, kind=arriving.DEPLOYED, subject=leg.subject)
        known += [(fact.seq, Before(str(fact.value["sha"]), departure.id)) for fact in facts if fact.seq < sent.seq]
    for fact in station.ledger.facts(station.train.key, kind=arriving.ADOPTED, subject=leg.subject):
        if fact.seq < sent.seq and not fact.value["over"]:
            known.append((fact.seq, Before(str(fact.value["sha"]))))
    able = [(seq, found) for seq, found in known if found.sha != leg.sha]
    return max(able, key=lambda each: each[0])[1] if able else reported


def aboard(station: Station, target: Departure) -> dict[str, str]:
    """Return what production ran once a departure had come: of what it did not bring, what came before it."""
    whole = {departure.id for departure in healthy(station)} | {target.id}
    ids = [departure.id for departure, _ in arriving.arrivals(station)]
    earlier = ids[ids.index(target.id) + 1 :] if target.id in ids else ids
    found: dict[str, str] = {}
    for name in reversed((target.id, *earlier)):
        manifest = station.ledger.manifest_of(name) if name in whole else None
        found |= {passenger.component: passenger.sha for passenger in manifest.passengers} if manifest else {}
    return found


def stays(station: Station, leg: Leg, target: str) -> str:
    """Return the commit that runs there and was not brought by this departure, empty where it may be replaced.

    A hotfix that has come since, say, or what somebody deployed by hand. What an earlier attempt went back to is ours.
    """
    running = electing.running_sha(station, leg.component, leg.environment)
    ours = {leg.sha, target, *(way.sha for way in ways_of(station, leg))}
    return "" if running is None or running in ours else running


def ways_of(station: Station, leg: Leg) -> tuple[Way, ...]:
    """Return where the attempts so far have taken a leg, the newest last."""
    facts = station.ledger.facts(leg.departure, kind=WAY, subject=leg.subject)
    return tuple(Way.model_validate(fact.value) for fact in facts)


def keep(station: Station, leg: Leg, way: Way) -> Way:
    """Write down where an attempt takes a leg, once: what holds is the first word, whatever runs there later."""
    once = f"{WAY}/{way.attempt}/{leg.subject}"
    value, now = way.model_dump(mode="json"), station.now()
    fact = station.ledger.record_once(leg.departure, WAY, leg.subject, value, now, "stationmaster", key=once)
    return Way.model_validate(fact.value)


def known_good(station: Station, leg: Leg, sha: str) -> bool:
    """Return whether a commit is one that ran there before a leg, or that a person took for right since."""
    if sha == leg.sha:
        return False
    targets = station.ledger.facts(leg.departure, kind=TARGET, subject=leg.subject)
    adopted = arriving.adoption(station, leg.component, sha)
    if any(fact.value["sha"] == sha for fact in targets) or (adopted is not None and not adopted.over):
        return True
    return any(
        fact.value["sha"] == sha
        for departure in healthy(station)
        if departure.id != leg.departure
        for fact in station.ledger.facts(departure.id, kind=arriving.DEPLOYED, subject=leg.subject)
    )


def _sent(station: Station, leg: Leg) -> Fact | None:
    """Return the fact of what ran there when the newest attempt began that found another commit than the leg's own."""
    facts = station.ledger.facts(leg.departure, kind=TARGET, subject=leg.subject)
    others = [fact for fact in facts if fact.value["sha"] and fact.value["sha"] != leg.sha]
    return others[-1] if others else None
