"""The looks of an upgrade's tasks that wait: all of them end when the next upgrade begins; none of them merges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stationmaster.core.blockers import Blocker
from stationmaster.core.gates import Standing
from stationmaster.departures.obstacles import hindrance, passed, waiting
from stationmaster.departures.pausing import LONGEST, SHORTEST
from stationmaster.upgrades import asking, deciding, finding, starting

if TYPE_CHECKING:
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

Arguments = dict[str, Any]
AGAIN = "again"
START = "start"
PULL = "pull"
CHECKS = "checks"
HELD = "held"
QUESTION = "question"


class UnknownLook(LookupError):
    """A trigger names a look that this release does not have."""


def look(desk: UpgradeDesk, name: str, upgrade: str, arguments: Arguments) -> Standing:
    """Take the look once; PASS when the task may go on. What cannot be read is a blocker, never a yes.

    :raises UnknownLook: the name is of another release.
    """
    if name not in LOOKS:
        raise UnknownLook(f"{name!r} is not one of {', '.join(sorted(LOOKS))}")
    found = desk.upgrade(upgrade)
    if desk.now() >= found.end:
        return passed(name)
    try:
        return LOOKS[name](desk, found, arguments)
    except Exception as error:
        why = hindrance(desk, error, ())
        if why is None:
            raise
        return waiting(name, why)


def pause(desk: UpgradeDesk, subject: str, blockers: Sequence[Blocker], arguments: Arguments) -> Arguments:
    """Return the arguments of a wait for a passing obstacle: the longer it lasts the longer, five minutes at most.

    :param subject: where the task's blockers stand in the ledger.
    :param arguments: what the task needs to know of the try when it goes on.
    """
    now, codes = desk.now(), {found.code for found in blockers}
    since = [known.since for known in desk.ledger.blockers(subject).get(subject, ()) if known.code in codes]
    lasting = now - min((at for at in since if at is not None), default=now)
    until = now + min(max(SHORTEST, lasting / 4), LONGEST)
    return {**arguments, "until": until.isoformat(), "blockers": [found.model_dump(mode="json") for found in blockers]}


def _again(desk: UpgradeDesk, upgrade: Upgrade, arguments: Arguments) -> Standing:
    blockers = tuple(Blocker.model_validate(found) for found in arguments["blockers"])
    if desk.now() >= datetime.fromisoformat(arguments["until"]):
        # The reason stays until the step was taken again.
        return passed(AGAIN).model_copy(update={"blockers": blockers})
    return waiting(AGAIN, *blockers)


def _start(desk: UpgradeDesk, upgrade: Upgrade, _: Arguments) -> Standing:
    """Wait while somebody has stopped the upgrades."""
    return starting.halted(desk)


def _pull(desk: UpgradeDesk, upgrade: Upgrade, _: Arguments) -> Standing:
    """Wait for the run's end, and for its pull request to show."""
    found = finding.search(desk, upgrade)
    return passed(PULL) if found.blocker is None else waiting(PULL, found.blocker)


def _checks(desk: UpgradeDesk, upgrade: Upgrade, _: Arguments) -> Standing:
    """Wait for the checks, as long as the file gives them."""
    decision = deciding.decide(desk, upgrade)
    return decision.standing if decision.standing is not None else passed(CHECKS)


def _held(desk: UpgradeDesk, upgrade: Upgrade, _: Arguments) -> Standing:
    """Wait for the end of a freeze, as long as the merge is right otherwise."""
    if deciding.decide(desk, upgrade).what != "merge":
        return passed(HELD)
    standing = deciding.held(desk)
    return passed(HELD) if standing.opens else waiting(HELD, *standing.blockers)


def _question(desk: UpgradeDesk, upgrade: Upgrade, arguments: Arguments) -> Standing:
    """Wait for the person: until they answer, or what they are asked about settles itself, or the shift changes."""
    decision = deciding.decide(desk, upgrade)
    place = int(arguments["place"])
    if decision.what != "ask" or (not arguments.get("last") and asking.handed_over(desk, upgrade, place)):
        return passed(QUESTION)
    silent: list[Blocker] = []
    try:
        asking.tell(desk, upgrade, place, decision)
    except Exception as error:
        found = hindrance(desk, error, ())
        if found is None:
            raise
        silent.append(found)
    return waiting(QUESTION, asking.waits_for(desk, upgrade, place, decision), *silent)


LOOKS: dict[str, Callable[[UpgradeDesk, Upgrade, Arguments], Standing]] = {
    AGAIN: _again,
    START: _start,
    PULL: _pull,
    CHECKS: _checks,
    HELD: _held,
    QUESTION: _question,
}
"""Every look by its name. The names stand in triggers that wait, so they are a contract (F69)."""
