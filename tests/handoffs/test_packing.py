"""The package of open work: by policy, once, escaped, assigned to whoever comes on call (D-26, N-11, N-12, O-14)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from stationmaster.config.freezing import FreezeEntry
from stationmaster.core.blockers import blocker
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.handoffs import packing
from stationmaster.ledger import Ledger
from stationmaster.ledger.errors import EffectUnknown
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.github.faults import Fault
from stationmaster.rehearsal.github.specs import IssueSpec
from stationmaster.rehearsal.slack.models import SlackUser
from stationmaster.rehearsal.slack.world import BOT_USER_ID
from tests.departures.week import Switchboard
from tests.handoffs.desks import Post, new_post

MONDAY = datetime(2024, 3, 11, 14, 0, tzinfo=UTC)
"""11:00 in São Paulo: Bruno becomes hausmeister, Caio's weekend is over."""
FRIDAY = datetime(2024, 3, 15, 20, 0, tzinfo=UTC)
ISSUES = (
    IssueSpec(title="Invalid dataset", labels=("bug", "data-infra", "P3")),
    IssueSpec(title="Everything burns", labels=("bug", "data-infra", "P4")),
    IssueSpec(title="Some day", labels=("bug", "data-infra", "P1")),
    IssueSpec(title="No priority", labels=("bug", "data-infra")),
    IssueSpec(title="Of another team", labels=("bug", "P4")),
)

Posts = Callable[..., Post]


@pytest.fixture
def post(boards: tuple[Switchboard, Switchboard], ledger: Ledger) -> Posts:
    def make(team: str, rotation: str, at: datetime, issues: tuple[IssueSpec, ...] = ()) -> Post:
        return new_post(boards, ledger, team, rotation, at, issues)

    return make


def titles(at: Post) -> list[str]:
    return [item.title for item in packing.collect(at.desk(), at.handoff)]


def packed(at: Post) -> Any:
    found = packing.hand_over(at.desk(), at.handoff)
    assert found is not None
    return found


def test_n12_monday_hands_over_open_p4_and_p3_only_the_most_urgent_first(post: Posts) -> None:
    assert titles(post("hausmeister", "weekdays", MONDAY, ISSUES)) == ["#2 Everything burns", "#1 Invalid dataset"]


def test_n11_friday_hands_over_everything_pending(post: Posts) -> None:
    assert titles(post("hausmeister", "weekends", FRIDAY, ISSUES)) == [
        "#2 Everything burns",
        "#1 Invalid dataset",
        "#3 Some day",
    ]


def test_n12_the_weekends_engineer_hands_over_to_the_new_hausmeister(post: Posts) -> None:
    monday = post("hausmeister", "weekdays", MONDAY, ISSUES)
    outgoing = packing.outgoing_person(monday.desk(), monday.handoff)
    assert outgoing is not None
    assert outgoing.id == monday.team.rotation_of("weekend").turns_of("weekend").people_at(MONDAY)[0]
    body = packing.issue_body(monday.desk(), monday.handoff, ())
    assert body.startswith("**Caio Nogueira** hands over to **Bruno Teixeira**")


def test_d26_the_package_is_an_issue_and_a_message_each_once(post: Posts) -> None:
    monday = post("hausmeister", "weekdays", MONDAY, ISSUES)
    first = packed(monday)
    monday.clock.move(hours=1)
    assert packed(monday) == first
    issue = monday.issues()[first.issue["number"]]
    assert issue.assignees == ["nu-bruno"]
    assert issue.labels == ["hand-off"]
    assert "Everything burns" in issue.body
    (text,) = monday.texts("squad")
    assert "2 things are open" in text
    assert f"#{issue.number}" in text


def test_a_package_is_no_open_work_and_the_one_before_is_closed(post: Posts) -> None:
    monday = post("hausmeister", "weekdays", MONDAY, ISSUES)
    first = packed(monday).issue["number"]
    monday.clock.move(weeks=1)
    assert len(titles(monday)) == 2
    second = packed(monday).issue["number"]
    assert (monday.issues()[first].state, monday.issues()[second].state) == ("closed", "open")


def test_f02_an_issue_whose_answer_was_lost_is_found_and_not_written_again(post: Posts) -> None:
    monday = post("hausmeister", "weekdays", MONDAY, ISSUES)
    before = len(monday.issues())
    monday.github.faults.add(Fault(kind="bad_gateway_after", method="POST", path="/issues"))
    with suppress(EffectUnknown):
        packed(monday)
    monday.clock.move(minutes=2)
    packed(monday)
    assert len(monday.issues()) == before + 1


def test_o14_exactly_one_box_is_ticked_and_it_moves(post: Posts) -> None:
    day = post("operate-first", "oncall", datetime(2024, 3, 11, 13, 0, tzinfo=UTC))
    seen = []
    for _ in range(4):
        body = packing.issue_body(day.desk(), day.handoff, ())
        boxes = [line for line in body.splitlines() if line.startswith("- [")]
        assert len(boxes) == 6
        (ticked,) = (line.removeprefix("- [x] ") for line in boxes if line.startswith("- [x]"))
        seen.append(ticked)
        day.clock.to(day.desk().rotation.next_handoff(day.clock()))
    assert all(one != other for one, other in pairwise(seen))


def test_o13_o17_on_monday_fridays_engineer_hands_over(post: Posts) -> None:
    monday = post("operate-first", "oncall", datetime(2024, 3, 11, 13, 0, tzinfo=UTC))
    friday = monday.desk().rotation.people_at("engineer", datetime(2024, 3, 8, 15, 0, tzinfo=UTC))
    outgoing = packing.outgoing_person(monday.desk(), monday.handoff)
    assert outgoing is not None
    assert (outgoing.id,) == friday


def test_d26_trains_gates_and_locks_are_told_with_what_they_wait_for(post: Posts, ledger: Ledger) -> None:
    monday = post("hausmeister", "weekends", FRIDAY)
    train = ("nubank.weekly", IsoWeek.parse("2024-W11"))
    departure = ledger.open_departure(*train, FRIDAY, "ana")
    ledger.set_state(departure.id, DepartureState.GATED, FRIDAY, "ana", "round 1 is open")
    subject = f"{departure.id}/promote/ballot/ana"
    ledger.set_blockers(subject, [blocker("BALLOT_OPEN", manifest="ab12cd34")], FRIDAY)
    ledger.acquire("nubank/itaipu/prod", "somebody", "a hotfix", FRIDAY)
    weekly = type("Train", (), {"key": "nubank.weekly"})()
    monday.team = monday.team.model_copy(update={"trains": {"weekly": weekly}})
    found = packing.collect(monday.desk(), monday.handoff)
    assert [(item.section, item.title) for item in found] == [
        ("Trains under way", departure.id),
        ("Open gates and tasks", subject),
        ("Locks", "nubank/itaipu/prod"),
    ]
    assert "BALLOT_OPEN" in found[1].context


def test_d15_a_hotfix_is_handed_over_and_a_security_hotfix_is_not_spoken_of(post: Posts, ledger: Ledger) -> None:
    monday = post("hausmeister", "weekends", FRIDAY)
    week = IsoWeek.parse("2024-W11")
    for kind in (DepartureKind.HOTFIX, DepartureKind.SECURITY_HOTFIX):
        found = ledger.open_beside("nubank.weekly", week, kind, FRIDAY, "ana", key=str(kind))
        ledger.set_state(found.id, DepartureState.PROMOTING, FRIDAY, "ana", "on its way")
    weekly = type("Train", (), {"key": "nubank.weekly"})()
    monday.team = monday.team.model_copy(update={"trains": {"weekly": weekly}})
    ledger.acquire("nubank/itaipu/prod", f"{found.id}/promote", f"promote of {found.id}", FRIDAY)
    told = packing.collect(monday.desk(), monday.handoff)
    assert [item.title for item in told] == ["nubank.weekly/2024-W11.hotfix-1", "nubank/itaipu/prod"]
    assert told[1].context == "held by a hotfix that only its own channel knows: its own channel knows why"


def test_what_goes_as_planned_is_no_open_question(post: Posts, ledger: Ledger) -> None:
    friday = post("hausmeister", "weekends", FRIDAY)
    key = "hausmeister.weekdays/2024-03-11T14:00Z"
    ledger.set_blockers(f"{key}/changes/x", [blocker("SHIFT_WATCHED", rotation="Hausmeister", what="nothing")], FRIDAY)
    missing = blocker("ACCESS_MISSING", person="Bruno Teixeira", items="the pager")
    ledger.set_blockers(f"{key}/handoff/check_access/hausmeister", [missing], FRIDAY)
    (item,) = packing.collect(friday.desk(), friday.handoff)
    assert item.section == "Open questions"
    assert item.context.startswith("ACCESS_MISSING")


def test_f65_titles_from_outside_are_escaped(post: Posts) -> None:
    hostile = IssueSpec(title="<!channel> [x](javascript:alert(1)) @everyone `rm`", labels=("bug", "data-infra", "P4"))
    monday = post("hausmeister", "weekdays", MONDAY, (hostile,))
    body = packing.issue_body(monday.desk(), monday.handoff, packing.collect(monday.desk(), monday.handoff))
    (line,) = (line for line in body.splitlines() if "channel" in line)
    assert "<!channel>" not in line
    assert "](javascript" not in line
    assert " @everyone" not in line


def outside(at: Post) -> None:
    """Somebody of another team is in the workspace and in the channel."""
    at.slack.users["U0OUTSIDE1"] = SlackUser(id="U0OUTSIDE1", name="outside")
    channel = at.team.channels["eng-dre"].id
    everybody = [account for person in at.team.people.values() for account in person.slack]
    at.slack.channels[channel].members = [*everybody, "U0OUTSIDE1", BOT_USER_ID]


def test_questions_without_an_answer_are_handed_over(post: Posts) -> None:
    """Not the team's own words, not the answered ones, not those that bear a mark of the team."""
    at = post("dre", "oncall", datetime(2024, 3, 11, 8, 0, tzinfo=UTC))
    channel, carlo = at.team.channels["eng-dre"].id, at.team.people["carlo"].slack[0]
    outside(at)
    at.clock.move(hours=-3)
    open_one = at.slack.post_as("U0OUTSIDE1", channel, "Why is <subnet> slow? *now*")
    answered = at.slack.post_as("U0OUTSIDE1", channel, "Who can help?")
    marked = at.slack.post_as("U0OUTSIDE1", channel, "Is it up?")
    at.slack.post_as(carlo, channel, "Lunch?")
    at.clock.move(minutes=5)
    at.slack.post_as(carlo, channel, "I can", thread_ts=answered.ts)
    at.slack.post_as("U0OUTSIDE1", channel, "anybody?", thread_ts=open_one.ts)
    at.slack.react_as(carlo, channel, marked.ts, "white_check_mark")
    at.clock.move(hours=2, minutes=55)
    found = [item for item in packing.collect(at.desk(), at.handoff) if item.section == "Questions without an answer"]
    assert [item.title for item in found] == ["Why is <subnet> slow? *now*"]
    assert "#eng-dre" in found[0].context
    assert found[0].url.startswith("http")
    assert "<subnet>" not in packing.issue_body(at.desk(), at.handoff, found)


def test_a_question_of_last_month_is_no_open_work(post: Posts) -> None:
    at = post("dre", "oncall", datetime(2024, 3, 11, 8, 0, tzinfo=UTC))
    outside(at)
    at.clock.move(days=-9)
    at.slack.post_as("U0OUTSIDE1", at.team.channels["eng-dre"].id, "Hello?")
    at.clock.move(days=9)
    assert titles(at) == []


def test_freezes_of_the_shift_are_handed_over(post: Posts) -> None:
    at = post("dre", "oncall", datetime(2024, 3, 11, 8, 0, tzinfo=UTC))
    fields = {"mode": "all_stop", "why": "the summit"}
    freezes = (
        FreezeEntry(name="summit", start="2024-03-13 09:00", end="2024-03-22 18:00", **fields),
        FreezeEntry(name="later", start="2024-04-13 09:00", end="2024-04-22 18:00", **fields),
    )
    at.team = at.team.model_copy(update={"freezes": freezes})
    (item,) = packing.collect(at.desk(), at.handoff)
    assert (item.section, item.title) == ("Freezes", "summit (all_stop)")
    assert item.context == "Wed 13 Mar 2024 09:00 CET – Fri 22 Mar 2024 18:00 CET: the summit"


def test_f60_a_channel_that_cannot_be_read_is_named_and_holds_up_nothing(post: Posts) -> None:
    at = post("dre", "oncall", datetime(2024, 3, 11, 8, 0, tzinfo=UTC))
    at.slack.channels[at.team.channels["eng-dre"].id].members = [at.team.people["carlo"].slack[0]]
    (item,) = packing.collect(at.desk(), at.handoff)
    assert (item.section, "cannot be read" in item.title) == ("Questions without an answer", True)
    assert "Invite the app" in item.context
