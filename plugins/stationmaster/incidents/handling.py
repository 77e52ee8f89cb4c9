"""What is done to an incident while it lasts: updates, roles, ratings, its end, its coming back (C-34, T-17, T-19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stationmaster.config.incident_ladder import rungs
from stationmaster.core import escaping
from stationmaster.core.incidents import Kind, NotNow, State, Story, update_due
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.incidents import lines, paging, records, telling, wording
from stationmaster.incidents.opening import check_ratings
from stationmaster.oncall_log import log
from stationmaster.work import questions

if TYPE_CHECKING:
    from stationmaster.config.people import Person
    from stationmaster.core.incidents import Happening
    from stationmaster.hooks.chat_models import Reply
    from stationmaster.oncall_log.log import Source
    from stationmaster.work.context import Desk

LONGEST = 3000
_SAID = {"update:": Kind.UPDATED, "mitigated:": Kind.MITIGATED, "resolved:": Kind.RESOLVED}
"""How a line in the incident's thread begins that changes the incident."""

_WRITTEN = (Kind.UPDATED, Kind.MITIGATED, Kind.RESOLVED, Kind.CALLED_OFF, Kind.REOPENED, Kind.RATED)


class UnknownPosition(ValueError):
    """A role within an incident that the team's file does not name, or a person whom it does not."""


def write(
    desk: Desk,
    story: Story,
    kind: Kind,
    by: str,
    text: str,
    *,
    once: str | None = None,
    source: Source = "dag",
    eta: str = "",
) -> Happening:
    """Add an update, or what mitigated, resolved, called off or opened it again, and tell it.

    :param once: what it is once of; by default each call is a happening of its own.
    :raises NotNow: the incident is over, or is not.
    """
    value: dict[str, Any] = {"text": text.strip()[:LONGEST], "source": source}
    if eta.strip():
        value["eta"] = eta.strip()[:200]
    happening = records.happened(desk, story, kind, by, value, once=once)
    found = records.story(desk, story.id)
    line = lines.sentence(desk, happening)
    log.write(
        desk, f"{story.id}: {line}", at=happening.at, about=story.id, source=source, by=by,
        once=f"{story.id}/happening/{happening.place}",
    )  # fmt: skip
    tell_all(desk, found)
    telling.refresh(desk, found)
    return happening


def tell_all(desk: Desk, story: Story) -> None:
    """Say in the thread what was said elsewhere, each once; the first failure of Slack ends the attempt."""
    for each in story.all(*_WRITTEN):
        if each.value.get("source") == "slack":
            continue
        text = escaping.slack(lines.sentence(desk, each), links=True)
        if telling.tell(desk, story, f"happening/{each.place}", text) is None:
            return


def rate(desk: Desk, story: Story, by: str, *, severity: str, impact: str, company: str = "", text: str = "") -> None:
    """Give the incident another severity or impact; the ladder and the updates follow it from now on.

    :raises UnknownRating: the team's file does not know one of them.
    """
    check_ratings(desk, severity, impact, company)
    if (severity, impact, company) == (story.severity, story.impact, story.company):
        return
    value = {"severity": severity, "impact": impact, "company": company, "text": text.strip()[:LONGEST]}
    happening = records.happened(desk, story, Kind.RATED, by, value)
    found = records.story(desk, story.id)
    line = lines.sentence(desk, happening)
    once = f"{story.id}/happening/{happening.place}"
    log.write(desk, f"{story.id}: {line}", at=happening.at, about=story.id, by=by, once=once)
    tell_all(desk, found)
    telling.refresh(desk, found)


def assign(desk: Desk, story: Story, position: str, person: str, *, by: str, once: str | None = None) -> None:
    """Give a role within the incident to somebody (T-17).

    :raises UnknownPosition: the team's file names no such role, or no such person.
    """
    known = records.rules_of(desk).positions
    if position not in known:
        raise UnknownPosition(f"{position!r} is no role within an incident. Use one of {', '.join(known)}.")
    if person not in desk.team.people:
        raise UnknownPosition(f"{person!r} is not in the people of {desk.files.id}.")
    if story.positions.get(position) == person:
        return
    records.happened(desk, story, Kind.ASSIGNED, by, {"position": position, "person": person}, once=once)
    telling.refresh(desk, records.story(desk, story.id))


def ask_for_help(desk: Desk, story: Story, by: str) -> None:
    """Ask the rest of the team, once in a round: nobody has to know everything (O-11, O-18)."""
    person = desk.team.people[by]
    rest = [each for each in desk.team.people.values() if each.active and not each.bot and each.id != by]
    text = wording.help_wanted(desk, story, person, rest)
    telling.tell(desk, story, f"help/{story.round}/{by}", text, broadcast=True)
    line = f"{story.id}: {person.name} asked the team for help."
    log.write(desk, line, about=story.id, by=by, once=f"{story.id}/help/{story.round}/{by}")


def listen(desk: Desk, story: Story) -> None:
    """Take what people of the team write in the thread after ``update:``, ``mitigated:`` or ``resolved:``; each once.

    :raises ChatError: it cannot be read.
    """
    parent = telling.known_headline(desk, story)
    if parent is None or not story.under_way:
        return
    for reply in desk.chat.replies(str(parent["channel"]), str(parent["ts"])):
        kind, text = heard(reply)
        person = desk.team.person_by_slack(reply.user) if kind is not None else None
        if kind is None or person is None or reply.at < story.began_at:
            continue
        try:
            write(desk, story, kind, person.id, text, once=f"slack/{reply.ts}", source="slack")
        except NotNow:
            continue  # it is over by now: what came too late is no part of it


def heard(reply: Reply) -> tuple[Kind | None, str]:
    """Return what a line in the thread does, and its text; None: it is only said."""
    text = reply.text.strip()
    for word, kind in _SAID.items():
        if text.lower().startswith(word) and text[len(word) :].strip() and not reply.bot:
            return kind, escaping.heard(text[len(word) :]).strip()
    return None, ""


def attend(desk: Desk, story: Story) -> None:
    """Say what is due while it lasts: an update that is missing, and a time that is over; each once (T-18, T-19)."""
    rules, now = records.rules_of(desk), desk.now()
    severity = rules.severities.get(story.severity)
    if severity is None or story.state not in (State.ACKNOWLEDGED, State.MITIGATED):
        return
    due = update_due(story, severity.updates)
    if due is not None and now >= due:
        telling.tell(
            desk, story, f"update-due/{due:%Y%m%dT%H%M}", wording.update_wanted(desk, story, due), broadcast=True
        )
    if severity.due is not None and now >= story.began_at + severity.due:
        found = {person.id: person for each in paging.climbs(desk, story) for person in _there(desk, each)}
        text = wording.too_long(desk, story, tuple(found.values()), severity.due)
        telling.tell(desk, story, f"too-long/{story.round}", text, broadcast=True)


def _there(desk: Desk, each: paging.Climb) -> tuple[Person, ...]:
    try:
        return paging.people(desk, each.rung, desk.now())
    except NobodyOnCall:
        return ()


def responders(desk: Desk, story: Story) -> tuple[Person, ...]:
    """Return who is asked how it goes: whoever is the point, and whoever is on call now.

    :raises NobodyOnCall: neither is anybody.
    """
    point = desk.team.people.get(point_of(desk, story))
    try:
        present = on_call(desk)
    except NobodyOnCall:
        if point is None:
            raise
        present = ()
    found = ([point] if point is not None else []) + list(present)
    return tuple({person.id: person for person in found}.values())


def on_call(desk: Desk) -> tuple[Person, ...]:
    """Return who is first on the ladder now.

    :raises NobodyOnCall: nobody is, and nobody comes.
    """
    return paging.people(desk, rungs(desk.team, records.rules_of(desk))[0], desk.now())


def point_of(desk: Desk, story: Story) -> str:
    """Return the id of the person who leads it, empty while nobody does."""
    return story.positions.get(records.rules_of(desk).positions[0]) or story.acknowledged_by or ""


def handed_over(desk: Desk, story: Story, place: int) -> bool:
    """Return whether the shift has changed since a task asked: whoever is on call now is to be asked, too."""
    fact = questions.asked_at(desk, story.id, place)
    if fact is None:
        return False
    try:
        present = {person.id for person in on_call(desk)}
    except NobodyOnCall:
        return False
    return present.isdisjoint(fact.value["people"])
