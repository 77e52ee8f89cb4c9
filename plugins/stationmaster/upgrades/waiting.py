"""The looks of an upgrade's tasks that wait: all of them end when the next upgrade begins; none of them merges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker
from stationmaster.core.gates import Standing
from stationmaster.upgrades import asking, deciding, finding, starting
from stationmaster.work.obstacles import hindrance, passed, waiting
from stationmaster.work.waits import AGAIN, Arguments, UnknownLook, again

if TYPE_CHECKING:
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

START = "start"
PULL = "pull"
CHECKS = "checks"
HELD = "held"
QUESTION = "question"


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


def _again(desk: UpgradeDesk, upgrade: Upgrade, arguments: Arguments) -> Standing:
    return again(desk, arguments)


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
