"""Whoever goes off call is told so, and says how it was (R48, R52)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stationmaster.core.gates import Verdict
from stationmaster.handoffs import looking_back, waiting
from tests.handoffs.desks import new_post

MONDAY = datetime(2024, 3, 11, 14, 0, tzinfo=UTC)


@pytest.fixture
def post(boards, ledger):
    return new_post(boards, ledger, "hausmeister", "weekdays", MONDAY, ())


def look(post):
    return waiting.look(post.desk(), waiting.LOOKED_BACK, post.handoff.id, {})


def test_r48_the_weekends_engineer_hears_once_that_it_is_over(post):
    person = looking_back.leaving(post.desk(), post.handoff)
    assert person.id == post.team.on_call("weekend", datetime(2024, 3, 10, 14, tzinfo=UTC)).person
    for _ in range(2):
        looking_back.say_goodbye(post.desk(), post.handoff, person)
    texts = [message.text for messages in post.slack.messages.values() for message in messages]
    assert len(texts) == 1
    assert person.mention in texts[0]


def test_r52_the_first_answer_stands_and_is_counted_once(post):
    desk, handoff = post.desk(), post.handoff
    person = looking_back.leaving(desk, handoff)
    assert [found.code for found in look(post).blockers] == ["SHIFT_UNREVIEWED"]
    looking_back.record(desk, handoff, person, load=5, nights=2, note="the disks again")
    looking_back.record(desk, handoff, person, load=1, nights=0, note="")
    assert look(post).verdict is Verdict.PASS
    (felt,) = looking_back.felt(desk.ledger, desk.key)
    assert felt == (person.id, 1, 5, 2)
    assert looking_back.answer(desk, handoff).value["note"] == "the disks again"


def test_the_means_are_of_all_answers(post):
    desk, handoff = post.desk(), post.handoff
    person = looking_back.leaving(desk, handoff)
    looking_back.record(desk, handoff, person, load=5, nights=2, note="")
    later = handoff.model_copy(update={"id": "hausmeister.weekdays/2024-03-18T14:00Z"})
    looking_back.record(desk, later, person, load=2, nights=1, note="")
    assert looking_back.felt(desk.ledger, desk.key) == ((person.id, 2, 3.5, 3),)


def test_whoever_goes_on_is_not_asked(post):
    desk, handoff = post.desk(), post.handoff
    leaving = looking_back.leaving(desk, handoff)
    first = desk.first_role
    shift = handoff.shifts[first].model_copy(update={"people": (leaving.id,)})
    same = handoff.model_copy(update={"shifts": {**handoff.shifts, first: shift}})
    assert looking_back.leaving(desk, same) is None
