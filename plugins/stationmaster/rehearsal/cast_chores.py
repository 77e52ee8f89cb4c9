"""People who do chores in a rehearsal: most in time, one late, one never in its shift, one not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from stationmaster.config.chore_timing import schedule_of
from stationmaster.config.chores import Chore
from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.airflow_answers import RequiredAction
from stationmaster.rehearsal.answering import Answers, still
from stationmaster.rehearsal.cast_plans import Plan, Plans
from stationmaster.rehearsal.conducting import Scene
from stationmaster.rehearsal.hours_duty import is_covered
from stationmaster.rehearsal.programme_duty import CHORES, TOGETHER, area_of, together

DONE = "Done"
AT_WORK = timedelta(minutes=20)
"""How long a chore takes at least."""
LATE_BY = timedelta(hours=2)
MARGIN = timedelta(hours=2)
A_SHIFT = timedelta(days=8)
NOT_LONG = timedelta(days=3)
_HOST = "grafana.example.org"
_GITHUB = "github.com"
_WRITTEN = "runbook_written"
_STEP = "step_"
_NUMBER = 5.0


class ChoreDoers:
    """Whoever is asked to do a chore.

    :param until: nothing is put off beyond this instant.
    """

    def __init__(self, teams: Mapping[str, TeamConfig], answers: Answers, *, until: datetime) -> None:
        self._teams = teams
        self._answers = answers
        self._until = until
        self._played: set[tuple[str, str]] = set()
        self._asked: dict[str, int] = {}
        self._decided: dict[str, datetime | None] = {}

    def plan(self, scene: Scene, plans: Plans) -> None:
        """Plan what becomes of each chore that is newly asked of somebody."""
        for action in scene.actions:
            task = action.task_instance
            if action.waits and area_of(task.dag_id) == CHORES:
                name = f"{task.dag_id}/{task.dag_run_id}/{task.task_id}"
                plans.once(f"{name}/{task.asking}", partial(self._plans_for, scene, action, name))

    def _plans_for(self, scene: Scene, action: RequiredAction, name: str) -> Iterator[Plan]:
        task = action.task_instance
        team = self._teams[task.dag_id.partition(".")[0]]
        chore = team.chores[task.dag_id.rpartition(".")[2]]
        if name not in self._decided:
            self._decided[name] = self._when(team, chore, scene, first=task.task_id == "do_it")
        at = self._decided[name]
        if at is not None:
            yield Plan(max(at, scene.now), partial(self._do, chore, action))

    def _when(self, team: TeamConfig, chore: Chore, scene: Scene, *, first: bool) -> datetime | None:
        """Return when a chore is done, None if not by whoever has been asked now."""
        soon = together(scene.now + AT_WORK, TOGETHER)
        count = self._asked[team.id] = self._asked.get(team.id, 0) + 1
        if not first:
            return soon
        schedule = schedule_of(team, chore)
        over = schedule.next_after(scene.now) if schedule is not None else scene.now + 4 * A_SHIFT
        handoff = team.rotation_of(chore.role).next_handoff(scene.now)
        due = _due(team, chore, scene.now)
        put_off = chore.late.hands > 1 and handoff + MARGIN < min(over, scene.now + A_SHIFT, self._until)
        if put_off and self._plays(team, "carried over"):
            return None
        if due is not None and due < scene.now + NOT_LONG:
            late = together(due + LATE_BY, TOGETHER)
            at_work = is_covered(team, (chore.role,), due) and is_covered(team, (chore.role,), late)
            if at_work and late + MARGIN < min(over, handoff, self._until) and self._plays(team, "late"):
                return late
        if count > 2 and over + MARGIN < min(scene.now + NOT_LONG, self._until) and self._plays(team, "missed"):
            return None
        return soon

    def _plays(self, team: TeamConfig, what: str) -> bool:
        """Return whether the team has not had this yet, and note that it has it now."""
        new = (team.id, what) not in self._played
        self._played.add((team.id, what))
        return new

    def _do(self, chore: Chore, action: RequiredAction, scene: Scene) -> bool:
        found = still(scene, action)
        return found is None or self._answers.give(found, DONE, evidence_for(chore, found.params))


def evidence_for(chore: Chore, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a form that shows that a chore was done, as somebody fills it in who has done it."""
    form: dict[str, Any] = {name: True for name in fields if name.startswith(_STEP)}
    for piece in chore.evidence:
        if piece.kind == "link":
            form[piece.id] = f"https://{piece.hosts[0] if piece.hosts else _HOST}/rehearsal/{chore.id}"
        elif piece.kind == "file":
            form[piece.id] = "/".join([*([piece.under] if piece.under else []), f"{chore.id}.md"])
        elif piece.kind == "number":
            form[piece.id] = _within(piece.at_least, piece.at_most)
    if _WRITTEN in fields:
        form[_WRITTEN] = f"https://{_GITHUB}/rehearsal/runbooks/pull/1"
    return form


def _within(least: float | None, most: float | None) -> float:
    if least is not None and most is not None:
        return (least + most) / 2
    if most is not None:
        return min(most, _NUMBER)
    return max(least, _NUMBER) if least is not None else _NUMBER


def _due(team: TeamConfig, chore: Chore, opened: datetime) -> datetime | None:
    within = team.chores_head.due(chore) if team.chores_head is not None else chore.due
    return opened + within if within is not None else None
