"""``stationmaster check``."""

from __future__ import annotations


def spoil(include, old, new, name="trains/cellxgene.weekly.yaml"):
    path = include / name
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def test_what_ships_is_in_order(run):
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "1 team can run; 0 errors, 0 warnings.\n")


def test_an_error_names_file_line_field_value_and_remedy_and_fails(run, include):
    line = spoil(include, "day: thursday", "day: thurs")
    result = run("check")
    assert result.exit_code == 1
    assert "cellxgene\n" in result.stdout
    problem = next(text for text in result.stdout.splitlines() if "thurs" in text)
    assert problem.strip().startswith(f"include/trains/cellxgene.weekly.yaml:{line}:")
    assert problem.endswith("stops.cut.day: 'thurs' is not a weekday. Use one of monday … sunday.")
    assert "0 teams can run; 1 error, 0 warnings." in result.stdout


def test_a_quorum_that_can_never_be_reached_is_found(answer, include):
    spoil(include, "needed: 3", "needed: 12")
    found = answer("check", code=1)
    assert (found["ok"], found["errors"], found["teams"]) == (False, 1, [])
    assert [problem["code"] for problem in found["problems"]] == ["quorum_above_electorate"]


def test_a_warning_does_not_fail(answer, include):
    spoil(include, "needed: 3", "needed: 9")
    spoil(include, "authors_may_vote: true", "authors_may_vote: false")
    found = answer("check")
    assert (found["ok"], found["errors"], found["warnings"]) == (True, 0, 1)


def test_a_broken_team_leaves_the_other_one_as_it_was(answer, include):
    (include / "teams" / "night.yaml").write_text("id: night\n  title: [\n")
    found = answer("check", code=1)
    assert found["teams"] == ["cellxgene"]
    assert {problem["team"] for problem in found["problems"]} == {"night"}


def test_a_directory_without_teams_is_refused(run, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run("check", "--include", str(tmp_path / "empty"))
    assert result.exit_code == 2
    assert "is no include directory" in result.stderr
    assert result.stdout == ""
