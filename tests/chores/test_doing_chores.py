"""The tasks of a chore, from its opening to what shows that it was done (T-16, T-04, D-22, D-26, O-09)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.checks import Finding
from stationmaster.oncall_log import log
from stationmaster.oncall_log.open_work import open_work
from tests.chores.desk_of_chores import write
from tests.operators.runs import answer

SUNDAY = datetime(2024, 3, 10, 7, 0, tzinfo=UTC)
"""09:00 in Cairo: Amir's week begins, or whose turn it is."""
OPS = "threefoldtech/tf_operations"
BACKUPS = {
    "title": "Look at the backups",
    "owner": "operations",
    "schedule": {"kind": "cron", "at": "0 9 * * sun"},
    "role": "operator",
    "runbook": "threefold-operations",
    "priority": "Major",
    "evidence": [
        {"id": "report", "kind": "link", "title": "The report", "hosts": ["github.com"]},
        {"id": "age", "kind": "number", "title": "Age of the newest", "at_most": 24, "unit": "hours"},
    ],
    "late": {"remind": "1d", "hands": 2, "escalate": {"after": "1d"}},
    "may_leave": True,
}
HEAD = {
    "channel": "ops",
    "priorities": [{"name": "Major", "means": "within two days", "label": "priority_major", "due": "2d"}],
    "issues": {"repository": OPS, "labels": ["chore"]},
}
GOOD = {"report": f"https://github.com/{OPS}/actions/runs/7", "age": 3}


@pytest.fixture
def office(office_of):
    office = office_of("threefold", at=SUNDAY)
    write(office, {"backups": BACKUPS}, **HEAD)
    return office


@pytest.fixture
def run(office, runs_of):
    return runs_of(office, "backups", due=SUNDAY)


@pytest.fixture
def asked(run):
    assert run.start("open_the_chore").kind == "done"
    outcome = run.start("do_it")
    assert (outcome.kind, run.blockers("do_it")) == ("deferred", ["CHORE_OPEN"])
    return run, outcome


def holder(office, at=None) -> str:
    return office.team.on_call("operator", at or office.clock()).people[0]


def other(office) -> str:
    return next(name for name in office.team.groups["operations"] if name != holder(office))


def issues(office):
    return list(office.github.repository(OPS).record.issues.values())


def logged(office) -> list[str]:
    return [entry.text for entry in log.entries(office.desk(), SUNDAY - timedelta(days=1), SUNDAY + timedelta(days=30))]


def test_t16_a_chore_opens_asks_whoever_is_on_call_and_closes_with_its_evidence(asked):
    run, question = asked
    office, person = run.office, holder(run.office)
    (request,) = run.asked
    assert [user["id"] for user in request["assigned_users"]] == [person]
    assert request["subject"] == "[Major] Look at the backups, due Tue 12 Mar 2024 09:00 EET"
    assert run.operator("do_it").named == office.team.people[person].name
    (told,) = office.texts("ops")
    assert told.startswith(f":clipboard: {office.team.people[person].mention}: *[Major] Look at the backups*")
    assert run.settled(question) is None
    done = run.wake(question, "do_it", answer("Done", person, **GOOD, note=""))
    assert done.value == {"outcome": "done", "by": person}
    assert run.start("ask_the_next_shift").kind == "skipped"
    closed = run.start("close_the_chore")
    assert closed.value == {"outcome": "done", "by": person, "late_by": 0}
    assert office.texts("ops")[-1].startswith(":white_check_mark:")
    assert "age: 3 hours" in office.texts("ops")[-1]
    assert logged(office) == ["Look at the backups: done."]
    assert office.ledger.blockers("threefold.chores") == {}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"age": 3}, "The report: A link is needed"),
        ({"report": "https://evil.example/x", "age": 3}, r"A link to github\.com is needed"),
        ({"report": GOOD["report"], "age": 30}, "30 is above 24 hours"),
        ({"report": GOOD["report"], "age": None}, "A number is needed, in hours"),
        ({}, "The report: .* Age of the newest: "),
    ],
)
def test_t16_an_answer_without_its_evidence_closes_nothing_and_says_what_is_missing(asked, given, missing):
    import re

    run, question = asked
    outcome = run.wake(question, "do_it", answer("Done", holder(run.office), **given))
    assert outcome.kind == "retried"
    assert re.search(missing, outcome.text)
    assert outcome.text.endswith("It is asked again.")
    assert run.office.ledger.fact(run.about, "ended") is None
    again = run.start("do_it")
    assert again.kind == "deferred"
    assert len(run.asked) == 2
    every = [message.text for messages in run.office.slack.messages.values() for message in messages]
    (told,) = [text for text in every if "was not taken" in text]
    assert re.search(missing, told), "the form cannot say it: Airflow shows it as it was first put (fact 4)"
    assert told.startswith("Your answer to `do_it` of ")
    assert run.wake(again, "do_it", answer("Done", holder(run.office), **GOOD)).value["outcome"] == "done"


@pytest.mark.parametrize(
    ("by", "kind"), [("other", "retried"), ("owen", "retried"), ("mallory", "retried"), (None, "failed")]
)
def test_f12_only_who_was_asked_or_is_on_call_closes_it(asked, by, kind):
    run, question = asked
    person = other(run.office) if by == "other" else by
    assert run.wake(question, "do_it", answer("Done", person, **GOOD)).kind == kind
    assert run.office.ledger.fact(run.about, "ended") is None


def test_whoever_was_asked_may_answer_after_hours_when_nobody_is_on_call(asked):
    run, question = asked
    person = holder(run.office)
    run.office.clock.to(SUNDAY + timedelta(hours=12))
    assert run.settled(question) is None
    assert run.blockers("do_it") == ["CHORE_OPEN"]
    assert run.wake(question, "do_it", answer("Done", person, **GOOD)).value["outcome"] == "done"


def test_d29_it_may_be_left_with_a_reason_only_where_its_file_allows_that(asked):
    run, question = asked
    person = holder(run.office)
    assert run.wake(question, "do_it", answer("Not needed this time", person, note=" ")).kind == "retried"
    done = run.wake(question, "do_it", answer("Not needed this time", person, note="nothing was rented"))
    assert done.value["outcome"] == "not_needed"
    write(run.office, {"backups": {**BACKUPS, "may_leave": False}}, **HEAD)
    run.start("open_the_chore")
    run.start("do_it")
    assert run.asked[-1]["options"] == ["Done", "Not needed this time", "Blocked"]  # the one that was asked before


def test_d29_what_must_be_done_is_not_offered_to_be_left(office, runs_of):
    write(office, {"backups": {**BACKUPS, "may_leave": False}}, **HEAD)
    run = runs_of(office, "backups", due=SUNDAY)
    run.start("open_the_chore")
    question = run.start("do_it")
    assert run.asked[-1]["options"] == ["Done", "Blocked"]
    refused = run.wake(question, "do_it", answer("Not needed this time", holder(office), note="no"))
    assert (refused.kind, "must be done" in refused.text) == ("retried", True)


def test_t04_a_run_is_logged_as_an_issue_that_is_closed_with_the_evidence(asked):
    run, question = asked
    office, person = run.office, holder(run.office)
    for _ in range(2):
        assert run.start("log_it_as_an_issue").kind == "done"
    (issue,) = issues(office)
    assert issue.title == "[Major] Look at the backups (Sun 10 Mar 2024 09:00 EET)"
    assert sorted(issue.labels) == ["chore", "priority_major"]
    assert issue.assignees == [office.team.people[person].github]
    run.wake(question, "do_it", answer("Done", person, **GOOD, note="all 12 are there"))
    for _ in range(2):
        assert run.start("close_the_chore").kind == "done"
    (issue,) = issues(office)
    assert issue.state == "closed"
    (comment,) = office.github.repository(OPS).record.comments.values()
    assert GOOD["report"] in comment.body
    assert "all 12 are there" in comment.body


def test_t04_a_github_that_is_down_keeps_nobody_from_being_asked(run):
    run.office.fault("unavailable_before", "/issues", times=99)
    run.start("open_the_chore")
    assert run.start("log_it_as_an_issue").kind == "deferred"
    assert run.blockers("log_it_as_an_issue") == ["GITHUB_UNREACHABLE"]
    assert run.start("do_it").kind == "deferred"
    assert len(run.asked) == 1


def test_t04_without_a_policy_no_issue_is_written(office, runs_of):
    write(office, {"backups": {**BACKUPS, "issue": False}}, **HEAD)
    assert "log_it_as_an_issue" not in runs_of(office, "backups").dag.task_ids
    write(office, {"backups": BACKUPS}, **{**HEAD, "issues": None})
    assert "log_it_as_an_issue" not in runs_of(office, "backups").dag.task_ids


def test_d28_a_blocked_one_stays_open_is_marked_and_shows_why(asked):
    run, question = asked
    office, person = run.office, holder(run.office)
    run.start("log_it_as_an_issue")
    given = answer("Blocked", person, note="the provider is down @channel")
    for _ in range(2):  # a try that was killed is followed by one that reads the same (F02)
        assert run.wake(question, "do_it", given).kind == "retried"
    assert len([line for line in logged(office) if "blocked. “the provider" in line]) == 1
    again = run.start("do_it")
    assert run.blockers("do_it") == ["CHORE_BLOCKED"]
    assert run.settled(again) is None
    (issue,) = issues(office)
    assert "blocked" in issue.labels
    assert issue.state == "open"
    assert "blocked. “the provider is down" in logged(office)[-1]
    assert "@channel" not in run.asked[-1]["body"]
    assert run.wake(again, "do_it", answer("Done", person, **GOOD)).value["outcome"] == "done"


def test_d26_it_is_carried_over_to_the_next_shift_and_counted(asked):
    run, question = asked
    office, first = run.office, holder(run.office)
    handoff = SUNDAY + timedelta(days=7)
    write(office, {"backups": {**BACKUPS, "schedule": {"kind": "cron", "at": "0 9 10 * *"}}}, **HEAD)
    office.clock.to(handoff - timedelta(days=1))
    assert run.settled(question) is None
    office.clock.to(handoff)
    second = holder(office)
    assert second != first
    question.trigger.team["chores"]["backups"]["schedule"] = {"kind": "cron", "at": "0 9 10 * *", "zone": None}
    assert run.wake(question, "do_it").value == {"outcome": "handed_over", "by": "stationmaster"}
    waits = run.start("ask_the_next_shift")
    assert [user["id"] for user in run.asked[-1]["assigned_users"]] == [second]
    assert "carried over once" in run.asked[-1]["body"]
    assert f"from {office.team.people[first].name}, whose shift is over (once carried over)" in office.texts("ops")[-2]
    names = [office.team.people[name].name for name in (first, second)]
    assert f"Look at the backups: carried over from {names[0]} to {names[1]}." in logged(office)
    office.clock.move(hours=1)
    run.wake(waits, "ask_the_next_shift", answer("Done", second, **GOOD))
    closed = run.start("close_the_chore")
    assert closed.value["late_by"] > 0
    assert "h late, carried over once" in logged(office)[-1]


def test_t16_a_late_one_is_said_again_once_each_and_told_up_the_ladder(asked):
    run, question = asked
    office = run.office
    office.clock.to(SUNDAY + timedelta(days=2))
    for _ in range(3):
        assert run.settled(question) is None
    assert run.blockers("do_it") == ["CHORE_LATE"]
    assert [text.split()[0] for text in office.texts("ops")] == [":clipboard:", ":bell:"]
    office.clock.to(SUNDAY + timedelta(days=3, hours=2))
    for _ in range(3):
        assert run.settled(question) is None
    words = [text.split()[0] for text in office.texts("ops")]
    assert words == [":clipboard:", ":bell:", ":bell:", ":rotating_light:"]
    assert office.texts("ops")[-1].startswith(":rotating_light: <@UOWENXT04> (circle_owner)")
    assert logged(office)[0].startswith("Look at the backups: late, it was due")
    assert "told to Owen Claes (circle_owner)" in logged(office)[-1]


def test_o03_out_of_hours_nobody_is_reminded_and_the_newest_reminder_is_said_when_somebody_is_there(asked):
    run, question = asked
    office = run.office
    office.clock.to(SUNDAY + timedelta(days=2, hours=12))
    run.settled(question)
    assert [text.split()[0] for text in office.texts("ops")] == [":clipboard:"]
    office.clock.to(SUNDAY + timedelta(days=3, minutes=30))
    run.settled(question)
    assert [text.split()[0] for text in office.texts("ops")] == [":clipboard:", ":bell:"]


def test_t16_one_that_nobody_did_before_the_next_began_is_missed_and_counted(asked, runs_of):
    run, question = asked
    office, second = run.office, SUNDAY + timedelta(days=7)
    office.clock.to(second)
    skipped = run.wake(question, "do_it")
    assert (skipped.kind, skipped.text) == ("skipped", "the next one has begun")
    assert run.start("ask_the_next_shift").kind == "skipped"
    assert run.start("close_the_chore").value["outcome"] == "missed"
    assert office.texts("ops")[-1].startswith(":x:")
    assert "missed" in logged(office)[-1]
    following = runs_of(office, "backups", due=second, run_id="scheduled__2")
    following.start("open_the_chore")
    following.start("do_it")
    assert "It was missed once in a row before this." in following.asked[-1]["body"]


def test_f01_every_task_may_be_taken_again_and_repeats_nothing(run):
    person = holder(run.office)
    for _ in range(2):
        run.start("open_the_chore")
        run.start("log_it_as_an_issue")
    for _ in range(2):
        question = run.start("do_it")
    run.wake(question, "do_it", answer("Done", person, **GOOD))
    for task in ("open_the_chore", "log_it_as_an_issue", "do_it", "close_the_chore", "close_the_chore"):
        assert run.start(task).kind == "done"
    assert len(issues(run.office)) == 1
    assert len(run.office.texts("ops")) == 2
    assert logged(run.office) == ["Look at the backups: done."]


def test_f61_a_slack_that_is_down_keeps_nobody_from_being_asked_and_is_told_later(run):
    run.office.slack_fault("server_error_before", times=50)
    run.start("open_the_chore")
    question = run.start("do_it")
    assert len(run.asked) == 1
    assert run.blockers("do_it") == ["CHORE_OPEN", "EFFECT_UNSETTLED"]
    run.office.slack.faults.clear()
    run.office.clock.move(minutes=1)
    assert run.settled(question) is None
    assert len(run.office.texts("ops")) == 1


def test_f38_started_by_hand_it_adopts_the_run_that_is_open_and_else_is_one_of_its_own(asked, runs_of):
    run, question = asked
    office, person = run.office, holder(run.office)
    by_hand = runs_of(office, "backups", run_id="manual__1", user=person)
    by_hand.start("open_the_chore")
    assert by_hand.about == run.about
    run.wake(question, "do_it", answer("Done", person, **GOOD))
    office.clock.move(hours=1)
    another = runs_of(office, "backups", run_id="manual__2", user=person)
    another.start("open_the_chore")
    assert another.about.startswith(run.about.removesuffix("T0900"))
    assert another.about != run.about
    office.clock.move(hours=1)
    before = another.about
    another.start("open_the_chore")
    assert another.about == before
    again = runs_of(office, "backups", run_id="manual__2", user=person)
    refused = again.start("open_the_chore")
    assert refused.kind == "failed"
    assert "deleted and made again under its id" in refused.text


def test_d26_an_open_one_is_open_work_that_the_handoff_lists(asked):
    run, _ = asked
    run.start("log_it_as_an_issue")
    (found,) = open_work(run.office.desk(), "chores")
    assert (found.id, found.title) == (run.about, "Look at the backups")
    assert found.url.endswith("/issues/1")
    assert "CHORE_OPEN" in found.why


def test_a_chore_that_left_the_file_ends_as_skipped(asked):
    run, _ = asked
    operator = run.operator("do_it")
    write(run.office, {}, **HEAD)
    outcome = run._call(operator, "execute")
    assert (outcome.kind, "no chore 'backups'" in outcome.text) == ("skipped", True)


NO_PAGE = {
    "title": "Rotate the certificates",
    "owner": "bea",
    "schedule": {"kind": "on_request"},
    "role": "operator",
    "due": "1d",
}


def test_o09_o12_without_a_page_it_is_closed_only_with_the_page_that_was_written(office, runs_of):
    write(office, {"certificates": NO_PAGE}, channel="ops")
    run = runs_of(office, "certificates", run_id="manual__1", user="amir")
    run.start("open_the_chore")
    question = run.start("do_it")
    person = holder(office)
    assert "write the page, also if somebody helped you" in run.asked[-1]["body"]
    assert run.wake(question, "do_it", answer("Done", person)).kind == "retried"
    page = "https://github.com/threefoldtech/tf_operations/pull/12"
    done = run.wake(question, "do_it", answer("Done", person, runbook_written=page))
    assert done.value["outcome"] == "done"


REQUEST = {
    **NO_PAGE,
    "title": "Replace dead nodes",
    "runbook": "threefold-operations",
    "schedule": {
        "kind": "on_request",
        "form": {
            "nodes": {"title": "Which nodes", "kind": "text"},
            "why": {"title": "Why", "kind": "choice", "choices": ["dead", "moved"]},
            "ticket": {"title": "Ticket", "kind": "link", "needed": False},
        },
    },
}


def test_d22_d28_a_request_says_what_is_wanted_and_two_are_two(office, runs_of):
    write(office, {"nodes": REQUEST}, **HEAD)
    form = {"nodes": "abc-1 <!channel>", "why": "dead"}
    one = runs_of(office, "nodes", run_id="manual__1", user="amir", params=form)
    other_one = runs_of(office, "nodes", run_id="manual__2", user="amir", params=form)
    for run in (one, other_one):
        assert run.start("open_the_chore").kind == "done"
        assert run.start("do_it").kind == "deferred"
        run.start("log_it_as_an_issue")
    assert one.about != other_one.about
    assert "Which nodes: abc" in one.asked[0]["body"]
    assert len(issues(office)) == 2
    assert all("<!channel>" not in text for text in [*office.texts("ops"), one.asked[0]["body"]])


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"why": "dead"}, "Which nodes is missing"),
        ({"nodes": "x", "why": "bored"}, "not one of dead, moved"),
        ({"nodes": "x", "why": "dead", "ticket": "javascript:1"}, "Ticket: That is not a link"),
    ],
)
def test_d28_a_request_that_is_unclear_opens_nothing(office, runs_of, form, why):
    write(office, {"nodes": REQUEST}, **HEAD)
    run = runs_of(office, "nodes", run_id="manual__1", user="amir", params=form)
    outcome = run.start("open_the_chore")
    assert (outcome.kind, why in outcome.text) == ("failed", True)
    assert office.ledger.fact(run.about, "opened") is None


def test_t16_steps_are_ticked_one_by_one_as_the_page_had_them_when_it_was_opened(office, runs_of):
    ticked = {**BACKUPS, "runbook": "access", "evidence": [{"id": "steps", "kind": "checklist", "title": "The steps"}]}
    write(office, {"backups": ticked}, **HEAD)
    run = runs_of(office, "backups", due=SUNDAY)
    run.start("open_the_chore")
    question = run.start("do_it")
    boxes = [name for name in run.asked[-1]["params"] if name.startswith("step_")]
    assert len(boxes) >= 2
    person = holder(office)
    half = run.wake(question, "do_it", answer("Done", person, **{boxes[0]: True}))
    assert (half.kind, "Not ticked: " in half.text) == ("retried", True)
    done = run.wake(question, "do_it", answer("Done", person, **dict.fromkeys(boxes, True)))
    assert done.value["outcome"] == "done"
    assert sum(line.startswith("☐") for line in office.texts("ops")[0].splitlines()) == len(boxes)


@pytest.mark.parametrize("kind", ["dropped_after", "bad_gateway_after", "dropped_before"])
@pytest.mark.parametrize("path", ["/issues", "/comments", "/labels"])
def test_f02_f03_a_lost_answer_of_github_makes_nothing_twice(run, kind, path):
    office, person = run.office, holder(run.office)
    run.start("open_the_chore")
    office.fault(kind, path, method="POST")
    again = run.start("log_it_as_an_issue")
    while again.kind == "deferred":
        office.clock.move(minutes=1)
        again = run.wake(again, "log_it_as_an_issue") if run.settled(again) else again
    question = run.start("do_it")
    run.wake(question, "do_it", answer("Blocked", person, note="no access"))
    question = run.start("do_it")
    for _ in range(5):
        office.clock.move(minutes=1)
        run.settled(question)
    run.wake(question, "do_it", answer("Done", person, **GOOD))
    closing = run.start("close_the_chore")
    while closing.kind == "deferred":
        office.clock.move(minutes=1)
        closing = run.wake(closing, "close_the_chore") if run.settled(closing) else closing
    (issue,) = issues(office)
    assert (issue.state, sorted(issue.labels)) == ("closed", ["blocked", "chore", "priority_major"])
    assert len(office.github.repository(OPS).record.comments) == 1


@pytest.mark.parametrize("kind", ["server_error_after", "drop_after", "drop_before"])
def test_f04_a_lost_answer_of_slack_says_nothing_twice(run, kind):
    office, person = run.office, holder(run.office)
    run.start("open_the_chore")
    office.slack_fault(kind)
    question = run.start("do_it")
    for _ in range(4):
        office.clock.move(minutes=1)
        assert run.settled(question) is None
    assert len(office.texts("ops")) == 1
    run.wake(question, "do_it", answer("Done", person, **GOOD))
    office.slack_fault(kind)
    closing = run.start("close_the_chore")
    while closing.kind == "deferred":
        office.clock.move(minutes=1)
        closing = run.wake(closing, "close_the_chore") if run.settled(closing) else closing
    assert len(office.texts("ops")) == 2


@pytest.fixture
def looked_at(office, runs_of, monkeypatch):
    """A chore with a check whose finding a test says; the check itself is tested where it is written."""
    write(office, {"backups": {**BACKUPS, "check": {"kind": "files"}}}, **HEAD)
    looks: list[Finding] = []

    def found(finding: Finding):
        monkeypatch.setattr("stationmaster.checks.run", lambda desk, check, about: looks.append(finding) or finding)
        run = runs_of(office, "backups", due=SUNDAY)
        run.start("open_the_chore")
        for _ in range(2):
            assert run.start("let_a_machine_look").kind == "done"
        assert len(looks) == 1
        return run

    return found


def test_t16_what_a_machine_finds_fine_asks_nobody_and_closes_with_the_finding(looked_at):
    run = looked_at(Finding(True, "12 repositories have both", "https://github.com/threefoldtech"))
    assert run.start("do_it").value == {"outcome": "fine", "by": "stationmaster"}
    assert run.start("ask_the_next_shift").kind == "skipped"
    assert run.start("close_the_chore").value["outcome"] == "fine"
    assert run.asked == []
    (text,) = run.office.texts("ops")
    assert text.startswith(":robot_face:")
    assert "12 repositories have both" in text
    assert logged(run.office) == ["Look at the backups: found fine by a machine. 12 repositories have both"]


@pytest.mark.parametrize("ok", [False, None])
def test_t16_what_is_bad_or_cannot_be_told_is_asked_of_a_person_with_the_finding(looked_at, ok):
    run = looked_at(Finding(ok, "tfchain has no LICENSE <!channel>"))
    assert run.start("do_it").kind == "deferred"
    assert "tfchain has no LICENSE" in run.asked[0]["body"]
    assert "<!channel>" not in run.asked[0]["body"]
