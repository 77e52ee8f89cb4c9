"""The count of a departure's ballots, and whose work is aboard: read from the ledger, asking nobody (C-15, F26)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, quorum_gate
from stationmaster.core.quorum import Ballot, Tally, tally
from stationmaster.departures import beside
from stationmaster.work.obstacles import StepImpossible

if TYPE_CHECKING:
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station


def round_of(station: Station, departure: str) -> tuple[int, Manifest]:
    """Return the number and manifest of the departure's newest round.

    :raises StepImpossible: nothing is pinned, so there is nothing to vote on.
    """
    newest = station.ledger.newest_round(departure)
    if newest is None:
        raise StepImpossible(blocker("NOTHING_STAGED"))
    return newest.number, newest.manifest


def count_from_ledger(station: Station, departure: str) -> tuple[Tally, int]:
    """Return the tally of what the ledger knows, without asking Slack, and the number of the round."""
    number, manifest = round_of(station, departure)
    return tally_of(station, departure, manifest, station.ledger.ballots(departure)), number


def as_standing(station: Station, departure: str, counted: Tally) -> Standing:
    """Return a tally as the standing of the quorum gate."""
    number, _ = round_of(station, departure)
    opened = station.ledger.facts(departure, kind="round_opened", subject=str(number))
    return quorum_gate(counted, since=opened[0].at if opened else None)


def authors(station: Station, departure: str) -> frozenset[str]:
    """Return the person ids of whoever wrote a commit of the present manifest, as the cut recorded them (F26)."""
    manifest = station.ledger.manifest_of(departure)
    facts = station.ledger.facts(departure, kind="changes", subject=manifest.hash) if manifest else ()
    logins = {login for fact in facts for login in fact.value["authors"]}
    owners = (station.team.person_by_github(login) for login in logins)
    return frozenset(owner.id for owner in owners if owner is not None)


def tally_of(station: Station, departure: str, manifest: Manifest, ballots: Iterable[Ballot]) -> Tally:
    """Return the tally of ballots on a manifest at this instant."""
    electorate = beside.electorate_of(station, departure, authors(station, departure))
    return tally(beside.gate_of(station, departure).policy, electorate, tuple(ballots), manifest.hash, station.now())
