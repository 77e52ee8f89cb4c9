"""Between two handoffs of the plan: changes are handed over at both edges, and the next are told (R47, R50)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from stationmaster.core.gates import Verdict
from stationmaster.core.rotations.changes import OverrideType
from stationmaster.core.rotations.plan import Revision
from stationmaster.handoffs import following, waiting
from stationmaster.ledger import Ledger
from stationmaster.oncall import overriding
from stationmaster.oncall.changing import in_fact
from tests.departures.week import Switchboard
from tests.handoffs.desks import Post, new_post

MONDAY = datetime(2024, 3, 11, 8, 0, tzinfo=UTC)
"""09:00 in Zurich: Anouk's week begins."""
WEDNESDAY = MONDAY + timedelta(days=2)
GROUP = "S05DRDRE01"


@pytest.fixture
def post(boards: tuple[Switchboard, Switchboard], ledger: Ledger) -> Post:
    return new_post(boards, ledger, "dre", "oncall", MONDAY)


def override(post: Post, start: datetime = WEDNESDAY, hours: int = 24) -> None:
    overriding.make(
        post.ledger,
        in_fact(post.team, post.ledger),
        kind=OverrideType.SET,
        role="ops",
        comes=("enzo",),
        goes=None,
        start=start,
        end=start + timedelta(hours=hours),
        now=post.clock(),
        by="enzo",
    )


def catch_up(post: Post) -> tuple[str, ...]:
    return following.catch_up(post.desk(), MONDAY)


def members(post: Post) -> list[str]:
    return list(post.slack.usergroups[GROUP].users)


def account(post: Post, name: str) -> str:
    return post.team.people[name].slack[0]


def waits(post: Post, done: tuple[datetime, ...] = ()) -> bool:
    arguments = {
        "began": MONDAY.isoformat(),
        "until": following.next_due(post.desk(), MONDAY).isoformat(),
        "done": [at.isoformat() for at in done],
    }
    found = waiting.look(post.desk(), waiting.FOLLOW, "dre.oncall/2024-03-11T08:00Z", arguments)
    assert (found.verdict is Verdict.PASS) == (not found.blockers)
    return bool(found.blockers)


def test_without_a_change_nothing_is_done_and_the_reason_is_said(post: Post) -> None:
    assert catch_up(post) == ()
    assert waits(post)
    assert following.waits_for(post.desk(), MONDAY).code == "SHIFT_WATCHED"
    assert following.next_due(post.desk(), MONDAY) == MONDAY + timedelta(days=1)
    assert post.texts("eng-dre") == []


def test_an_override_is_handed_over_at_both_edges_each_once(post: Post) -> None:
    override(post)
    assert following.edges(post.desk(), MONDAY) == (WEDNESDAY, WEDNESDAY + timedelta(hours=24))
    post.clock.to(WEDNESDAY)
    for _ in range(2):
        assert catch_up(post) == ("dre.oncall/2024-03-13T08:00Z",)
    assert members(post) == [account(post, "enzo")]
    told, packed = post.texts("eng-dre")
    assert f"<@{account(post, 'enzo')}>: you are *ops and alerts*" in told
    assert "Anouk Favre hands over to" in packed
    post.clock.to(WEDNESDAY + timedelta(hours=24))
    catch_up(post)
    assert members(post) == [account(post, "anouk")]
    assert len(post.texts("eng-dre")) == 4
    assert [issue.assignees for issue in post.issues().values()] == [["dre-enzo"], ["dre-anouk"]]


def test_an_override_that_is_made_late_is_seen_at_the_next_look(post: Post) -> None:
    post.clock.to(WEDNESDAY - timedelta(hours=1))
    assert waits(post)
    override(post)
    assert waits(post)
    post.clock.to(WEDNESDAY)
    assert not waits(post)
    catch_up(post)
    assert waits(post, (WEDNESDAY,))


def test_after_an_outage_only_the_newest_edge_is_handed_over(post: Post) -> None:
    override(post)
    post.clock.to(WEDNESDAY + timedelta(hours=30))
    assert len(catch_up(post)) == 2
    assert members(post) == [account(post, "anouk")]
    assert all(account(post, "enzo") not in text.split(":")[1] for text in post.texts("eng-dre"))


def test_r47_whoever_comes_next_is_told_as_long_before_as_the_file_says(post: Post) -> None:
    friday = MONDAY + timedelta(days=4)
    assert following.next_due(post.desk(), MONDAY) == MONDAY + timedelta(days=1)
    post.clock.to(friday - timedelta(minutes=1))
    catch_up(post)
    assert post.texts("eng-dre") == []
    assert following.next_due(post.desk(), MONDAY) == friday
    post.clock.to(friday)
    for _ in range(2):
        catch_up(post)
    (text,) = post.texts("eng-dre")
    assert text.startswith(f":calendar: <@{account(post, 'bojan')}>: you are *ops*")


def test_r49_each_morning_the_channel_hears_who_is_on_call_and_who_comes_next(post: Post) -> None:
    notices = post.team.roster["oncall"].notices.model_copy(update={"daily": time(9), "before": ()})
    entry = post.team.roster["oncall"].model_copy(update={"notices": notices})
    post.team = post.team.model_copy(update={"roster": {"oncall": entry}})
    tuesday = MONDAY + timedelta(days=1)
    post.clock.to(MONDAY + timedelta(hours=3))
    catch_up(post)
    assert following.next_due(post.desk(), MONDAY) == tuesday
    post.clock.to(tuesday)
    for _ in range(3):
        catch_up(post)
        post.clock.move(hours=2)
    texts = [text for text in post.texts("eng-dre") if text.startswith(":sunrise:")]
    assert len(texts) == 2  # Monday's, said late on its own day, and Tuesday's
    assert "ops: Anouk Favre" in texts[-1]
    assert "Bojan" in texts[-1].splitlines()[1]


def test_r50_everybody_whose_shifts_a_locked_change_moved_is_told_the_difference(post: Post) -> None:
    (first,) = post.team.rotations["oncall"].plan.revisions
    order = (("anouk",), ("carlo",), ("bojan",), ("dilara",), ("enzo",))
    second: Revision = first.model_copy(
        update={
            "effective_from": WEDNESDAY,
            "takes_over": "at_handoff",
            "members": first.members.model_copy(update={"slots": order}),
        }
    )
    post.team = post.team.model_copy(update={"locked": {"oncall": (first, second)}})
    for _ in range(2):
        catch_up(post)
    texts = post.texts("eng-dre")
    assert {text.split(":")[2].strip() for text in texts} == {
        f"<@{account(post, name)}>" for name in ("bojan", "carlo")
    }
    assert all("moved" in text for text in texts)
    assert any("no longer yours: ops, Mon 18 Mar 2024" in text for text in texts)


def test_r18_whoever_shares_a_shift_is_told_too(post: Post) -> None:
    overriding.make(
        post.ledger,
        in_fact(post.team, post.ledger),
        kind=OverrideType.SET,
        role="ops",
        comes=("enzo", "carlo"),
        goes=None,
        start=WEDNESDAY,
        end=WEDNESDAY + timedelta(hours=1),
        now=post.clock(),
        by="enzo",
    )
    post.clock.to(WEDNESDAY)
    catch_up(post)
    told = [text.split(":")[2].strip() for text in post.texts("eng-dre") if "you are" in text]
    assert told == [f"<@{account(post, name)}>" for name in ("carlo", "enzo")]


def test_it_ends_with_the_handoff_of_the_plan(post: Post) -> None:
    end = following.end_of_watch(post.desk(), MONDAY)
    assert end == MONDAY + timedelta(weeks=1)
    post.clock.to(end)
    assert not waits(post)
