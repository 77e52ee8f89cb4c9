"""Bad input: each mistake is named with its file, line, column, field and value, and the way out."""

from __future__ import annotations

import pytest

from stationmaster.config.mistakes import did_you_mean

TEAM = "teams/cellxgene.yaml"
ROTATIONS = "rotations/cellxgene.yaml"
TRAIN = "trains/cellxgene.weekly.yaml"

# file, what stands there, what is written instead, code, value, the sentence after the place
CASES = {
    "unknown person in a rotation": (
        ROTATIONS,
        "[amara, emil,",
        "[amara, emill,",
        "unknown_person",
        "emill",
        "rotations.oncall.members[1]: 'emill' is not in the team's people. Did you mean 'emil'?",
    ),
    "unknown person in a group": (
        TEAM,
        "managers: [jules]",
        "managers: [julie]",
        "unknown_person",
        "julie",
        "groups.managers[0]: 'julie' is not in the team's people. Did you mean 'jules'?",
    ),
    "unknown fixed person": (
        ROTATIONS,
        "tertiary: {person: jules}",
        "tertiary: {person: joules}",
        "unknown_person",
        "joules",
        "rotations.oncall.roles.tertiary.person: 'joules' is not in the team's people. Did you mean 'jules'?",
    ),
    "unknown role of the confirmation": (
        TRAIN,
        "confirm: {role: primary}",
        "confirm: {role: captain}",
        "unknown_role",
        "captain",
        "gates.confirm.role: 'captain' is not in a rotation. Use one of primary, secondary, tertiary.",
    ),
    "unknown role of the escalation": (
        ROTATIONS,
        "{role: secondary, after: 10m}",
        "{role: secondery, after: 10m}",
        "unknown_role",
        "secondery",
        "rotations.oncall.escalation[0].role: 'secondery' is not in a rotation. Did you mean 'secondary'?",
    ),
    "unknown group of voters": (
        TRAIN,
        "voters: engineers",
        "voters: enginers",
        "unknown_group",
        "enginers",
        "gates.quorum.voters: 'enginers' is not in the team's groups. Did you mean 'engineers'?",
    ),
    "unknown channel": (
        TRAIN,
        "channel: ops",
        "channel: opps",
        "unknown_channel",
        "opps",
        "channel: 'opps' is not in the team's channels. Did you mean 'ops'?",
    ),
    "unknown repository": (
        TRAIN,
        "chanzuckerberg/single-cell-data-portal",
        "chanzuckerberg/single-cell-portal",
        "unknown_repository",
        "chanzuckerberg/single-cell-portal",
        (
            "components[0].repository: 'chanzuckerberg/single-cell-portal' is not in the team's repositories. "
            "Did you mean 'chanzuckerberg/single-cell-data-portal'?"
        ),
    ),
    "a repository without its owner": (
        TRAIN,
        "repository: chanzuckerberg/single-cell-data-portal",
        "repository: single-cell-data-portal",
        "not_a_repository",
        "single-cell-data-portal",
        (
            "components[0].repository: 'single-cell-data-portal' is not a repository. "
            "Write owner/name, as in chanzuckerberg/single-cell-explorer."
        ),
    ),
    "unknown runbook": (
        TRAIN,
        "rollback: rollback,",
        "rollback: rolback,",
        "unknown_runbook",
        "rolback",
        "runbooks.rollback: there is no page runbooks/rolback.md. Did you mean 'rollback'?",
    ),
    "unknown checklist": (
        TRAIN,
        "checklist: runbooks/explorer-test-cases.md",
        "checklist: runbooks/explorer-tests.md",
        "unknown_checklist",
        "runbooks/explorer-tests.md",
        (
            "components[1].checklist: there is no page runbooks/explorer-tests.md. "
            "Did you mean 'runbooks/explorer-test-cases.md'?"
        ),
    ),
    "a page outside include": (
        TRAIN,
        "checklist: runbooks/explorer-test-cases.md",
        "checklist: ../README.md",
        "not_a_page",
        "../README.md",
        (
            "components[1].checklist: '../README.md' is not a page under include/. "
            "Write a path such as runbooks/test-cases.md."
        ),
    ),
    "unknown zone": (
        TRAIN,
        "zone: America/Los_Angeles",
        "zone: America/San_Francisco",
        "unknown_zone",
        "America/San_Francisco",
        (
            "zone: 'America/San_Francisco' is not a time zone. "
            "Write the name of a zone of the IANA database, such as America/Los_Angeles."
        ),
    ),
    "an abbreviation of a zone (C-02)": (
        ROTATIONS,
        "zone: America/Los_Angeles",
        "zone: PST",
        "unknown_zone",
        "PST",
        (
            "rotations.oncall.zone: 'PST' is not a time zone. "
            "Write the name of a zone of the IANA database, such as America/Los_Angeles."
        ),
    ),
    "unknown field": (
        TRAIN,
        "previous_departure: hold",
        "previus_departure: hold",
        "unknown_field",
        "previus_departure",
        "previus_departure: there is no field 'previus_departure' here. Did you mean 'previous_departure'?",
    ),
    "unknown field inside a component": (
        TRAIN,
        "checklist: runbooks/",
        "check_list: runbooks/",
        "unknown_field",
        "check_list",
        "components[1].check_list: there is no field 'check_list' here. Did you mean 'checklist'?",
    ),
    "a missing field": (
        TRAIN,
        "title: Data Portal and Explorer, weekly\n",
        "",
        "missing_field",
        "",
        "title: the field is missing. Add title.",
    ),
    "a weekday cut short": (
        TRAIN,
        "day: thursday",
        "day: thurs",
        "not_a_weekday",
        "thurs",
        "stops.cut.day: 'thurs' is not a weekday. Use one of monday … sunday.",
    ),
    "a number for a time": (
        ROTATIONS,
        'at: "09:00"',
        "at: 540",
        "not_a_time",
        "540",
        'rotations.oncall.handoff.at: 540 is not a time of day. Write hours and minutes in quotes, as "09:00".',
    ),
    "a duration without its unit": (
        TRAIN,
        "wait: 30m",
        "wait: 30",
        "not_a_duration",
        "30",
        (
            "stops.cut.hold_question.wait: 30 is not a duration. "
            "Write a number with a unit, such as 90s, 30m, 2h, 1d or 1h30m."
        ),
    ),
    "no time at all": (
        TRAIN,
        "reminders: {every: 1h}",
        "reminders: {every: 0m}",
        "not_a_duration",
        "0m",
        "reminders.every: '0m' is no time at all. Write a duration above zero, such as 30m.",
    ),
    "a word for a number": (
        TRAIN,
        "needed: 3",
        "needed: three",
        "not_a_number",
        "three",
        "gates.quorum.needed: 'three' is not a whole number. Write digits without quotes, such as 3.",
    ),
    "a word for a flag": (
        TRAIN,
        "veto: true",
        "veto: maybe",
        "not_a_flag",
        "maybe",
        "gates.quorum.veto: 'maybe' is neither true nor false. Write true or false, without quotes.",
    ),
    "a word that YAML reads as false": (
        TEAM,
        "name: Amara Osei",
        "name: no",
        "not_a_text",
        "no",
        "people.amara.name: YAML reads this word as false, not as a text. Put it in quotes.",
    ),
    "a number for a name": (
        TEAM,
        "airflow: amara",
        "airflow: 12",
        "not_a_text",
        "12",
        'people.amara.airflow: 12 is a number, not a text. Put it in quotes: "12".',
    ),
    "a choice that there is not": (
        TRAIN,
        "previous_departure: hold",
        "previous_departure: wait",
        "not_a_choice",
        "wait",
        "previous_departure: 'wait' is not one of the choices. Use one of hold, parallel, supersede.",
    ),
    "a Slack name for an id": (
        TEAM,
        "slack: U12BENLI0",
        'slack: "@ben"',
        "not_a_slack_user",
        "@ben",
        (
            "people.ben.slack[0]: '@ben' is not a Slack member id. "
            "Copy it from the member's profile in Slack: it looks like U0123ABCD."
        ),
    ),
    "a channel's name for its id": (
        TEAM,
        "{id: C94RQ5SBV, name: help-infra}",
        '{id: "#help-infra", name: help-infra}',
        "not_a_slack_channel",
        "#help-infra",
        (
            "channels.help-infra.id: '#help-infra' is not a Slack channel id. "
            "Copy it from the channel's details in Slack: it looks like C0123ABCD."
        ),
    ),
    "a branch that no git knows (F66)": (
        TRAIN,
        "single-cell-data-portal\n    branch: main",
        "single-cell-data-portal\n    branch: main..dev",
        "not_a_ref",
        "main..dev",
        "components[0].branch: 'main..dev' is not a branch or tag. Write its name as git shows it, such as main.",
    ),
    "a workflow that is not named": (
        TRAIN,
        "{mode: workflow, workflow: deploy-happy-stack.yml, runbook: promote}",
        "{mode: workflow, runbook: promote}",
        "deploy_incomplete",
        "",
        "components[0].environments.prod: mode workflow needs workflow. Write workflow, or another mode.",
    ),
    "unknown environment": (
        TRAIN,
        "environment: staging",
        "environment: stage",
        "unknown_environment",
        "stage",
        (
            "stops.cut.environment: 'stage' is not an environment of this train. "
            "Use one of dev, staging, prod, or add it to environments."
        ),
    ),
    "duplicate component": (
        TRAIN,
        "- id: explorer",
        "- id: portal",
        "duplicate_id",
        "portal",
        "components[1].id: components 1 and 2 share the id 'portal'. Give each component its own.",
    ),
    "one repository twice": (
        TRAIN,
        "repository: chanzuckerberg/single-cell-explorer",
        "repository: chanzuckerberg/single-cell-data-portal",
        "duplicate_repository",
        "chanzuckerberg/single-cell-data-portal",
        (
            "components[1].repository: components 1 and 2 share the repository "
            "'chanzuckerberg/single-cell-data-portal'. Give each component its own."
        ),
    ),
    "duplicate person": (
        TEAM,
        "  ben:",
        "  amara:",
        "duplicate_key",
        "amara",
        "people.amara: 'amara' stands on line 11 already. Keep one of the two.",
    ),
    "a person twice in a list": (
        ROTATIONS,
        "[amara, emil, ben,",
        "[amara, amara, ben,",
        "listed_twice",
        "amara",
        "rotations.oncall.members[1]: 'amara' is in this list already. Keep the person once.",
    ),
    "a role with a turn and a person": (
        ROTATIONS,
        "{person: jules}",
        "{person: jules, turn: 2}",
        "role_unclear",
        "",
        "rotations.oncall.roles.tertiary: a role needs exactly one of turn, person, like and backs. "
        "Write one of the four.",
    ),
    "a first handoff on the wrong day": (
        ROTATIONS,
        "since: 2021-10-04",
        "since: 2021-10-05",
        "not_a_handoff_day",
        "2021-10-05",
        "rotations.oncall.since: 2021-10-05 is a Tuesday, but the handoff is on Monday. Write the date of a Monday.",
    ),
    "a date that there is not": (
        TEAM,
        "since: 2021-09-27",
        "since: 2021-09-31",
        "not_a_date",
        "2021-09-31",
        "people.ivan.since: '2021-09-31' is not a date. Write year, month and day, as in 2021-10-04.",
    ),
    "a list where fields are needed": (
        TRAIN,
        "confirm: {role: primary}",
        "confirm: [primary]",
        "not_a_mapping",
        "",
        "gates.confirm: fields are needed here, not a list. Write one field a line, as name: value.",
    ),
    "a text where a list is needed": (
        TEAM,
        "managers: [jules]",
        "managers: jules",
        "not_a_list",
        "jules",
        "groups.managers: a list is needed here, not a text. Write one item a line, each after a dash.",
    ),
    "a shift of no weeks": (
        ROTATIONS,
        "length: 1 ",
        "length: 0 ",
        "too_small",
        "0",
        "rotations.oncall.length: 0 is too small. Write 1 or more.",
    ),
    "an emoji that approves and vetoes": (
        TRAIN,
        'veto_emoji: [no_entry, "-1"]',
        "veto_emoji: [thumbsup]",
        "emoji_says_both",
        "",
        "gates.quorum.veto_emoji: the emoji +1 would approve and veto. Write it in one of the two lists.",
    ),
    "a quorum of nobody": (
        TRAIN,
        "needed: 3",
        "needed: 0",
        "quorum_unclear",
        "0",
        "gates.quorum.needed: 0 approvals would let anything pass. Write 1 or more, or mode: none.",
    ),
    "a file of another team": (
        TRAIN,
        "team: cellxgene",
        "team: dre",
        "file_name",
        "dre",
        "team: 'dre' is not what the file's name says. Write cellxgene, or rename the file.",
    ),
    "an id that is not the file's name": (
        TRAIN,
        "id: weekly",
        "id: daily",
        "file_name",
        "daily",
        "id: 'daily' is not what the file's name says. Write weekly, or rename the file.",
    ),
}


@pytest.mark.parametrize(("name", "old", "new", "code", "value", "sentence"), CASES.values(), ids=CASES)
def test_a_mistake_is_named_with_its_place_its_value_and_the_way_out(files, name, old, new, code, value, sentence):
    line = files.edit(name, old, new)
    problem = files.only()
    assert (problem.code, problem.team, problem.severity) == (code, "cellxgene", "error")
    assert problem.value == value
    assert str(problem) == f"include/{name}:{problem.line}:{problem.column}: {sentence}"
    if code not in ("missing_field", "not_a_ref"):  # shown at the parent; on the second line of the edit
        assert problem.line == line
        written = files.path(name).read_text().splitlines()[line - 1][problem.column - 1 :]
        assert written.lstrip("\"'").startswith(value)
    assert "cellxgene" not in files.load().teams


def test_every_mistake_of_a_file_is_told_at_once(files):
    files.edit(TRAIN, "day: thursday", "day: thurs")
    files.edit(TRAIN, "needed: 3", "needed: three")
    files.edit(TEAM, "zone: America/Los_Angeles", "zone: PT")
    codes = [problem.code for problem in files.problems()]
    assert sorted(codes) == ["not_a_number", "not_a_weekday", "unknown_zone"]


def test_a_time_that_yaml_would_turn_into_a_number_is_kept_as_it_is_written(files):
    """YAML 1.1 reads 9:00 as 540, which nobody means by it."""
    files.edit(ROTATIONS, 'at: "09:00"', "at: 9:00")
    (rotation,) = files.load().team("cellxgene").rotations.values()
    assert f"{rotation.plan.newest.cadence.anchor:%H:%M}" == "09:00"
    files.edit(ROTATIONS, "at: 9:00", "at: 09:00")
    assert files.problems() == []
    files.edit(ROTATIONS, "at: 09:00", "at: 9:60")
    assert files.only().code == "not_a_time"


def test_emoji_that_yaml_would_turn_into_numbers_are_kept(files):
    files.edit(TRAIN, 'approve_emoji: [white_check_mark, "+1"]', "approve_emoji: [+1]")
    files.edit(TRAIN, 'veto_emoji: [no_entry, "-1"]', "veto_emoji: [-1]")
    quorum = files.load().train("cellxgene.weekly").gates.quorum
    assert (quorum.approve_emoji, quorum.veto_emoji) == (("+1",), ("-1",))


def test_all_times_of_a_train_may_be_written_without_quotes(files):
    path = files.path(TRAIN)
    quoted = files.load().train("cellxgene.weekly")
    path.write_text(path.read_text().replace('"09:00"', "9:00").replace('"10:00"', "10:00").replace('"16:00"', "16:00"))
    assert files.load().train("cellxgene.weekly") == quoted


def test_of_many_known_words_only_the_first_are_listed():
    words = [f"page-{number:02}" for number in range(30)]
    said = did_you_mean("x", words)
    assert said.startswith("Use one of page-00, page-01, ")
    assert said.endswith("page-23, and 6 more.")
    assert did_you_mean("page-29", words) == "Did you mean 'page-29'?"
