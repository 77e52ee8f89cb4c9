"""A serious incident gets a postmortem: drafted, and reminded of until somebody says where it stands (C-31)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.incidents import Happening, Kind, State, Story
from stationmaster.incidents import handling, records, reporting, telling, wording
from stationmaster.oncall_log import log
from stationmaster.work import issues

if TYPE_CHECKING:
    from pathlib import Path

    from stationmaster.config.people import Person
    from stationmaster.work.context import Desk
    from stationmaster.work.effects import Receipt


class NoAddress(ValueError):
    """A postmortem that is nowhere to be read."""


def is_due(desk: Desk, story: Story) -> bool:
    """Return whether the team's policy asks for a postmortem of this incident."""
    if story.state not in (State.RESOLVED, State.REPORTED):
        return False
    return records.rules_of(desk).asks_for_postmortem(story.severity, story.impact, story.company)


def due_at(desk: Desk, story: Story) -> datetime:
    """Return until when it is due. Only of an incident of which it is."""
    rule = records.rules_of(desk).postmortem
    if rule is None or story.ended_at is None:
        raise LookupError(f"{story.id} needs no postmortem")
    return story.ended_at + rule.within


def draft(desk: Desk, include: Path, story: Story) -> Receipt | None:
    """File the draft, once; None: none is due.

    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    from stationmaster.config.templates import template_text

    rule = records.rules_of(desk).postmortem
    if rule is None or not is_due(desk, story):
        return None
    text = reporting.document(desk, template_text(include, rule.filing.template), story)
    owner = desk.team.people.get(handling.point_of(desk, story))
    assignees = [owner.github] if owner is not None and owner.github else []
    stem = story.id.rpartition("/")[2].replace(".", "-")
    return issues.file(
        desk, _key(story), rule.filing, title=f"Postmortem: {story.title}", name=stem, text=text, assignees=assignees
    )


def record(desk: Desk, story: Story, person: Person, url: str) -> Happening:
    """Keep where the postmortem is; the first stands.

    :raises NoAddress: it is no address that people can open.
    """
    address = url.strip()
    if not address.startswith(("https://", "http://")) or any(sign.isspace() for sign in address):
        raise NoAddress("Where is it? Write the postmortem's address, with https://.")
    happening = records.happened(desk, story, Kind.POSTMORTEM, person.id, {"url": address[:500]}, once=f"{story.round}")
    rule = records.rules_of(desk).postmortem
    shared = f" Its lessons are for {rule.shared}." if rule is not None and rule.shared else ""
    text = f"The postmortem of {story.id} is written.{shared}"
    links, once = [str(happening.value["url"])], f"{story.id}/postmortem/{story.round}"
    log.write(desk, text, at=happening.at, links=links, about=story.id, by=happening.by, once=once)
    return happening


def remind(desk: Desk, story: Story) -> None:
    """Say that it is due: when the incident is over, and at each interval until somebody says where it is."""
    rule = records.rules_of(desk).postmortem
    if rule is None or story.ended_at is None:
        return
    effect = desk.ledger.effect(_key(story))
    url = str(effect.receipt["url"]) if effect is not None and effect.receipt else ""
    place = (desk.now() - story.ended_at) // rule.remind
    text = wording.postmortem_wanted(desk, story, due_at(desk, story), url)
    telling.tell(desk, story, f"postmortem/{story.round}/{place}", text, broadcast=True)


def _key(story: Story) -> str:
    return f"{story.id}/postmortem" + (f"/{story.round}" if story.round else "")
