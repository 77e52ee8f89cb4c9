"""The lock: the past never changes, a change shows who moves, and the order goes on (R50, R67, R68)."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stationmaster.config.loader import load
from stationmaster.config.rotations_lock import NAME, LockBroken, LockFile, read_lock, write_lock
from stationmaster.config.team import TeamConfig
from stationmaster.oncall.errors import ChangeRefused
from stationmaster.oncall.locking import Locking, TakesOver, first_difference, locking

INCLUDE = Path(__file__).resolve().parents[2] / "include"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday in Hana's week; Ivan, Amara and Emil come after her."""
HANDOFF = datetime(2026, 11, 30, 17, tzinfo=UTC)
MEMBERS = "members: [amara, emil, ben, farah, chiara, goran, devika, hana, ivan]"
KEY = "cellxgene.oncall"


@pytest.fixture
def include(tmp_path: Path) -> Path:
    shutil.copytree(INCLUDE, tmp_path / "include")
    lock_all(tmp_path / "include", NOW - timedelta(weeks=8))
    return tmp_path / "include"


def lock_all(include: Path, now: datetime) -> None:
    lock = LockFile()
    for name, team in load(include).teams.items():
        for rotation in team.roster:
            found = locking(lock, team, rotation, now=now, effective=now, takes_over="at_handoff")
            assert found.added is not None
            lock = lock.with_revision(f"{name}.{rotation}", found.added)
    write_lock(include, lock)


def edit(include: Path, old: str, new: str) -> None:
    path = include / "rotations" / "cellxgene.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def change(include: Path, members: str, takes_over: TakesOver = "at_handoff") -> tuple[Locking, TeamConfig]:
    """Edit the members, lock the change, and return what it did and the team after it."""
    edit(include, MEMBERS, f"members: [{members}]")
    team = load(include, teams=["cellxgene"], unlocked=True).team("cellxgene")
    lock = read_lock(include)
    found = locking(lock, team, "oncall", now=NOW, effective=NOW, takes_over=takes_over)
    assert found.added is not None
    write_lock(include, lock.with_revision(KEY, found.added))
    return found, load(include, teams=["cellxgene"]).team("cellxgene")


def primaries(team: TeamConfig, weeks: int = 4) -> list[str]:
    return [team.on_call("primary", NOW + timedelta(weeks=week)).person for week in range(weeks)]


def test_what_is_locked_reads_back_and_is_what_the_files_say(include: Path) -> None:
    assert load(include).problems == ()
    for name, team in load(include).teams.items():
        plain = load(INCLUDE).team(name)
        for rotation in team.rotations:
            assert team.rotations[rotation].plan == plain.rotations[rotation].plan
            assert team.locked[rotation]


def test_a_change_that_is_not_locked_is_an_error_that_names_the_command(include: Path) -> None:
    edit(include, MEMBERS, MEMBERS.replace(", ivan", ""))
    (problem,) = load(include, teams=["cellxgene"]).problems
    assert problem.code == "rotation_not_locked"
    assert problem.remedy == "Run stationmaster lock cellxgene to see who is affected, and to add a revision."


def test_titles_notices_and_hours_are_not_of_the_plan(include: Path) -> None:
    edit(include, "title: cellxgene on call", "title: On call")
    edit(include, "mail: true", "mail: false")
    assert load(include, teams=["cellxgene"]).problems == ()


def test_whoever_is_on_call_stays_until_the_handoff_and_the_order_goes_on(include: Path) -> None:
    before = primaries(load(include, teams=["cellxgene"]).team("cellxgene"))
    assert before == ["hana", "ivan", "amara", "emil"]
    found, after = change(include, "amara, emil, ben, farah, chiara, goran, devika, ivan")
    assert primaries(after) == ["hana", "ivan", "amara", "emil"]
    assert "hana" in found.affected
    assert min(move.span.start for several in found.moves.values() for move in several) >= HANDOFF


def test_a_newcomer_joins_where_the_list_has_them(include: Path) -> None:
    _, after = change(include, "amara, emil, ben, farah, chiara, devika, hana, goran, ivan")
    assert primaries(after) == ["hana", "goran", "ivan", "amara"]


def test_at_once_replaces_who_is_on_call_if_they_left(include: Path) -> None:
    _, after = change(include, "amara, emil, ben, farah, chiara, goran, devika, ivan", "at_once")
    assert after.on_call("primary", NOW - timedelta(seconds=1)).person == "hana"
    assert primaries(after, 3) == ["ivan", "amara", "emil"]


def test_the_past_never_changes(include: Path) -> None:
    before = load(include, teams=["cellxgene"]).team("cellxgene")
    _, after = change(include, "ben, amara", "at_once")
    at = NOW - timedelta(weeks=60)
    while at < NOW:
        for role in ("primary", "secondary", "tertiary"):
            assert before.rotation_of(role).people_at(role, at) == after.rotation_of(role).people_at(role, at)
        at += timedelta(hours=13)


def test_a_change_cannot_count_from_the_past(include: Path) -> None:
    edit(include, MEMBERS, MEMBERS.replace(", ivan", ""))
    team = load(include, teams=["cellxgene"], unlocked=True).team("cellxgene")
    with pytest.raises(ChangeRefused, match="The past does not change"):
        locking(read_lock(include), team, "oncall", now=NOW, effective=NOW - timedelta(days=1), takes_over="at_once")


def test_an_edited_revision_is_found(include: Path) -> None:
    path = include / "rotations" / NAME
    found = json.loads(path.read_text(encoding="utf-8"))
    found["rotations"][KEY][0]["revision"]["members"]["first"] = 1
    path.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(LockBroken, match=r"revision 0 of cellxgene\.oncall .* was edited"):
        read_lock(include)
    codes = {problem.code for problem in load(include).problems}
    assert codes == {"lock_broken"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rotations": 1}'])
def test_a_lock_that_cannot_be_read_is_an_error_and_never_no_lock(include: Path, text: str) -> None:
    (include / "rotations" / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(LockBroken, match="cannot be read"):
        read_lock(include)


def test_r67_a_past_that_differs_from_an_older_lock_is_found(include: Path) -> None:
    before = read_lock(include)
    change(include, "ben, amara")
    after = read_lock(include)
    assert first_difference(before, after, NOW) is None
    assert "is gone, or another one" in str(first_difference(after, before, NOW + timedelta(days=1)))
    assert "is gone" in str(first_difference(before, LockFile(), NOW))


def test_r69_an_earlier_list_is_restored_as_a_new_revision(include: Path) -> None:
    change(include, "ben, amara")
    edit(include, "members: [ben, amara]", MEMBERS)
    team = load(include, teams=["cellxgene"], unlocked=True).team("cellxgene")
    lock = read_lock(include)
    later = NOW + timedelta(weeks=3)
    found = locking(lock, team, "oncall", now=later, effective=later, takes_over="at_handoff")
    assert found.added is not None
    lock = lock.with_revision(KEY, found.added)
    assert len(lock.revisions(KEY)) == 3
    write_lock(include, lock)
    assert load(include, teams=["cellxgene"]).problems == ()


def test_experience_counts_only_where_a_role_asks_for_it(include: Path) -> None:
    path = include / "teams" / "hausmeister.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("experience: 22", "experience: 23"), encoding="utf-8")
    codes = [problem.code for problem in load(include, teams=["hausmeister"]).problems]
    assert codes == ["rotation_not_locked", "rotation_not_locked"]
    path = include / "teams" / "cellxgene.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("experience: 14", "experience: 15"), encoding="utf-8")
    assert load(include, teams=["cellxgene"]).problems == ()
