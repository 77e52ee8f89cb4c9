"""What Slack shows of a vote, taken over into the ledger as ballots: reactions and replies (F09 … F11).

A reaction has no time of its own: it counts from the look that first sees it. One that is gone is a withdrawal, unless
it was the message that went.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from stationmaster.core import escaping
from stationmaster.core.ballot_words import votes
from stationmaster.core.naming import names
from stationmaster.core.quorum import Ballot
from stationmaster.departures import beside, telling, wording
from stationmaster.hooks.chat_errors import ChatMessageGone, ChatUnreadable

if TYPE_CHECKING:
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station
    from stationmaster.hooks.chat_models import Message

Channel = Literal["slack_reaction", "slack_reply"]


class _Place(NamedTuple):
    """Where one account has at most one ballot in force."""

    account: str
    channel: str


def question_of(number: int) -> str:
    """Return the name under which the question of a round was told."""
    return f"promote/round-{number}"


def ask(station: Station, departure: str, number: int) -> Message | None:
    """Put the question of a round to the voters, once; also in the channel, for they must see it."""
    text = wording.vote_question(station, departure)
    return telling.tell(station, departure, question_of(number), text, broadcast=True)


def read(station: Station, departure: str, number: int, manifest: Manifest) -> None:
    """Take over the reactions and replies to the question of a round; what has gone is withdrawn.

    :raises ChatError: Slack cannot be read in full, or the question was deleted: then it is asked again, and what was
        cast before stays cast.
    """
    message = telling.told(station, departure, question_of(number))
    thread = telling.told(station, departure, telling.HEADLINE)
    if message is None or thread is None:
        if ask(station, departure, number) is None:
            raise ChatUnreadable(f"the question of round {number} is not in Slack: nobody can have answered it there")
        return
    try:
        present = _reactions(station, departure, message, manifest.hash)
    except ChatMessageGone:
        telling.gone(station, departure, question_of(number), message)
        ask(station, departure, number)
        raise
    present += _replies(station, departure, number, manifest)
    lost = {
        "slack_reaction": telling.gone_at(station, departure, question_of(number)),
        "slack_reply": telling.gone_at(station, departure, telling.HEADLINE),
    }
    known = [ballot for ballot in station.ledger.ballots(departure) if ballot.channel in lost]
    for ballot in _news(known, present, manifest.hash, station.now(), lost):
        station.ledger.cast(departure, number, ballot, station.now())


def _reactions(station: Station, departure: str, message: Message, manifest: str) -> list[Ballot]:
    gate = beside.gate_of(station, departure)
    found = station.chat.reactions(message.channel, message.ts)
    ballots = []
    for choice, emojis in (("approve", gate.approve_emoji), ("veto", gate.veto_emoji)):
        users = sorted({user for emoji in emojis for user in found.get(emoji, frozenset())})
        ballots += [_ballot(station, user, "slack_reaction", choice, manifest, station.now()) for user in users]
    return ballots


def _replies(station: Station, departure: str, number: int, manifest: Manifest) -> list[Ballot]:
    opened = station.ledger.facts(departure, kind="round_opened", subject=str(number))
    ballots = []
    for reply in telling.replies(station, departure):
        said = votes(reply.text)
        if said is None or reply.bot or not opened or reply.at < opened[0].at:
            continue
        aimed_at = manifest.hash if said.manifest is None or names(said.manifest, manifest.hash) else said.manifest
        at = reply.edited or reply.at
        heard = escaping.heard(said.reason) if said.reason is not None else None
        ballots.append(_ballot(station, reply.user, "slack_reply", said.choice, aimed_at, at, reason=heard))
    return ballots


def _ballot(
    station: Station,
    user: str,
    channel: Channel,
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
            "account": user or "unknown",
            "channel": channel,
            "choice": choice,
            "manifest": manifest,
            "reason": reason,
            "cast_at": at,
            "bot": bool(person and person.bot),
        }
    )


def _news(
    known: list[Ballot], present: list[Ballot], manifest: str, now: datetime, lost: dict[str, datetime | None]
) -> list[Ballot]:
    """Return the ballots that say what changed since the ledger last looked.

    :param lost: by channel, when the message that ballots hang on was last found deleted: what was cast before cannot
        be seen any more, and stands.
    """

    def unseen(ballot: Ballot) -> bool:
        at = lost[ballot.channel]
        return at is not None and ballot.cast_at <= at

    shown = _last_of([ballot for ballot in present if ballot.manifest == manifest])
    before = _last_of([ballot for ballot in known if ballot.manifest == manifest])
    news = [ballot for ballot in present if ballot.manifest != manifest and ballot not in known]
    for place, ballot in shown.items():
        last = before.get(place)
        if last is None or last.choice != ballot.choice or unseen(last):
            news.append(ballot)
    for place, last in before.items():
        if place not in shown and last.choice != "withdraw" and not unseen(last):
            news.append(last.model_copy(update={"choice": "withdraw", "reason": None, "cast_at": now}))
    return news


def _last_of(ballots: list[Ballot]) -> dict[_Place, Ballot]:
    """Of two at one instant the later in the list: a veto stands after an approval."""
    found: dict[_Place, Ballot] = {}
    for ballot in sorted(ballots, key=lambda ballot: ballot.cast_at):
        found[_Place(ballot.account, ballot.channel)] = ballot
    return found
