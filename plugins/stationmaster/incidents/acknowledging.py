"""Somebody has it: the first answer counts, whoever of the team gives it, and whichever way it comes (C-34, C-35)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from stationmaster.core.incidents import Kind, State
from stationmaster.incidents import handling, records, telling, wording
from stationmaster.oncall_log import log

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.core.incidents import Happening, Story
    from stationmaster.work.context import Desk
    from stationmaster.work.effects import Receipt

EMOJIS = ("white_check_mark", "eyes")
Way = Literal["airflow", "slack", "cli"]


def acknowledge(desk: Desk, story: Story, person: Person, way: Way) -> Happening:
    """Keep that somebody has it, stop the ladder, and make them the point unless somebody is. The first stands.

    :raises NotNow: it is over, or somebody has it already and says so again.
    """
    happening = records.happened(desk, story, Kind.ACKNOWLEDGED, person.id, {"way": way}, once=f"{story.round}")
    holder = desk.team.people.get(happening.by, person)
    position = records.rules_of(desk).positions[0]
    if position not in story.positions:
        handling.assign(desk, story, position, holder.id, by=holder.id, once=f"{story.round}/acknowledged")
    found = records.story(desk, story.id)
    log.write(
        desk,
        f"Incident {story.id} was acknowledged ({happening.value['way']}).",
        at=happening.at,
        about=story.id,
        by=holder.id,
        once=f"{story.id}/acknowledged/{story.round}",
    )
    telling.tell(desk, found, f"acknowledged/{story.round}", wording.taken(desk, found, holder))
    telling.refresh(desk, found)
    return happening


def look_at_slack(desk: Desk, story: Story) -> Happening | None:
    """Take a ✅ or 👀 under one of the incident's messages as the answer, if it is of somebody of the team.

    :raises ChatError: it cannot be read; what cannot be read is no answer.
    """
    if story.state is not State.OPEN:
        return story.last(Kind.ACKNOWLEDGED)
    for message in _messages(desk, story):
        given = desk.chat.reactions(str(message["channel"]), str(message["ts"]))
        accounts = frozenset[str]().union(*(given.get(emoji, frozenset()) for emoji in EMOJIS))
        for person in may_acknowledge(desk):
            if not accounts.isdisjoint(person.slack):
                return acknowledge(desk, story, person, "slack")
    return None


def may_acknowledge(desk: Desk) -> tuple[Person, ...]:
    """Return everybody of the team: whoever is there takes it, and the ladder is only how they are found (C-35)."""
    return tuple(person for person in desk.team.people.values() if person.active and not person.bot)


def _messages(desk: Desk, story: Story) -> Iterator[Receipt]:
    """Yield the messages of this round that ask for an answer."""
    headline = telling.known_headline(desk, story)
    if headline is not None and not story.round:
        yield headline
    for each in story.all(Kind.PAGED):
        if each.value["round"] != story.round:
            continue
        effect = desk.ledger.effect(f"{story.id}/tell/page/{story.round}/{each.value['place']}")
        if effect is not None and effect.receipt:
            yield effect.receipt
