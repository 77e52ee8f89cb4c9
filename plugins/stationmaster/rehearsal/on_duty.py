"""The people of a rehearsal who do what a team has to do beside its trains; they act beside the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

import httpx

from stationmaster.config.team import TeamConfig
from stationmaster.rehearsal.airflow_api import AirflowApi
from stationmaster.rehearsal.answering import Answers
from stationmaster.rehearsal.cast_alerts import AlertLighters
from stationmaster.rehearsal.cast_chores import ChoreDoers
from stationmaster.rehearsal.cast_incidents import Responders
from stationmaster.rehearsal.cast_plans import Plans
from stationmaster.rehearsal.cast_questions import Questioners
from stationmaster.rehearsal.conducting import Cast, Scene
from stationmaster.rehearsal.evidence_duty import DutyScript

TICK = "white_check_mark"


class OnDuty:
    """People who do chores, take incidents, ask questions and answer them, beside ``people``.

    :param api_of: returns a client logged in as an Airflow user.
    :param alerts_url: the stand-in Alertmanager.
    :param strangers: for each team the Slack account of somebody of another team.
    :param start: the first local date of the rehearsal; ``until`` is its last instant.
    :param tell: gets a sentence for each thing that somebody does.
    """

    def __init__(
        self,
        teams: Mapping[str, TeamConfig],
        people: Cast,
        *,
        api_of: Callable[[str], AirflowApi],
        slack_url: str,
        alerts_url: str,
        strangers: Mapping[str, str],
        start: date,
        until: datetime,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._people = people
        self._slack = httpx.Client(base_url=slack_url, trust_env=False, timeout=10)
        self._alerts_url = alerts_url
        self._plans = Plans()
        answers = Answers(api_of, tell)
        self._chores = ChoreDoers(teams, answers, until=until)
        self._incidents = Responders(teams, answers, react=self._react)
        self._questions = Questioners(teams, self._plans, post=self._post, strangers=strangers, start=start, tell=tell)
        self._alerts = AlertLighters(teams, self._plans, fires=self._fire, react=self._react, start=start, tell=tell)

    @property
    def script(self) -> DutyScript:
        """What people did of themselves, without being asked."""
        return DutyScript(tuple(self._questions.written), tuple(self._questions.noted), tuple(self._alerts.lit))

    def close(self) -> None:
        """Close the connections."""
        self._slack.close()

    def act(self, scene: Scene) -> bool:
        """Plan what follows from what is new, do what is due, and let the others act."""
        self._chores.plan(scene, self._plans)
        self._incidents.plan(scene, self._plans)
        done = self._plans.carry_out(scene)
        return self._people.act(scene) or done

    def next_instant(self, scene: Scene) -> datetime | None:
        """Return when somebody will act next."""
        found = [at for at in (self._plans.next_instant, self._people.next_instant(scene)) if at is not None]
        return min(found, default=None)

    def _post(self, account: str, channel: str, text: str, *, thread: str = "") -> str:
        body = {"user": account, "channel": channel, "text": text, **({"thread_ts": thread} if thread else {})}
        return str(self._slack.post("/_control/post", json=body).raise_for_status().json()["ts"])

    def _fire(self, labels: Mapping[str, str], *, begins: bool) -> None:
        url = f"{self._alerts_url}/_control/alerts/{'fire' if begins else 'end'}"
        httpx.post(url, json={"labels": dict(labels)}, trust_env=False, timeout=10).raise_for_status()

    def _react(self, account: str, channel: str, ts: str, name: str = TICK) -> bool:
        body = {"user": account, "channel": channel, "ts": ts, "name": name}
        self._slack.post("/_control/react", json=body).raise_for_status()
        return True


def strangers(teams: Mapping[str, TeamConfig], every: Mapping[str, TeamConfig]) -> dict[str, str]:
    """Return for each team the Slack account of somebody of another one; a team without any other is left out."""
    found = {}
    for team in teams:
        own = {account for person in every[team].people.values() for account in person.slack}
        others = (
            account
            for name, other in every.items()
            if name != team
            for person in other.people.values()
            if not person.bot and person.active
            for account in person.slack
            if account not in own
        )
        account = next(others, None)
        if account is not None:
            found[team] = account
    return found
