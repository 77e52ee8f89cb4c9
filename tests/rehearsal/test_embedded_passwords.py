"""Accounts and secrets of the embedded station."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from stationmaster.config.loader import load
from stationmaster.rehearsal.embedded.passwords import (
    ADMIN,
    VIEWER,
    User,
    keep_secrets,
    read_passwords,
    users_of,
    write_passwords,
)

INCLUDE = Path(__file__).parents[2] / "include"


def test_c04_every_engineer_of_the_team_has_an_account() -> None:
    """C-04: all engineers vote, so all of them can log in; robots and people who left cannot."""
    include = load(INCLUDE, teams=["cellxgene"])
    users = {user.name: user.role for user in users_of(include)}
    team = include.team("cellxgene")
    for person in team.people.values():
        if person.airflow:
            assert (person.airflow in users) is (person.active and not person.bot)
    assert users["admin"] == "admin"
    assert users["viewer"] == "viewer"


def test_a_person_named_admin_does_not_replace_the_administrator() -> None:
    names = [user.name for user in (ADMIN, VIEWER)]
    assert len(names) == len(set(names))


def test_passwords_differ_stay_and_are_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "passwords.json"
    first = write_passwords(path, [ADMIN, VIEWER])
    second = write_passwords(path, [ADMIN, User(name="amara", role="user")])
    assert first["admin"] == second["admin"]
    assert len(set(second.values())) == len(second)
    assert read_passwords(path) == second
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["a:admin", "a,b:admin", "a|b", "", "two words"])
def test_a_name_cannot_smuggle_a_role_into_airflows_list_of_users(name: str) -> None:
    with pytest.raises(ValidationError):
        User(name=name, role="user")


def test_secrets_stay_the_same_while_the_home_lives(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    assert keep_secrets(path) == keep_secrets(path)
    assert keep_secrets(path) != keep_secrets(tmp_path / "other.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
