"""Configurations that can never work are refused; each rule with the whole sentence that the user reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from stationmaster import clock

TEAM = "teams/cellxgene.yaml"
ROTATIONS = "rotations/cellxgene.yaml"
TRAIN = "trains/cellxgene.weekly.yaml"
MEMBERS = "members: [amara, emil, ben, farah, chiara, goran, devika, hana, ivan]"
ENGINEERS = "engineers: [amara, ben, chiara, devika, emil, farah, goran, hana, ivan]"
QUORUM = "    mode: quorum\n    needed: 3\n    voters: engineers\n"


def sentences(files):
    """Return code, severity and sentence of each problem, without its place."""
    return [(one.code, one.severity, str(one).split(": ", 1)[1]) for one in files.problems()]


def test_a_quorum_above_the_electorate(files):
    """C-15: ten LGTMs of nine engineers would never come."""
    files.edit(TRAIN, "needed: 3", "needed: 10")
    assert sentences(files) == [
        (
            "quorum_above_electorate",
            "error",
            (
                "gates.quorum.needed: 10 approvals are needed, but only 9 people in groups.engineers can vote: the "
                "gate "
                "would never open. Lower needed to 9 or less, or add people with an Airflow or Slack account to "
                "groups.engineers."
            ),
        )
    ]


def test_the_whole_electorate_may_be_needed(files):
    files.edit(TRAIN, "needed: 3", "needed: 9")
    assert files.problems() == []


def test_a_person_without_an_account_does_not_count_as_a_voter(files):
    files.edit(TEAM, ENGINEERS, "engineers: [ghost]")
    files.edit(TEAM, "  # Manager\n", "  ghost: {name: Ghost}\n")
    assert sentences(files)[:1] == [
        (
            "quorum_above_electorate",
            "error",
            (
                "gates.quorum.needed: 3 approvals are needed, but only 0 people in groups.engineers can vote: the gate "
                "would never open. Add people with an Airflow or Slack account to groups.engineers."
            ),
        )
    ]


def test_a_quorum_that_one_author_makes_impossible_is_a_warning(files):
    files.edit(TRAIN, "needed: 3", "needed: 9")
    files.edit(TRAIN, "authors_may_vote: true", "authors_may_vote: false")
    assert sentences(files) == [
        (
            "quorum_above_electorate_without_authors",
            "warning",
            (
                "warning: gates.quorum.needed: 9 approvals are needed of 9 voters, and authors may not vote: one "
                "voter's "
                "commit aboard keeps the gate shut. Lower needed, add voters, or write authors_may_vote: true."
            ),
        )
    ]
    assert "cellxgene" in files.load().teams


def test_a_role_without_people(files):
    files.edit(TRAIN, QUORUM, "    mode: all_roles\n    roles: [frontend, qa]\n")
    files.edit(TEAM, "  managers: [jules]", "  managers: [jules]\n  qa: []")
    assert sentences(files) == [
        (
            "role_without_people",
            "error",
            (
                "gates.quorum.roles[1]: nobody in the group 'qa' can vote: the gate would never open. "
                "Add people with an Airflow or Slack account to groups.qa, or take the role out."
            ),
        )
    ]


def test_any_of_several_roles_counts_the_people_of_all_of_them_once(files):
    files.edit(TRAIN, QUORUM, "    mode: any_of\n    needed: 5\n    roles: [frontend, managers]\n")
    assert files.problems() == []
    files.edit(TRAIN, "needed: 5", "needed: 6")
    (found,) = sentences(files)
    assert found[2].startswith(
        "gates.quorum.needed: 6 approvals are needed, but only 5 people in groups.frontend and groups.managers can vote"
    )


def test_a_train_that_no_person_approves_is_a_warning(files):
    files.edit(TRAIN, "    mode: quorum\n", "    mode: none\n")
    assert files.problems() == []
    files.edit(TRAIN, "  confirm: {role: primary}", "  confirm: null")
    assert sentences(files) == [
        (
            "nobody_approves",
            "warning",
            (
                "warning: gates.quorum.mode: neither a quorum nor a confirmation is asked for: the train promotes "
                "without "
                "any person. Write a quorum, or gates.confirm with the role that has the last word."
            ),
        )
    ]


@pytest.mark.parametrize("answer", ["approve", "Approved", "LGTM", "go", "yes"])
def test_a_default_answer_that_approves(files, answer):
    """C-16: no quorum, no promotion. Silence is no quorum, whatever the word for it."""
    files.edit(TRAIN, "confirm: {role: primary}", f"confirm: {{role: primary, on_silence: {answer}}}")
    shown = True if answer == "yes" else answer
    assert sentences(files) == [
        (
            "default_approves",
            "error",
            (
                f"gates.confirm.on_silence: the default answer {shown!r} would approve when nobody answered. "
                "Write wait (go on asking) or reject."
            ),
        )
    ]


def test_a_default_answer_of_the_quorum_that_approves(files):
    files.edit(TRAIN, "    veto: true\n", "    veto: true\n    on_silence: approve\n")
    assert [code for code, *_ in sentences(files)] == ["default_approves"]


def test_a_soak_longer_than_the_gap(files):
    """C-10: seven days from Thursday end on Thursday, the day after the promotion."""
    files.edit(TRAIN, "soak: {days: 6", "soak: {days: 7")
    assert sentences(files) == [
        (
            "soak_longer_than_gap",
            "error",
            (
                "gates.soak.days: 7 days (calendar_days) on staging from Thu 28 Oct 2021 09:00 PDT end "
                "Thu 4 Nov 2021 00:00 PDT, after the promotion's latest start Wed 3 Nov 2021 16:00 PDT: "
                "the gate would never open in time. Shorten the soak, or let the promotion stop later."
            ),
        )
    ]


def _window_of_one_hour(files):
    files.edit(TRAIN, "soak: {days: 6, count: calendar_days}", "soak: {days: 6, count: elapsed}")
    promote = '    earliest: "09:00"\n    target: "10:00"                        # C-12\n    latest_start: "16:00"\n'
    files.edit(TRAIN, f"{promote}    environment: prod", f"{promote.replace('16:00', '10:00')}    environment: prod")


def test_an_elapsed_soak_that_no_longer_fits_in_the_week_when_the_clocks_go_forward(files):
    """144 hours from Thursday 09:00 are Wednesday 10:00 in March: that is the very end of the window, "
    "and still inside."""
    _window_of_one_hour(files)
    assert [code for code, *_ in sentences(files)] == ["soak_past_target"]
    text = files.path(TRAIN).read_text()
    promote = text.index("  promote:")
    shorter = text[promote:].replace('"10:00"', '"09:30"', 2)
    files.path(TRAIN).write_text(text[:promote] + shorter)
    assert sentences(files) == [
        (
            "soak_longer_than_gap",
            "error",
            (
                "gates.soak.days: 6 days (elapsed) on staging from Thu 10 Mar 2022 09:00 PST end Wed 16 Mar 2022 "
                "10:00 PDT, "
                "after the promotion's latest start Wed 16 Mar 2022 09:30 PDT: the gate would never open in time. "
                "Shorten the soak, or let the promotion stop later."
            ),
        )
    ]


def test_the_rule_on_the_soak_agrees_with_counting_every_week_of_a_year(files, tmp_path, monkeypatch):
    """The oracle counts on the wall clock, week by week, without the core's calendar."""
    pacific = ZoneInfo("America/Los_Angeles")
    thursday = datetime(2021, 10, 28, 9, 0)
    for latest in ("09:30", "10:00", "10:30"):
        never = []
        for week in range(53):
            staged = (thursday + timedelta(weeks=week)).replace(tzinfo=pacific).astimezone(UTC)
            wednesday = thursday + timedelta(weeks=week, days=6)
            closes = wednesday.replace(hour=int(latest[:2]), minute=int(latest[3:]), tzinfo=pacific).astimezone(UTC)
            never.append(staged + timedelta(hours=144) > closes)
        text = files.path(TRAIN).read_text()
        changed = text.replace("count: calendar_days", "count: elapsed")
        promote = changed.index("  promote:")
        changed = changed[:promote] + changed[promote:].replace('"10:00"', '"09:15"').replace('"16:00"', f'"{latest}"')
        files.path(TRAIN).write_text(changed)
        assert any(code == "soak_longer_than_gap" for code, *_ in sentences(files)) is any(never)
        files.path(TRAIN).write_text(text)


def test_a_soak_that_makes_a_punctual_train_late_is_a_warning(files):
    """The hour that the clocks skip in March is missing on Wednesday morning."""
    files.edit(TRAIN, "soak: {days: 6, count: calendar_days}", "soak: {days: 6, count: elapsed}")
    assert sentences(files) == [
        (
            "soak_past_target",
            "warning",
            (
                "warning: gates.soak.days: 6 days (elapsed) on staging end Wed 16 Mar 2022 11:00 PDT for a cut that "
                "is on "
                "time, after the promotion's target Wed 16 Mar 2022 10:00 PDT: that train is always late. "
                "Shorten the soak, count calendar_days, or move the target."
            ),
        )
    ]


def test_the_shipped_soak_fits_in_every_week_of_six_years(files, tmp_path, monkeypatch):
    """C-10, C-12: no week, whatever the clocks do, makes the cellxgene train late by its own rules."""
    for year in range(2021, 2027):
        face = tmp_path / f"{year}.json"
        clock.set_virtual(face, datetime(year, 1, 1, tzinfo=UTC))
        monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(face))
        assert files.problems() == []


def test_a_promotion_that_begins_before_the_cut_has_closed(files):
    files.edit(TRAIN, "day: wednesday", "day: friday")
    files.edit(TRAIN, "soak: {days: 6", "soak: {days: 0")
    files.edit(
        TRAIN, 'latest_start: "16:00"\n    environment: staging', 'latest_start: "16:00"\n    latest_day: saturday'
    )
    assert sentences(files) == [
        (
            "promote_before_cut",
            "error",
            (
                "stops.promote.earliest: the promotion may begin on friday 09:00, before the cut's window closes on "
                "saturday 16:00. Let the promotion begin after the cut's latest_start."
            ),
        )
    ]


def test_an_empty_window(files):
    files.edit(TRAIN, 'latest_start: "16:00"\n    environment: prod', 'latest_start: "08:30"\n    environment: prod')
    assert sentences(files) == [
        (
            "window_empty",
            "error",
            (
                "stops.promote.latest_start: the latest start 08:30 is before the earliest start 09:00: the window is "
                "empty. Write a latest_start at or after the target."
            ),
        )
    ]


def test_a_window_that_closes_on_an_earlier_day(files):
    files.edit(TRAIN, "day: thursday", "day: thursday\n    latest_day: tuesday")
    assert sentences(files) == [
        (
            "window_empty",
            "error",
            (
                "stops.cut.latest_day: the window opens on thursday and closes on tuesday, earlier in the same week. "
                "Write thursday or a later day of the week."
            ),
        )
    ]


def test_a_latest_start_before_the_target(files):
    files.edit(TRAIN, 'latest_start: "16:00"\n    environment: prod', 'latest_start: "09:30"\n    environment: prod')
    assert sentences(files) == [
        (
            "latest_start_before_target",
            "error",
            (
                "stops.promote.latest_start: the latest start 09:30 is before the target 10:00. "
                "Write a latest_start at or after the target."
            ),
        )
    ]


def test_a_target_before_the_earliest_start(files):
    files.edit(TRAIN, 'day: thursday\n    earliest: "09:00"', 'day: thursday\n    earliest: "11:00"')
    assert sentences(files) == [
        (
            "target_before_earliest",
            "error",
            (
                "stops.cut.target: the target 10:00 is before the earliest start 11:00. "
                "Write a target at or after earliest."
            ),
        )
    ]


def test_a_window_may_end_on_a_later_day_at_an_earlier_hour(files):
    files.edit(
        TRAIN,
        'latest_start: "16:00"\n    environment: staging',
        'latest_start: "08:00"\n    latest_day: friday\n    environment: staging',
    )
    assert files.problems() == []


@pytest.mark.parametrize("by", ["url", "checklist"])
def test_a_verification_by_what_there_is_not(files, by):
    files.edit(
        TRAIN, "verify: {by: deployment, times: 3, every: 30s, within: 1h}       # C-22", f"verify: {{by: {by}}} #"
    )
    where = "components[0].environments"
    assert [sentence for *_, sentence in sentences(files)] == [
        f"components[0].verify.by: portal on {name} is verified by its {by}, but has none: nothing would show it. "
        f"Write {by} under {where}.{name}, or verify by deployment."
        for name in ("staging", "prod")
    ]


def test_a_rotation_without_people(files):
    files.edit(ROTATIONS, MEMBERS, "members: []")
    assert sentences(files) == [
        (
            "rotation_empty",
            "error",
            (
                "rotations.oncall.members: the rotation 'oncall' has no members: nobody would ever be on call. "
                "List at least one person."
            ),
        )
    ]


def test_a_rotation_without_roles(files):
    files.without_incidents()
    text = files.path(ROTATIONS).read_text()
    roles, escalation = text.index("    roles:"), text.index("    escalation:")
    files.path(ROTATIONS).write_text(text[:roles] + "    roles: {}\n")
    assert escalation > roles
    files.edit(TRAIN, "on_call: primary", "on_call: nobody")
    assert "rotation_without_roles" not in [code for code, *_ in sentences(files)]  # names are settled first
    files.path(TRAIN).unlink()
    assert sentences(files) == [
        (
            "rotation_without_roles",
            "error",
            (
                "rotations.oncall.roles: the rotation 'oncall' has no roles: its members would hold nothing. "
                "Write at least one, such as primary with turn: 0."
            ),
        )
    ]


def test_a_rotation_with_fewer_people_than_roles(files):
    """C-05: primary and secondary are never the same person."""
    files.edit(ROTATIONS, MEMBERS, "members: [amara, jules]")
    assert sentences(files) == [
        (
            "rotation_too_small",
            "error",
            (
                "rotations.oncall.roles: primary and secondary: both would fall on amara. "
                "Add members, or change the roles."
            ),
        )
    ]


def test_two_roles_with_the_same_turn(files):
    """C-05."""
    files.edit(ROTATIONS, "secondary: {turn: 1} ", "secondary: {turn: 0} ")
    assert [code for code, *_ in sentences(files)] == ["rotation_too_small"]


def test_a_rotation_of_only_the_manager(files):
    files.edit(ROTATIONS, MEMBERS, "members: [jules]")
    assert sentences(files)[0][2] == (
        "rotations.oncall.roles: primary: every member is fixed in another role. Add members, or change the roles."
    )


def test_a_role_of_two_rotations(files):
    text = files.path(ROTATIONS).read_text()
    first = text.index("  oncall:")
    files.path(ROTATIONS).write_text(text + text[first:].replace("  oncall:", "  weekend:"))
    assert sentences(files)[0] == (
        "role_ambiguous",
        "error",
        (
            "rotations.weekend.roles.primary: the role 'primary' belongs to the rotation 'oncall' already. "
            "Give it another name: a role has one rotation."
        ),
    )


@pytest.mark.parametrize(
    ("lost", "missing", "remedy"),
    [
        ("    slack: U31FARAH0\n", "slack", "slack"),
        ("    airflow: farah\n", "airflow", "airflow"),
        ("    slack: U31FARAH0\n    github: dev-31\n    airflow: farah\n", "airflow and no slack", "airflow and slack"),
    ],
)
def test_a_person_on_call_whom_nobody_can_ask(files, lost, missing, remedy):
    files.edit(TEAM, lost, "")
    assert sentences(files) == [
        (
            "on_call_unreachable",
            "error",
            (
                f"rotations.oncall.members[3]: 'farah' can be on call, but has no {missing} account. "
                f"Add {remedy} to people.farah in the team's file."
            ),
        )
    ]


def test_a_manager_on_call_whom_nobody_can_ask(files):
    files.edit(TEAM, "    slack: U40JULESW\n", "")
    assert sentences(files)[0][2].startswith("rotations.oncall.roles.tertiary.person: 'jules' can be on call, but")


def test_a_person_who_left_is_neither_in_a_group_nor_on_call(files):
    files.edit(TEAM, "    airflow: farah\n", "    airflow: farah\n    active: false\n")
    assert sentences(files) == [
        (
            "group_member_idle",
            "error",
            (
                "groups.engineers[5]: 'farah' is no longer active and cannot act for the group 'engineers'. "
                "Take the name out of the group."
            ),
        ),
        (
            "group_member_idle",
            "error",
            (
                "groups.backend[1]: 'farah' is no longer active and cannot act for the group 'backend'. "
                "Take the name out of the group."
            ),
        ),
        (
            "on_call_idle",
            "error",
            (
                "rotations.oncall.members[3]: 'farah' is no longer active and cannot be on call. "
                "Take the name out of the rotation."
            ),
        ),
    ]


def test_a_robot_is_neither_in_a_group_nor_on_call(files):
    files.edit(TEAM, "    airflow: farah\n", "    airflow: farah\n    bot: true\n")
    assert [sentence for *_, sentence in sentences(files)] == [
        (
            "groups.engineers[5]: 'farah' is a robot and cannot act for the group 'engineers'. "
            "Take the name out of the group."
        ),
        "groups.backend[1]: 'farah' is a robot and cannot act for the group 'backend'. Take the name out of the group.",
        "rotations.oncall.members[3]: 'farah' is a robot and cannot be on call. Take the name out of the rotation.",
    ]


@pytest.mark.parametrize(
    ("system", "old", "new"),
    [
        ("slack", "slack: U12BENLI0", "slack: U03AMARA0"),
        ("slack", "slack: U12BENLI0", "slack: [U12BENLI0, U03AMARA0]"),
        ("github", "github: dev-12", "github: DEV-03"),
        ("airflow", "airflow: ben", "airflow: amara"),
    ],
)
def test_one_account_of_two_people(files, system, old, new):
    """One person is one vote: an account that two people share would be neither."""
    files.edit(TEAM, old, new)
    account = {"slack": "U03AMARA0", "github": "DEV-03", "airflow": "amara"}[system]
    assert sentences(files) == [
        (
            "account_shared",
            "error",
            (
                f"people.ben.{system}: the {system} account {account!r} belongs to 'amara' already. "
                "Give each person an account of their own: one person is one vote."
            ),
        )
    ]


def test_a_checklist_without_items(files):
    """C-20: a list with nothing to tick would pass without a test."""
    files.write("runbooks/empty.md", "# Test cases\n\n- Look at it\n")
    files.edit(TRAIN, "checklist: runbooks/explorer-test-cases.md", "checklist: runbooks/empty.md")
    assert sentences(files) == [
        (
            "checklist_empty",
            "error",
            (
                "components[1].checklist: the page runbooks/empty.md has no items to tick: nobody would test anything. "
                "Write at least one line that begins with - [ ]."
            ),
        )
    ]


def test_d14_a_hotfix_that_nobody_but_the_asker_could_approve(files):
    files.edit(TRAIN, "hotfix: {approvals: 1}", "hotfix: {approvals: 9}")
    assert sentences(files) == [
        (
            "hotfix_above_electorate",
            "error",
            (
                "hotfix.approvals: 9 must approve besides the person who asks, but only 9 people in groups.engineers "
                "can: one who asks and votes in that group would keep it shut. Lower approvals, add people with an "
                "Airflow or Slack account to groups.engineers, or name another group."
            ),
        )
    ]


def test_d14_a_train_without_voters_names_some_for_its_hotfixes(files):
    files.edit(TRAIN, QUORUM, "    mode: none\n")
    assert [code for code, _, _ in sentences(files)] == ["hotfix_without_voters", "hotfix_without_voters"]
    files.edit(TRAIN, "hotfix: {approvals: 1}\n", "hotfix: {approvals: 1, voters: engineers}\n")
    files.edit(TRAIN, "channel: security}", "channel: security, voters: engineers}")
    assert files.problems() == []


def test_d15_one_approval_is_too_few_and_the_trains_channel_too_public(files):
    files.edit(TRAIN, "approvals: 2, channel: security", "approvals: 1, channel: security")
    assert files.only().code == "too_small"
    files.edit(TRAIN, "approvals: 1, channel: security", "approvals: 2, channel: ops")
    assert files.only().code == "security_channel_shared"


def test_d13_feature_builds_need_an_environment_of_their_own_and_a_way_there(files):
    files.edit(TRAIN, "hotfix: {approvals: 1}\n", "feature_builds: {environment: prod}\n")
    assert files.only().code == "feature_builds_on_a_stop"
    files.edit(TRAIN, "feature_builds: {environment: prod}", "feature_builds: {environment: dev}")
    assert files.only().code == "feature_builds_go_nowhere"
    files.edit(TRAIN, "feature_builds: {environment: dev}", "feature_builds: {environment: elsewhere}")
    assert files.only().code == "unknown_environment"


def test_a_record_that_the_verification_would_wait_for(files):
    files.edit(
        TRAIN,
        "prod: {mode: workflow, workflow: deploy.yml, runbook: promote}",
        "prod: {mode: workflow, workflow: deploy.yml, runbook: promote, record: true}",
    )
    assert files.only().code == "recorded_by_itself"


@pytest.mark.parametrize(
    ("bens", "amaras"),
    [
        ('airflow: ben\n    airflow_id: "2"', 'airflow: amara\n    airflow_id: "2"'),
        ('airflow: ben\n    airflow_id: "2"', 'airflow: "2"'),
    ],
    ids=["two ids", "an id and a bare number"],
)
def test_i3_one_airflow_id_of_two_people(files, bens, amaras):
    files.edit(TEAM, "airflow: ben", bens)
    files.edit(TEAM, "airflow: amara", amaras)
    assert "account_shared" in {code for code, _, _ in sentences(files)}


def test_i3_a_name_and_an_id_that_are_alike_are_two_accounts(files):
    files.edit(TEAM, "airflow: ben", 'airflow: ben\n    airflow_id: "amara"')
    assert sentences(files) == []


def test_i1_a_bare_number_under_airflow_is_warned_of(files):
    """Up to 0.1 the documents asked for FAB's numbers there."""
    files.edit(TEAM, "airflow: ben", 'airflow: "2"')
    assert sentences(files) == [
        (
            "airflow_only_an_id",
            "warning",
            (
                "warning: people.ben.airflow: '2' is read as the user id in Airflow: "
                "no run that 'ben' starts is theirs. "
                'Write airflow_id: "2" and the user name under airflow; airflow users list shows both. '
                "If the number is the user name, add the id."
            ),
        )
    ]


def test_i1_an_airflow_id_without_a_name_is_refused(files):
    files.edit(TEAM, "airflow: ben", 'airflow_id: "2"')
    ((code, severity, text),) = sentences(files)
    assert (code, severity) == ("airflow_name_missing", "error")
    assert "Write the user name under airflow" in text
