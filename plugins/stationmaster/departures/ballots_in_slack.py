"""What Slack shows of a vote, taken over into the ledger as statements: reactions and replies (F09 … F11).

A statement is about what its author was shown. A reaction is about the question that it hangs on. A reply stands in the
departure's thread, below the newest question whose message is older, by Slack's own stamps; our clock never decides it.
A reply that was edited is a statement of the instant of its edit; one that stood there before the question speaks of it
only as far as it may be a veto.

What a place no longer shows is kept as such: only its author can have taken a reaction away or edited a reply. A reply
that is gone, and whatever hung on a message that is gone, may have been deleted by somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core import escaping
from stationmaster.core.ballot_words import SpokenVote, passes_over, takes_back_an_approval, unclear, votes
from stationmaster.core.emoji import says_no
from stationmaster.core.naming import names
from stationmaster.core.quorum import Ballot, Gone
from stationmaster.departures import beside, hearing, passing_over, telling, wording
from stationmaster.departures.electors import electorate
from stationmaster.hooks.chat_errors import ChatError, ChatMessageGone, ChatNotInChannel, ChatUnreadable
from stationmaster.hooks.chat_models import instant_of

if TYPE_CHECKING:
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station
    from stationmaster.departures.telling import Said
    from stationmaster.hooks.chat_models import Message, Reply, Thread

_LONGEST_TEXT = 200


class _Round(NamedTuple):
    """The round that is read: its number, manifest, and the messages in which it was asked about."""

    departure: str
    number: int
    manifest: Manifest
    questions: tuple[Said, ...]
    at: datetime
    """When the look began: all that it sees first was seen at this instant."""


class _Read(NamedTuple):
    """What Slack shows: statements by their place, and what people wrote below the question."""

    statements: dict[str, Ballot]
    replies: dict[str, Reply]
    passed: tuple[passing_over.PassOver, ...]
    gone: frozenset[str]
    """The ``ts`` of questions whose message is gone."""
    headless: frozenset[str]
    """The ``ts`` of threads whose first message is gone."""


def question_of(number: int) -> str:
    """Return the name under which the question of a round was told."""
    return f"promote/round-{number}"


def ask(station: Station, departure: str, number: int) -> Message | None:
    """Put the question of a round to the voters, once; also in the channel, for they must see it."""
    text = wording.vote_question(station, departure)
    return telling.tell(station, departure, question_of(number), text, broadcast=True)


def read(station: Station, departure: str, number: int, manifest: Manifest, *, anew: bool) -> None:
    """Take over what Slack shows of a round, and what it no longer shows.

    :param anew: read all of it, as whoever acts upon it does; otherwise of a long thread what is new.
    :raises ChatError: Slack cannot be read in full. A question that was deleted is asked anew, and holds the gate.
    """
    if telling.told(station, departure, question_of(number)) is None and ask(station, departure, number) is None:
        raise _why_unasked(station, departure, number)
    questions = telling.sayings(station, departure, question_of(number))
    about = _Round(departure, number, manifest, questions, station.now())
    found = _read(station, about, anew=anew)
    _take_over(station, about, found)
    passing_over.keep(station, departure, found.passed, number)
    newest = questions[-1]
    if newest.ts in found.gone or newest.thread in found.headless:
        raise _ask_anew(station, departure, number, newest, headless=newest.thread in found.headless)
    _answer(station, about, found)


def _why_unasked(station: Station, departure: str, number: int) -> ChatError:
    """Return why the question is not in Slack: what Slack itself says of the channel, if it says anything."""
    channel = beside.channel_of(station, departure)
    try:
        if not station.chat.channel(channel).joined:
            return ChatNotInChannel(f"The app is not in the channel {channel}. Invite it: /invite @stationmaster.")
    except ChatError as error:
        return error
    return ChatUnreadable(f"the question of round {number} is not in Slack: nobody can have answered it there")


def _ask_anew(station: Station, departure: str, number: int, newest: Said, *, headless: bool) -> ChatError:
    from stationmaster.hooks.chat_models import Message

    what = question_of(number)
    thread = telling.told(station, departure, telling.HEADLINE)
    if headless and thread is not None and thread.ts == newest.thread:
        telling.gone(station, departure, telling.HEADLINE, thread)
        telling.refresh_headline(station, departure)
    telling.gone(station, departure, what, Message(channel=newest.channel, ts=newest.ts))
    ask(station, departure, number)
    return ChatMessageGone(f"the question of round {number} was deleted, and is asked anew", code="message_not_found")


def _read(station: Station, about: _Round, *, anew: bool) -> _Read:
    """Read threads before reactions: a reaction that a later look sees first is newer than the replies of this one."""
    statements: dict[str, Ballot] = {}
    replies: dict[str, Reply] = {}
    passed: list[passing_over.PassOver] = []
    headless: set[str] = set()
    for channel, thread in dict.fromkeys((each.channel, each.thread) for each in about.questions):
        shown = _thread(station, channel, thread, anew=anew)
        if shown is None or shown.headless:
            headless.add(thread)
        asked_at = min(each.ts for each in about.questions if each.thread == thread)
        for reply in shown.replies if shown is not None else ():
            place = f"slack_reply/{thread}/{reply.ts}"
            replies[place] = reply
            passed += _passing_over(station, place, reply, asked_at)
            said = _said(station, about, place, reply, asked_at)
            if said is not None:
                statements[place] = said
    gone: set[str] = set()
    for question in about.questions:
        try:
            statements |= {each.place: each for each in _reactions(station, about, question)}
        except ChatMessageGone:
            gone.add(question.ts)
    return _Read(statements, replies, tuple(passed), frozenset(gone), frozenset(headless))


def _thread(station: Station, channel: str, thread: str, *, anew: bool) -> Thread | None:
    try:
        return station.chat.thread(channel, thread, now=station.now(), anew=anew)
    except ChatMessageGone:
        return None


def _reactions(station: Station, about: _Round, question: Said) -> Iterator[Ballot]:
    gate = beside.gate_of(station, about.departure)
    found = station.chat.reactions(question.channel, question.ts)
    given = {"approve": gate.approve_emoji, "veto": gate.veto_emoji}
    doubtful = sorted(
        emoji for emoji in found if says_no(emoji) and emoji not in {*gate.veto_emoji, *gate.approve_emoji}
    )
    for choice, emojis in given.items():
        for user in sorted({user for emoji in emojis for user in found.get(emoji, frozenset())}):
            place = f"slack_reaction/{question.ts}/{user}/{choice}"
            yield _ballot(station, about, user, place, choice, about.manifest.hash, about.at, certain=False)
    for emoji in doubtful:
        # Each is a statement of its own: who passes over one has not seen the next.
        for user in sorted(found[emoji]):
            place, named = f"slack_reaction/{question.ts}/{user}/unclear/{emoji}", f":{emoji}:"
            yield _ballot(
                station, about, user, place, "unclear", about.manifest.hash, about.at, reason=named, certain=False
            )


def _said(station: Station, about: _Round, place: str, reply: Reply, asked_at: str) -> Ballot | None:
    """Return what a reply says about the round, None where it says nothing.

    :param asked_at: the ``ts`` of the first question of the round in the reply's thread.
    """
    at = reply.edited or reply.at
    before = reply.ts < asked_at
    if reply.bot or (before and at <= instant_of(asked_at)):
        return None
    gate = beside.gate_of(station, about.departure)
    said = votes(reply.text, approve_emoji=gate.approve_emoji, veto_emoji=gate.veto_emoji)
    if said is None and not passes_over(reply.text) and unclear(reply.text, veto_emoji=gate.veto_emoji):
        text = escaping.heard(reply.text)[:_LONGEST_TEXT]
        ahead = about.questions[0].ahead
        return _ballot(station, about, reply.user, place, "unclear", about.manifest.hash, at, reason=text, ahead=ahead)
    if said is None or (before and said.choice != "veto"):
        return None
    aimed_at = _aimed_at(station, about, said)
    ahead = about.questions[0].ahead
    certain = not (said.choice == "withdraw" and takes_back_an_approval(reply.text))
    heard = escaping.heard(said.reason) if said.reason is not None else None
    return _ballot(
        station, about, reply.user, place, said.choice, aimed_at, at, reason=heard, certain=certain, ahead=ahead
    )


def _aimed_at(station: Station, about: _Round, said: SpokenVote) -> str:
    """Return the manifest that a vote is about: the present one, unless it names an earlier one.

    What an approval names otherwise is nothing that is aboard. A veto may name the commit that it is about.
    """
    if said.manifest is None or names(said.manifest, about.manifest.hash):
        return about.manifest.hash
    for earlier in station.ledger.rounds(about.departure):
        if names(said.manifest, earlier.manifest.hash):
            return str(earlier.manifest.hash)
    return about.manifest.hash if said.choice == "veto" else said.manifest


def _passing_over(station: Station, place: str, reply: Reply, asked_at: str) -> Iterator[passing_over.PassOver]:
    person = station.team.person_by_slack(reply.user)
    whom = [station.team.person_by_slack(account) for account in passes_over(reply.text)]
    if person is None or reply.bot or not whom or reply.ts < asked_at:
        return
    people = tuple(each.id for each in whom if each is not None)
    yield passing_over.PassOver(place, reply.user, person.id, people, reply.edited or reply.at)


def _ballot(
    station: Station,
    about: _Round,
    user: str,
    place: str,
    choice: str,
    manifest: str,
    at: datetime,
    *,
    reason: str | None = None,
    certain: bool = True,
    ahead: timedelta = timedelta(0),
) -> Ballot:
    person = station.team.person_by_slack(user)
    return Ballot.model_validate(
        {
            "voter": person.id if person else None,
            "account": user or "unknown",
            "channel": place.partition("/")[0],
            "choice": choice,
            "manifest": manifest,
            "reason": reason,
            "cast_at": at,
            "bot": bool(person and person.bot),
            "place": place,
            "certain": certain,
            "seen_at": about.at,
            "made_at": at - ahead if ahead else None,
        }
    )


def _take_over(station: Station, about: _Round, found: _Read) -> None:
    """Keep what changed since the ledger last looked: first what is gone, then what is new."""
    ledger, now = station.ledger, station.now()
    standing = [each for each in ledger.ballots(about.departure, about.number) if each.in_slack and each.shown]
    known = {ballot.place: ballot for ballot in standing if ballot.place}
    for ballot in standing:
        shown = found.statements.get(ballot.place)
        if ballot.place and (shown is None or not _same(ballot, shown)):
            ledger.take_away(about.departure, ballot, _gone(ballot, found), now)
        elif not ballot.place:
            ledger.take_away(about.departure, ballot, _gone_since_an_older_release(ballot, found), now)
    for place, ballot in found.statements.items():
        if place not in known or not _same(known[place], ballot):
            ledger.cast(about.departure, about.number, ballot, now)


def _same(known: Ballot, shown: Ballot) -> bool:
    instants = known.cast_at == shown.cast_at or known.channel == "slack_reaction"
    return instants and (known.choice, known.manifest, known.voter) == (shown.choice, shown.manifest, shown.voter)


def _gone(ballot: Ballot, found: _Read) -> Gone:
    """Return who can have made a statement disappear."""
    if ballot.channel == "slack_reply":
        return "author" if ballot.place in found.replies else "unclear"
    return "unclear" if ballot.place.split("/")[1] in found.gone else "author"


def _gone_since_an_older_release(ballot: Ballot, found: _Read) -> Gone:
    """Return what became of a statement whose place an older release did not keep; what is still there is kept anew."""
    if ballot.channel == "slack_reaction":
        return "unclear" if found.gone and ballot.choice == "veto" else "author"
    mine = (reply for reply in found.replies.values() if reply.user == ballot.account)
    return "author" if any(ballot.cast_at in (reply.at, reply.edited) for reply in mine) else "unclear"


def _answer(station: Station, about: _Round, found: _Read) -> None:
    """Tell voters, each once, what was not understood, and that a veto of theirs is gone."""
    electors = {each.person for each in electorate(station, about.departure) if each.active}
    asked = {thread: min(each.ts for each in about.questions if each.thread == thread) for thread in _threads(about)}
    for place, reply in found.replies.items():
        person = station.team.person_by_slack(reply.user)
        if reply.bot or person is None or person.id not in electors or reply.ts < asked[place.split("/")[1]]:
            continue
        statement = found.statements.get(place)
        if statement is not None and statement.choice == "unclear":
            text = wording.say_which(station, about.departure, person)
            telling.tell(station, about.departure, f"{question_of(about.number)}/say-which/{reply.ts}", text)
        elif statement is None and not passes_over(reply.text):
            text = wording.what_counts(station, about.departure, person)
            telling.tell(station, about.departure, f"{question_of(about.number)}/what-counts/{person.id}", text)
    for ballot in station.ledger.ballots(about.departure, about.number):
        if hearing.needs_it(ballot) and ballot.voter in electors and ballot.manifest == about.manifest.hash:
            text = wording.veto_is_heard(station, about.departure, station.team.people[ballot.voter], ballot)
            telling.tell(station, about.departure, hearing.message_of(ballot), text)
    _ask_of_vetoes_that_are_gone(station, about, electors)


def _ask_of_vetoes_that_are_gone(station: Station, about: _Round, electors: set[str]) -> None:
    for ballot in station.ledger.ballots(about.departure, about.number):
        if ballot.gone != "unclear" or ballot.choice not in ("veto", "unclear") or ballot.voter not in electors:
            continue
        text = wording.veto_is_gone(station, about.departure, station.team.people[ballot.voter])
        name = ballot.place.removeprefix("slack_") or f"{ballot.account}/{ballot.cast_at.isoformat()}"
        telling.tell(station, about.departure, f"{question_of(about.number)}/veto-gone/{name}", text)


def _threads(about: _Round) -> set[str]:
    return {each.thread for each in about.questions}
