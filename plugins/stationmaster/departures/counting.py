"""The count of a departure's votes, and whose work is aboard: read from the ledger, asking nobody (C-15, F26)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, Verdict, combine, quorum_gate
from stationmaster.core.quorum import Ballot, IgnoredReason, Tally, tally
from stationmaster.departures import accounts, beside, hearing, passing_over, without_slack
from stationmaster.departures.electors import authors, authorship, electorate
from stationmaster.work.obstacles import StepImpossible

if TYPE_CHECKING:
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station

__all__ = ["as_standing", "authors", "count_from_ledger", "round_of", "seen_ahead", "tally_of"]

AHEAD = "clock_ahead"
"""The fact that an approval came from a clock that is ahead of the one that counted: by whom, and when it was seen."""


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
    """Return a tally as the standing of the quorum gate, as far as Slack could be read when it was read last."""
    number, _ = round_of(station, departure)
    opened = station.ledger.facts(departure, kind="round_opened", subject=str(number))
    result = quorum_gate(counted, since=opened[0].at if opened else None)
    if not result.opens:
        result = result.model_copy(update={"blockers": (*result.blockers, *accounts.blockers(counted))})
    found = without_slack.unreadable(station, departure)
    if found is None or without_slack.agreed(station, departure, counted.manifest):
        return result
    return combine([result, Standing(gate="quorum", verdict=Verdict.WAIT, blockers=(found,))], gate="quorum")


def tally_of(station: Station, departure: str, manifest: Manifest, ballots: Iterable[Ballot]) -> Tally:
    """Return the tally of statements on a manifest at this instant.

    While Slack cannot be read, no approval in it counts, for it may have been taken away; what its author had said
    before it stays replaced.
    """
    known, _ = authorship(station, departure, manifest)
    found = accounts.states(station, departure)
    ahead = {fact.subject: fact.at for fact in station.ledger.facts(departure, AHEAD)}
    given = [_as_known(station, departure, ballot, ahead) for ballot in ballots]
    unheard = accounts.unheard(found)
    if without_slack.unreadable(station, departure) is not None:
        away: IgnoredReason = "unreadable"
        unheard |= {ballot.account: away for ballot in given if ballot.in_slack}
    return tally(
        beside.gate_of(station, departure).policy,
        electorate(station, departure),
        given,
        manifest.hash,
        station.now(),
        unheard=unheard,
        passed_over=passing_over.passed(station, departure, given),
        authors=known,
    )


def seen_ahead(station: Station, departure: str, ballots: Iterable[Ballot]) -> None:
    """Keep which approvals in Airflow come from a clock that is ahead: they were made before they were seen."""
    for ballot in ballots:
        if ballot.channel == "airflow" and ballot.cast_at > station.now():
            value = {"account": ballot.account, "cast_at": ballot.cast_at.isoformat()}
            name = _name(ballot)
            station.ledger.record_once(departure, AHEAD, name, value, station.now(), "stationmaster")


def _as_known(station: Station, departure: str, ballot: Ballot, ahead: Mapping[str, datetime]) -> Ballot:
    heard = hearing.shown_at(station, departure, ballot)
    if heard is not None:
        ballot = ballot.model_copy(update={"heard_at": heard})
    if ballot.in_slack:
        if not ballot.place and ballot.gone is None and ballot.choice != "veto":
            # An older release did not say where it stood. The next look finds it in its place, if it is still there.
            return ballot.model_copy(update={"gone": "unclear"})
        return ballot
    seen = ahead.get(_name(ballot)) if ballot.channel == "airflow" else None
    if seen is None:
        return ballot
    return ballot.model_copy(update={"seen_at": min(seen, ballot.seen_at or seen)})


def _name(ballot: Ballot) -> str:
    return f"{ballot.account}/{ballot.cast_at.isoformat()}"
