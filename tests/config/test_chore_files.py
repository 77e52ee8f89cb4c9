"""What a file of chores may say, and how each mistake is answered (D-22, D-23, T-11, T-16, N-16)."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from stationmaster import clock
from stationmaster.config.chore_timing import schedule_of
from stationmaster.config.runbook_pages import read_runbook
from stationmaster.core.instants import to_local
from tests.chores.teams import INCLUDE, team_of

FILE = "chores/threefold.yaml"
HEAD = """\
team: threefold
channel: ops
priorities: [{name: Major, means: soon, due: 2d}]
issues: {repository: threefoldtech/tf_operations, labels: [chore]}
chores:
"""
CHORE = """\
  look:
    title: Look
    owner: operations
    schedule: {kind: cron, at: "0 9 * * sun"}
    role: operator
    runbook: access
    priority: Major
    evidence:
      - {id: link, kind: link, title: A link}
    late: {remind: 1d}
"""
LINES = len(HEAD.splitlines())


@pytest.fixture(autouse=True)
def today(_thursday_before_the_clocks_change, tmp_path):
    """The occurrences that follow are looked at: a day on which the team has somebody."""
    clock.set_virtual(tmp_path / "clock.json", datetime(2026, 11, 21, 12, tzinfo=UTC))


@pytest.fixture
def load(files):
    for folder in ("teams", "rotations"):
        shutil.copy(INCLUDE / folder / "threefold.yaml", files.root / folder / "threefold.yaml")
    shutil.copy(INCLUDE / "runbooks" / "threefold-operations.md", files.root / "runbooks")
    shutil.copy(INCLUDE / "runbooks" / "access.md", files.root / "runbooks")

    def write(text: str):
        files.write(FILE, text)
        return files.load(["threefold"])

    return write


def test_t16_a_good_file_has_no_problem(load):
    found = load(HEAD + CHORE)
    assert found.problems == ()
    team = found.team("threefold")
    assert team.chores_head.due(team.chores["look"]) == timedelta(days=2)


@pytest.mark.parametrize(
    ("before", "after", "code", "line"),
    [
        ("    owner: operations\n", "", "chore_without_owner", 2),
        ("owner: operations", "owner: nobody", "unknown_chore_owner", 3),
        ("role: operator", "role: operater", "unknown_role", 5),
        ("runbook: access", "runbook: acces", "unknown_runbook", 6),
        ("priority: Major", "priority: Majr", "unknown_priority", 7),
        ("    priority: Major\n", "", "chore_without_due", 2),
        ("priority: Major", "priority: Major\n    channel: opps", "unknown_channel", 8),
        ("0 9 * * sun", "0 9 * * sum", "not_a_cron_line", 4),
        ("0 9 * * sun", "0 9 30 2 *", "not_a_cron_line", 4),
        ("kind: cron, at", "kind: crn, at", "not_a_choice", 4),
        ("{kind: cron, at: ", "{at: ", "missing_field", 4),
        ('{kind: cron, at: "0 9 * * sun"}', '{kind: cron, at: "0 9 * * sun", zon: UTC}', "unknown_field", 4),
        ('{kind: cron, at: "0 9 * * sun"}', '{kind: cron, at: "0 9 * * sun", zone: PST}', "unknown_zone", 4),
        ('{kind: cron, at: "0 9 * * sun"}', '{kind: each_shift_day, at: "03:00"}', "chore_never_due", 4),
        ("0 9 * * sun", "0 9 * * *", "chore_due_after_the_next", 7),
        ("kind: link, title", "kind: lnk, title", "not_a_choice", 9),
        ("title: A link}", "title: A link, host: x}", "unknown_field", 9),
        ("title: A link}", "title: A link, hosts: [not a host]}", "not_a_host", 9),
        (
            "kind: link, title: A link",
            "kind: number, title: N, at_least: 5, at_most: 1",
            "bounds_crossed",
            9,
        ),
        ("kind: link, title: A link", "kind: file, title: F, repository: a/b", "unknown_repository", 9),
        (
            "title: A link}",
            "title: A link}\n      - {id: link, kind: link, title: Another}",
            "listed_twice",
            10,
        ),
        ("{remind: 1d}", "{remind: 1d, hands: 99}", "too_large", 10),
        ("{remind: 1d}", "{remind: never}", "not_a_duration", 10),
    ],
)
def test_d23_each_mistake_has_its_own_answer_and_keeps_out_that_chore_alone(load, before, after, code, line):
    assert before in CHORE
    found = load(HEAD + CHORE.replace(before, after) + CHORE.replace("  look:", "  other:"))
    chores = found.team("threefold").chores
    assert "other" in chores
    assert "look" not in chores
    problem = found.problems[0]
    assert (problem.code, problem.line, problem.entry) == (code, LINES + line, "chores.look")
    assert problem.remedy
    assert not problem.keeps_out


def test_f65_a_page_with_a_script_keeps_out_the_chores_that_name_it_and_names_the_line(load, files):
    page = files.root / "runbooks" / "evil.md"
    head = "---\nid: evil\ntitle: Evil\nowner: threefold\nreviewed: 2026-01-01\n---\n\n"
    page.write_text(f"{head}<script>x</script>\n", encoding="utf-8")
    found = load(HEAD + CHORE.replace("runbook: access", "runbook: evil") + CHORE.replace("look:", "other:"))
    assert list(found.team("threefold").chores) == ["other"]
    assert {problem.code for problem in found.problems} == {"runbook_html"}
    assert "line 8 of evil.md" in found.problems[0].message


def test_t16_a_list_to_tick_needs_a_page_with_steps(load, files):
    page = files.root / "runbooks" / "plain.md"
    page.write_text(
        "---\nid: plain\ntitle: P\nowner: threefold\nreviewed: 2026-01-01\n---\n\nWords.\n", encoding="utf-8"
    )
    text = CHORE.replace("runbook: access", "runbook: plain").replace("kind: link, title", "kind: checklist, title")
    assert [problem.code for problem in load(HEAD + text).problems] == ["runbook_without_steps"]


def test_o09_a_chore_without_a_page_is_a_warning_and_counted_as_debt(load):
    found = load(HEAD + CHORE.replace("    runbook: access\n", ""))
    assert [(problem.code, problem.severity) for problem in found.problems] == [("chore_without_runbook", "warning")]
    assert list(found.team("threefold").chores) == ["look"]


def test_t16_an_escalation_needs_a_ladder(load, files):
    ladder = "    escalation:\n      - {role: circle_owner, after: 1h}    # open: how long is urgent\n"
    load(HEAD + CHORE)
    files.edit("rotations/threefold.yaml", ladder, "")
    files.write(FILE, HEAD + CHORE.replace("{remind: 1d}", "{remind: 1d, escalate: {after: 1h}}"))
    found = files.load(["threefold"])
    assert [problem.code for problem in found.problems] == ["chore_escalates_to_nobody"]


def test_the_first_file_of_a_team_speaks_for_the_others(load, files):
    files.write("chores/threefold.more.yaml", "team: threefold\nchores:\n" + CHORE.replace("look:", "other:"))
    found = load(HEAD + CHORE)
    assert found.problems == ()
    assert sorted(found.team("threefold").chores) == ["look", "other"]
    assert found.team("threefold").chores_head.channel == "ops"


def test_n16_n09_n10_the_hausmeisters_scale_begins_with_p4_and_the_week_is_for_nothing_else():
    team = team_of("hausmeister")
    assert [each.name for each in team.chores_head.priorities] == ["P4", "P3", "P2", "P1"]
    assert "stop everything" in team.chores_head.priority("P4").means
    issues = team.chores["open-issues"]
    assert (issues.priority, issues.role) == ("P3", "hausmeister")
    assert issues.evidence[0].at_most == 0  # N-09: no P4 on which nobody works
    assert team.chores["capacity"].schedule.kind == "each_handoff"  # N-10


def test_t11_t18_threefolds_priorities_say_until_when():
    head = team_of("threefold").chores_head
    assert [(each.label, each.due) for each in head.priorities] == [
        ("priority_critical", timedelta(hours=8)),
        ("priority_major", timedelta(days=2)),
        ("priority_minor", timedelta(days=10)),
    ]
    assert head.issues.repository == "threefoldtech/tf_operations"  # T-04


def test_t16_t09_t12_t13_t14_every_recurring_duty_of_the_process_is_a_chore():
    wanted = {
        "backups",
        "restore-test",
        "risk-assessment",
        "disaster-recovery",
        "security-audit",
        "capacity-review",
        "inventory",
        "service-sheets",
        "monitoring-thresholds",
        "runbook-review",
        "readme-license",
        "environment-parity",  # T-12
        "conventions",  # T-14
        "access-review",  # T-13
        "server-access",
        "service-setup",  # T-09
        "environment-setup",
    }
    assert wanted <= set(team_of("threefold").chores)


def test_t02_t16_what_may_change_something_is_opened_from_sunday_to_wednesday():
    team = team_of("threefold")
    for name, chore in team.chores.items():
        schedule = schedule_of(team, chore)
        if schedule is None or name in ("active-issues", "backups"):  # they look only
            continue
        at = datetime(2026, 11, 21, tzinfo=UTC)
        for _ in range(4):
            at = schedule.next_after(at)
            assert f"{to_local(at, team.zone):%a}" in ("Sun", "Mon", "Tue", "Wed"), name


def test_d16_d17_d28_d31_what_dre_looks_at_each_working_day():
    team = team_of("dre")
    daily = {name for name, chore in team.chores.items() if chore.schedule.kind == "each_shift_day"}
    assert daily == {"alert-review", "heartbeats", "queue", "release-bots"}
    assert team.chores["heartbeats"].evidence[0].at_most == 0  # D-17: a missing one is an alert
    assert team.chores["alert-review"].priority == "stability"  # D-19
    saturday = datetime(2026, 11, 21, 6, tzinfo=UTC)
    comes = schedule_of(team, team.chores["alert-review"]).next_after(saturday)
    assert f"{to_local(comes, team.zone):%a %H:%M}" == "Mon 09:30"


def test_d22_d28_requested_proposals_have_forms_that_ask_for_the_outcome_and_become_tickets():
    team = team_of("dre")
    forms = {name: chore.form.form for name, chore in team.chores.items() if chore.form is not None}
    assert {"replace-dead-nodes", "data-centre", "firewall", "other-proposal"} <= set(forms)
    for name in ("replace-dead-nodes", "data-centre", "firewall", "other-proposal"):
        assert forms[name]["outcome"].needed, name
        assert team.chores[name].issue
    assert team.chores_head.issues.labels == ("ops",)


def test_d29_the_weekly_chores_may_be_left_if_there_is_nothing_that_week():
    team = team_of("dre")
    for name in ("dead-nodes-weekly", "topology", "provider-rewards"):
        assert team.chores[name].may_leave, name


def test_o07_the_console_is_looked_at_on_each_working_day():
    chore = team_of("operate-first").chores["console"]
    assert (chore.schedule.kind, chore.role, chore.runbook) == ("each_shift_day", "engineer", "operate-first-console")


@pytest.mark.parametrize("name", ["cellxgene", "dre", "hausmeister", "operate-first", "threefold"])
def test_every_chore_that_ships_has_a_page_with_steps_of_its_own_team(name):
    team = team_of(name)
    assert team.chores
    for chore in team.chores.values():
        page = read_runbook(INCLUDE, chore.runbook)
        assert page.head.owner == name, chore.id
        assert len(page.steps) >= 4, chore.id
