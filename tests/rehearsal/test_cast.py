"""What the people of a rehearsal do: they vote by all three ways, hold the cut and let it go, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.departures.answers import Choice
from stationmaster.departures.holding import BOARD_NOW
from stationmaster.departures.voting import LGTM as VOTING_LGTM
from stationmaster.ledger import Ledger
from stationmaster.ledger.records import DepartureState
from stationmaster.operators.checking import ChecklistOperator
from stationmaster.operators.deploying import DeployByHandOperator, VerifyOperator
from stationmaster.operators.handing_over import (
    AcknowledgeOperator,
    CheckAccessOperator,
    LookBackOperator,
    PairUpOperator,
)
from stationmaster.operators.upgrading import SettleUpgradeOperator
from stationmaster.operators.voting import ConfirmOperator
from stationmaster.rehearsal import cast as casting
from stationmaster.rehearsal.airflow_answers import RequiredAction
from stationmaster.rehearsal.airflow_api import AirflowConflict
from stationmaster.rehearsal.cast import LGTM, TICKED, WAYS, YES, Colleagues
from stationmaster.rehearsal.cast_plans import AT_FIRST, PATIENCE, RARELY, TRIES, Plan, Plans
from stationmaster.rehearsal.conducting import Scene
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack.models import SlackChannel, SlackUser
from stationmaster.rehearsal.slack.standin import create_app
from stationmaster.rehearsal.slack.world import BOT_USER_ID, SlackMessage, SlackWorld
from tests.rehearsal.good_week import CUT, ID, PROMOTE, manifest, teams

CHANNEL = "C0244PQK934"
VOTERS = tuple(teams()["cellxgene"].groups["engineers"])


class Slack:
    """A stand-in whose bot has said what the ledger says that it said."""

    def __init__(self, world: SlackWorld, url: str) -> None:
        self.world, self.url = world, url

    def said(self, ledger: Ledger, what: str) -> None:
        stamp = self.world.stamp()
        self.world.add_message(SlackMessage(ts=stamp, channel=CHANNEL, user=BOT_USER_ID, text=what, from_bot=True))
        receipt = {"channel": CHANNEL, "ts": stamp}
        ledger.perform(f"{ID}/tell/{what}", intent={}, now=lambda: CUT, look_up=lambda: None, act=lambda: receipt)

    def reactions(self) -> dict[str, list[str]]:
        return {name: users for message in self.world.messages[CHANNEL] for name, users in message.reactions.items()}

    def words(self) -> list[tuple[str, str]]:
        return [(message.user, message.text) for message in self.world.messages[CHANNEL] if not message.from_bot]


class Answers:
    """Takes what people answer in Airflow."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str, str, dict[str, Any]]] = []
        self.conflict = False

    def as_user(self, user: str) -> Any:
        outer = self

        class Client:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                pass

            def answer(self, dag, run, task, options, *, params, map_index) -> None:
                if outer.conflict:
                    raise AirflowConflict("PATCH", 409, "answered")
                outer.given.append((user, task, options[0], params))

        return Client()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.at(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate(CUT)
    ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W43"), CUT, "timetable")
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def standin() -> Iterator[tuple[dict[str, SlackWorld], str]]:
    team = teams()["cellxgene"]
    people = [SlackUser(id=account, name=p.id, real_name=p.name) for p in team.people.values() for account in p.slack]
    world = SlackWorld(clock=lambda: CUT, users=people, channels=[SlackChannel(id=CHANNEL, name="single-cell-ops")])
    with serve(create_app(world)) as url:
        yield {"world": world}, url


@pytest.fixture
def slack(standin) -> Slack:
    worlds, url = standin
    worlds["world"].messages[CHANNEL].clear()
    return Slack(worlds["world"], url)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def people(slack: Slack, answers: Answers):
    made = []

    def make(**wishes: Any) -> Colleagues:
        made.append(Colleagues(teams=teams(), api_of=answers.as_user, slack_url=slack.url, **wishes))
        return made[-1]

    yield make
    for one in made:
        one.close()


def question(
    task: str,
    options: tuple[str, ...],
    user: str,
    *,
    dag: str = "cellxgene.weekly",
    stop: str = "promote",
    index: int = -1,
    **form: Any,
):
    return RequiredAction.model_validate(
        {
            "task_instance": {
                "id": f"{task}{index}",
                "dag_id": f"{dag}.{stop}",
                "dag_run_id": "r",
                "task_id": task,
                "map_index": index,
                "rendered_map_index": None,
                "state": "deferred",
                "try_number": 1,
            },
            "subject": task,
            "body": None,
            "options": options,
            "params": form,
            "assigned_users": [{"id": user, "name": user.title()}],
        }
    )


def gated(ledger: Ledger, slack: Slack) -> tuple[RequiredAction, ...]:
    ledger.pin(ID, manifest(), CUT, "timetable")
    ledger.set_state(ID, DepartureState.GATED, PROMOTE, "stationmaster")
    slack.said(ledger, "headline")
    slack.said(ledger, "promote/round-1")
    return tuple(question("ballot", ("LGTM", "Veto"), who, index=n) for n, who in enumerate(VOTERS))


def play(
    people: Colleagues, ledger: Ledger, actions, *, start: datetime = PROMOTE, minutes: int = 60
) -> list[datetime]:
    """Let time pass from plan to plan; return when somebody did something."""
    now, acted = start, []
    while now is not None and now <= start + timedelta(minutes=minutes):
        scene = Scene(now=now, actions=actions, ledger=ledger)
        if people.act(scene):
            acted.append(now)
            continue
        now = people.next_instant(scene)
    return acted


def test_the_words_that_people_answer_are_those_that_the_operators_offer() -> None:
    everything, taken = CheckAccessOperator.EVERYTHING, AcknowledgeOperator.TAKEN
    of_trains = {BOARD_NOW, ChecklistOperator.PASSED, DeployByHandOperator.DONE, ConfirmOperator.GO}
    of_trains |= {words for words, choice in VerifyOperator.CHOICES.items() if choice is Choice.DEPLOY_AGAIN}
    assert set(YES) == of_trains | {
        everything,
        taken,
        PairUpOperator.PAIRED,
        LookBackOperator.SEND,
        SettleUpgradeOperator.MERGE,
    }
    assert set(TICKED) == {ChecklistOperator.PASSED, everything, SettleUpgradeOperator.MERGE}
    assert LGTM == VOTING_LGTM


def test_whoever_comes_on_call_ticks_all_that_they_can_open(people, ledger, answers) -> None:
    options = (CheckAccessOperator.EVERYTHING, CheckAccessOperator.MISSING)
    form = {"sentry": {"value": False}, "note": {"value": ""}}
    asked = question("check_access", options, "amara", dag="cellxgene.oncall", stop="handoff", index=0, **form)
    quiet = people(conducts=False, silent=frozenset({"amara"}))
    assert quiet.act(Scene(now=CUT, actions=(asked,), ledger=ledger)) is True
    assert answers.given == [
        ("amara", "check_access", CheckAccessOperator.EVERYTHING, {"sentry": True, "note": ""}),
    ]


def test_whoever_comes_on_call_answers_again_when_airflow_lost_the_answer(people, ledger, answers) -> None:
    """Airflow asks again then, in another try; in the same one nobody answers twice."""
    asked = question("acknowledge", (AcknowledgeOperator.TAKEN,), "amara", dag="cellxgene.oncall", stop="handoff")
    tried = asked.model_copy(update={"task_instance": asked.task_instance.model_copy(update={"try_number": 2})})
    colleagues = people()
    play(colleagues, ledger, (asked,))
    play(colleagues, ledger, (asked,), start=PROMOTE + timedelta(hours=2))
    first = len(answers.given)
    play(colleagues, ledger, (tried,), start=PROMOTE + timedelta(hours=4))
    assert (first, len(answers.given)) == (1, 2)


def test_three_people_vote_each_by_another_way_a_few_minutes_apart(people, ledger, slack, answers) -> None:
    acted = play(people(), ledger, gated(ledger, slack))
    assert acted == [PROMOTE + timedelta(minutes=4) * turn for turn in range(3)]
    assert [(task, option) for _, task, option, _ in answers.given] == [("ballot", "LGTM")]
    assert list(slack.reactions()) == ["white_check_mark"]
    assert [text for _, text in slack.words()] == ["LGTM!"]
    assert len(WAYS) == 3


def test_f12_nobody_votes_on_a_departure_that_is_to_be_missed(people, ledger, slack, answers) -> None:
    actions = gated(ledger, slack)
    away = people()
    away.stay_away(ID)
    assert play(away, ledger, actions) == []
    assert play(people(), ledger, actions) != []


def test_the_same_seed_plays_the_same_play(people, ledger, slack, answers) -> None:
    actions = gated(ledger, slack)
    for seed in (7, 7, 8):
        play(people(seed=seed, voters=1), ledger, actions)
    users = [user for user, *_ in answers.given]
    assert users[0] == users[1]


def test_whoever_is_silent_neither_votes_nor_answers(people, ledger, slack, answers) -> None:
    actions = (*gated(ledger, slack), question("confirm_the_promotion", ("Go", "No go"), "chiara"))
    play(people(silent=frozenset(VOTERS) - {"amara", "ben"}, voters=2), ledger, actions)
    assert {user for user, *_ in answers.given} <= {"amara", "ben"}
    assert "confirm_the_promotion" not in {task for _, task, *_ in answers.given}


def test_the_person_on_call_ticks_every_box_and_leaves_the_note(people, ledger, slack, answers) -> None:
    gated(ledger, slack)
    form = {"loads": {"value": False}, "zooms": {"value": False}, "note": {"value": ""}}
    scene = Scene(
        now=PROMOTE,
        actions=(question("test_prod", ("All passed", "Something failed"), "chiara", **form),),
        ledger=ledger,
    )
    assert people().act(scene)
    assert answers.given == [("chiara", "test_prod", "All passed", {"loads": True, "zooms": True, "note": ""})]


def test_r7_whoever_is_on_call_says_that_what_failed_is_to_be_deployed_again(people, ledger, slack, answers) -> None:
    """Somebody has cleared the task that failed: it asks, also of a departure that is half in production."""
    gated(ledger, slack)
    ledger.set_state(ID, DepartureState.PARTIAL, PROMOTE, "stationmaster")
    ledger.record(ID, "run_failed", f"{ID}/promote/sdk/prod/abc", {"key": "k/1", "why": {}}, PROMOTE, "stationmaster")
    ledger.record(
        ID, "run_failed", f"{ID}/promote/portal/prod/abc", {"key": "k/1", "why": {}}, PROMOTE, "stationmaster"
    )
    form = {"reason": {"value": ""}, "failure": {"value": "7"}}
    asked = question("portal.deploy_to_prod", ("Deploy again", "Roll back", "Leave it"), "chiara", **form)
    assert people().act(Scene(now=PROMOTE, actions=(asked,), ledger=ledger))
    said = {"reason": "what was wrong is fixed", "failure": "1"}
    assert answers.given == [("chiara", "portal.deploy_to_prod", "Deploy again", said)]


def test_a_question_that_has_just_ended_is_nobodys_fault(people, ledger, slack, answers) -> None:
    gated(ledger, slack)
    answers.conflict = True
    scene = Scene(now=PROMOTE, actions=(question("confirm_the_promotion", ("Go", "No go"), "chiara"),), ledger=ledger)
    assert not people().act(scene)


def test_a_question_whose_task_has_ended_is_not_answered(people, ledger, slack, answers) -> None:
    gated(ledger, slack)
    asked = question("confirm_the_promotion", ("Go", "No go"), "chiara")
    over = asked.model_copy(update={"task_instance": asked.task_instance.model_copy(update={"state": "success"})})
    assert not people().act(Scene(now=PROMOTE, actions=(over,), ledger=ledger))
    assert answers.given == []


def test_a_veto_is_said_with_a_reason_and_taken_back_after_the_votes(people, ledger, slack) -> None:
    acted = play(people(vetoes=1), ledger, gated(ledger, slack))
    texts = [text for _, text in slack.words()]
    assert texts[0].startswith("veto because")
    assert texts[-1] == "withdraw"
    assert acted[-1] > PROMOTE + timedelta(minutes=8)
    veto, withdrawal = (user for user, text in slack.words() if text != "LGTM!")
    assert veto == withdrawal


@pytest.mark.parametrize(("kind", "minutes"), [("answered", [4]), ("silence", []), ("raised hand", [4, 34])])
def test_c19_the_question_whom_to_wait_for_ends_in_three_ways(people, ledger, slack, answers, kind, minutes) -> None:
    slack.said(ledger, "headline")
    slack.said(ledger, "cut/hold-question")
    asked = question("ask_whom_to_wait_for", (BOARD_NOW, "Skip this week"), "farah", stop="cut", index=0)
    acted = play(people(holds=(kind,)), ledger, (asked,), start=CUT)
    assert acted == [CUT + timedelta(minutes=n) for n in minutes]
    assert bool(answers.given) is (kind == "answered")
    assert slack.reactions() == {}  # the hand that was raised is down again


def test_a_vote_that_slack_cannot_take_yet_is_given_later(people, ledger, slack) -> None:
    actions = gated(ledger, slack)
    colleagues = people(voters=2)
    play(colleagues, ledger, actions, minutes=0)
    slack.world.messages[CHANNEL].clear()
    with pytest.raises(httpx.HTTPStatusError):
        play(colleagues, ledger, actions, start=PROMOTE + timedelta(minutes=4), minutes=0)


def test_what_cannot_be_done_is_tried_again_and_given_up_in_the_end(ledger) -> None:
    plans, tries = Plans(), []
    plans.once("x", lambda: [Plan(CUT, lambda scene: bool(tries.append(scene.now)))])
    now = CUT
    while plans.next_instant is not None:
        now = plans.next_instant
        assert not plans.carry_out(Scene(now=now, actions=(), ledger=ledger))
    assert len(tries) == TRIES + 1
    assert now == CUT + PATIENCE * AT_FIRST + RARELY * (TRIES - AT_FIRST) == CUT + timedelta(hours=2)


def test_plans_of_one_name_are_made_once(ledger) -> None:
    plans, made = Plans(), []
    for _ in range(3):
        plans.once("x/votes", lambda: made.append(1) or [Plan(CUT, lambda _: True)])
    assert len(made) == plans.count("/votes") == 1
    assert plans.carry_out(Scene(now=datetime(2022, 1, 1, tzinfo=UTC), actions=(), ledger=ledger))


def test_a_ballot_belongs_to_the_departure_that_is_past_its_cut(ledger) -> None:
    ballot = question("ballot", ("LGTM", "Veto"), "amara", index=0).task_instance
    scene = Scene(now=PROMOTE, actions=(), ledger=ledger)
    assert casting.departure_of(scene, ballot) is None
    ledger.set_state(ID, DepartureState.GATED, PROMOTE, "stationmaster")
    ledger.open_departure("cellxgene.weekly", IsoWeek.parse("2021-W44"), PROMOTE, "timetable")
    assert casting.departure_of(scene, ballot) == ID
