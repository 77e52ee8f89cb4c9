"""The vote on a manifest: asked in Slack, cast in Slack or in Airflow, counted in one place (C-14 … C-16, F06 … F13)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from stationmaster.core.ballot_words import votes
from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, quorum_gate
from stationmaster.core.quorum import Ballot, Tally, tally
from stationmaster.departures import telling, wording
from stationmaster.departures.obstacles import StepImpossible, obstacle
from stationmaster.hooks.chat_errors import ChatError, ChatMessageGone
from stationmaster.hooks.chat_models import instant_of
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station
    from stationmaster.hooks.chat_models import Message

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
    """Ask everybody who may vote, once for each manifest (F06)."""
    number, _ = round_of(station, departure)
    telling.tell(
        station, departure, f"promote/round-{number}", wording.vote_question(station, departure), broadcast=True
    )
    station.ledger.record_once(departure, "round_opened", str(number), {}, station.now(), "stationmaster")
    station.ledger.set_state(departure, DepartureState.GATED, station.now(), "stationmaster", f"round {number} is open")


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
    station.ledger.cast(departure, number, ballot)
    return ballot


def count(station: Station, departure: str) -> tuple[Tally, ChatError | None]:
    """Read Slack, then count. Where Slack cannot be read, no ballot from Slack counts: it may have been withdrawn."""
    number, manifest = round_of(station, departure)
    unreadable: ChatError | None = None
    try:
        read_slack(station, departure)
    except ChatError as error:
        unreadable = error
    ballots: Iterable[Ballot] = station.ledger.ballots(departure)
    if unreadable is not None:
        ballots = [ballot for ballot in ballots if not ballot.channel.startswith("slack")]
    electorate = station.team.electorate(station.train, authors=authors(station, departure))
    return tally(station.train.quorum_policy, electorate, tuple(ballots), manifest.hash, station.now()), unreadable


def standing(station: Station, departure: str) -> Standing:
    """Return whether the quorum stands at this instant, with who has not voted."""
    counted, unreadable = count(station, departure)
    number, manifest = round_of(station, departure)
    opened = station.ledger.facts(departure, kind="round_opened", subject=str(number))
    result = quorum_gate(counted, since=opened[0].at if opened else None)
    found = obstacle(station, unreadable) if unreadable is not None else None
    if found is None or not result.blockers:
        return result
    return result.model_copy(update={"blockers": (*result.blockers, found)})


def watch(station: Station, departure: str) -> Standing:
    """Do what an open gate does while it waits: count, show the count, remind. Return the standing."""
    result = standing(station, departure)
    counted, _ = count_from_ledger(station, departure)
    telling.refresh_headline(station, departure)
    if counted.verdict == "WAIT":
        _remind(station, departure, counted)
    return result


def count_from_ledger(station: Station, departure: str) -> tuple[Tally, int]:
    """Return the tally of what the ledger knows, without asking Slack, and the number of the round."""
    number, manifest = round_of(station, departure)
    electorate = station.team.electorate(station.train, authors=authors(station, departure))
    ballots = station.ledger.ballots(departure)
    return tally(station.train.quorum_policy, electorate, ballots, manifest.hash, station.now()), number


def authors(station: Station, departure: str) -> frozenset[str]:
    """Return the person ids of whoever wrote a commit aboard, as the cut recorded them."""
    facts = station.ledger.facts(departure, kind="changes")
    logins = {change["author"] for fact in facts for change in fact.value["changes"] if change["author"]}
    owners = (station.team.person_by_github(login) for login in logins)
    return frozenset(owner.id for owner in owners if owner is not None)


def read_slack(station: Station, departure: str) -> None:
    """Take over the reactions and replies of the round's message as ballots; one that is gone is withdrawn (F10).

    :raises ChatError: the message cannot be read in full (F11, F61).
    """
    number, manifest = round_of(station, departure)
    message = telling.told(station, departure, f"promote/round-{number}")
    if message is None:
        return
    known = [ballot for ballot in station.ledger.ballots(departure) if ballot.channel.startswith("slack")]
    try:
        present = [
            *_reactions(station, message, manifest.hash),
            *_replies(station, departure, number, message, manifest),
        ]
    except ChatMessageGone:
        # The question was deleted: what was cast stands, and the question is asked anew (F11).
        telling.tell(station, departure, f"promote/round-{number}-again", wording.vote_question(station, departure))
        return
    for ballot in _news(known, present, manifest.hash, station.now()):
        station.ledger.cast(departure, number, ballot)


def _reactions(station: Station, message: Message, manifest: str) -> list[Ballot]:
    gate = station.train.gates.quorum
    found = station.chat.reactions(message.channel, message.ts)
    ballots = []
    for choice, emojis in (("approve", gate.approve_emoji), ("veto", gate.veto_emoji)):
        for user in sorted({user for emoji in emojis for user in found.get(emoji, frozenset())}):
            ballots.append(_slack_ballot(station, user, "slack_reaction", choice, manifest, station.now()))
    return ballots


def _replies(station: Station, departure: str, number: int, message: Message, manifest: Manifest) -> list[Ballot]:
    headline = telling.told(station, departure, "headline")
    if headline is None:
        return []
    ballots = []
    for reply in station.chat.replies(headline.channel, headline.ts):
        said = votes(reply.text)
        if said is None or reply.bot or reply.at <= instant_of(message.ts):
            continue
        aimed_at = manifest.hash if said.manifest is None or manifest.hash.startswith(said.manifest) else said.manifest
        at = reply.edited or reply.at
        ballots.append(_slack_ballot(station, reply.user, "slack_reply", said.choice, aimed_at, at, reason=said.reason))
    return ballots


def _slack_ballot(
    station: Station,
    user: str,
    channel: Literal["slack_reaction", "slack_reply"],
    choice: str,
    manifest: str,
    at: datetime,
    *,
    reason: str | None = None,
) -> Ballot:
    person = station.team.person_by_slack(user)
    return Ballot.model_validate(
        {
            "voter": person.id if person else None,
            "account": user,
            "channel": channel,
            "choice": choice,
            "manifest": manifest,
            "reason": reason,
            "cast_at": at,
            "bot": bool(person and person.bot),
        }
    )


def _news(known: list[Ballot], present: list[Ballot], manifest: str, now: datetime) -> list[Ballot]:
    """Return the ballots that say what changed since the ledger last looked."""
    news = []
    standing_now: dict[tuple[str, str], Ballot] = {}
    for ballot in sorted(present, key=lambda found: found.cast_at):
        standing_now[ballot.account, ballot.channel] = ballot
    last: dict[tuple[str, str], Ballot] = {}
    for ballot in sorted(known, key=lambda found: found.cast_at):
        if ballot.manifest == manifest or ballot.choice != "withdraw":
            last[ballot.account, ballot.channel] = ballot
    for place, ballot in standing_now.items():
        before = last.get(place)
        if before is None or (before.choice, before.manifest) != (ballot.choice, ballot.manifest):
            news.append(ballot)
    for place, before in last.items():
        if place not in standing_now and before.choice != "withdraw" and before.manifest == manifest:
            news.append(before.model_copy(update={"choice": "withdraw", "reason": None, "cast_at": now}))
    return news


def _remind(station: Station, departure: str, counted: Tally) -> None:
    _, number = count_from_ledger(station, departure)
    opened = station.ledger.facts(departure, kind="round_opened", subject=str(number))
    if not opened:
        return
    turn = int((station.now() - opened[0].at) / station.train.reminders.every)
    if turn:
        what = f"promote/round-{number}/reminder-{turn}"
        telling.tell(station, departure, what, wording.reminder(station, counted.waiting_for, counted.missing))
