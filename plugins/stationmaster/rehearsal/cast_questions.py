"""People who write in Slack during a rehearsal: questions that wait or are answered, and lines for the log."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol

from stationmaster.config.team import TeamConfig
from stationmaster.config.watch_kinds import QuestionsWatch
from stationmaster.core.watch_days import span_on
from stationmaster.rehearsal.cast_plans import Plan, Plans
from stationmaster.rehearsal.conducting import Scene

AFTER_OPENING = timedelta(minutes=65)
BETWEEN = timedelta(hours=2)
SOON = timedelta(minutes=5)
_WAITS = "How do I see which version is live, and when is the next one?"
_QUICK = "Where is the page on access?"
_LOGGED = "Looked through the dashboards after the morning's load: all quiet"
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_DAYS = 14


class Written(NamedTuple):
    """A question that somebody wrote: its team and watch, where it stands, and whether a colleague answered at once."""

    team: str
    watch: str
    channel: str
    ts: str
    at: datetime
    text: str
    answered: bool


class Noted(NamedTuple):
    """A line for the on-call log that somebody wrote in Slack."""

    team: str
    person: str
    at: datetime
    text: str


class Post(Protocol):
    """Writes in Slack as somebody, and returns the message's stamp."""

    def __call__(self, account: str, channel: str, text: str, *, thread: str = "") -> str:
        """Write ``text`` in a channel (its id), or in a thread."""


class Questioners:
    """Those who ask a team something, and those who answer.

    :param post: writes in Slack.
    :param strangers: for each team the Slack account of somebody of another team.
    :param start: a local date of each team.
    """

    def __init__(
        self,
        teams: Mapping[str, TeamConfig],
        plans: Plans,
        *,
        post: Post,
        strangers: Mapping[str, str],
        start: date,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._teams = teams
        self._plans = plans
        self._post = post
        self._strangers = strangers
        self._tell = tell
        self.written: list[Written] = []
        self.noted: list[Noted] = []
        for team in teams.values():
            self._plan(team, start)

    def _plan(self, team: TeamConfig, start: date) -> None:
        watch = next((each for each in team.watches.values() if isinstance(each, QuestionsWatch)), None)
        opens = _openings(team, watch, start) if watch is not None else ()
        if watch is not None and len(opens) > 1 and team.id in self._strangers:
            waits, quick = opens[0] + AFTER_OPENING, opens[1] + AFTER_OPENING
            self._at(f"{team.id}/waits", waits, partial(self._ask, team, watch, _WAITS, answered=False))
            self._at(f"{team.id}/quick", quick, partial(self._ask, team, watch, _QUICK, answered=True))
        if team.log is not None and team.log.channels and len(opens) > 1:
            self._at(f"{team.id}/log", opens[1] + BETWEEN, partial(self._note, team))

    def _at(self, name: str, at: datetime, do: Callable[[Scene], bool]) -> None:
        self._plans.once(name, lambda: [Plan(at, do)])

    def _ask(self, team: TeamConfig, watch: QuestionsWatch, text: str, scene: Scene, *, answered: bool) -> bool:
        channel = team.channels[watch.channels[0]].id if watch.channels else watch.ids[0]
        ts = self._post(self._strangers[team.id], channel, text)
        found = Written(team.id, watch.id, channel, ts, scene.now, text, answered)
        self.written.append(found)
        self._tell(f"Somebody asks {team.title}: {text}")
        if answered:
            self._at(f"{ts}/answer", scene.now + SOON, partial(self._answer, team, found))
        else:
            due = scene.now + watch.within
            self._at(f"{ts}/due", due, lambda _: True)
            self._at(f"{ts}/answer", due + SOON, partial(self._answer_tagged, team, found))
        return True

    def _answer(self, team: TeamConfig, written: Written, _: Scene) -> bool:
        person = next(one for one in team.people.values() if one.active and not one.bot and one.slack)
        self._tell(f"{person.name} answers in Slack")
        self._post(person.slack[0], written.channel, "On the first page of the wiki.", thread=written.ts)
        return True

    def _answer_tagged(self, team: TeamConfig, written: Written, scene: Scene) -> bool:
        """Answer as whoever was tagged; not settled before somebody was."""
        tag = scene.ledger.effect(f"{team.id}.watch/question/{written.channel}/{written.ts}/tag")
        accounts = _MENTION.findall(str(tag.intent.get("text", ""))) if tag is not None and tag.receipt else []
        if not accounts:
            return False
        self._tell("Whoever was tagged answers in Slack")
        self._post(accounts[0], written.channel, "It stands on the status page, at the top.", thread=written.ts)
        return True

    def _note(self, team: TeamConfig, scene: Scene) -> bool:
        rules = team.log
        person = next((one for one in team.people.values() if one.active and not one.bot and one.slack), None)
        if rules is None or person is None:
            return True
        self._post(person.slack[0], team.channels[rules.channels[0]].id, f"{rules.word} {_LOGGED}")
        self.noted.append(Noted(team.id, person.id, scene.now, _LOGGED))
        self._tell(f"{person.name} writes into the log in Slack")
        return True


def _openings(team: TeamConfig, watch: QuestionsWatch, start: date) -> tuple[datetime, ...]:
    """Return when a watch opens on the first days."""
    window = (watch.hours.window(team.zone),)
    spans = (span_on(window, start + timedelta(days=number), team.zone) for number in range(_DAYS))
    return tuple(span.start for span in spans if span is not None)
