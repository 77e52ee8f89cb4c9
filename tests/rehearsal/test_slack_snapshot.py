"""A stand-in workspace survives a restart of its server."""

import pytest
from pydantic import ValidationError

from stationmaster.rehearsal.slack.models import SlackMessage, SlackUser
from stationmaster.rehearsal.slack.snapshot import put_back, take
from stationmaster.rehearsal.slack.world import BOT_USER_ID, SlackRefusal, SlackWorld
from tests.rehearsal.slack_fixtures import ANA, OPS, HandClock, build_world


def talkative(clock: HandClock) -> SlackWorld:
    world = build_world(clock, token="xoxb-secret")
    world.add_message(
        SlackMessage(
            ts=world.stamp(),
            channel=OPS,
            user=BOT_USER_ID,
            from_bot=True,
            text="vote",
            metadata={"event_type": "stationmaster", "event_payload": {"key": "k"}},
        )
    )
    ts = world.messages[OPS][0].ts
    world.react_as("ana", OPS, ts, "+1")
    world.post_as("ben", OPS, "LGTM", thread_ts=ts)
    return world


def test_messages_reactions_threads_and_stamps_come_back() -> None:
    clock = HandClock()
    before = talkative(clock)
    after = build_world(clock)
    after.users["U0NEW00001"] = SlackUser(id="U0NEW00001", name="new")
    put_back(after, take(before))
    assert after.messages == before.messages
    assert after.messages[OPS][0].reactions == {"+1": [ANA]}
    assert after.stamp() > before.messages[OPS][-1].ts
    assert after.user("new").id == "U0NEW00001"


def test_a_snapshot_holds_no_token() -> None:
    assert "xoxb-secret" not in take(talkative(HandClock()))


def test_a_broken_snapshot_changes_nothing() -> None:
    world = talkative(HandClock())
    before = take(world)
    with pytest.raises(ValidationError):
        put_back(world, '{"users": 3}')
    assert take(world) == before


def test_people_who_cannot_act_are_refused() -> None:
    world = talkative(HandClock())
    ts = world.messages[OPS][0].ts
    for user, code in (("gone", "account_inactive"), ("guest", "not_in_channel"), ("nobody", "user_not_found")):
        with pytest.raises(SlackRefusal, match=code):
            world.react_as(user, OPS, ts, "+1")
    with pytest.raises(SlackRefusal, match="cant_update_message"):
        world.edit_as("ana", OPS, ts, "x")
