"""The people of a rehearsal: who votes where and when, who answers which question. The same seed, the same play."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx

from stationmaster.config.people import Person
from stationmaster.config.team import TeamConfig
from stationmaster.config.train import TrainConfig
from stationmaster.core.departure_ids import DepartureKind, kind_of
from stationmaster.departures.failing import RUN, VERIFICATION
from stationmaster.ledger.records import DepartureState
from stationmaster.operators.deploying import FAILURE, REASON
from stationmaster.operators.handing_over import (
    AcknowledgeOperator,
    CheckAccessOperator,
    LookBackOperator,
    PairUpOperator,
)
from stationmaster.operators.question import COMMIT
from stationmaster.operators.upgrading import SettleUpgradeOperator
from stationmaster.operators.voting import MANIFEST
from stationmaster.rehearsal.airflow_answers import RequiredAction, TaskInstance
from stationmaster.rehearsal.airflow_api import AirflowApi, AirflowConflict
from stationmaster.rehearsal.cast_plans import Plan, Plans
from stationmaster.rehearsal.conducting import Scene
from stationmaster.rehearsal.evidence import HandedOver
from stationmaster.rehearsal.programme import DEPENDENCIES, HANDOFF

LGTM = "LGTM"
YES = (
    "Board now",
    "All passed",
    "Done",
    "Go",
    "Deploy again",
    CheckAccessOperator.EVERYTHING,
    AcknowledgeOperator.TAKEN,
    PairUpOperator.PAIRED,
    LookBackOperator.SEND,
    SettleUpgradeOperator.MERGE,
)
"""The answers that let a train, a handoff or an upgrade go on, as the operators offer them."""
TICKED = ("All passed", CheckAccessOperator.EVERYTHING, SettleUpgradeOperator.MERGE)
"""The answers that count only with every box ticked."""
HOLDS = ("answered", "silence", "raised hand")
"""How the question whom to wait for ends: week by week another way."""
TAKES_OVER = ("airflow", "reaction", "late")
"""How whoever comes on call says that they have taken over; late, and after an escalation, only once."""
WAYS = ("airflow", "reaction", "reply")
"""How people vote, in turn."""
BESIDE = (DepartureKind.HOTFIX, DepartureKind.SECURITY_HOTFIX)
_AT_THE_CUT = (DepartureState.OPEN, DepartureState.CUTTING)
_AFTER_THE_CUT = (
    DepartureState.STAGED,
    DepartureState.GATED,
    DepartureState.PROMOTING,
    DepartureState.PARTIAL,
    DepartureState.FAILED,
)


class Colleagues:
    """Engineers who answer what they are asked: sometimes in Airflow, sometimes in Slack.

    :param api_of: returns a client logged in as an Airflow user; it is closed here.
    :param slack_url: the stand-in Slack.
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
        holds: tuple[str, ...] = ("answered",),
        vetoes: int = 0,
        thinking: timedelta = timedelta(minutes=4),
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Plan nothing yet.

        :param silent: Airflow users who neither vote nor conduct; at a handoff and of an upgrade everybody answers.
        :param voters: how many people vote; by default as many as the quorum needs.
        :param conducts: whether the people on call answer what they are asked.
        :param holds: what becomes of the question whom to wait for, in turn over the departures: of HOLDS.
        :param vetoes: in how many departures somebody vetoes, and takes it back later.
        :param thinking: virtual time between two things that people do.
        """
        self._teams = teams
        self._api_of = api_of
        self._slack = httpx.Client(base_url=slack_url, trust_env=False, timeout=10)
        self._random = random.Random(seed)
        self._silent = silent
        self._voters = voters
        self._conducts = conducts
        self._holds = holds
        self._vetoes = vetoes
        self._thinking = thinking
        self._tell = tell
        self._plans = Plans()
        self._withheld = False
        self._unvoted: set[str] = set()

    def stay_away(self, departure: str) -> None:
        """Let nobody vote on a departure, so that it misses its window."""
        self._unvoted.add(departure)

    def close(self) -> None:
        """Close the connections."""
        self._slack.close()

    def act(self, scene: Scene) -> bool:
        """Answer one round of questions, and do what was planned for this instant."""
        acted = False
        for action in scene.actions:
            departure = departure_of(scene, action.task_instance)
            if not action.waits:
                continue
            if action.task_instance.task_id == "acknowledge":
                task = action.task_instance
                name = f"{task.dag_id}/{task.dag_run_id}/{task.asking}/taking-over"
                self._plans.once(name, partial(self._taking_over, scene.now, action))
            elif departure is None:
                acted = (_is_of_no_train(action) and self._agree(action, silent=frozenset())) or acted
            elif action.task_instance.task_id == "ballot":
                asked = frozenset(user for ballot in _ballots(scene, departure) for user in ballot)
                self._plans.once(f"{departure}/votes", partial(self._votes, scene.now, departure, asked))
            elif self._conducts and action.task_instance.task_id == "ask_whom_to_wait_for":
                self._plans.once(f"{departure}/hold", partial(self._hold, scene.now, departure, action))
            elif self._conducts:
                acted = self._agree(action, form=_aboard(scene, action, departure)) or acted
        return self._plans.carry_out(scene) or acted

    def next_instant(self, _: Scene) -> datetime | None:
        """Return when the next plan is due."""
        return self._plans.next_instant

    def _votes(self, now: datetime, departure: str, asked: frozenset[str]) -> Iterator[Plan]:
        """Plan the votes of a departure: each by another way, one every few minutes.

        :param asked: the Airflow users who have a ballot.
        """
        if departure in self._unvoted:
            return
        team, train = self._place(departure)
        rule = train.beside(kind_of(departure))
        gate = train.gates.quorum if rule is None else rule.gate(train.gates.quorum)
        electors = [elector.person for elector in team.electorate(train, gate=gate) if elector.active]
        willing = [person for person in electors if team.people[person].airflow not in self._silent]
        if rule is not None:
            # Neither whoever asked nor whoever wrote a commit: the ballots in Airflow are for the others alone.
            willing = [person for person in willing if team.people[person].airflow in asked]
        wanted = gate.needed if self._voters is None else self._voters
        veto = self._vetoes > 0 and len(willing) > wanted
        chosen = self._random.sample(willing, wanted + veto)
        for turn, name in enumerate(chosen[:wanted]):
            yield Plan(now + self._thinking * turn, self._vote_of(team.people[name], WAYS[turn % len(WAYS)], departure))
        if veto:
            self._vetoes -= 1
            person, begins = team.people[chosen[-1]], now + self._thinking / 2
            ends = begins + self._thinking * (wanted + 1)
            yield Plan(begins, self._words(person, departure, "veto because the search is slow on staging"))
            yield Plan(ends, self._words(person, departure, "withdraw"))

    def _hold(self, now: datetime, departure: str, action: RequiredAction) -> Iterator[Plan]:
        """Plan how the question whom to wait for ends: answered, by silence, or by a hand that is taken back."""
        team, train = self._place(departure)
        question = train.stops.cut.hold_question
        kind = self._holds[self._plans.count("/hold") % len(self._holds)]
        if kind == "answered" or question is None:
            yield Plan(now + self._thinking, lambda _: self._agree(action) or True)
        elif kind == "raised hand":
            person = team.people[self._random.choice(sorted(team.groups[str(train.gates.quorum.voters)]))]
            up, down = now + self._thinking, now + question.wait + self._thinking
            yield Plan(up, self._hand(person, departure, question.emoji, up=True))
            yield Plan(down, self._hand(person, departure, question.emoji, up=False))

    def _taking_over(self, now: datetime, action: RequiredAction) -> Iterator[Plan]:
        """Plan how a handoff is acknowledged: in Airflow, under the message in Slack, or, once, only when escalated."""
        task = action.task_instance
        key = task.dag_id.rpartition(".")[0]
        team_id, _, rotation = key.partition(".")
        entry = self._teams[team_id].roster[rotation]
        kind = TAKES_OVER[self._plans.count("/taking-over") % len(TAKES_OVER)]
        withheld = kind == "late" and not self._withheld and entry.acknowledge is not None
        if withheld and entry.acknowledge is not None:
            self._withheld = True
            yield Plan(now + entry.acknowledge.within + self._thinking, partial(self._agree_late, action))
        elif kind == "reaction" and entry.package is not None and entry.notices is not None:
            yield Plan(now + self._thinking, partial(self._tick, key, task, action))
        else:
            yield Plan(now + self._thinking, lambda _: self._agree(action, silent=frozenset()) or True)

    def _agree_late(self, action: RequiredAction, _: Scene) -> bool:
        """Let the last who may answer do so: whoever was told that nobody else did."""
        users = action.assigned_users
        self._tell(f"{users[-1].name or users[-1].id} answers {action.options[0]!r} to {action.subject!r}, late")
        self._respond(action, users[-1].id, action.options[0], {})
        return True

    def _tick(self, key: str, task: TaskInstance, action: RequiredAction, scene: Scene) -> bool:
        """Put the mark under the package's message, as whoever comes on call."""
        stamp = datetime.strptime(task.dag_run_id.rpartition("__")[2], "%Y-%m-%dT%H%M%S").replace(tzinfo=UTC)
        told = scene.ledger.effect(f"{HandedOver.of(key, stamp).id}/package/slack")
        if told is None or not told.receipt:
            return False
        team = self._teams[key.partition(".")[0]]
        person = next(one for one in team.people.values() if one.airflow == action.assigned_users[0].id)
        self._tell(f"{person.name} ticks the package in Slack")
        place = {"channel": told.receipt["channel"], "ts": told.receipt["ts"], "name": "white_check_mark"}
        return self._in_slack("react", person, **place)

    def _vote_of(self, person: Person, way: str, departure: str) -> Callable[[Scene], bool]:
        if way == "reaction":
            return lambda scene: self._react(scene, person, departure)
        if way == "reply":
            return self._words(person, departure, "LGTM!")
        return lambda scene: self._mark_ballot(scene, person, departure)

    def _mark_ballot(self, scene: Scene, person: Person, departure: str) -> bool:
        for action in scene.actions:
            task = action.task_instance
            mine = any(assigned.id == person.airflow for assigned in action.assigned_users)
            if task.task_id == "ballot" and mine and departure_of(scene, task) == departure:
                self._tell(f"{person.name} answers LGTM in Airflow")
                form = {name: _filled(field, LGTM) for name, field in action.params.items()}
                return self._respond(action, str(person.airflow), LGTM, {**form, **_aboard(scene, action, departure)})
        return _voting_is_over(scene, departure)

    def _react(self, scene: Scene, person: Person, departure: str) -> bool:
        found = scene.ledger.departure(departure)
        asked = scene.ledger.effect(f"{departure}/tell/promote/round-{found.round if found else 1}")
        if asked is None or not asked.receipt:
            return _voting_is_over(scene, departure)
        self._tell(f"{person.name} reacts to the question in Slack")
        name = self._place(departure)[1].gates.quorum.approve_emoji[0]
        return self._in_slack("react", person, channel=asked.receipt["channel"], ts=asked.receipt["ts"], name=name)

    def _words(self, person: Person, departure: str, text: str) -> Callable[[Scene], bool]:
        def write(scene: Scene) -> bool:
            thread = scene.ledger.effect(f"{departure}/tell/headline")
            if thread is None or not thread.receipt:
                return False
            self._tell(f"{person.name} writes in Slack: {text}")
            channel, ts = thread.receipt["channel"], thread.receipt["ts"]
            return self._in_slack("post", person, channel=channel, thread_ts=ts, text=text)

        return write

    def _hand(self, person: Person, departure: str, emoji: str, *, up: bool) -> Callable[[Scene], bool]:
        def raise_or_lower(scene: Scene) -> bool:
            asked = scene.ledger.effect(f"{departure}/tell/cut/hold-question")
            if asked is None or not asked.receipt:
                return False
            self._tell(f"{person.name} {'raises a hand' if up else 'takes the hand down'} in Slack")
            place = {"channel": asked.receipt["channel"], "ts": asked.receipt["ts"], "name": emoji}
            return self._in_slack("react" if up else "unreact", person, **place)

        return raise_or_lower

    def _place(self, departure: str) -> tuple[TeamConfig, TrainConfig]:
        team = self._teams[departure.split(".", 1)[0]]
        return team, team.train(departure.split("/", 1)[0])

    def _in_slack(self, what: str, person: Person, **body: str) -> bool:
        self._slack.post(f"/_control/{what}", json={**body, "user": person.slack[0]}).raise_for_status()
        return True

    def _agree(
        self, action: RequiredAction, *, silent: frozenset[str] | None = None, form: Mapping[str, Any] | None = None
    ) -> bool:
        """Let the first person who is asked and not silent give the answer that lets the train or handoff go on.

        :param form: fields that they fill in themselves; in the others they leave what stands there.
        """
        quiet = self._silent if silent is None else silent
        users = [assigned for assigned in action.assigned_users if assigned.id not in quiet]
        option = next((word for word in YES if word in action.options), None)
        if not users or option is None:
            return False
        self._tell(f"{users[0].name or users[0].id} answers {option!r} to {action.subject!r}")
        filled = {name: _filled(field, option) for name, field in action.params.items()}
        return self._respond(action, users[0].id, option, {**filled, **(form or {})})

    def _respond(self, action: RequiredAction, user: str, option: str, form: dict[str, Any]) -> bool:
        task = action.task_instance
        with self._api_of(user) as api:
            try:
                api.answer(task.dag_id, task.dag_run_id, task.task_id, [option], params=form, map_index=task.map_index)
            except AirflowConflict:
                return False  # the question has just ended by itself
        return True


def _ballots(scene: Scene, departure: str) -> Iterator[tuple[str, ...]]:
    """Yield the users of each open ballot of a departure."""
    for action in scene.actions:
        task = action.task_instance
        if task.task_id == "ballot" and departure_of(scene, task) == departure:
            yield tuple(assigned.id for assigned in action.assigned_users)


def _aboard(scene: Scene, action: RequiredAction, departure: str) -> dict[str, str]:
    """Return the fields that say what is meant, as the channel tells it: a form shows what it was first put with."""
    manifest = scene.ledger.manifest_of(departure)
    component = action.task_instance.task_id.partition(".")[0]
    if FAILURE in action.params:
        failed = [fact for kind in (RUN, VERIFICATION) for fact in scene.ledger.facts(departure, kind)]
        number = sum(f"/{component}/" in fact.subject for fact in failed)
        return {FAILURE: str(number), REASON: "what was wrong is fixed"}
    if manifest is None:
        return {}
    if COMMIT in action.params and any(each.component == component for each in manifest.passengers):
        return {COMMIT: manifest.sha_of(component)}
    return {MANIFEST: manifest.short} if MANIFEST in action.params else {}


def departure_of(scene: Scene, task: TaskInstance) -> str | None:
    """Return the departure that a task is about, as the ledger knows the open ones."""
    train, _, stop = task.dag_id.rpartition(".")
    kind = next((kind for kind in BESIDE if stop == kind.replace("-", "_")), None)
    if kind is not None:
        beside = scene.ledger.departures(train, _AFTER_THE_CUT, kinds=(kind,))
        return beside[0].id if beside else None
    found = scene.ledger.departures(train, _AT_THE_CUT if stop == "cut" else _AFTER_THE_CUT)
    return found[0].id if found else None


def _is_of_no_train(action: RequiredAction) -> bool:
    return action.task_instance.dag_id.endswith((f".{HANDOFF}", f".{DEPENDENCIES}"))


def _voting_is_over(scene: Scene, departure: str) -> bool:
    found = scene.ledger.departure(departure)
    return found is None or found.state not in (DepartureState.STAGED, DepartureState.GATED)


def _filled(field: Any, option: str) -> Any:
    """Return what stands in a form field: its default, and a tick on everything that is to be ticked."""
    default = field.get("value") if isinstance(field, dict) else field
    return True if option in TICKED and default is False else default
