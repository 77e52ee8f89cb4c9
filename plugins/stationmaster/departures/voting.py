"""The vote on a manifest: asked in Slack, cast there or in Airflow, counted in one place (C-14 … C-16, F06 … F13)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from stationmaster.core.gates import Standing
from stationmaster.core.quorum import Ballot, Tally
from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures import ballots_in_slack, counting, telling, wording
from stationmaster.departures.obstacles import obstacle
from stationmaster.hooks.chat_errors import ChatError

if TYPE_CHECKING:
    from stationmaster.departures.station import Station

LGTM = "LGTM"
VETO = "Veto"


def open_round(station: Station, departure: str) -> None:
    """Ask everybody who may vote, once for each manifest (F06). A departure that is further on stays where it is."""
    number, _ = counting.round_of(station, departure)
    station.ledger.record_once(departure, "round_opened", str(number), {}, station.now(), "stationmaster")
    try:
        station.ledger.move(departure, Act.OPEN_ROUND, station.now(), "stationmaster", f"round {number} is open")
    except ActRefused:
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
    number, _ = counting.round_of(station, departure)
    station.ledger.cast(departure, number, ballot, station.now())
    return ballot


def count(station: Station, departure: str) -> tuple[Tally, ChatError | None]:
    """Read Slack, then count. Where Slack cannot be read, no approval from Slack counts: it may have been withdrawn.

    A veto or a withdrawal that was read earlier still holds the train back.
    """
    number, manifest = counting.round_of(station, departure)
    unreadable: ChatError | None = None
    try:
        ballots_in_slack.read(station, departure, number, manifest)
    except ChatError as error:
        unreadable = error
    ballots: Iterable[Ballot] = station.ledger.ballots(departure)
    if unreadable is not None:
        ballots = _without_slack_approvals(tuple(ballots))
    return counting.tally_of(station, departure, manifest, ballots), unreadable


def standing(station: Station, departure: str) -> Standing:
    """Return whether the quorum stands at this instant, with who has not voted."""
    counted, unreadable = count(station, departure)
    result = counting.as_standing(station, departure, counted)
    found = obstacle(station, unreadable) if unreadable is not None else None
    if found is None or not result.blockers:
        return result
    return result.model_copy(update={"blockers": (*result.blockers, found)})


def watch(station: Station, departure: str) -> Standing:
    """Do what an open gate does while it waits: say what was left unsaid, count, show the count, remind."""
    telling.tell_again(station)
    result = standing(station, departure)
    counted, number = counting.count_from_ledger(station, departure)
    telling.refresh_headline(station, departure)
    if counted.verdict == "WAIT":
        _remind(station, departure, counted, number)
    return result


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
