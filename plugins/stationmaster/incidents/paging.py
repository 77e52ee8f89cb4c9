"""The ladder is climbed until somebody has it: who is paged when, found at the instant of each rung (C-33 … C-35)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.config.incident_ladder import begins, ladder, rungs
from stationmaster.core.incidents import Happening, Kind, State, Story
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.incidents import circles, records, telling, wording

if TYPE_CHECKING:
    from stationmaster.config.incidents import IncidentRules, Rung
    from stationmaster.config.people import Person
    from stationmaster.config.team import TeamConfig
    from stationmaster.work.context import Desk


class Climb(NamedTuple):
    """One rung with the instant at which it is due."""

    place: int
    rung: Rung
    at: datetime


def climbs(desk: Desk, story: Story) -> tuple[Climb, ...]:
    """Return every rung of an incident's ladder with its instant, whether or not it is answered by now."""
    rules = records.rules_of(desk)
    # From there on it is climbed at any hour: what was to wait has waited.
    found = ladder(desk.team, rules, _begins(desk, story), critical=True)
    steps = rungs(desk.team, rules)
    return _sooner(story, [Climb(int(page.role), steps[int(page.role)], page.at) for page in found])


def _begins(desk: Desk, story: Story) -> datetime:
    """Return when the ladder is begun: when somebody is on duty, or when the incident became critical before that."""
    rules = records.rules_of(desk)
    rated = [each for each in story.all(Kind.OPENED, Kind.RATED) if _is_critical(rules, each)]
    before = [each for each in story.all(Kind.OPENED, Kind.RATED) if each.at <= story.began_at]
    if before and _is_critical(rules, before[-1]):
        return story.began_at
    became = next((each.at for each in rated if each.at > story.began_at), None)
    waits_until = begins(desk.team, rules, story.began_at, critical=False)
    return waits_until if became is None else min(became, waits_until)


def _is_critical(rules: IncidentRules, each: Happening) -> bool:
    """Return whether a rating is critical; a severity that the file does not know any more is taken for one."""
    severity = rules.severities.get(str(each.value.get("severity", "")))
    return severity is None or severity.critical or bool(each.value.get("company"))


def _sooner(story: Story, steps: list[Climb]) -> tuple[Climb, ...]:
    """Return the ladder as those left it who said that they cannot take it: the next rung is due then (N-07)."""
    passed = {int(each.value["place"]): each.at for each in story.all(Kind.PASSED_ON) if each.at >= story.began_at}
    found, gained = list[Climb](), timedelta(0)
    for each in steps:
        at = each.at - gained
        said = passed.get(each.place - 1)
        if said is not None and said < at:
            gained, at = gained + (at - said), said
        found.append(each._replace(at=at))
    return tuple(found)


def pass_on(desk: Desk, story: Story, place: int, by: str) -> None:
    """Keep that somebody on a rung cannot take it, so that the next rung is told at once, not after its delay.

    :raises NotNow: somebody has it by now.
    """
    records.happened(desk, story, Kind.PASSED_ON, by, {"place": place}, once=f"{story.round}/{place}")


def climb(desk: Desk, story: Story, place: int) -> Climb | None:
    """Return one rung; None: the team's file has no such rung any more."""
    return next((each for each in climbs(desk, story) if each.place == place), None)


def people(desk: Desk, rung: Rung, at: datetime) -> tuple[Person, ...]:
    """Return whoever is on a rung at an instant: of a role whoever holds it, or whose turn it is outside its hours.

    :raises NobodyOnCall: nobody is; that is an error, and never means anyone.
    """
    return people_of(desk.team, rung, at)


def people_of(team: TeamConfig, rung: Rung, at: datetime) -> tuple[Person, ...]:
    """Return the same of a team as it is in fact, or as its files say."""
    if rung.group is not None:
        return tuple(team.people[name] for name in team.groups[rung.group] if team.people[name].active)
    if rung.circle is not None:
        return (team.people[team.circles[rung.circle].owner],)
    for role in rung.roles:
        try:
            return tuple(team.people[name] for name in team.on_call(role, at).people)
        except NobodyOnCall:
            continue
    for role in rung.roles:
        turn = team.rotation_of(role).turns_of(role).people_at(at)
        if turn:
            return tuple(team.people[name] for name in turn)
    if rung.roles:
        # On days off it is nobody's turn: whoever comes next is woken, rather than nobody.
        coming = team.next_shift(rung.roles[0], at)
        if coming is not None:
            return tuple(team.people[name] for name in coming.people)
        raise NobodyOnCall(team.rotation_of(rung.roles[0]).id, rung.roles[0], at)
    return ()


def page(desk: Desk, story: Story, step: Climb) -> tuple[Person, ...]:
    """Page whoever is on a rung, once in a round of the ladder, and return them; Slack holds up nothing.

    :raises NobodyOnCall: nobody is on it.
    """
    once = f"{story.round}/{step.place}"
    known = next((each for each in desk.ledger.facts(story.id, Kind.PAGED.value) if each.subject == once), None)
    if known is not None:
        found = tuple(desk.team.people[name] for name in known.value["people"] if name in desk.team.people)
    else:
        found = people(desk, step.rung, desk.now())
        value = {"place": step.place, "round": story.round, "people": [each.id for each in found]}
        if step.rung.channel is not None:
            value["channel"] = step.rung.channel
        records.happened(desk, story, Kind.PAGED, "stationmaster", value, once=once)
    tell_page(desk, story, step, found)
    return found


def tell_page(desk: Desk, story: Story, step: Climb, found: tuple[Person, ...]) -> None:
    """Say a page in the thread and to each person; what could not be said is said at the next look."""
    what = f"page/{story.round}/{step.place}"
    if step.rung.channel is not None:
        channel = desk.team.channels[step.rung.channel].id
        telling.say_elsewhere(desk, story, what, channel, wording.last_resort(desk, story))
        return
    telling.tell(desk, story, what, wording.paged(desk, story, found), broadcast=True)
    for person in found:
        telling.whisper(desk, story, f"{what}/{person.id}", person, wording.paged(desk, story, (person,)))


def circle_issue(desk: Desk, story: Story, step: Climb) -> None:
    """Write the issue of a circle's owner, once (T-05). Raises as the ledger's recipe does."""
    if step.rung.circle is None:
        return
    by = desk.team.people.get(story.opened_by) or people(desk, step.rung, desk.now())[0]
    details = f"Nobody has acknowledged the incident {story.id} so far."
    matter = circles.Matter(step.rung.circle, story.severity, story.title, details)
    circles.escalate(desk, f"{story.id}/page/{story.round}/{step.place}/circle", matter, by)


def remind(desk: Desk, story: Story) -> None:
    """Page everybody of the ladder again after its last rung, at each interval, whoever is on call by then."""
    due = reminders(desk, story)
    if story.state is not State.OPEN or due < 1:
        return
    found: dict[str, Person] = {}
    for each in climbs(desk, story):
        try:
            found |= {person.id: person for person in people(desk, each.rung, desk.now())}
        except NobodyOnCall:
            continue
    text = wording.still_open(desk, story, tuple(found.values()))
    telling.tell(desk, story, f"page/{story.round}/again-{due}", text, broadcast=True)


def reminders(desk: Desk, story: Story) -> int:
    """Return how many intervals have gone by since the last rung was due; 0 before the first is over."""
    steps = climbs(desk, story)
    if not steps or desk.now() < steps[-1].at:
        return 0
    return (desk.now() - steps[-1].at) // records.rules_of(desk).remind
