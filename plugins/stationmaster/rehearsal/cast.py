"""The people of a rehearsal: who votes where and when, who answers which question. The same seed plays the same play."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx

from stationmaster.config.team import TeamConfig
from stationmaster.departures.holding import BOARD_NOW
from stationmaster.departures.voting import LGTM
from stationmaster.operators.checking import ChecklistOperator
from stationmaster.operators.deploying import DeployByHandOperator
from stationmaster.operators.voting import ConfirmOperator
from stationmaster.rehearsal.airflow_answers import RequiredAction
from stationmaster.rehearsal.airflow_api import AirflowApi, AirflowConflict
from stationmaster.rehearsal.conducting import Scene

Way = str
"""``airflow``, ``reaction`` or ``reply``."""

_THINKING = timedelta(minutes=4)


class Vote(NamedTuple):
    """Who is going to vote for a departure, how, and when."""

    person: str
    way: Way
    at: datetime


class Colleagues:
    """Engineers who answer what they are asked: sometimes in Airflow, sometimes in Slack.

    :param api_of: a client logged in as an Airflow user.
    :param slack_url: the stand-in Slack.
    :param answers: answers a question to the person on call; returns the option and the form, or None to let it be.
    :param tell: gets a sentence for each thing that somebody does.
    """

    def __init__(
        self,
        *,
        teams: dict[str, TeamConfig],
        api_of: Callable[[str], AirflowApi],
        slack_url: str,
        seed: int = 1,
        silent: frozenset[str] = frozenset(),
        voters: int | None = None,
        conducts: bool = True,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Plan nothing yet.

        :param silent: Airflow users who do nothing.
        :param voters: how many people vote; by default as many as the quorum needs.
        :param conducts: whether the people on call answer what they are asked.
        """
        self._teams = teams
        self._api_of = api_of
        self._slack = httpx.Client(base_url=slack_url, trust_env=False, timeout=10)
        self._random = random.Random(seed)
        self._silent = silent
        self._voters = voters
        self._conducts = conducts
        self._tell = tell
        self._plans: dict[str, list[Vote]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._slack.close()

    def act(self, scene: Scene) -> bool:
        """Answer one round of questions."""
        acted = False
        for action in scene.actions:
            if action.task_instance.task_id == "ballot":
                self._plan(scene, action)
            elif self._conducts:
                acted = self._answer(action) or acted
        for departure, votes in self._plans.items():
            for vote in [vote for vote in votes if vote.at <= scene.now]:
                acted = self._vote(scene, departure, vote) or acted
                votes.remove(vote)
        return acted

    def next_instant(self, scene: Scene) -> datetime | None:
        """Return when the next planned vote is due."""
        return min((vote.at for votes in self._plans.values() for vote in votes), default=None)

    def _plan(self, scene: Scene, action: RequiredAction) -> None:
        departure = _departure_of(scene, action)
        if departure is None or departure in self._plans:
            return
        team = self._teams[departure.split(".", 1)[0]]
        train = team.train(departure.split("/", 1)[0])
        electors = [elector.person for elector in team.electorate(train) if elector.active]
        willing = [person for person in electors if team.people[person].airflow not in self._silent]
        wanted = train.gates.quorum.needed if self._voters is None else self._voters
        chosen = self._random.sample(willing, wanted)
        ways = ["airflow", "reaction", "airflow", "reply"]
        self._plans[departure] = [
            Vote(person, ways[place % len(ways)], scene.now + place * _THINKING) for place, person in enumerate(chosen)
        ]

    def _vote(self, scene: Scene, departure: str, vote: Vote) -> bool:
        team = self._teams[departure.split(".", 1)[0]]
        person = team.people[vote.person]
        self._tell(f"{person.name} answers LGTM ({vote.way})")
        if vote.way == "airflow":
            for action in scene.actions:
                if action.task_instance.task_id == "ballot" and any(
                    assigned.id == person.airflow for assigned in action.assigned_users
                ):
                    return self._respond(action, str(person.airflow), LGTM, {})
            return False
        round_key = f"{departure}/tell/promote/round-1"
        effect = scene.ledger.effect(round_key)
        if effect is None or not effect.receipt:
            return False
        place = {"channel": effect.receipt["channel"], "user": person.slack[0]}
        if vote.way == "reaction":
            self._slack.post(
                "/_control/react", json={**place, "ts": effect.receipt["ts"], "name": "white_check_mark"}
            ).raise_for_status()
            return True
        headline = scene.ledger.effect(f"{departure}/tell/headline")
        thread = headline.receipt["ts"] if headline else effect.receipt["ts"]
        self._slack.post("/_control/post", json={**place, "text": "LGTM!", "thread_ts": thread}).raise_for_status()
        return True

    def _answer(self, action: RequiredAction) -> bool:
        users = [assigned.id for assigned in action.assigned_users if assigned.id not in self._silent]
        reply = _usual_answer(action)
        if not users or reply is None:
            return False
        option, form = reply
        self._tell(f"{action.assigned_users[0].name} answers {option!r} to {action.subject!r}")
        return self._respond(action, users[0], option, form)

    def _respond(self, action: RequiredAction, user: str, option: str, form: dict[str, Any]) -> bool:
        task = action.task_instance
        with self._api_of(user) as api:
            try:
                api.answer(task.dag_id, task.dag_run_id, task.task_id, [option], params=form, map_index=task.map_index)
            except AirflowConflict:
                return False  # the question has just ended by itself
        return True


def _usual_answer(action: RequiredAction) -> tuple[str, dict[str, Any]] | None:
    form = {name: _default(field) for name, field in action.params.items()}
    if BOARD_NOW in action.options:
        return BOARD_NOW, form
    if ChecklistOperator.PASSED in action.options:
        return ChecklistOperator.PASSED, {name: value if name == "note" else True for name, value in form.items()}
    if DeployByHandOperator.DONE in action.options:
        return DeployByHandOperator.DONE, form
    if ConfirmOperator.GO in action.options:
        return ConfirmOperator.GO, form
    return None


def _default(field: Any) -> Any:
    return field.get("value") if isinstance(field, dict) else field


def _departure_of(scene: Scene, action: RequiredAction) -> str | None:
    """Return the departure that a ballot is about, as the ledger knows the waiting tasks."""
    train = action.task_instance.dag_id.removesuffix(".promote")
    for found in scene.ledger.departures(train):
        if found.state in ("STAGED", "GATED"):
            return found.id
    return None
