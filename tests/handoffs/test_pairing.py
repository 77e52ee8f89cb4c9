"""A newcomer is taken along: asked of whoever leads, kept, and nobody is asked where nobody is new (C-25)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.core.gates import Verdict
from stationmaster.handoffs import pairing, waiting
from stationmaster.ledger import Ledger
from tests.departures.week import Switchboard
from tests.handoffs.desks import Post, new_post

HANAS = datetime(2021, 11, 22, 17, 0, tzinfo=UTC)
"""Hana is primary; Ivan, who came eight weeks before, is secondary."""


@pytest.fixture
def post(boards: tuple[Switchboard, Switchboard], ledger: Ledger) -> Post:
    return new_post(boards, ledger, "cellxgene", "oncall", HANAS)


def codes(post: Post) -> list[str]:
    found = waiting.look(post.desk(), waiting.PAIRED, post.handoff.id, {"role": "primary"})
    assert (found.verdict is Verdict.PASS) == (not found.blockers)
    return [why.code for why in found.blockers]


def test_c25_a_newcomer_is_found_for_as_long_as_the_file_says(post: Post) -> None:
    new = pairing.newcomer(post.desk(), post.handoff)
    assert new is not None
    assert new.id == "ivan"
    post.edit_person("ivan", since=datetime(2021, 8, 1).date())
    assert pairing.newcomer(post.desk(), post.handoff) is None
    post.edit_person("ivan", since=None)
    assert pairing.newcomer(post.desk(), post.handoff) is None


def test_c25_nobody_is_asked_where_the_secondary_is_not_new(post: Post) -> None:
    post.clock.move(weeks=2)
    assert pairing.newcomer(post.desk(), post.handoff) is None
    assert codes(post) == []


def test_c25_whoever_leads_is_asked_and_the_first_answer_stands(post: Post) -> None:
    desk, handoff = post.desk(), post.handoff
    hana, ivan = (post.team.people[name] for name in ("hana", "ivan"))
    assert codes(post) == ["PAIRING_OPEN"]
    for _ in range(2):
        pairing.ask_in_slack(desk, handoff, hana, ivan)
    (text,) = post.texts("ops")
    assert hana.mention in text
    assert ivan.mention in text
    pairing.record(desk, handoff, ivan, paired=True, note="the promotion", by=hana)
    pairing.record(desk, handoff, ivan, paired=False, note="", by=hana)
    found = pairing.answer(desk, handoff)
    assert found is not None
    assert found.value == {"newcomer": "ivan", "paired": True, "note": "the promotion"}
    assert codes(post) == []


def test_c25_the_question_ends_with_the_shift(post: Post) -> None:
    handoff = post.handoff
    post.clock.move(days=7, hours=1)
    found = waiting.look(post.desk(), waiting.PAIRED, handoff.id, {"role": "primary"})
    assert found.verdict is Verdict.PASS
    assert handoff.end - handoff.start == timedelta(weeks=1)
