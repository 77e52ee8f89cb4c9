"""Whether whoever comes on call can open what they need; what is missing is asked for (C-07)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.config.checklist import read_checklist
from stationmaster.handoffs import access
from tests.departures.week import INCLUDE
from tests.handoffs.monday import HANDOFF, HELP, ITEMS

PAGE = read_checklist(INCLUDE, "runbooks/access.md")


def answer(monday, *missing, note="", person="farah"):
    desk = monday.desk()
    return access.record(
        desk,
        monday.handoff,
        monday.team.people[person],
        items=PAGE,
        missing=[item for item in PAGE if item.id in missing],
        note=note,
        at=monday.clock(),
    )


def test_c07_the_page_asks_for_what_the_team_demands():
    assert tuple(item.id for item in PAGE) == ITEMS
    assert "hosted-cellxgene-prod" in PAGE[2].text


def test_c07_a_passed_answer_counts_for_ninety_days(monday):
    answer(monday)
    assert access.known(monday.desk(), "farah", ITEMS) is not None
    assert access.known(monday.desk(), "chiara", ITEMS) is None
    monday.clock.move(days=90, seconds=-1)
    assert access.known(monday.desk(), "farah", ITEMS) is not None
    monday.clock.move(seconds=1)
    assert access.known(monday.desk(), "farah", ITEMS) is None


def test_an_item_that_was_added_since_is_asked_for(monday):
    answer(monday)
    assert access.known(monday.desk(), "farah", (*ITEMS, "pagerduty")) is None
    assert access.known(monday.desk(), "farah", ITEMS[:1]) is not None


def test_the_newest_answer_counts(monday):
    answer(monday)
    monday.clock.move(hours=1)
    answer(monday, "sentry")
    assert access.known(monday.desk(), "farah", ITEMS) is None
    monday.clock.move(hours=1)
    answer(monday)
    assert access.known(monday.desk(), "farah", ITEMS) is not None


def test_c07_help_infra_and_the_manager_hear_once_what_is_missing(monday):
    answer(monday, "datadog-hosted-cellxgene-prod", note="it says <!here> forbidden")
    for _ in range(3):
        assert access.call_for_help(monday.desk(), monday.handoff, "primary") is None
    assert monday.texts(HELP) == [
        ":key: <@U31FARAH0> is *primary* of *cellxgene on call* now, and lacks access. Can somebody help?\n"
        "• Datadog: the environment hosted-cellxgene-prod shows its logs\n"
        "Farah Haddad writes: “it says &lt;!here&gt; forbidden”\n"
        "cc <@U40JULESW>"
    ]
    monday.clock.move(minutes=5)
    answer(monday, "sentry")
    access.call_for_help(monday.desk(), monday.handoff, "primary")
    assert len(monday.texts(HELP)) == 2


def test_with_nothing_missing_nobody_is_called(monday):
    answer(monday)
    assert access.call_for_help(monday.desk(), monday.handoff, "primary") is None
    assert monday.texts(HELP) == []


def test_what_was_missing_in_an_older_shift_is_not_told_again(monday):
    answer(monday, "sentry")
    later = monday.desk().handoff_at(monday.handoff.end)
    assert access.call_for_help(monday.desk(), later, "primary") is None
    assert monday.texts(HELP) == []


def test_f60_slack_out_of_reach_is_a_blocker_and_made_good(monday):
    answer(monday, "sentry")
    monday.slack_fault("server_error_before", times=100, method="*")
    found = access.call_for_help(monday.desk(), monday.handoff, "primary")
    assert (found.code, found.who) == ("SLACK_UNREACHABLE", ("farah", "jules"))
    monday.slack.faults.clear()
    unsettled = access.call_for_help(monday.desk(), monday.handoff, "primary")
    assert unsettled.code == "EFFECT_UNSETTLED"
    monday.clock.move(seconds=10)
    assert access.call_for_help(monday.desk(), monday.handoff, "primary") is None
    assert len(monday.texts(HELP)) == 1


@pytest.mark.parametrize(
    ("missing", "code", "who"),
    [
        ((), "ACCESS_UNCONFIRMED", ("farah",)),
        (("sentry",), "ACCESS_MISSING", ("farah", "jules")),
    ],
)
def test_the_open_question_says_who_can_clear_it(monday, missing, code, who):
    if missing:
        answer(monday, *missing)
    found = access.waits_for(monday.desk(), monday.handoff, "primary", [item.text for item in PAGE])
    assert (found.code, found.who) == (code, who)
    assert "Sentry" in found.sentence


def test_the_answers_of_a_person_stand_in_the_audit(monday):
    answer(monday, "sentry")
    (fact,) = monday.ledger.facts("cellxgene.access", "access", "farah")
    assert fact.value["handoff"] == HANDOFF
    assert fact.by == "farah"
    assert fact.at == monday.clock()
    assert monday.clock() - fact.at == timedelta(0)
