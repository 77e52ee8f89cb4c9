"""People who take incidents in a rehearsal: on some rung of the ladder, then news, the end, the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.airflow_answers import RequiredAction
from stationmaster.rehearsal.answering import Answers, still
from stationmaster.rehearsal.cast_plans import Plan, Plans
from stationmaster.rehearsal.conducting import Scene
from stationmaster.rehearsal.programme_duty import INCIDENT, area_of, scripts

WAKING_UP = timedelta(minutes=4)
MINE = "I have it"
NEWS: tuple[tuple[str, timedelta, dict[str, str]], ...] = (
    ("Update", timedelta(minutes=15), {"text": "Looking at the logs of the last deploy", "eta": "within the hour"}),
    ("Mitigated", timedelta(minutes=20), {"text": "Restarted what hung; it answers again"}),
    ("Resolved", timedelta(minutes=30), {"text": "The pool of connections is larger now"}),
)
"""What is answered one after the other, and how long each takes."""
REPORTS = timedelta(hours=3)
WRITES = timedelta(hours=30)
"""A postmortem is reminded of once before it is there."""
FITTED, MISSING = "one fitted", "none fitted"


class Responders:
    """Whoever is paged.

    :param react: puts an emoji on a message: account, channel, ts.
    """

    def __init__(
        self, teams: Mapping[str, TeamConfig], answers: Answers, *, react: Callable[[str, str, str], bool]
    ) -> None:
        self._teams = teams
        self._answers = answers
        self._react = react
        self._scripts = scripts(teams)

    def plan(self, scene: Scene, plans: Plans) -> None:
        """Plan the answer to each question of an incident that is new."""
        for action in scene.actions:
            task = action.task_instance
            if not action.waits or area_of(task.dag_id) != INCIDENT:
                continue
            team = self._teams[task.dag_id.partition(".")[0]]
            run = f"{task.dag_id}/{task.dag_run_id}/{task.asking}"
            if task.task_id == "page":
                if task.map_index == self._scripts[team.id].rung:
                    plans.once(f"{run}/page", partial(self._takes, scene, team, action))
            elif task.task_id.startswith("handle"):
                number = _news_so_far(scene, team.id)
                plans.once(f"{run}/news/{number}", partial(self._tells, scene, number, action))
            elif task.task_id == "examine":
                plans.once(f"{run}/examine", partial(self._examines, scene, team, action))
            elif task.task_id == "ask_for_the_postmortem":
                plans.once(f"{run}/postmortem", partial(self._writes, scene, action))

    def _takes(self, scene: Scene, team: TeamConfig, action: RequiredAction) -> Iterator[Plan]:
        at = scene.now + WAKING_UP
        if self._scripts[team.id].way == "slack":
            yield Plan(at, partial(self._ticks, team, action))
        else:
            yield Plan(at, partial(self._gives, action, MINE, {}))

    def _ticks(self, team: TeamConfig, action: RequiredAction, scene: Scene) -> bool:
        """Put a mark under the page in Slack, as the first who was paged."""
        found = still(scene, action)
        if found is None:
            return True
        incident = _newest(scene, team.id)
        told = scene.ledger.effect(f"{incident}/tell/page/0/{action.task_instance.map_index}")
        person = next((one for one in team.people.values() if one.airflow == found.assigned_users[0].id), None)
        if told is None or not told.receipt or person is None:
            return False
        return self._react(person.slack[0], str(told.receipt["channel"]), str(told.receipt["ts"]))

    def _tells(self, scene: Scene, number: int, action: RequiredAction) -> Iterator[Plan]:
        if number < len(NEWS):
            option, takes, form = NEWS[number]
            yield Plan(scene.now + takes, partial(self._gives, action, option, dict(form)))

    def _examines(self, scene: Scene, team: TeamConfig, action: RequiredAction) -> Iterator[Plan]:
        missing = self._scripts[team.id].rung > 0
        form = {
            "root_cause": "A pool of connections was too small for the morning's load",
            "impact": "Whoever called it saw errors",
            "resolution": "Restart it, then give it a larger pool",
            "preventive": "Watch how full the pool is",
            "lessons": "The ladder found somebody at once; the dashboard did not show the pool",
            "follow_ups": "Show the pool on the dashboard\nAlert before it is full",
            "runbook": MISSING if missing else FITTED,
            "runbook_page": "" if missing else "incident",
        }
        yield Plan(scene.now + REPORTS, partial(self._gives, action, "File the report", form))

    def _writes(self, scene: Scene, action: RequiredAction) -> Iterator[Plan]:
        form = {"url": "https://docs.example.org/postmortems/rehearsal"}
        yield Plan(scene.now + WRITES, partial(self._gives, action, "It is written", form))

    def _gives(self, action: RequiredAction, option: str, form: dict[str, Any], scene: Scene) -> bool:
        found = still(scene, action)
        return found is None or self._answers.give(found, option, dict(form))


def _news_so_far(scene: Scene, team: str) -> int:
    """Return how much news of the newest incident has arrived: an answer that got lost is given again."""
    incident = _newest(scene, team)
    return sum(len(scene.ledger.facts(incident, kind)) for kind in ("updated", "mitigated", "resolved"))


def _newest(scene: Scene, team: str) -> str:
    facts = scene.ledger.facts(f"{team}.{INCIDENT}", "numbered")
    return facts[-1].subject if facts else ""
