"""The vote on a manifest: asked in Slack, cast there or in Airflow, counted in one place (C-14 … C-16, F06 … F13)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from stationmaster.core.gates import Standing, Verdict
from stationmaster.core.quorum import Ballot, Tally
from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures import (
    accounts,
    ballots_in_slack,
    changes,
    counting,
    passing_over,
    telling,
    wording,
)
from stationmaster.departures import without_slack as without
from stationmaster.departures.beside import has_a_final_go
from stationmaster.departures.electors import authorship, electorate
from stationmaster.departures.obstacles import obstacle
from stationmaster.hooks.chat_errors import ChatError
from stationmaster.hooks.errors import ForgeError
from stationmaster.hooks.governance_errors import GovernanceError
from stationmaster.work.obstacles import passed

if TYPE_CHECKING:
    from stationmaster.core.blockers import Blocker
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station

WENT_WITHOUT_SLACK = "went_without_slack"
"""The fact that whoever deploys counted without Slack: subject the manifest's hash, value ``{"people", "why"}``."""
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
        seen_at=station.now(),
    )
    number, _ = counting.round_of(station, departure)
    station.ledger.cast(departure, number, ballot, station.now())
    return ballot


def count(station: Station, departure: str, *, fresh: bool = True) -> Tally:
    """Read Slack and what it says of the accounts, then count; keep whether it could be read.

    :param fresh: read and ask everything anew, as whoever acts upon the count does.
    """
    number, manifest = counting.round_of(station, departure)
    read = False
    try:
        if any(each.active for each in electorate(station, departure)):
            ballots_in_slack.read(station, departure, number, manifest, anew=fresh)
            _ask_of_accounts(station, departure, manifest, anew=fresh)
            read = True
    except ChatError as error:
        without.note(station, departure, error)
    else:
        without.note(station, departure, None)
    ballots = station.ledger.ballots(departure)
    counting.seen_ahead(station, departure, ballots)
    counted = counting.tally_of(station, departure, manifest, ballots)
    for each in counted.ignored if read else ():
        if each.reason == "unordered":
            text = wording.may_be_older(station.team.people[each.ballot.voter or ""])
            telling.tell(station, departure, f"promote/unordered/{each.ballot.kept}", text)
    return counted


def standing(station: Station, departure: str, *, fresh: bool = True) -> Standing:
    """Return whether the quorum stands at this instant, with who has not voted.

    :param fresh: as whoever acts upon it asks: all of the thread, all reactions, all accounts. Otherwise what is new.
    """
    missing = _read_authors(station, departure)
    counted = count(station, departure, fresh=fresh)
    result = counting.as_standing(station, departure, counted)
    if missing is not None and not result.opens:
        result = result.model_copy(update={"blockers": (*result.blockers, missing)})
    people = without.agreed(station, departure, counted.manifest)
    if fresh and result.opens and people:
        _note_that_slack_was_not_read(station, departure, counted.manifest, people)
    return result


def watch(station: Station, departure: str) -> Standing:
    """Do what an open gate does while it waits: say what was left unsaid, count, show the count, remind.

    While Slack is out, one voter's word to go without it lets the final go be asked for, in whose form the other one
    is given. Whoever deploys counts again, and needs both.
    """
    telling.tell_again(station)
    result = standing(station, departure, fresh=False)
    counted, number = counting.count_from_ledger(station, departure)
    telling.refresh_headline(station, departure)
    if counted.verdict == "WAIT" and counted.missing:
        _remind(station, departure, counted, number)
    if result.verdict is Verdict.WAIT and counted.verdict == "PASS" and _may_ask_for_the_go(station, departure):
        return passed("quorum")
    return result


def _note_that_slack_was_not_read(station: Station, departure: str, manifest: str, people: tuple[str, ...]) -> None:
    """Keep it, and tell it as soon as Slack hears it."""
    chat = station.ledger.fact(departure, without.CHAT)
    value = {"people": list(people), "why": chat.value["why"] if chat is not None else ""}
    once = f"{WENT_WITHOUT_SLACK}/{manifest}/{chat.seq if chat is not None else 0}"
    station.ledger.record_once(departure, WENT_WITHOUT_SLACK, manifest, value, station.now(), people[0], key=once)
    telling.tell(station, departure, "promote/without-slack", wording.gone_without_slack(station, people))


def _may_ask_for_the_go(station: Station, departure: str) -> bool:
    _, manifest = counting.round_of(station, departure)
    return has_a_final_go(station, departure) and without.asked_of_a_voter(station, departure, manifest.hash)


def _ask_of_accounts(station: Station, departure: str, manifest: Manifest, *, anew: bool) -> None:
    """Ask Slack of the accounts by which eligible people say something that stands."""
    eligible = {each.person for each in electorate(station, departure) if each.active}
    said = (each for each in station.ledger.ballots(departure) if each.in_slack and each.shown)
    voted = {each.account for each in said if each.voter in eligible and each.manifest == manifest.hash}
    accounts.ask(station, departure, voted | passing_over.accounts_of(station, departure), anew=anew)


def _read_authors(station: Station, departure: str) -> Blocker | None:
    """Read who wrote what is aboard, where nobody has done so; return what keeps it from being read."""
    _, manifest = counting.round_of(station, departure)
    known, _ = authorship(station, departure, manifest)
    try:
        if known == "unread":
            changes.collect(station, departure, manifest)
        elif known == "doubted":
            changes.ask_again_who_wrote(station, departure, manifest)
    except (ForgeError, GovernanceError) as error:
        return obstacle(station, error)
    return None


def _remind(station: Station, departure: str, counted: Tally, number: int) -> None:
    opened = station.ledger.facts(departure, kind="round_opened", subject=str(number))
    if not opened:
        return
    turn = int((station.now() - opened[0].at) / station.train.reminders.every)
    if turn:
        what = f"promote/round-{number}/reminder-{turn}"
        telling.tell(station, departure, what, wording.reminder(station, counted.waiting_for, counted.missing))
