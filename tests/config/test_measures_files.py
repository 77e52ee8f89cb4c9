"""The weekly measures of a team's file: shipped for one team, off for the others; names are checked."""

from __future__ import annotations

import pytest

from tests.config.conftest import TEAM

SECTION = "measures: {channel: ops, day: monday, at: "


def test_the_shipped_team_hears_on_monday_in_its_own_zone(shipped):
    team = shipped.team("cellxgene")
    timetable = team.measures.timetable(team.zone)
    assert (timetable.day.value, f"{timetable.earliest:%H:%M}", timetable.zone) == ("monday", "09:00", team.zone)
    assert shipped.team("dre").measures is None


@pytest.mark.parametrize(
    "old, new, code",
    [
        ("{channel: ops, day: monday", "{channel: opps, day: monday", "unknown_channel"),
        ("{channel: ops, day: monday", "{channel: ops, day: someday", None),
    ],
)
def test_a_mistake_names_file_and_line(files, old, new, code):
    text = files.path(TEAM).read_text()
    assert old in text
    files.path(TEAM).write_text(text.replace(old, new))
    (problem,) = files.problems()
    assert problem.file.endswith("cellxgene.yaml")
    assert problem.field.startswith("measures")
    assert code in (None, problem.code)


def test_no_train_may_be_called_measures(files):
    train = next((files.root / "trains").glob("cellxgene.*.yaml"))
    train.with_name("cellxgene.measures.yaml").write_text(train.read_text().replace("id: weekly", "id: measures", 1))
    assert [problem.code for problem in files.problems()] == ["reserved_name"]
