"""What a rehearsal plays beside trains and handoffs: each chore that is due, each day's watch, one incident a team."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from stationmaster.config.chore_timing import schedule_of
from stationmaster.config.chores import Chore
from stationmaster.config.team import TeamConfig
from stationmaster.core.instants import first_instant
from stationmaster.core.watch_days import span_on
from stationmaster.rehearsal.airflow_answers import TaskInstance
from stationmaster.rehearsal.programme import Item, programme

CHORES, INCIDENT, WATCH = "chores", "incident", "watch"
LASTS: Mapping[str, timedelta] = {
    CHORES: timedelta(days=17),
    INCIDENT: timedelta(days=12),
    WATCH: timedelta(days=2),
}
"""Virtual time in which a run of each area ends: a chore is carried over, a postmortem takes its days."""
TOGETHER = timedelta(hours=1)
"""Chores begin at the full hour after their time, so that those of all teams are opened together."""
_BEFORE = timedelta(microseconds=1)
_ASKED_FOR = time(10, 20)
_REQUESTS = 2
"""So many of a team's chores on request are asked for."""
_TEXT = "Asked for in the rehearsal"
_NUMBER = 3
_LINK = "https://github.com/example/rehearsal/issues/1"


class Script(NamedTuple):
    """One team's incident: when it is opened, how bad it is, and on which rung of the ladder somebody takes it.

    :param day: of the week, 0 for Monday; ``at`` on the clocks of the team's zone.
    :param way: ``airflow`` or ``slack``.
    """

    day: int
    at: time
    critical: bool
    rung: int
    way: str


SCRIPTS = (
    Script(2, time(2, 30), critical=True, rung=1, way="airflow"),
    Script(1, time(22, 40), critical=False, rung=0, way="slack"),
    Script(5, time(3, 15), critical=True, rung=1, way="airflow"),
    Script(3, time(20, 10), critical=True, rung=1, way="slack"),
    Script(4, time(18, 30), critical=False, rung=1, way="airflow"),
)
"""In turn over the teams: at night, so that each policy of coverage is met."""


def area_of(dag_id: str) -> str:
    """Return ``chores``, ``incident`` or ``watch`` for a DAG of a team's own work, empty for another one."""
    parts = dag_id.split(".")
    if len(parts) == 3 and parts[1] == CHORES:
        return CHORES
    return parts[1] if len(parts) == 2 and parts[1] in (INCIDENT, WATCH) else ""


def programme_of_all(teams: Mapping[str, TeamConfig], start: date, weeks: int, *, with_duty: bool) -> list[Item]:
    """Return every start, of trains and handoffs and of the teams' own work, in the order of the calendar."""
    return sorted([*programme(teams, start, weeks), *(duty(teams, start, weeks) if with_duty else ())])


def duty(teams: Mapping[str, TeamConfig], start: date, weeks: int) -> list[Item]:
    """Return every start of a team's own work in the order of the calendar.

    :param start: a local date in the team's zone.
    """
    return sorted(
        [
            *(item for team in teams.values() for item in _chores(team, start, weeks)),
            *(item for team in teams.values() for item in _watches(team, start, weeks)),
            *(item for team, script in scripts(teams).items() for item in _incident(teams[team], script, start)),
        ]
    )


def together(at: datetime, every: timedelta) -> datetime:
    """Return the first instant that is not before ``at`` and lies on a whole multiple of ``every`` since 1970."""
    return at + timedelta(seconds=-at.timestamp() % every.total_seconds())


def scripts(teams: Mapping[str, TeamConfig]) -> dict[str, Script]:
    """Return how the incident of each team goes, by team."""
    having = sorted(team.id for team in teams.values() if team.incidents is not None)
    return {name: SCRIPTS[number % len(SCRIPTS)] for number, name in enumerate(having)}


def form_of(teams: Mapping[str, TeamConfig], item: Item) -> dict[str, Any]:
    """Return what stands in the form of a start; empty where there is none."""
    team, area = teams[item.team], area_of(item.dag_id)
    if area == INCIDENT:
        return _incident_form(team, scripts(teams)[team.id])
    if area == CHORES:
        return _chore_form(team.chores[item.what])
    return {}


def explains(subject: str, task: TaskInstance) -> bool:
    """Return whether blockers under ``subject`` are those of a task of a team's own work.

    A chore's stand under ``<team>.chores/<chore>/<when>/<task>``, the others' under ``<dag>/<matter>/<task>``; each
    rung of a ladder has its number.
    """
    area = task.dag_id.replace(f".{CHORES}.", f".{CHORES}/", 1)
    name = f"{task.task_id}-{task.map_index + 1}" if task.task_id == "page" else task.task_id
    return subject.startswith(f"{area}/") and subject.rpartition("/")[2] == name


def _chores(team: TeamConfig, start: date, weeks: int) -> Iterator[Item]:
    begins, ends = _midnight(start, team.zone), _midnight(start + timedelta(weeks=weeks), team.zone)
    requested = 0
    for chore in team.chores.values():
        schedule = schedule_of(team, chore)
        dag_id = f"{team.id}.{CHORES}.{chore.id}"
        if schedule is None:
            if requested < _REQUESTS:
                day = _nth_day(start, 2 + requested)
                yield Item(_local(day, _ASKED_FOR, team.zone), dag_id, team.id, team.zone)
                requested += 1
            continue
        at = schedule.next_after(begins - _BEFORE)
        while at < ends:
            yield Item(together(at, TOGETHER), dag_id, team.id, schedule.zone)
            at = schedule.next_after(at)


def _watches(team: TeamConfig, start: date, weeks: int) -> Iterator[Item]:
    for number in range(7 * weeks):
        day = start + timedelta(days=number)
        spans = [span_on((watch.hours.window(team.zone),), day, team.zone) for watch in team.watches.values()]
        opens = [span.start for span in spans if span is not None]
        if opens:
            yield Item(min(opens), f"{team.id}.{WATCH}", team.id, team.zone)


def _incident(team: TeamConfig, script: Script, start: date) -> Iterator[Item]:
    day = _nth_day(start, script.day)
    yield Item(_local(day, script.at, team.zone), f"{team.id}.{INCIDENT}", team.id, team.zone)


def _incident_form(team: TeamConfig, script: Script) -> dict[str, Any]:
    rules = team.incidents
    if rules is None:
        raise LookupError(f"{team.id} has no incidents")
    severity = next(name for name, each in rules.severities.items() if each.critical == script.critical)
    return {
        "service": rules.services[0],
        "kind": rules.kinds[0],
        "severity": severity,
        "impact": next(iter(rules.impacts)),
        "what": f"No answer from {rules.services[0]}",
    }


def _chore_form(chore: Chore) -> dict[str, Any]:
    fields = chore.form.form if chore.form is not None else {}
    values: dict[str, Any] = {"line": _TEXT, "text": _TEXT, "link": _LINK, "number": _NUMBER}
    return {name: field.choices[0] if field.kind == "choice" else values[field.kind] for name, field in fields.items()}


def _nth_day(start: date, weekday: int) -> date:
    """Return the first day of a weekday from ``start`` on."""
    return start + timedelta(days=(weekday - start.weekday()) % 7)


def _local(day: date, at: time, zone: str) -> datetime:
    return first_instant(datetime.combine(day, at), zone)


def _midnight(day: date, zone: str) -> datetime:
    return _local(day, time(), zone)
