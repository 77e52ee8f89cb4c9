"""The looks of tasks that wait: each area has its own, taken in a task's place by a trigger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from stationmaster.core.blockers import Blocker
from stationmaster.work.obstacles import hindrance, passed, waiting

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.work.context import Desk

Arguments = dict[str, Any]
Look = Callable[["Desk", str, Arguments], "Standing"]
"""Takes the desk, what the run is about, and the arguments of the wait."""
AGAIN = "again"
"""The name of the look that waits for the end of a pause; every area has it."""
SHORTEST = timedelta(seconds=30)
LONGEST = timedelta(minutes=5)


class UnknownLook(LookupError):
    """A trigger names a look that this release does not have."""


def take(looks: Mapping[str, Look], desk: Desk, name: str, about: str, arguments: Arguments) -> Standing:
    """Take the look once; PASS when the task may go on. What cannot be read is a blocker, never a yes.

    :param looks: those of one area; ``again`` comes by itself.
    :raises UnknownLook: the name is of another release.
    """
    if name == AGAIN:
        return again(desk, arguments)
    if name not in looks:
        raise UnknownLook(f"{name!r} is not one of {', '.join(sorted([AGAIN, *looks]))}")
    try:
        return looks[name](desk, about, arguments)
    except Exception as error:
        why = hindrance(desk, error, ())
        if why is None:
            raise
        return waiting(name, why)


def pause(desk: Desk, subject: str, blockers: Sequence[Blocker], arguments: Arguments) -> Arguments:
    """Return the arguments of a wait for a passing obstacle: the longer it lasts the longer, five minutes at most.

    :param subject: where the task's blockers stand in the ledger.
    :param arguments: what the task needs to know of the try when it goes on.
    """
    now, codes = desk.now(), {found.code for found in blockers}
    since = [known.since for known in desk.ledger.blockers(subject).get(subject, ()) if known.code in codes]
    lasting = now - min((at for at in since if at is not None), default=now)
    until = now + min(max(SHORTEST, lasting / 4), LONGEST)
    return {**arguments, "until": until.isoformat(), "blockers": [found.model_dump(mode="json") for found in blockers]}


def again(desk: Desk, arguments: Arguments) -> Standing:
    """Wait until the pause is over; the step is taken again then."""
    blockers = tuple(Blocker.model_validate(found) for found in arguments["blockers"])
    if desk.now() >= datetime.fromisoformat(arguments["until"]):
        # The reason stays until the step was taken again.
        return passed(AGAIN).model_copy(update={"blockers": blockers})
    return waiting(AGAIN, *blockers)
