"""Commits on top of another one: the same each time, never twice, and a person where git cannot (F39 … F42)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stationmaster.hooks.errors import ForgeNotFound, ForgeOutcomeUnknown, ForgeRejected, ForgeUnreadable
from stationmaster.hooks.forge import Forge
from stationmaster.hooks.forge_picks import PickConflict
from stationmaster.rehearsal.github.faults import Fault
from tests.rehearsal.github_fixtures import EXPLORER, HEAD, Stage, stage

SCRATCH = "stationmaster/picking"


@pytest.fixture
def scene() -> Iterator[Stage]:
    with stage() as one:
        yield one


@pytest.fixture
def forge(scene: Stage) -> Forge:
    return scene.forge()


@pytest.fixture
def base(scene: Stage) -> str:
    """What runs in production: ten commits behind main."""
    found = HEAD
    for _ in range(10):
        found = scene.world.repository(EXPLORER).commit(found).parents[0]
    return found


def test_f41_a_pick_stands_on_its_base_and_brings_only_its_own_change(scene: Stage, forge: Forge, base: str) -> None:
    picked = forge.pick(EXPLORER, base, [HEAD], scratch=SCRATCH)
    assert not picked.empty
    commit = forge.commit(EXPLORER, picked.sha)
    assert commit.parents == (base,)
    assert commit.message == forge.commit(EXPLORER, HEAD).message
    assert forge.compare(EXPLORER, base, picked.sha).ahead_by == 1
    assert forge.patch_id(EXPLORER, picked.sha) == forge.patch_id(EXPLORER, HEAD)
    assert forge.patch_id(EXPLORER, picked.sha) != forge.patch_id(EXPLORER, base)
    assert forge.find_branch(EXPLORER, SCRATCH) is None


def test_f02_a_pick_that_is_made_again_is_the_same_commit(scene: Stage, forge: Forge, base: str) -> None:
    first = forge.pick(EXPLORER, base, [HEAD], scratch=SCRATCH)
    scene.clock.move(hours=7)
    assert forge.pick(EXPLORER, base, [HEAD], scratch=SCRATCH) == first


def test_several_commits_are_put_on_top_of_each_other_in_their_order(scene: Stage, forge: Forge, base: str) -> None:
    parent = forge.commit(EXPLORER, HEAD).parent
    picked = forge.pick(EXPLORER, base, [str(parent), HEAD], scratch=SCRATCH)
    titles = [commit.title for commit in forge.compare(EXPLORER, base, picked.sha).commits]
    assert titles == [forge.commit(EXPLORER, sha).title for sha in (str(parent), HEAD)]


def test_what_the_base_has_already_brings_nothing(scene: Stage, forge: Forge, base: str) -> None:
    older = forge.commit(EXPLORER, base).parent
    assert forge.pick(EXPLORER, base, [str(older)], scratch=SCRATCH) == (
        forge.pick(EXPLORER, base, [], scratch=SCRATCH)
    )
    once = forge.pick(EXPLORER, base, [HEAD], scratch=SCRATCH)
    again = forge.pick(EXPLORER, once.sha, [HEAD], scratch=SCRATCH)
    assert (again.sha, again.empty) == (once.sha, True)


def test_f42_a_conflict_names_the_commit_and_the_way_out_and_leaves_nothing_behind(
    scene: Stage, forge: Forge, base: str
) -> None:
    scene.world.script_conflict(EXPLORER, HEAD)
    with pytest.raises(PickConflict, match=f"Make a branch at {base}") as caught:
        forge.pick(EXPLORER, base, [HEAD], scratch=SCRATCH)
    assert caught.value.sha == HEAD
    assert forge.find_branch(EXPLORER, SCRATCH) is None


def test_a_merge_commit_is_not_picked(scene: Stage, forge: Forge, base: str) -> None:
    merged = scene.world.repository(EXPLORER).add_commit(
        parents=(base, HEAD), message="Merge", author="dev-01", at=scene.clock()
    )
    with pytest.raises(ForgeUnreadable, match="has 2 parents; name the commits"):
        forge.pick(EXPLORER, base, [merged.sha], scratch=SCRATCH)


def test_a_failure_half_way_is_taken_up_again(scene: Stage, forge: Forge, base: str) -> None:
    scene.world.script(Fault(kind="bad_gateway_after", method="POST", path="git/commits"))
    with pytest.raises(ForgeOutcomeUnknown):
        forge.pick(EXPLORER, base, [HEAD], scratch=SCRATCH)
    picked = forge.pick(EXPLORER, base, [HEAD], scratch=SCRATCH)
    assert forge.commit(EXPLORER, picked.sha).parents == (base,)


def test_an_unknown_commit_is_refused(forge: Forge, base: str) -> None:
    with pytest.raises((ForgeNotFound, ForgeRejected)):
        forge.pick(EXPLORER, base, ["f" * 40], scratch=SCRATCH)
