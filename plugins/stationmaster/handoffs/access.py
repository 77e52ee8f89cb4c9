"""Whether whoever comes on call can open what they need, and whom to ask for what is missing (C-07)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.handoffs import wording
from stationmaster.work.messages import say
from stationmaster.work.obstacles import hindrance

if TYPE_CHECKING:
    from stationmaster.config.checklist import ChecklistItem
    from stationmaster.config.people import Person
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
    from stationmaster.ledger.records import Fact

_KIND = "access"


def known(desk: ShiftDesk, person: str, items: Sequence[str]) -> Fact | None:
    """Return the person's newest answer if it says that nothing is missing, is new enough, and covers every item.

    :param items: the ids of what the page lists now: what was added since is asked for.
    """
    check, answer = desk.entry.access, newest(desk, person)
    if check is None or answer is None or answer.value["missing"]:
        return None
    if answer.at + check.every <= desk.now() or not set(items) <= set(answer.value["items"]):
        return None
    return answer


def newest(desk: ShiftDesk, person: str) -> Fact | None:
    """Return the person's newest answer, whatever it says, None before the first."""
    return desk.ledger.fact(_log(desk), _KIND, person)


def record(
    desk: ShiftDesk,
    handoff: Handoff,
    person: Person,
    *,
    items: Sequence[ChecklistItem],
    missing: Sequence[ChecklistItem],
    note: str,
    at: datetime,
) -> Fact:
    """Keep a person's answer: what was asked, and what they cannot open."""
    value = {
        "handoff": handoff.id,
        "items": [item.id for item in items],
        "missing": [item.text for item in missing],
        "note": note,
    }
    return desk.ledger.record(_log(desk), _KIND, person.id, value, at, person.id)


def call_for_help(desk: ShiftDesk, handoff: Handoff, role: str) -> Blocker | None:
    """Tell those who can give access, and the manager, what is missing: once for each answer.

    :returns: why they cannot be told now; None when they are, or when nothing is missing.
    """
    person = desk.person(handoff, role)
    answer, check = newest(desk, person.id), desk.entry.access
    if check is None or answer is None or not answer.value["missing"] or answer.value["handoff"] != handoff.id:
        return None
    key = f"{handoff.id}/access/{person.id}/{answer.seq}"
    text = wording.access_missing(desk, person, role, answer.value["missing"], str(answer.value["note"]))
    try:
        say(desk, key, desk.team.channels[check.channel].id, text)
    except Exception as error:
        found = hindrance(desk, error, (person.id, *(manager.id for manager in desk.managers)))
        if found is None:
            raise
        return found
    return None


def waits_for(desk: ShiftDesk, handoff: Handoff, role: str, items: Sequence[str]) -> Blocker:
    """Return the open question to the person: unanswered, or answered with what is missing.

    :param items: the texts of what the page lists.
    """
    person = desk.person(handoff, role)
    answer = newest(desk, person.id)
    if answer is not None and answer.value["missing"] and answer.value["handoff"] == handoff.id:
        who = (person.id, *(manager.id for manager in desk.managers))
        missing = "; ".join(answer.value["missing"])
        return blocker("ACCESS_MISSING", since=answer.at, who=who, person=person.name, items=missing)
    return blocker("ACCESS_UNCONFIRMED", who=(person.id,), person=person.name, items="; ".join(items))


def _log(desk: ShiftDesk) -> str:
    """The subject of the answers outlives the shifts: a person is not asked again every few weeks."""
    return f"{desk.team.id}.access"
