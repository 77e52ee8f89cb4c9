"""What an incident says in Slack, when nobody answers, when somebody deletes it, and to whom else (F11, F65)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.core.incidents import Kind, State
from stationmaster.incidents import acknowledging, handling, opening, paging, records, telling
from stationmaster.operators.paging_people import MINE
from tests.incidents.test_incident_reports import opened
from tests.operators.runs import answer

HOSTILE = "<!channel> @here `rm` <https://evil.example|click> \u202eback"
NIGHT = datetime(2024, 3, 12, 23, 0, tzinfo=UTC)
"""Midnight in Zurich."""


def ops(office):
    return office.slack.channel(office.team.channels["ops"].id)


def test_f65_a_hostile_title_reaches_slack_as_a_text(office):
    story = opened(office, what=HOSTILE)
    paging.page(office.desk(), story, paging.climbs(office.desk(), story)[0])
    telling.refresh(office.desk(), story)
    said = "\n".join([*office.texts("ops"), ops(office).topic])
    for sign in ("<!channel>", "@here", "<https://evil", "\u202e"):
        assert sign not in said
    assert "evil.example" in said


def test_d04_at_night_what_is_not_critical_waits_and_is_paged_at_once_when_it_becomes_so(scene_of):
    scene = scene_of("dre", user="anouk", severity="minor", at=NIGHT)
    scene.opened()
    waiting = scene.start("page", 0)
    assert scene.blockers("page-1") == ["INCIDENT_CLIMBS"]
    (why,) = scene.office.ledger.blockers(f"{scene.id}/page-1")[f"{scene.id}/page-1"]
    assert why.clears_at == datetime(2024, 3, 13, 8, 0, tzinfo=UTC)
    assert scene.settled(waiting) is None
    scene.office.clock.move(hours=2)
    handling.rate(scene.office.desk(), scene.story, "anouk", severity="critical", impact="network")
    scene.until(waiting, "page", rung=0, most=2)
    assert len(scene.asked) == 1
    first, second = paging.climbs(scene.office.desk(), scene.story)
    assert (first.at - NIGHT, second.at - first.at) == (timedelta(hours=2), timedelta(minutes=30))


def test_t05_the_owner_of_the_circle_gets_an_issue_once(scene_of):
    scene = scene_of("threefold", user="amir", severity="critical")
    scene.opened()
    second = scene.until(scene.start("page", 1), "page", rung=1)
    assert [user["name"] for user in scene.asked[-1]["assigned_users"]] == ["Owen Claes"]
    for _ in range(3):
        assert scene.settled(second) is None
    found = scene.office.desk().forge.open_issues("threefoldtech/tf_operations", ("escalation",))
    assert [(issue.assignees, issue.title) for issue in found] == [
        (("tf-owen",), "[critical] Technology: datacenter: outage")
    ]


def test_c34_after_the_last_rung_everybody_is_told_again_each_quarter_of_an_hour(office):
    story = opened(office)
    for minutes in range(0, 71 + 46, 5):
        office.clock.move(minutes=0 if minutes == 0 else 5)
        paging.remind(office.desk(), story)
    told = [text for text in office.texts("ops") if "nobody has acknowledged" in text]
    assert len(told) == 3
    assert all(account in told[0] for account in ("<@U30EMILNO>", "<@U12BENLI0>", "<@U40JULESW>"))
    acknowledging.acknowledge(office.desk(), story, office.team.people["ben"], "cli")
    office.clock.move(hours=1)
    paging.remind(office.desk(), records.story(office.desk(), story.id))
    assert len([text for text in office.texts("ops") if "nobody has acknowledged" in text]) == 3


def test_c33_whoever_is_paged_gets_a_direct_message_too(office):
    story = opened(office)
    paging.page(office.desk(), story, paging.climbs(office.desk(), story)[0])
    direct = office.slack.messages[office.desk().chat.direct("U30EMILNO")]
    assert len(direct) == 1
    assert story.id in direct[0].text


def test_the_topic_names_what_is_open_and_is_what_it_was_before_when_nothing_is(office):
    ops(office).topic = "Trains leave on Thursday"
    first = opened(office)
    telling.refresh(office.desk(), first)
    rules = office.team.incidents
    wanted = opening.Wanted(key="2", severity="minor", impact="none", service="explorer", kind=rules.kinds[0])
    second = opening.open_incident(office.desk(), wanted, "ben")
    telling.refresh(office.desk(), second)
    assert ops(office).topic == "Incident: 2024-03-12.1 Farm 12 lost power; 2024-03-12.2 explorer: outage"
    for story in (first, second):
        handling.write(office.desk(), story, Kind.CALLED_OFF, "ben", "nothing")
    assert ops(office).topic == "Trains leave on Thursday"


def test_a_topic_that_a_person_wrote_meanwhile_is_the_one_that_comes_back(office):
    ops(office).topic = "Old"
    story = opened(office)
    telling.refresh(office.desk(), story)
    ops(office).topic = "We are at lunch"
    handling.write(office.desk(), story, Kind.CALLED_OFF, "ben", "nothing")
    assert ops(office).topic == "We are at lunch"


def test_f11_a_message_that_somebody_deleted_is_posted_anew(office):
    story = opened(office)
    telling.refresh(office.desk(), story)
    channel = office.team.channels["ops"].id
    kept = office.slack.messages[channel]
    kept[:] = [message for message in kept if "Put :white_check_mark:" not in message.text]
    for text in ("Looking", "Still looking"):
        handling.write(office.desk(), story, Kind.UPDATED, "ben", text)
    assert len([text for text in office.texts("ops") if f"`{story.id}`" in text]) == 1
    handling.tell_all(office.desk(), records.story(office.desk(), story.id))
    assert [text for text in office.texts("ops") if text.startswith("Ben Lindqvist: ")] == [
        "Ben Lindqvist: “Looking”",
        "Ben Lindqvist: “Still looking”",
    ]


def test_f61_what_was_said_while_slack_was_silent_is_said_later_and_once(office):
    story = opened(office)
    office.slack_fault("server_error_before", times=50, method="*")
    handling.write(office.desk(), story, Kind.UPDATED, "ben", "Looking")
    assert office.texts("ops") == []
    office.slack.faults.clear()
    office.clock.move(minutes=1)
    for _ in range(2):
        handling.tell_all(office.desk(), records.story(office.desk(), story.id))
    assert [text for text in office.texts("ops") if "Looking" in text.partition("Newest")[0]] == [
        "Ben Lindqvist: “Looking”"
    ]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://x y", "https://x|y", "https://x.example/" + "a" * 600]
)
def test_f66_an_alert_with_a_bad_link_opens_its_incident_without_it(office, link):
    conf = opening.open_from(office.desk(), "key", "A\nB <!channel>", link=link)
    assert (conf["link"], conf["severity"], conf["impact"]) == ("", "critical", "large")
    assert conf["what"] == "A B <!channel>"
    assert opening.open_from(office.desk(), "key", "Another title") == conf


def test_f28_the_day_of_an_incident_is_the_teams_and_a_retry_after_midnight_finds_its_number(office):
    office.clock.move(hours=15, minutes=59)
    first = opened(office)
    office.clock.move(minutes=2)
    assert opened(office).id == first.id == "cellxgene.incident/2024-03-12.1"


def test_two_incidents_at_once_have_two_numbers(office):
    rules = office.team.incidents
    choices = {"severity": "minor", "impact": "none", "service": "portal", "kind": rules.kinds[0]}
    found = {
        opening.open_incident(office.desk(), opening.Wanted(key=str(key), **choices), "ben").id for key in range(3)
    }
    assert found == {f"cellxgene.incident/2024-03-12.{number}" for number in (1, 2, 3)}


def test_what_was_resolved_by_somebody_elses_word_ends_the_paging(scene):
    scene.opened()
    waiting = scene.start("page", 0)
    handling.write(scene.office.desk(), scene.story, Kind.RESOLVED, "hana", "It came back by itself", source="cli")
    assert scene.until(waiting, "page", rung=0).value == {"outcome": "over", "by": "hana"}
    late = scene.wake(waiting, "page", answer(MINE, "emil"), 0)
    assert late.value == {"outcome": "over", "by": "hana"}
    assert scene.story.state is State.RESOLVED
    assert scene.office.clock() - scene.story.opened_at < timedelta(hours=1)
