"""Taking over: asked, reminded, escalated once, and answered in Airflow or by a mark in Slack (D-27, C-34)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stationmaster.core.gates import Verdict
from stationmaster.handoffs import acknowledging, packing, waiting
from stationmaster.ledger import Ledger
from tests.departures.week import Switchboard
from tests.handoffs.desks import Post, new_post

FRIDAY = datetime(2024, 3, 15, 20, 0, tzinfo=UTC)
"""17:00 in São Paulo: Duda has the weekend, Bruno backs her."""


@pytest.fixture
def post(boards: tuple[Switchboard, Switchboard], ledger: Ledger) -> Post:
    made = new_post(boards, ledger, "hausmeister", "weekends", FRIDAY)
    packing.hand_over(made.desk(), made.handoff)
    return made


def look(post: Post) -> list[str]:
    """Return the codes that are waited for; none when it is answered."""
    found = waiting.look(post.desk(), waiting.ACKNOWLEDGED, post.handoff.id, {"role": "weekend"})
    assert (found.verdict is Verdict.PASS) == (not found.blockers)
    return [why.code for why in found.blockers]


def said(post: Post) -> list[str]:
    return post.texts("squad")[1:]


def react(post: Post, name: str) -> None:
    told = post.ledger.effect(f"{post.handoff.id}/package/slack")
    assert told is not None
    (message,) = (one for one in post.slack.messages[told.receipt["channel"]] if one.ts == told.receipt["ts"])
    message.reactions["white_check_mark"] = [post.team.people[name].slack[0]]


def test_d27_the_question_waits_for_the_incoming_person(post: Post) -> None:
    assert look(post) == ["HANDOFF_UNACKNOWLEDGED"]
    (why,) = waiting.look(post.desk(), waiting.ACKNOWLEDGED, post.handoff.id, {"role": "weekend"}).blockers
    assert why.who == ("duda",)
    assert why.clears_at == FRIDAY.replace(minute=20)
    assert said(post) == []


def test_d27_reminders_come_each_interval_once(post: Post) -> None:
    look(post)
    for minutes in (19, 1, 0, 20):
        post.clock.move(minutes=minutes)
        look(post)
        look(post)
    assert len(said(post)) == 2
    assert all("please say that you have taken over" in text for text in said(post))


def test_d27_silence_is_escalated_once_to_whoever_stands_in(post: Post) -> None:
    look(post)
    for _ in range(5):
        post.clock.move(minutes=60)
        look(post)
    (text,) = said(post)
    assert text.startswith(f":rotating_light: <@{post.team.people['bruno'].slack[0]}>")
    (why,) = waiting.look(post.desk(), waiting.ACKNOWLEDGED, post.handoff.id, {"role": "weekend"}).blockers
    assert set(why.who) == {"duda", "bruno"}


@pytest.mark.parametrize("name", ["duda", "bruno"])
def test_c34_c35_a_mark_of_any_level_counts(post: Post, name: str) -> None:
    look(post)
    react(post, name)
    assert look(post) == []
    answer = acknowledging.acknowledgement(post.desk(), post.handoff)
    assert answer is not None
    assert (answer.by, answer.value["way"]) == (name, "slack")
    post.clock.move(hours=2)
    assert look(post) == []
    assert said(post) == []


def test_a_strangers_mark_is_no_answer(post: Post) -> None:
    react(post, "caio")
    assert look(post) == ["HANDOFF_UNACKNOWLEDGED"]


def test_what_cannot_be_read_is_no_answer_and_is_said(post: Post) -> None:
    react(post, "duda")
    from stationmaster.rehearsal.slack.models import SlackFault

    post.slack.faults.append(
        SlackFault.model_validate({"kind": "server_error_before", "method": "reactions.get", "times": 50})
    )
    assert look(post) == ["HANDOFF_UNACKNOWLEDGED", "SLACK_UNREACHABLE"]


def test_the_first_answer_stands(post: Post) -> None:
    desk, handoff = post.desk(), post.handoff
    acknowledging.acknowledge(desk, handoff, post.team.people["duda"], "airflow")
    acknowledging.acknowledge(desk, handoff, post.team.people["bruno"], "slack")
    answer = acknowledging.acknowledgement(desk, handoff)
    assert answer is not None
    assert answer.by == "duda"


def test_it_ends_with_the_shift(post: Post) -> None:
    handoff = post.handoff
    look(post)
    post.clock.to(handoff.end)
    found = waiting.look(post.desk(), waiting.ACKNOWLEDGED, handoff.id, {"role": "weekend"})
    assert found.verdict is Verdict.PASS


def test_o18_where_nobody_stands_in_the_whole_team_is_there_to_help(
    boards: tuple[Switchboard, Switchboard], ledger: Ledger
) -> None:
    at = new_post(boards, ledger, "operate-first", "oncall", datetime(2024, 3, 11, 13, 0, tzinfo=UTC))
    packing.hand_over(at.desk(), at.handoff)
    everybody = set(at.team.roster["oncall"].people)
    assert {person.id for person in acknowledging.may_answer(at.desk(), at.handoff)} == everybody
    for hours in (0, 3):
        at.clock.move(hours=hours)
        acknowledging.remind(at.desk(), at.handoff)
    text = at.texts("operations")[-1]
    incoming = at.desk().person(at.handoff, "engineer").id
    others = [at.team.people[name].slack[0] for name in everybody - {incoming}]
    assert all(f"<@{account}>" in text for account in others)
    assert "<!channel>" not in text


def test_whoever_shares_the_turn_may_take_over_too(post: Post) -> None:
    shift = post.handoff.shifts["weekend"].model_copy(update={"people": ("duda", "elisa")})
    handoff = post.handoff.model_copy(update={"shifts": {**post.handoff.shifts, "weekend": shift}})
    assert [person.id for person in acknowledging.may_answer(post.desk(), handoff)][:2] == ["duda", "elisa"]
    assert acknowledging.waits_for(post.desk(), handoff).who == ("duda", "elisa")
