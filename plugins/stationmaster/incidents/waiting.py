"""The looks of an incident's tasks: at the ladder, at Slack, at the clock; only an answer ends a question (F69)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.incidents import HANDLING, POSTMORTEM, REPORT, ROUND, Kind, State, update_due
from stationmaster.core.instants import local_text
from stationmaster.incidents import acknowledging, handling, paging, postmortem, records, reporting, telling
from stationmaster.work import questions
from stationmaster.work.obstacles import hindrance, passed, waiting
from stationmaster.work.waits import Arguments, Look, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from stationmaster.core.gates import Standing
    from stationmaster.core.incidents import Story
    from stationmaster.work.context import Desk

RUNG = "rung"
QUESTION = "question"


def look(desk: Desk, name: str, about: str, arguments: Arguments) -> Standing:
    """Take a look of an incident; PASS when its task may go on.

    :raises UnknownLook: the name is of another release.
    """
    return take(LOOKS, desk, name, about, arguments)


def _rung(desk: Desk, about: str, arguments: Arguments) -> Standing:
    """Wait until a rung of the ladder is due, or somebody has it."""
    story = records.story(desk, about)
    step = paging.climb(desk, story, int(arguments["rung"]))
    if story.state is not State.OPEN or step is None or desk.now() >= step.at:
        return passed(RUNG)
    at = local_text(step.at, desk.files.zone)
    return waiting(RUNG, blocker("INCIDENT_CLIMBS", clears_at=step.at, rung=step.place + 1, incident=about, at=at))


def _question(desk: Desk, about: str, arguments: Arguments) -> Standing:
    """Wait for an answer, in Airflow or elsewhere; meanwhile say in Slack what is due."""
    story, place = records.story(desk, about), int(arguments["place"]) % ROUND
    silent: list[Blocker] = []

    def tried(saying: Callable[[Desk, Story], object]) -> None:
        try:
            saying(desk, story)
        except Exception as error:
            found = hindrance(desk, error, ())
            if found is None:
                raise
            silent.append(found)

    ask = next(each for first, each in reversed(_ASKED) if place >= first)
    standing: Standing = ask(desk, story, int(arguments["place"]), bool(arguments.get("last", True)), tried)
    if standing.opens:
        return standing
    return standing.model_copy(update={"blockers": (*standing.blockers, *dict.fromkeys(silent))})


def _page(desk: Desk, story: Story, place: int, last: bool, tried: Callable[..., None]) -> Standing:
    rung = place % ROUND

    def say(desk: Desk, story: Story) -> None:
        step = paging.climb(desk, story, rung)
        if step is not None:
            paging.tell_page(desk, story, step, questions.people_asked(desk, story.id, place))
            paging.circle_issue(desk, story, step)
        paging.remind(desk, story)

    if story.state is State.OPEN:
        tried(acknowledging.look_at_slack)
        tried(handling.listen)
        story = records.story(desk, story.id)
    if story.state is not State.OPEN:
        return passed(QUESTION)
    tried(say)
    people = questions.people_asked(desk, story.id, place)
    return waiting(
        QUESTION,
        blocker(
            "INCIDENT_UNACKNOWLEDGED",
            since=story.began_at,
            who=tuple(each.id for each in people),
            people=", ".join(each.name for each in people) or "Nobody",
            verb="was" if len(people) <= 1 else "were",
            incident=story.id,
        ),
    )


def _handle(desk: Desk, story: Story, place: int, last: bool, tried: Callable[..., None]) -> Standing:
    tried(handling.listen)
    story = records.story(desk, story.id)
    if not story.under_way or (not last and handling.handed_over(desk, story, place)):
        return passed(QUESTION)
    tried(handling.tell_all)
    tried(handling.attend)
    tried(telling.refresh)
    rules = records.rules_of(desk)
    point = story.positions.get(rules.positions[0], story.acknowledged_by or "")
    person = desk.team.people.get(point)
    found = [
        blocker(
            "INCIDENT_UNDER_WAY",
            who=tuple(each.id for each in questions.people_asked(desk, story.id, place)),
            person=person.name if person is not None else "Nobody",
            incident=story.id,
            title=story.title,
        )
    ]
    severity = rules.severities.get(story.severity)
    due = update_due(story, severity.updates if severity is not None else None)
    if due is not None and desk.now() >= due:
        at = local_text(due, desk.files.zone)
        found.append(blocker("INCIDENT_UPDATE_DUE", since=due, who=(point,), incident=story.id, at=at))
    return waiting(QUESTION, *found)


def _report(desk: Desk, story: Story, place: int, last: bool, tried: Callable[..., None]) -> Standing:
    if story.state is not State.RESOLVED or story.last(Kind.EXAMINED) is not None:
        return passed(QUESTION)
    tried(reporting.remind)
    people = questions.people_asked(desk, story.id, place)
    return waiting(
        QUESTION,
        blocker(
            "INCIDENT_REPORT_DUE",
            since=story.ended_at,
            who=tuple(each.id for each in people),
            person=", ".join(each.name for each in people) or "whoever led it",
            incident=story.id,
        ),
    )


def _postmortem(desk: Desk, story: Story, place: int, last: bool, tried: Callable[..., None]) -> Standing:
    if not postmortem.is_due(desk, story) or story.last(Kind.POSTMORTEM) is not None:
        return passed(QUESTION)
    tried(postmortem.remind)
    due = postmortem.due_at(desk, story)
    who = tuple(each.id for each in questions.people_asked(desk, story.id, place))
    at = local_text(due, desk.files.zone)
    return waiting(QUESTION, blocker("POSTMORTEM_DUE", since=story.ended_at, who=who, incident=story.id, at=at))


_ASKED: tuple[tuple[int, Callable[..., Standing]], ...] = (
    (0, _page),
    (HANDLING, _handle),
    (REPORT, _report),
    (POSTMORTEM, _postmortem),
)
LOOKS: dict[str, Look] = {RUNG: _rung, QUESTION: _question}
"""Every look by its name. The names stand in triggers that wait, so they are a contract (F69)."""
