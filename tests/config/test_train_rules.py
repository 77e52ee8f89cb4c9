"""The rules of a train, weeks between its stops, blocking labels: what is refused when it is loaded."""

from __future__ import annotations

import pytest

from stationmaster.core.instants import IsoWeek
from tests.config.conftest import ROTATIONS, TEAM, TRAIN, Files

RULES = "rollback: {target"


def write_rules(files: Files, text: str) -> None:
    files.edit(TRAIN, RULES, f"rules: {text}\n{RULES}")


def codes(files: Files) -> list[tuple[str, str]]:
    return [(one.code, one.severity) for one in files.problems()]


def test_t01_a_group_of_the_team_may_be_named(files: Files) -> None:
    write_rules(files, "{actors: engineers}")
    assert files.problems() == []
    assert files.load().train("cellxgene.weekly").rules.actors == "engineers"


def test_t01_an_unknown_group_is_refused_with_its_place(files: Files) -> None:
    write_rules(files, "{actors: enginers}")
    found = files.only()
    assert found.code == "unknown_group"
    assert "rules.actors: 'enginers' is not in the team's groups. Did you mean 'engineers'?" in str(found)


def test_t01_a_group_in_which_nobody_can_act_is_refused(files: Files) -> None:
    files.edit(TEAM, "  managers: [jules]", "  managers: [jules]\n  ops: []")
    write_rules(files, "{actors: ops}")
    found = files.only()
    assert (found.code, found.severity) == ("actors_empty", "error")
    assert "nobody in the group 'ops' can act: nothing would ever come to prod" in str(found)


def test_t01_who_has_no_airflow_account_cannot_act(files: Files) -> None:
    files.edit(TEAM, "  managers: [jules]", "  managers: [jules]\n  ops: [ghost]")
    files.edit(TEAM, "  # Manager\n", "  ghost: {name: Ghost, slack: U0GHOST00}\n")
    write_rules(files, "{actors: ops}")
    assert codes(files) == [("actors_empty", "error")]


def test_t01_without_a_final_go_the_timetable_would_push(files: Files) -> None:
    write_rules(files, "{actors: engineers}")
    files.edit(TRAIN, "  confirm: {role: primary}", "  confirm: null")
    assert codes(files) == [("actors_without_confirmation", "error")]


def test_t01_a_group_whose_word_nobody_asks_for_is_refused(files: Files) -> None:
    files.edit(TEAM, "  managers: [jules]", "  managers: [jules]\n  ops: [kim]")
    files.edit(TEAM, "  # Manager\n", "  kim: {name: Kim, slack: U0KIMKIM0, airflow: kim}\n")
    write_rules(files, "{actors: ops}")
    assert codes(files) == [("actors_never_confirm", "error")]
    files.edit(ROTATIONS, "members: [amara,", "members: [kim, amara,")
    assert "actors_never_confirm" not in [code for code, _ in codes(files)]


def test_t04_an_issue_may_be_asked_for(files: Files) -> None:
    write_rules(files, "{issue: {mode: written, repository: chanzuckerberg/single-cell-infra}}")
    assert files.problems() == []
    rule = files.load().train("cellxgene.weekly").rules.issue
    assert rule is not None
    assert (rule.mode, rule.labels) == ("written", ("release",))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{issue: {mode: required, repository: somebody/else}}", "unknown_repository"),
        ("{issue: {mode: required}}", "missing_field"),
        ("{issue: {mode: sometimes, repository: chanzuckerberg/single-cell-infra}}", "not_a_choice"),
        ("{issue: {mode: written, labels: [], repository: chanzuckerberg/single-cell-infra}}", "issue_without_label"),
        ('{issue: {mode: written, labels: ["a,b"], repository: chanzuckerberg/single-cell-infra}}', "not_a_label"),
        ("{actor: engineers}", "unknown_field"),
    ],
)
def test_t04_what_makes_no_sense_is_refused(files: Files, text: str, code: str) -> None:
    write_rules(files, text)
    assert [found for found, _ in codes(files)] == [code]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{labels: [blocker], repositories: [chanzuckerberg/single-cell-infra], quiet_for: 14d}", []),
        ("{labels: [blocker], repositories: [somebody/else]}", ["unknown_repository"]),
        ("{labels: [], repositories: [chanzuckerberg/single-cell-infra]}", ["empty"]),
        ("{labels: [blocker], repositories: []}", ["empty"]),
    ],
)
def test_t20_blocking_labels(files: Files, text: str, expected: list[str]) -> None:
    files.edit(TRAIN, "  confirm: {role: primary}", f"  confirm: {{role: primary}}\n  blocking_labels: {text}")
    assert [found for found, _ in codes(files)] == expected


def weeks_later(files: Files, weeks: int, policy: str) -> None:
    files.edit(TRAIN, "    environment: prod\n", f"    environment: prod\n    weeks_later: {weeks}\n")
    files.edit(TRAIN, "previous_departure: hold", f"previous_departure: {policy}")


def test_t20_a_longer_soak_fits_when_the_promotion_comes_later(files: Files) -> None:
    files.edit(TRAIN, "soak: {days: 6,", "soak: {days: 14,")
    assert [code for code, _ in codes(files)] == ["soak_longer_than_gap"]
    weeks_later(files, 2, "parallel")
    assert files.problems() == []


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        ("hold", "with hold each cut would wait for it and miss its window"),
        ("supersede", "with supersede none would ever be promoted"),
    ],
)
def test_t20_departures_that_overlap_need_a_policy_that_lets_them(files: Files, policy: str, what: str) -> None:
    weeks_later(files, 2, policy)
    found = files.only()
    assert (found.code, found.severity) == ("departures_overlap", "error")
    assert what in str(found)
    assert "Write previous_departure: parallel, or promote earlier." in str(found)


@pytest.mark.parametrize("weeks", [0, 1, 2, 7])
def test_t20_the_week_of_the_cut_is_found_from_that_of_the_promotion(files: Files, weeks: int) -> None:
    """F28: over New Year and a year of 53 weeks."""
    weeks_later(files, weeks, "parallel")
    train = files.load().train("cellxgene.weekly")
    week = IsoWeek.parse("2020-W30")
    for _ in range(80):
        assert train.cut_week(train.promote_week(week)) == week
        assert (train.promote_week(week).monday() - week.monday()).days == 7 * (weeks + 1)
        week = week.plus(1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", []),
        ('{tag: "v{year}.{week}", candidate: -rc}', []),
        ('{tag: "v{sha}"}', ["bad_tag_pattern"]),
        ("{tag: latest}", ["bad_tag_pattern"]),
        ('{candidate: " rc"}', []),
        ("{candidate: ..rc}", ["bad_tag_suffix"]),
        ("{title: x}", ["unknown_field"]),
    ],
)
def test_t20_a_tag_that_could_not_be_made_is_refused(files: Files, text: str, expected: list[str]) -> None:
    files.edit(TRAIN, "    checklist: runbooks/explorer", f"    release: {text}\n    checklist: runbooks/explorer")
    assert [found for found, _ in codes(files)] == expected


@pytest.mark.parametrize("policy, refused", [("compensate", False), ("stop", True), ("continue", True)])
def test_t1_a_failed_test_is_taken_back_only_where_anything_is(files: Files, policy: str, refused: bool) -> None:
    files.edit(TRAIN, "on_partial_failure: compensate", f"on_failed_test: roll_back\non_partial_failure: {policy}")
    assert [problem.code for problem in files.problems()] == (["failed_test_stays"] if refused else [])
