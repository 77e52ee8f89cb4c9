"""What people do in a rehearsal beside the trains: chores, incidents, questions, alerts; each thing once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stationmaster.chores import closing
from stationmaster.config.chore_evidence import ListWanted
from stationmaster.config.loader import load
from stationmaster.config.watch_kinds import AlertsWatch
from stationmaster.ledger import Ledger
from stationmaster.operators.doing_chores import DONE as CHORE_DONE
from stationmaster.operators.handling_incidents import FILE, MITIGATED, RESOLVED, UPDATE, WRITTEN
from stationmaster.operators.paging_people import MINE as PAGE_MINE
from stationmaster.rehearsal import cast_alerts, cast_chores, cast_incidents
from stationmaster.rehearsal.airflow_answers import Assignee, RequiredAction, TaskInstance
from stationmaster.rehearsal.answering import Answers
from stationmaster.rehearsal.cast_alerts import AlertLighters, watched
from stationmaster.rehearsal.cast_chores import ChoreDoers, evidence_for
from stationmaster.rehearsal.cast_incidents import NEWS, Responders
from stationmaster.rehearsal.cast_plans import Plans
from stationmaster.rehearsal.cast_questions import Questioners
from stationmaster.rehearsal.conducting import Scene
from stationmaster.rehearsal.on_duty import strangers
from stationmaster.watches.alerts import MARKS
from tests.rehearsal.duty_week import MONDAY, NIGHT, REVIEW, account, team
from tests.rehearsal.good_week import INCLUDE
from tests.rehearsal.test_cast import Answers as Taken

EVERY = load(INCLUDE).teams
CHORES = [(each, chore) for each in EVERY.values() for chore in each.chores.values()]
FAR = MONDAY + timedelta(weeks=4)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.at(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate(MONDAY)
    yield ledger
    ledger.close()


def asking(
    dag_id: str, task_id: str, *, user: str = "anouk", run: str = "r1", options=(CHORE_DONE,), index=-1, **params
):
    task = TaskInstance(
        id="1",
        dag_id=dag_id,
        dag_run_id=run,
        task_id=task_id,
        map_index=index,
        rendered_map_index=None,
        state="deferred",
        try_number=1,
    )
    return RequiredAction(
        task_instance=task,
        subject="?",
        body=None,
        options=options,
        params=params,
        assigned_users=(Assignee(id=user, name=user),),
    )


def carried_out(plans: Plans, ledger: Ledger, *actions: RequiredAction, until: datetime) -> None:
    """Let time go from plan to plan."""
    for _ in range(50):
        at = plans.next_instant
        if at is None or at > until:
            return
        plans.carry_out(Scene(now=at, actions=actions, ledger=ledger))


class Day:
    """The people who do chores, and what they answered when."""

    def __init__(self, ledger: Ledger, chores: dict[str, Any], until: datetime = FAR) -> None:
        self.ledger, self.plans, self.taken = ledger, Plans(), Taken()
        self.teams = {"dre": team().model_copy(update={"chores": chores})}
        self.doers = ChoreDoers(self.teams, Answers(self.taken.as_user, lambda _: None), until=until)

    def asks(self, at: datetime, *actions: RequiredAction) -> datetime | None:
        self.doers.plan(Scene(now=at, actions=actions, ledger=self.ledger), self.plans)
        return self.plans.next_instant


DAILY = REVIEW.model_copy(update={"schedule": REVIEW.schedule.model_copy(update={"at": "30 9 * * *"})})
ONCE = REVIEW.model_copy(update={"late": REVIEW.late.model_copy(update={"hands": 1})})


def test_t16_the_answers_are_those_that_the_operators_offer():
    assert cast_chores.DONE == CHORE_DONE
    assert cast_incidents.MINE == PAGE_MINE
    assert [option for option, _, _ in NEWS] == [UPDATE, MITIGATED, RESOLVED]
    assert {FILE, WRITTEN} <= {"File the report", "It is written"}
    assert MARKS[cast_alerts.ACTS] == "act"


@pytest.mark.parametrize(("owner", "chore"), CHORES, ids=[f"{each.id}-{chore.id}" for each, chore in CHORES])
def test_t16_what_is_given_closes_every_chore_that_ships(owner, chore):
    steps = {"step_1": "first", "step_2": "second"}
    form = evidence_for(chore, {"runbook_written": "", **dict.fromkeys(steps, False)})
    for piece in closing.wanted(chore):
        assert piece.read(form, steps if isinstance(piece, ListWanted) else {}).id == piece.id


def test_t16_one_chore_is_late_and_the_others_are_done_at_the_full_hour(ledger):
    day = Day(ledger, {"review": REVIEW})
    first, second = (asking("dre.chores.review", "do_it", run=run) for run in ("r1", "r2"))
    late = datetime(2024, 3, 12, 11, 0, tzinfo=UTC)  # due at 08:30
    assert day.asks(MONDAY, first) == late
    assert day.asks(MONDAY, first, second) == MONDAY.replace(hour=9, minute=0)
    carried_out(day.plans, ledger, first, second, until=MONDAY + timedelta(hours=1))
    assert len(day.taken.given) == 1
    carried_out(day.plans, ledger, first, until=late)
    assert [given[:3] for given in day.taken.given] == [("anouk", "do_it", "Done")] * 2


def test_t16_one_daily_chore_is_left_undone_until_the_next_one_begins(ledger):
    day = Day(ledger, {"daily": DAILY.model_copy(update={"due": timedelta(hours=23)})})
    planned = [day.asks(MONDAY, asking("dre.chores.daily", "do_it", run=f"r{number}")) for number in range(4)]
    soon = MONDAY.replace(hour=9, minute=0)
    assert planned == [soon] * 4
    carried_out(day.plans, ledger, *(asking("dre.chores.daily", "do_it", run=f"r{n}") for n in range(4)), until=FAR)
    assert len(day.taken.given) == 3


def test_t16_a_chore_that_may_wait_for_the_next_shift_is_left_to_it_once(ledger):
    monthly = REVIEW.model_copy(update={"schedule": REVIEW.schedule.model_copy(update={"at": "30 9 11 * *"})})
    day = Day(ledger, {"monthly": monthly})
    assert day.asks(MONDAY, asking("dre.chores.monthly", "do_it")) is None
    next_shift = MONDAY + timedelta(days=7)
    asked = asking("dre.chores.monthly", "ask_the_next_shift", user="bojan")
    assert day.asks(next_shift, asked) == next_shift.replace(hour=9, minute=0)
    again = asking("dre.chores.monthly", "do_it", run="r2")
    assert day.asks(next_shift, again) == next_shift.replace(hour=9, minute=0)


def test_t16_nothing_is_put_off_beyond_the_end(ledger):
    monthly = REVIEW.model_copy(update={"schedule": REVIEW.schedule.model_copy(update={"at": "30 9 11 * *"})})
    day = Day(ledger, {"monthly": monthly}, until=MONDAY + timedelta(days=2))
    assert day.asks(MONDAY, asking("dre.chores.monthly", "do_it")) is not None


def test_t16_a_question_is_answered_once_however_often_it_is_seen(ledger):
    day = Day(ledger, {"review": ONCE})
    action = asking("dre.chores.review", "do_it")
    for _ in range(3):
        day.asks(MONDAY, action)
    carried_out(day.plans, ledger, action, until=FAR)
    assert len(day.taken.given) == 1


def test_t16_a_question_that_has_ended_by_itself_is_not_answered(ledger):
    day = Day(ledger, {"review": ONCE})
    day.asks(MONDAY, asking("dre.chores.review", "do_it"))
    carried_out(day.plans, ledger, until=FAR)
    assert day.taken.given == []


class Night:
    """Whoever is paged, and what they answered."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.plans, self.taken = ledger, Plans(), Taken()
        self.reacted: list[tuple[str, str, str]] = []
        teams = {name: each for name, each in EVERY.items() if each.incidents is not None}
        answers = Answers(self.taken.as_user, lambda _: None)
        self.people = Responders(teams, answers, react=lambda *what: self.reacted.append(what) or True)

    def happened(self, team: str, kind: str) -> None:
        """Let the ledger know that an answer has arrived."""
        name = f"{team}.incident/2024-03-12.1"
        self.ledger.record_once(f"{team}.incident", "numbered", name, {}, NIGHT, "x")
        self.ledger.record(name, kind, "", {}, NIGHT, "x")

    def sees(self, at: datetime, *actions: RequiredAction, hours: float = 1) -> list[str]:
        before = len(self.taken.given)
        self.people.plan(Scene(now=at, actions=actions, ledger=self.ledger), self.plans)
        carried_out(self.plans, self.ledger, *actions, until=at + timedelta(hours=hours))
        return [option for _, _, option, _ in self.taken.given[before:]]


def test_c33_an_incident_is_taken_on_the_rung_of_its_script_told_of_and_reported(ledger):
    night = Night(ledger)
    mine, not_me = "I have it", "I cannot: page the next"
    page = (mine, not_me)
    dag = "cellxgene.incident"
    assert night.sees(NIGHT, asking(dag, "page", options=page, index=0)) == []
    assert night.sees(NIGHT, asking(dag, "page", options=page, index=1)) == [mine]
    news = tuple(option for option, _, _ in NEWS)
    asked = asking(dag, "handle", options=news, index=0, text="")
    said = []
    for kind in ("updated", "mitigated", "resolved"):
        said.append(night.sees(NIGHT, asked))
        night.happened("cellxgene", kind)
    assert said == [[UPDATE], [MITIGATED], [RESOLVED]]
    assert night.sees(NIGHT, asked) == []
    assert night.sees(NIGHT, asking(dag, "examine", options=(FILE,), root_cause=""), hours=5) == [FILE]
    assert night.taken.given[-1][3]["root_cause"]
    asked = asking(dag, "ask_for_the_postmortem", options=(WRITTEN,), url="")
    assert night.sees(NIGHT, asked, hours=5) == []
    assert night.sees(NIGHT, asked, hours=40) == [WRITTEN]
    assert not_me not in {option for _, _, option, _ in night.taken.given}


def test_an_answer_that_airflow_loses_is_given_again_to_the_next_try(ledger):
    """Fact 3: a response that comes too soon fails the try, and the next one asks anew."""
    night, dag = Night(ledger), "cellxgene.incident"
    night.happened("cellxgene", "updated")
    news = tuple(option for option, _, _ in NEWS)
    first = asking(dag, "handle", options=news, index=0)
    again = first.model_copy(update={"task_instance": first.task_instance.model_copy(update={"id": "2"})})
    assert night.sees(NIGHT, first) == [MITIGATED]
    assert night.sees(NIGHT, first) == []
    assert night.sees(NIGHT, again) == [MITIGATED]
    day = Day(ledger, {"review": ONCE})
    asked = asking("dre.chores.review", "do_it")
    other = asked.model_copy(update={"task_instance": asked.task_instance.model_copy(update={"id": "2"})})
    for each in (asked, asked, other):
        day.asks(MONDAY, each)
        carried_out(day.plans, ledger, each, until=FAR)
    assert len(day.taken.given) == 2


def test_c34_who_answers_in_slack_puts_a_mark_under_the_page(ledger):
    night, dag = Night(ledger), "dre.incident"
    place = {"channel": "C1", "ts": "1.2"}
    ledger.record_once("dre.incident", "numbered", "dre.incident/2024-03-12.1", {}, NIGHT, "x")
    ledger.perform(
        "dre.incident/2024-03-12.1/tell/page/0/0",
        intent={},
        now=lambda: NIGHT,
        look_up=lambda: None,
        act=lambda: place,
    )
    assert night.sees(NIGHT, asking(dag, "page", options=("I have it",), index=0)) == []
    assert night.reacted == [(account("anouk"), "C1", "1.2")]


class Channel:
    """Takes what is written in Slack."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, str, str]] = []

    def __call__(self, user: str, channel: str, text: str, *, thread: str = "") -> str:
        self.posts.append((user, channel, text, thread))
        return f"{len(self.posts)}.0"


def test_c26_one_question_waits_until_somebody_is_tagged_and_another_is_answered_at_once(ledger):
    slack, plans = Channel(), Plans()
    asked = Questioners({"dre": team()}, plans, post=slack, strangers={"dre": "U0STRANGER"}, start=date(2024, 3, 11))
    carried_out(plans, ledger, until=MONDAY + timedelta(hours=1, minutes=20))
    assert [post[0] for post in slack.posts] == ["U0STRANGER"]
    waits = asked.written[0]
    # Nobody answers what nobody was tagged for; the plan is tried again.
    carried_out(plans, ledger, until=MONDAY + timedelta(hours=1, minutes=40))
    assert len(slack.posts) == 1
    ledger.perform(
        f"dre.watch/question/{waits.channel}/{waits.ts}/tag",
        intent={"text": f"<@{account('anouk')}>: please"},
        now=lambda: MONDAY,
        look_up=lambda: None,
        act=lambda: {"channel": waits.channel, "ts": "9.0"},
    )
    carried_out(plans, ledger, until=MONDAY + timedelta(hours=3))
    assert slack.posts[1][0] == account("anouk")
    assert slack.posts[1][3] == waits.ts
    carried_out(plans, ledger, until=MONDAY + timedelta(days=2))
    quick = asked.written[1]
    assert (quick.answered, waits.answered) == (True, False)
    assert [post[3] for post in slack.posts].count(quick.ts) == 1
    assert [noted.text in post[2] for noted in asked.noted for post in slack.posts if post[2].startswith("log:")] == [
        True
    ]


def test_d16_an_alert_fires_at_night_and_is_decided_about_by_whoever_was_told(ledger):
    fired: list[tuple[bool, dict[str, str]]] = []
    reacted: list[tuple[str, ...]] = []
    plans = Plans()
    dre = EVERY["dre"]
    lighters = AlertLighters(
        {"dre": dre},
        plans,
        fires=lambda labels, *, begins: fired.append((begins, dict(labels))),
        react=lambda *what: reacted.append(what) or True,
        start=date(2024, 3, 11),
    )
    night = datetime(2024, 3, 14, 1, 10, tzinfo=UTC)
    carried_out(plans, ledger, until=night)
    assert [begins for begins, _ in fired] == [True]
    assert lighters.lit[0].at == night
    ledger.perform(
        "dre.watch/alerts/x/1",
        intent={"text": f"<@{account('anouk')}>: {lighters.lit[0].title}"},
        now=lambda: night,
        look_up=lambda: None,
        act=lambda: {"channel": "C1", "ts": "1.0"},
    )
    carried_out(plans, ledger, until=night + timedelta(hours=12))
    assert reacted == [(account("anouk"), "C1", "1.0", "hammer_and_wrench")]
    assert [begins for begins, _ in fired] == [True, False]


def test_d16_only_a_team_that_watches_an_alertmanager_has_such_a_night():
    found = {name for name, each in EVERY.items() if watched(each) is not None}
    kinds = {
        name
        for name, each in EVERY.items()
        for watch in each.watches.values()
        if isinstance(watch, AlertsWatch) and any(source.kind == "alertmanager" for source in watch.sources)
    }
    assert found == kinds != set()


def test_strangers_are_of_another_team():
    found = strangers({"dre": EVERY["dre"]}, EVERY)
    assert found["dre"] not in {account for person in EVERY["dre"].people.values() for account in person.slack}
    assert strangers({"dre": EVERY["dre"]}, {"dre": EVERY["dre"]}) == {}
