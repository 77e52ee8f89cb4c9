"""The looks of a handoff's tasks that wait: all of them end with the shift, and nothing fails by waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing
from stationmaster.handoffs import access, acknowledging, following, looking_back, pairing
from stationmaster.oncall import swapping
from stationmaster.oncall.records import SwapStatus
from stationmaster.work.obstacles import hindrance, passed, waiting
from stationmaster.work.waits import AGAIN, Arguments, UnknownLook, again

if TYPE_CHECKING:
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk

ANSWER = "answer"
ACKNOWLEDGED = "acknowledged"
PAIRED = "paired"
LOOKED_BACK = "looked_back"
FOLLOW = "follow"
SWAP = "swap"


_ACROSS = (FOLLOW, SWAP)
"""These go on when the shift is over."""


def look(desk: ShiftDesk, name: str, handoff: str, arguments: Arguments) -> Standing:
    """Take the look once; PASS when the task may go on, or when the shift is over.

    :raises UnknownLook: the name is of another release.
    """
    if name not in LOOKS:
        raise UnknownLook(f"{name!r} is not one of {', '.join(sorted(LOOKS))}")
    found = desk.handoff(handoff)
    if name not in _ACROSS and desk.now() >= found.end:
        return passed(name)
    return LOOKS[name](desk, found, arguments)


def _again(desk: ShiftDesk, handoff: Handoff, arguments: Arguments) -> Standing:
    return again(desk, arguments)


def _answer(desk: ShiftDesk, handoff: Handoff, arguments: Arguments) -> Standing:
    """Wait for the person; who was to help and could not be told is told as soon as Slack is back."""
    role = str(arguments["role"])
    silent = access.call_for_help(desk, handoff, role)
    question = access.waits_for(desk, handoff, role, arguments["items"])
    return waiting(ANSWER, question, *([silent] if silent else []))


def _acknowledged(desk: ShiftDesk, handoff: Handoff, arguments: Arguments) -> Standing:
    """Wait until somebody has said that they have taken over; a silent Slack is no answer, and no obstacle."""
    found = acknowledging.acknowledgement(desk, handoff)
    unreadable: list[Blocker] = []
    try:
        found = found or acknowledging.look_at_slack(desk, handoff)
        if found is None:
            acknowledging.remind(desk, handoff)
    except Exception as error:
        hindered = hindrance(desk, error, ())
        if hindered is None:
            raise
        unreadable.append(hindered)
    if found is not None:
        return passed(ACKNOWLEDGED)
    return waiting(ACKNOWLEDGED, acknowledging.waits_for(desk, handoff), *unreadable)


def _paired(desk: ShiftDesk, handoff: Handoff, arguments: Arguments) -> Standing:
    """Wait for the answer of whoever leads."""
    new = pairing.newcomer(desk, handoff)
    if new is None or pairing.answer(desk, handoff) is not None:
        return passed(PAIRED)
    return waiting(PAIRED, pairing.waits_for(desk, handoff, desk.person(handoff, str(arguments["role"])), new))


def _looked_back(desk: ShiftDesk, handoff: Handoff, arguments: Arguments) -> Standing:
    """Wait for whoever went off call."""
    person = looking_back.leaving(desk, handoff)
    if person is None or looking_back.answer(desk, handoff) is not None:
        return passed(LOOKED_BACK)
    return waiting(LOOKED_BACK, looking_back.waits_for(desk, handoff, person))


def _follow(desk: ShiftDesk, handoff: Handoff, arguments: Arguments) -> Standing:
    """Wait until something is due between two handoffs of the plan."""
    began = datetime.fromisoformat(arguments["began"])
    if desk.now() >= datetime.fromisoformat(arguments["until"]) or desk.now() >= following.next_due(desk, began):
        return passed(FOLLOW)
    if any(at.isoformat() not in arguments["done"] for at in following.edges(desk, began) if at <= desk.now()):
        return passed(FOLLOW)
    return waiting(FOLLOW, following.waits_for(desk, began))


def _swap(desk: ShiftDesk, handoff: Handoff, arguments: Arguments) -> Standing:
    """Wait for the taker's answer, whichever way it comes, or for the time to be over."""
    swap = swapping.find(desk.ledger, desk.team, arguments["swap"])
    if swapping.status_of(desk.team, swap, desk.now()) is not SwapStatus.REQUESTED:
        return passed(SWAP)
    names = {"taker": desk.team.people[swap.taker].name, "giver": desk.team.people[swap.giver].name}
    return waiting(
        SWAP, blocker("SWAP_UNANSWERED", since=swap.asked_at, clears_at=swap.start, who=(swap.taker,), **names)
    )


LOOKS: dict[str, Callable[[ShiftDesk, Handoff, Arguments], Standing]] = {
    AGAIN: _again,
    ANSWER: _answer,
    ACKNOWLEDGED: _acknowledged,
    PAIRED: _paired,
    LOOKED_BACK: _looked_back,
    FOLLOW: _follow,
    SWAP: _swap,
}
"""Every look by its name. The names stand in triggers that wait, so they are a contract (F69)."""
