""" "Is there a pull request to wait for?": the question before the cut, and who asked to wait (C-19)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.config.stops import HoldQuestion
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing
from stationmaster.core.hold_words import HoldRequest, hold_words
from stationmaster.departures import telling, wording
from stationmaster.departures.obstacles import obstacle
from stationmaster.hooks.chat_errors import ChatError, ChatMessageGone
from stationmaster.hooks.chat_models import instant_of
from stationmaster.hooks.errors import ForgeError
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.hooks.chat_models import Message

BOARD_NOW = "Board now"
SKIP_THIS_WEEK = "Skip this week"


QUESTION = "cut/hold-question"


def ask(station: Station, departure: str) -> Message | None:
    """Put the question to the channel, once; the answers are awaited from the instant on at which it stands there."""
    message = telling.tell(station, departure, QUESTION, wording.hold_question(station), broadcast=True)
    if message is not None:
        station.ledger.record_once(departure, "hold_asked", "cut", {}, station.now(), "stationmaster")
    return message


def answer(station: Station, departure: str, *, choice: str, by: str, reason: str = "") -> None:
    """Record the word of the person on call, which ends the question."""
    station.ledger.record(departure, "hold_answer", "cut", {"choice": choice, "reason": reason}, station.now(), by)


def standing(station: Station, departure: str) -> Standing:
    """Return whether the cut may go on: the person on call said so, or the time is over and nobody asked to wait.

    What Slack does not show is not a no: until it can be read, only the person on call can let the cut go on. A
    question that somebody deleted is asked again, and awaited anew.
    """
    question = station.train.stops.cut.hold_question
    if question is None or station.ledger.facts(departure, kind="hold_answer", subject="cut"):
        return passed("hold")
    message = telling.told(station, departure, QUESTION) or ask(station, departure)
    if message is None:
        return waiting("hold", _unasked(station))
    blockers = _open_time(station, question, instant_of(message.ts))
    try:
        blockers += _held(station, departure, message, question)
    except ChatMessageGone as error:
        telling.gone(station, departure, QUESTION, message)
        ask(station, departure)
        blockers += _found(station, error)
    except (ChatError, ForgeError) as error:
        blockers += _found(station, error)
    return waiting("hold", *blockers) if blockers else passed("hold")


def _unasked(station: Station) -> Blocker:
    why = "the question whom to wait for could not be asked, so only the person on call can let the cut go on"
    return blocker("SLACK_UNREACHABLE", who=(station.conductor.id,), why=why)


def _found(station: Station, error: Exception) -> tuple[Blocker, ...]:
    found = obstacle(station, error)
    return (found,) if found else ()


def _open_time(station: Station, question: HoldQuestion, asked_at: datetime) -> tuple[Blocker, ...]:
    closes = asked_at + question.wait
    if station.now() >= closes:
        return ()
    who = (station.conductor.id,)
    return (blocker("HOLD_ASKED", since=asked_at, who=who, clears_at=closes),)


def _held(station: Station, departure: str, message: Message, question: HoldQuestion) -> tuple[Blocker, ...]:
    held: dict[str, Blocker] = {}
    for reply in telling.replies(station, departure):
        person = station.team.person_by_slack(reply.user)
        if reply.bot or person is None:
            continue
        for request in hold_words(reply.text):
            _apply(station, held, request, person.id)
    for user in station.chat.reactions(message.channel, message.ts).get(question.emoji, frozenset()):
        person = station.team.person_by_slack(user)
        if person is not None:
            held[f"reaction of {person.id}"] = blocker(
                "HELD_FOR_PULL_REQUEST",
                who=(person.id, station.conductor.id),
                pull_request=f"what {person.name} has in mind",
                subject=person.id,
            )
    return tuple(held.values())


def _apply(station: Station, held: dict[str, Blocker], request: HoldRequest, by: str) -> None:
    for repository in _repositories(station, request):
        name = f"{repository}#{request.number}"
        if not request.wait:
            held.pop(name, None)
        elif _still_open(station, repository, request.number):
            held[name] = blocker(
                "HELD_FOR_PULL_REQUEST",
                who=(by, station.conductor.id),
                pull_request=f"{name}, as {station.team.people[by].name} asked",
                subject=name,
            )


def _repositories(station: Station, request: HoldRequest) -> tuple[str, ...]:
    """``#12`` alone means that number in whichever repository has it open; ``explorer#12`` or ``o/r#12`` name one."""
    every = {component.id: component.repository for component in station.train.components}
    if request.where is None:
        return tuple(every.values())
    named = every.get(request.where, request.where)
    return tuple(name for name in every.values() if name == named or name.endswith(f"/{named}"))


def _still_open(station: Station, repository: str, number: int) -> bool:
    from stationmaster.hooks.errors import ForgeNotFound

    try:
        return station.forge.pull(repository, number).state == "open"
    except ForgeNotFound:
        return False
