"""The question to whoever is on call: told once, reminded, and handed over with the shift (D-25, D-26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.upgrades import wording
from stationmaster.work.messages import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from stationmaster.config.people import Person
    from stationmaster.ledger.records import Fact
    from stationmaster.upgrades.deciding import Decision
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

ASKED = "asked"
"""The kind of the fact that a place in the row asks whoever is on call: subject ``<place>``, value ``{"people"}``."""


def asked_at(desk: UpgradeDesk, upgrade: Upgrade, place: int) -> Fact | None:
    """Return whom the ``place``-th task of the row asks, None before it has asked.

    A task instance of Airflow asks the same people for ever (fact 4): whoever comes next is asked by the next task.
    """
    return desk.ledger.fact(upgrade.id, ASKED, str(place))


def ask(desk: UpgradeDesk, upgrade: Upgrade, place: int, people: Sequence[Person]) -> Fact:
    """Keep whom the task asks; the first ones stay."""
    value = {"people": [person.id for person in people]}
    return desk.ledger.record_once(upgrade.id, ASKED, str(place), value, desk.now(), "stationmaster")


def tell(desk: UpgradeDesk, upgrade: Upgrade, place: int, decision: Decision) -> None:
    """Tell whoever is asked, once, and remind them when that is due; after an outage only the newest is said.

    :raises EffectRefused, EffectUnknown, EffectBusy: Slack does not take it; it is told later.
    """
    fact = asked_at(desk, upgrade, place)
    if fact is None:
        return
    people = [desk.team.people[name] for name in fact.value["people"] if name in desk.team.people]
    earlier = asked_at(desk, upgrade, place - 1) if place else None
    gone = (
        [desk.team.people[name].name for name in earlier.value["people"] if name in desk.team.people] if earlier else []
    )
    text = wording.asked(desk, people, decision, before=" and ".join(gone))
    say(desk, f"{upgrade.id}/ask/{place}", desk.channel, text)
    due = (desk.now() - fact.at) // desk.rules.remind
    if due:
        # Whoever is on call now: after the last task of the row that may be somebody who was never asked in Airflow.
        text = wording.reminder(desk, desk.on_call, decision)
        say(desk, f"{upgrade.id}/ask/{place}/reminder-{due}", desk.channel, text)


def complain(desk: UpgradeDesk, upgrade: Upgrade, task: str, found: Blocker) -> None:
    """Tell whoever is on call of an obstacle that will not pass by itself, once for each task and code.

    :raises EffectRefused, EffectUnknown, EffectBusy: Slack does not take it.
    """
    text = wording.stuck(desk, desk.on_call, found)
    say(desk, f"{upgrade.id}/stuck/{task}/{found.code}", desk.channel, text)


def handed_over(desk: UpgradeDesk, upgrade: Upgrade, place: int) -> bool:
    """Return whether whoever was asked has gone off call."""
    fact = asked_at(desk, upgrade, place)
    return fact is not None and {person.id for person in desk.on_call}.isdisjoint(fact.value["people"])


def waits_for(desk: UpgradeDesk, upgrade: Upgrade, place: int, decision: Decision) -> Blocker:
    """Return the open question."""
    fact, people = asked_at(desk, upgrade, place), desk.on_call
    where = f"#{decision.pull.number}" if decision.pull is not None else "the Actions page"
    return blocker(
        "UPGRADE_OPEN",
        since=fact.at if fact is not None else None,
        clears_at=_next_saying(desk, upgrade, fact.at if fact is not None else desk.now()),
        who=tuple(person.id for person in people),
        person=" or ".join(person.name for person in people),
        repository=desk.repository,
        why=" ".join(decision.reasons)[:200].rstrip("."),
        where=where,
    )


def _next_saying(desk: UpgradeDesk, upgrade: Upgrade, since: datetime) -> datetime:
    """Return when a reminder is said, or the next upgrade takes over."""
    said = (desk.now() - since) // desk.rules.remind
    return min(since + (said + 1) * desk.rules.remind, upgrade.end)
