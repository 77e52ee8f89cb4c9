"""The vote on a manifest: asked in Slack, cast there or in Airflow, counted in one place (C-14 … C-16, F06 … F13)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, quorum_gate
from stationmaster.core.quorum import Ballot, Tally, tally
from stationmaster.departures import ballots_in_slack, beside, telling, wording
from stationmaster.departures.obstacles import StepImpossible, obstacle
from stationmaster.hooks.chat_errors import ChatError
from stationmaster.ledger.errors import DepartureMoved
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station

LGTM = "LGTM"
VETO = "Veto"


def round_of(station: Station, departure: str) -> tuple[int, Manifest]:
    """Return the number and manifest of the departure's newest round.

    :raises StepImpossible: nothing is pinned, so there is nothing to vote on.
    """
    found = station.ledger.departure(departure)
    manifest = station.ledger.manifest_of(departure)
    if found is None or manifest is None:
        raise StepImpossible(blocker("NOTHING_STAGED"))
    return found.round, manifest


def open_round(station: Station, departure: str) -> None:
    """Ask everybody who may vote, once for each manifest (F06). A departure that is further on stays where it is."""
    number, _ = round_of(station, departure)
    station.ledger.record_once(departure, "round_opened", str(number), {}, station.now(), "stationmaster")
    try:
        station.ledger.set_state(
            departure,
            DepartureState.GATED,
            station.now(),
            "stationmaster",
            f"round {number} is open",
            expect=(DepartureState.STAGED, DepartureState.GATED),
        )
    except DepartureMoved:
        return
    telling.tell_again(station)
    ballots_in_slack.ask(station, departure, number)
    telling.refresh_headline(station, departure)


def cast(
    station: Station,
    departure: str,
    *,
    person: str,
    account: str,
    choice: Literal["approve", "veto"],
    reason: str,
    manifest: str,
    cast_at: datetime,
) -> Ballot:
    """Record a vote given in Airflow.

    :param manifest: hash of the manifest that the voter was asked about.
    """
    ballot = Ballot(
        voter=person,
        account=account,
        channel="airflow",
        choice=choice,
        manifest=manifest,
        reason=reason or None,
        cast_at=cast_at,
    )
    number, _ = round_of(station, departure)
    station.ledger.cast(departure, number, ballot, station.now())
    return ballot


def count(station: Station, departure: str) -> tuple[Tally, ChatError | None]:
    """Read Slack, then count. Where Slack cannot be read, no approval from Slack counts: it may have been withdrawn.

    A veto or a withdrawal that was read earlier still holds the train back.
    """
    number, manifest = round_of(station, departure)
    unreadable: ChatError | None = None
    try:
        ballots_in_slack.read(station, departure, number, manifest)
    except ChatError as error:
        unreadable = error
    ballots: Iterable[Ballot] = station.ledger.ballots(departure)
    if unreadable is not None:
        ballots = _without_slack_approvals(tuple(ballots))
    return _tally(station, departure, manifest, ballots), unreadable


def count_from_ledger(station: Station, departure: str) -> tuple[Tally, int]:
    """Return the tally of what the ledger knows, without asking Slack, and the number of the round."""
    number, manifest = round_of(station, departure)
    return _tally(station, departure, manifest, station.ledger.ballots(departure)), number


def standing(station: Station, departure: str) -> Standing:
    """Return whether the quorum stands at this instant, with who has not voted."""
    counted, unreadable = count(station, departure)
    result = as_standing(station, departure, counted)
    found = obstacle(station, unreadable) if unreadable is not None else None
    if found is None or not result.blockers:
        return result
    return result.model_copy(update={"blockers": (*result.blockers, found)})


def as_standing(station: Station, departure: str, counted: Tally) -> Standing:
    """Return a tally as the standing of the quorum gate."""
    number, _ = round_of(station, departure)
    opened = station.ledger.facts(departure, kind="round_opened", subject=str(number))
    return quorum_gate(counted, since=opened[0].at if opened else None)


def watch(station: Station, departure: str) -> Standing:
    """Do what an open gate does while it waits: say what was left unsaid, count, show the count, remind."""
    telling.tell_again(station)
    result = standing(station, departure)
    counted, number = count_from_ledger(station, departure)
    telling.refresh_headline(station, departure)
    if counted.verdict == "WAIT":
        _remind(station, departure, counted, number)
    return result


def authors(station: Station, departure: str) -> frozenset[str]:
    """Return the person ids of whoever wrote a commit of the present manifest, as the cut recorded them (F26)."""
    manifest = station.ledger.manifest_of(departure)
    facts = station.ledger.facts(departure, kind="changes", subject=manifest.hash) if manifest else ()
    logins = {login for fact in facts for login in fact.value["authors"]}
    owners = (station.team.person_by_github(login) for login in logins)
    return frozenset(owner.id for owner in owners if owner is not None)


def _tally(station: Station, departure: str, manifest: Manifest, ballots: Iterable[Ballot]) -> Tally:
    electorate = beside.electorate_of(station, departure, authors(station, departure))
    return tally(beside.gate_of(station, departure).policy, electorate, tuple(ballots), manifest.hash, station.now())


def _without_slack_approvals(ballots: tuple[Ballot, ...]) -> list[Ballot]:
    """Leave out what only Slack could confirm: its approvals, and what one of them had replaced in Slack."""

    def replaced(ballot: Ballot) -> bool:
        return any(
            later.voter == ballot.voter
            and later.voter is not None
            and later.manifest == ballot.manifest
            and later.choice == "approve"
            and later.channel.startswith("slack")
            and later.cast_at > ballot.cast_at
            for later in ballots
        )

    in_slack = [ballot for ballot in ballots if ballot.channel.startswith("slack")]
    left_out = [ballot for ballot in in_slack if ballot.choice == "approve" or replaced(ballot)]
    return [ballot for ballot in ballots if ballot not in left_out]


def _remind(station: Station, departure: str, counted: Tally, number: int) -> None:
    opened = station.ledger.facts(departure, kind="round_opened", subject=str(number))
    if not opened:
        return
    turn = int((station.now() - opened[0].at) / station.train.reminders.every)
    if turn:
        what = f"promote/round-{number}/reminder-{turn}"
        telling.tell(station, departure, what, wording.reminder(station, counted.waiting_for, counted.missing))
