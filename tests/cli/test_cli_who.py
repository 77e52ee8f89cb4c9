"""``stationmaster who``."""

from __future__ import annotations

import pytest

from stationmaster import clock
from stationmaster.config.loader import load
from tests.cli.conftest import WEDNESDAY


def test_c02_the_monday_after_the_spring_change_belongs_to_the_incoming_person(answer):
    """09:00 PDT on 9 March 2026, the day after the clocks went forward."""
    before = answer("who", "cellxgene", "--at", "2026-03-09T15:59:59Z")
    at = answer("who", "cellxgene", "--at", "2026-03-09T16:00:00Z")
    primary, outgoing = at["roles"][0], before["roles"][0]
    assert at["at"] == primary["since"] == outgoing["until"] == "2026-03-09T16:00:00Z"
    assert primary["until"] == "2026-03-16T16:00:00Z"
    assert primary["person"] == outgoing["next"]
    assert primary["person"]["id"] != outgoing["person"]["id"]


def test_c03_c05_the_roles_stand_in_the_order_of_the_file_on_three_people(answer):
    roles = answer("who", "cellxgene", "--at", "2021-11-03T16:12:00+00:00")["roles"]
    assert [role["role"] for role in roles] == ["primary", "secondary", "tertiary"]
    assert len({role["person"]["id"] for role in roles}) == 3
    assert roles[2]["person"]["id"] == roles[2]["next"]["id"] == "jules"


def test_without_an_instant_it_is_now_on_the_one_clock(answer, include):
    found = answer("who", "cellxgene", "--role", "primary")
    (role,) = found["roles"]
    assert found["at"] == "2021-11-03T16:12:00Z"
    assert role["person"]["id"] == load(include).team("cellxgene").on_call("primary", WEDNESDAY).person


def test_people_read_local_time_and_who_is_next(run):
    result = run("who", "cellxgene", "--at", "2021-11-03T16:12:00Z")
    assert "cellxgene, Wed 3 Nov 2021 09:12 PDT" in result.stdout
    assert "Mon 8 Nov 2021 09:00 PST" in result.stdout  # the clocks change on the Sunday before


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "2026-03-09T09:00",
            "Write 2026-03-09T09:00:00-07:00 for America/Los_Angeles, or 2026-03-09T09:00:00Z for UTC.",
        ),
        ("2026-03-01T09:00", "Write 2026-03-01T09:00:00-08:00"),
        ("2026-03-08T02:30", "Write 2026-03-08T03:00:00-07:00"),
        ("monday", "Write it as in 2026-03-09T09:00:00-07:00"),
    ],
)
def test_an_instant_without_an_offset_is_refused_with_what_to_write(run, written, told):
    result = run("who", "cellxgene", "--at", written)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_a_team_and_a_role_that_do_not_exist_are_refused_with_those_that_do(run):
    team = run("who", "cellxgen", "--json")
    role = run("who", "cellxgene", "--role", "captain", "--json")
    assert (team.exit_code, role.exit_code) == (2, 2)
    assert "cellxgen" in team.stderr
    assert "primary" in role.stderr


def test_a_team_whose_files_are_broken_is_a_finding_with_file_and_line(run, include):
    path = include / "rotations" / "cellxgene.yaml"
    path.write_text(path.read_text().replace("America/Los_Angeles", "PST"))
    result = run("who", "cellxgene")
    assert result.exit_code == 1
    assert "include/rotations/cellxgene.yaml:" in result.stderr


def test_a_clock_that_cannot_be_read_is_told_and_never_guessed(run, monkeypatch, tmp_path):
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(tmp_path / "gone.json"))
    result = run("who", "cellxgene")
    assert result.exit_code == 2
    assert "gone.json" in result.stderr
