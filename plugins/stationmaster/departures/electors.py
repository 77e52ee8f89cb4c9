"""Who may vote on a departure, whose work it is, and who gives the final go (C-08, C-15, C-35, F26)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.quorum import Authorship, Elector
from stationmaster.departures import beside, changes

if TYPE_CHECKING:
    from stationmaster.core.authors import Named
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station


def authors(station: Station, departure: str) -> frozenset[str]:
    """Return the ids of the people of whom GitHub proves that they wrote a commit of the present manifest (F26)."""
    manifest = station.ledger.manifest_of(departure)
    wrote = changes.written_by(station, departure, manifest) if manifest else None
    owners = (station.team.person_by_github(login) for login in (wrote.logins if wrote else ()))
    return frozenset(owner.id for owner in owners if owner is not None)


def authorship(station: Station, departure: str, manifest: Manifest) -> tuple[Authorship, frozenset[str]]:
    """Return whether GitHub proves who wrote a manifest, and the people whom only a text names as authors."""
    wrote = changes.written_by(station, departure, manifest)
    if wrote is None:
        return "unread", frozenset()
    if not wrote.unproved:
        return "proved", frozenset()
    return "doubted", frozenset(person for named in wrote.unproved for person in _owners(station, named))


def electorate(station: Station, departure: str) -> tuple[Elector, ...]:
    """Return who may vote on the present manifest, with whose work it is."""
    manifest = station.ledger.manifest_of(departure)
    doubted = authorship(station, departure, manifest)[1] if manifest else frozenset[str]()
    return beside.electorate_of(station, departure, authors(station, departure), doubted)


def able(station: Station, departure: str) -> frozenset[str]:
    """Return the ids of those whose approval of the present manifest counts."""
    may = beside.gate_of(station, departure).authors_may_vote
    return frozenset(each.person for each in electorate(station, departure) if each.active and (may or not each.author))


def confirmers(station: Station, at: datetime) -> tuple[str, ...]:
    """Return the ids of those who may give the final go at ``at``: the one on call first, then the backups (C-35)."""
    gate = station.train.gates.confirm
    role = gate.role if gate is not None else station.train.on_call
    rotation = station.team.rotation_of(role)
    roles = (role, *(step.role for step in station.team.escalation[rotation.id]))
    return tuple(dict.fromkeys(station.team.on_call(name, at).person for name in roles))


def _owners(station: Station, named: Named) -> list[str]:
    """Return the people whom a name and a mail address may mean."""
    by_login = station.team.person_by_github(named.login) if named.login else None
    mail, name = named.mail.strip().casefold(), named.name.strip().casefold()
    return [
        person.id
        for person in station.team.people.values()
        if (by_login is not None and person.id == by_login.id)
        or (person.email or "").casefold() == mail != ""
        or person.name.casefold() == name
        or (person.github or "").casefold() == name != ""
    ]
