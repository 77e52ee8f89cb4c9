"""An incident from its form to its report: the tasks of the DAG, each in a process of its own (C-30 … C-35, T-17)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.incidents import Kind, State
from stationmaster.incidents import opening
from stationmaster.operators.handling_incidents import FILE, HELP, MITIGATED, NOTHING, RESOLVED, UPDATE, WRITTEN
from stationmaster.operators.paging_people import MINE, NOT_ME
from stationmaster.rehearsal.slack.models import SlackUser
from tests.operators.runs import answer

REPORT = {
    "root_cause": "The certificate expired",
    "resolution": "A new certificate",
    "follow_ups": "- Watch the expiry\nRenew by machine",
    "runbook": "none fitted",
}


def names(request) -> list[str]:
    return [user["name"] for user in request["assigned_users"]]


def test_c33_an_incident_that_opens_pages_is_acknowledged_resolved_and_reported(scene):
    scene.opened()
    assert scene.id == "cellxgene.incident/2024-03-12.1"
    assert scene.start("log_it_as_an_issue").value["number"] == 1
    first = scene.start("page", 0)
    assert names(scene.asked[0]) == ["Emil Novak"]
    second = scene.start("page", 1)
    assert scene.blockers("page-2") == ["INCIDENT_CLIMBS"]
    assert scene.wake(first, "page", answer(MINE, "emil"), 0).value == {"outcome": "acknowledged", "by": "emil"}
    assert scene.until(second, "page", rung=1).kind == "skipped"
    assert len(scene.asked) == 1

    handling = scene.start("handle")
    assert names(scene.asked[1]) == ["Emil Novak"]
    done = scene.wake(handling, "handle", answer(RESOLVED, "emil", text="The certificate was renewed"))
    assert done.value == {"outcome": "resolved", "by": "emil"}
    assert scene.start("handle_in_the_second_shift").kind == "skipped"

    examining = scene.start("examine")
    assert scene.wake(examining, "examine", answer(FILE, "emil", **REPORT)).value["follow_ups"] == 2
    filed = scene.start("file_the_report").value
    assert len(filed["tickets"]) == 3
    assert scene.story.state is State.REPORTED
    asking = scene.start("ask_for_the_postmortem")
    written = scene.wake(asking, "ask_for_the_postmortem", answer(WRITTEN, "emil", url="https://example.org/pm"))
    assert written.value["url"] == "https://example.org/pm"
    assert scene.office.ledger.blockers(scene.id) == {}


def test_c32_c33_the_ladder_is_ten_minutes_then_thirty_and_at_last_the_other_channel(scene):
    scene.opened()
    began, waits = scene.office.clock(), [scene.start("page", rung) for rung in range(scene.rungs)]
    reached = []
    for rung, minutes in ((1, 10), (2, 40)):
        scene.until(waits[rung], "page", rung=rung)
        reached.append((names(scene.asked[-1]), scene.office.clock() - began))
        assert scene.office.clock() - began == timedelta(minutes=minutes)
    assert reached == [(["Ben Lindqvist"], timedelta(minutes=10)), (["Jules Whitaker"], timedelta(minutes=40))]
    last = scene.until(waits[3], "page", rung=3)
    assert (last.value, scene.office.clock() - began) == ({"outcome": "asked", "by": "eng"}, timedelta(minutes=70))
    assert ":sos:" in scene.office.texts("eng")[0]


def test_c34_any_levels_answer_stops_the_ladder_and_makes_its_person_the_point(scene):
    scene.opened()
    waits = [scene.start("page", rung) for rung in range(3)]
    second = scene.until(waits[1], "page", rung=1)
    assert scene.wake(second, "page", answer(MINE, "ben"), 1).value == {"outcome": "acknowledged", "by": "ben"}
    assert scene.until(waits[0], "page", rung=0).value == {"outcome": "acknowledged", "by": "ben"}
    assert scene.until(waits[2], "page", rung=2).kind == "skipped"
    assert scene.story.positions == {"point": "ben"}
    scene.office.clock.move(hours=2)
    assert not [text for text in scene.office.texts("ops") if "UJULES" in text or "U40JULESW" in text]


def test_c35_who_cannot_take_it_passes_it_on_at_once(scene):
    scene.opened()
    first, second = scene.start("page", 0), scene.start("page", 1)
    assert scene.wake(first, "page", answer(NOT_ME, "emil"), 0).value == {"outcome": "passed_on", "by": "emil"}
    scene.office.clock.move(seconds=30)
    scene.until(second, "page", rung=1, most=2)
    assert names(scene.asked[-1]) == ["Ben Lindqvist"]


def test_c35_a_stranger_and_somebody_who_was_not_paged_cannot_answer_the_task(scene):
    scene.opened()
    first = scene.start("page", 0)
    for user in ("mallory", "hana"):
        assert scene.wake(first, "page", answer(MINE, user), 0).kind == "retried"
    assert scene.wake(first, "page", answer(MINE, None), 0).kind == "failed"
    assert scene.story.state is State.OPEN


def test_c34_a_tick_in_slack_is_an_answer_of_whoever_set_it(scene):
    scene.opened()
    first = scene.start("page", 0)
    office = scene.office
    ops = office.team.channels["ops"].id
    (headline,) = [each for each in office.slack.messages[ops] if "Put :white_check_mark:" in each.text]
    office.slack.users["U0STRANGER"] = SlackUser(id="U0STRANGER", name="guest", real_name="A guest")
    office.slack.channel(ops).members.append("U0STRANGER")
    office.slack.react_as("U0STRANGER", ops, headline.ts, "white_check_mark")
    assert scene.settled(first) is None
    office.slack.react_as("U37HANASA", ops, headline.ts, "white_check_mark")
    assert scene.until(first, "page", rung=0).value == {"outcome": "acknowledged", "by": "hana"}


def test_f61_a_silent_slack_keeps_nobody_from_being_asked_and_is_told_later(scene):
    scene.office.slack_fault("server_error_before", times=20)
    scene.opened()
    first = scene.start("page", 0)
    assert names(scene.asked[0]) == ["Emil Novak"]
    scene.office.slack.faults.clear()
    scene.office.clock.move(minutes=1)
    assert scene.settled(first) is None
    assert [text for text in scene.office.texts("ops") if "<@U30EMILNO>" in text]


def test_f56_a_silent_github_keeps_nobody_from_being_asked(scene):
    scene.office.fault("bad_gateway_before", "/issues", times=20)
    scene.opened()
    waiting = scene.start("log_it_as_an_issue")
    assert waiting.kind == "deferred"
    assert scene.blockers("log_it_as_an_issue") == ["GITHUB_UNREACHABLE"]
    assert scene.start("page", 0).kind == "deferred"


def acknowledged(scene, by="emil"):
    scene.opened()
    first = scene.start("page", 0)
    scene.wake(first, "page", answer(MINE, by), 0)
    return scene.start("handle")


def test_t19_an_update_is_asked_for_as_often_as_the_severity_says(scene_of):
    scene = scene_of("threefold", user="amir", severity="critical")
    waiting = acknowledged(scene, names_of_first(scene))
    scene.office.clock.move(hours=11)
    assert scene.settled(waiting) is None
    assert scene.blockers("handle") == ["INCIDENT_UNDER_WAY"]
    scene.office.clock.move(hours=1)
    assert scene.settled(waiting) is None
    assert scene.blockers("handle") == ["INCIDENT_UNDER_WAY", "INCIDENT_UPDATE_DUE"]
    assert [text for text in scene.office.texts("ops") if "an update is due" in text]
    again = scene.wake(waiting, "handle", answer(UPDATE, scene.story.acknowledged_by, text="Rebooting", eta="18:00"))
    assert again.kind == "retried"
    waiting = scene.start("handle")
    assert scene.settled(waiting) is None
    assert scene.blockers("handle") == ["INCIDENT_UNDER_WAY"]


def test_f02_an_update_that_two_tries_read_is_written_once(scene):
    """A worker that is killed between the two leaves the answer to the next try."""
    waiting = acknowledged(scene)
    given = answer(UPDATE, "emil", text="Rebooting", severity="minor")
    for _ in range(2):
        assert scene.wake(waiting, "handle", given).kind == "retried"
    scene.wake(waiting, "handle", answer(UPDATE, "emil", text="Rebooting"))
    assert [each.value["text"] for each in scene.story.all(Kind.UPDATED)] == ["Rebooting", "Rebooting"]
    assert len(scene.story.all(Kind.RATED)) == 1


def names_of_first(scene) -> str:
    """Who is first on the ladder now, as Airflow knows them."""
    from stationmaster.incidents import handling

    return str(handling.on_call(scene.office.desk())[0].airflow)


def test_t17_severity_and_roles_are_changed_by_the_form_and_stay_as_they_are_otherwise(scene):
    waiting = acknowledged(scene)
    outcome = scene.wake(waiting, "handle", answer(UPDATE, "emil", text="Less bad", severity="minor", comms="hana"))
    assert outcome.kind == "retried"
    assert (scene.story.severity, scene.story.impact) == ("minor", "large")
    assert scene.story.positions == {"point": "emil", "comms": "hana"}
    scene.wake(scene.start("handle"), "handle", answer(UPDATE, "emil", text="Still", severity="as it is"))
    assert scene.story.severity == "minor"


def test_o11_help_is_asked_of_the_rest_of_the_team(scene_of):
    scene = scene_of("operate-first", user="ada")
    who = names_of_first(scene)
    waiting = acknowledged(scene, who)
    assert scene.wake(waiting, "handle", answer(HELP, who)).kind == "retried"
    (text,) = [each for each in scene.office.texts("operations") if ":raised_hand:" in each]
    accounts = {person.slack[0] for person in scene.office.team.people.values()}
    asked = {account for account in accounts if f"<@{account}>" in text}
    assert len(asked) == len(accounts) - 1


@pytest.mark.parametrize(
    ("line", "state"), [("mitigated: rolled back", "mitigated"), ("Resolved: it was DNS", "resolved")]
)
def test_c30_what_is_written_in_the_thread_counts(scene, line, state):
    waiting = acknowledged(scene)
    office = scene.office
    ops = office.team.channels["ops"].id
    headline = next(each for each in office.slack.messages[ops] if "portal: outage" in each.text)
    office.clock.move(seconds=5)
    office.slack.post_as("U37HANASA", ops, line, thread_ts=headline.ts)
    outcome = scene.until(waiting, "handle", most=3) if state == "resolved" else scene.settled(waiting)
    assert str(scene.story.state) == state
    if state == "resolved":
        assert outcome.value == {"outcome": "resolved", "by": "hana"}


def test_what_was_nothing_has_no_report_and_its_issue_is_closed(scene):
    scene.opened()
    scene.start("log_it_as_an_issue")
    scene.wake(scene.start("page", 0), "page", answer(MINE, "emil"), 0)
    refused = scene.wake(scene.start("handle"), "handle", answer(NOTHING, "emil", text=""))
    assert refused.kind == "retried"
    ended = scene.wake(scene.start("handle"), "handle", answer(NOTHING, "emil", text="A test of the alarm"))
    assert ended.value == {"outcome": "called_off", "by": "emil"}
    assert scene.start("examine").kind == "skipped"
    assert scene.start("file_the_report").value == {"report": None, "tickets": [], "postmortem": None}
    assert scene.start("ask_for_the_postmortem").kind == "skipped"
    assert scene.office.desk().forge.open_issues("chanzuckerberg/single-cell-infra") == []


def test_o17_when_the_shift_changes_the_next_one_is_asked_and_the_point_with_them(scene):
    waiting = acknowledged(scene)
    scene.office.clock.move(days=6, hours=2)
    handed = scene.until(waiting, "handle", most=3)
    assert handed.value == {"outcome": "handed_over", "by": "stationmaster"}
    scene.start("handle_in_the_second_shift")
    assert names(scene.asked[-1]) == ["Emil Novak", "Ben Lindqvist"]


def test_c34_opened_again_the_ladder_begins_anew(scene, scene_of):
    waiting = acknowledged(scene)
    scene.wake(waiting, "handle", answer(MITIGATED, "emil", text="Rolled back"))
    scene.wake(scene.start("handle"), "handle", answer(RESOLVED, "emil", text="Fixed"))
    scene.office.clock.move(hours=3)
    back = scene_of(office=scene.office, reopens=scene.id, what="It is back")
    back.run_id = "manual-2"
    back.opened()
    assert (back.id, back.story.state, back.story.round) == (scene.id, State.OPEN, 1)
    first = back.start("page", 0)
    assert names(back.asked[-1]) == ["Emil Novak"]
    assert back.wake(first, "page", answer(MINE, "emil"), 0).value["outcome"] == "acknowledged"
    assert len([text for text in back.office.texts("ops") if ":rotating_light: <@U30EMILNO>" in text]) == 2


def test_an_alert_has_one_incident_while_it_is_under_way(scene, scene_of):
    scene.form["alert"] = "prometheus/HighErrorRate"
    scene.opened()
    second = scene_of(office=scene.office, user=None, alert="prometheus/HighErrorRate")
    second.run_id = "alert-2"
    outcome = second.start("open_the_incident")
    assert outcome.kind == "skipped"
    assert scene.id in outcome.text


@pytest.mark.parametrize("starter", [None, "amara", "admin"])
def test_d18_an_incident_is_opened_by_whoever_escalated_its_alert_and_not_by_who_started_the_watch(scene_of, starter):
    scene = scene_of(user=starter)
    conf = opening.open_from(scene.office.desk(), "3f9a1c20-7", "disk is full", by="ben")
    scene.form.update({name: value for name, value in conf.items() if value}, alert="3f9a1c20")
    scene.run_id = opening.run_of("3f9a1c20-7")
    scene.opened()
    assert scene.story.happenings[0].by == "ben"


def test_a_run_that_bears_the_name_of_an_alert_that_nobody_escalated_is_of_whoever_started_it(scene):
    scene.run_id = opening.run_of("3f9a1c20-7")
    scene.opened()
    assert scene.story.happenings[0].by == "amara"


@pytest.mark.parametrize("field", ["severity", "impact", "service", "kind"])
def test_a_choice_that_the_file_does_not_know_any_more_is_refused(scene, field):
    scene.form[field] = "gone"
    outcome = scene.start("open_the_incident")
    assert outcome.kind == "failed"
    assert "gone" in outcome.text


def test_c33_a_rung_that_is_not_climbed_keeps_nothing_after_the_ladder_from_running(scene):
    after = ("handle", "handle_in_the_second_shift", "examine", "file_the_report", "ask_for_the_postmortem")
    assert {scene.dag.get_task(task).trigger_rule.value for task in after} == {"all_done"}


def test_c33_a_run_that_opened_no_incident_asks_nobody_for_its_news(scene):
    after = ("handle", "handle_in_the_second_shift", "examine", "file_the_report", "ask_for_the_postmortem")
    assert {scene.start(task).kind for task in after} == {"skipped"}
    assert scene.asked == []
