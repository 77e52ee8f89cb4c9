"""The Slack handle: exactly whoever is on call, written only if it changed, never anybody unfit (D-05, D-06, F63)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from stationmaster.handoffs import handles
from stationmaster.handoffs.handles import HandleStuck
from stationmaster.ledger import Ledger
from stationmaster.ledger.errors import EffectRefused, EffectUnknown
from stationmaster.rehearsal.slack.models import SlackFault
from tests.departures.week import Switchboard
from tests.handoffs.desks import Post, new_post

MONDAY = datetime(2024, 3, 11, 8, 0, tzinfo=UTC)
"""09:00 in Zurich: Anouk becomes @dr-dre."""
GROUP = "S05DRDRE01"


@pytest.fixture
def post(boards: tuple[Switchboard, Switchboard], ledger: Ledger) -> Post:
    return new_post(boards, ledger, "dre", "oncall", MONDAY)


def members(post: Post) -> list[str]:
    return list(post.slack.usergroups[GROUP].users)


def account(post: Post, name: str) -> str:
    return post.team.people[name].slack[0]


def test_d06_the_handle_is_the_person_on_call_and_nobody_else(post: Post) -> None:
    post.slack.usergroups[GROUP].users = [account(post, "enzo"), account(post, "carlo")]
    moved = handles.move(post.desk(), post.handoff)
    assert moved is not None
    assert moved.written
    assert members(post) == [account(post, "anouk")]


def test_d06_it_is_written_only_if_it_changed(post: Post) -> None:
    handles.move(post.desk(), post.handoff)
    updated = post.slack.usergroups[GROUP].updated
    post.clock.move(hours=1)
    moved = handles.move(post.desk(), post.handoff)
    assert moved is not None
    assert not moved.written
    assert post.slack.usergroups[GROUP].updated == updated


def test_d05_it_goes_round_with_the_rotation(post: Post) -> None:
    seen = []
    for _ in range(6):
        handles.move(post.desk(), post.handoff)
        seen += members(post)
        post.clock.to(post.desk().rotation.next_handoff(post.clock()))
    names = ["anouk", "bojan", "carlo", "dilara", "enzo", "anouk"]
    assert seen == [account(post, name) for name in names]


@pytest.mark.parametrize(
    ("flag", "said"), [("deleted", "a deactivated account"), ("guest", "a guest"), ("bot", "a robot")]
)
def test_f63_an_unfit_member_stops_the_update_and_is_named(post: Post, flag: str, said: str) -> None:
    post.slack.usergroups[GROUP].users = [account(post, "enzo")]
    user = post.slack.users[account(post, "anouk")]
    setattr(user, flag, True)
    with pytest.raises(HandleStuck, match=f"Anouk Favre cannot be in a user group: .* is {said}"):
        handles.move(post.desk(), post.handoff)
    assert members(post) == [account(post, "enzo")]


def test_f63_an_unmapped_member_stops_the_update_and_is_named(post: Post) -> None:
    post.edit_person("anouk", slack=())
    with pytest.raises(HandleStuck, match="Anouk Favre has no Slack account"):
        handles.move(post.desk(), post.handoff)


@pytest.mark.parametrize("code", ["paid_teams_only", "missing_scope", "permission_denied"])
def test_no_rights_and_no_plan_are_said_as_what_they_are(post: Post, code: str) -> None:
    fault = SlackFault.model_validate({"kind": "error", "method": "usergroups.users.update", "error": code})
    post.slack.faults.append(fault)
    with pytest.raises(EffectRefused, match=code):
        handles.move(post.desk(), post.handoff)
    assert members(post) == []


def test_f02_a_lost_answer_is_looked_up(post: Post) -> None:
    fault = SlackFault.model_validate({"kind": "server_error_after", "method": "usergroups.users.update"})
    post.slack.faults.append(fault)
    with suppress(EffectUnknown):
        handles.move(post.desk(), post.handoff)
    updated = post.slack.usergroups[GROUP].updated
    moved = handles.move(post.desk(), post.handoff)
    assert moved is not None
    assert members(post) == [account(post, "anouk")]
    assert post.slack.usergroups[GROUP].updated == updated


def test_a_group_is_never_emptied(post: Post) -> None:
    with pytest.raises(ValueError, match="never emptied"):
        post.desk().chat.set_group_members(GROUP, ())


def test_a_rotation_without_a_handle_moves_none(post: Post) -> None:
    post.edit(handle=None)
    assert handles.move(post.desk(), post.handoff) is None
