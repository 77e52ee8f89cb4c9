"""Tags and notes of a departure: made once, never moved (T-20, F19)."""

from __future__ import annotations

import pytest

from stationmaster.config.releasing import ReleaseEntry
from stationmaster.core.changelog import Change
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.instants import IsoWeek
from stationmaster.core.manifest import Manifest, Passenger
from stationmaster.departures import deploying, releasing
from stationmaster.ledger.errors import EffectUnknown
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import StepImpossible
from tests.departures.ruled import changed
from tests.departures.week import EXPLORER, WEDNESDAY

FINAL, CANDIDATE = "v2021.42.0", "v2021.42.0-rc"


def releases(week):
    return {each.tag: each for each in week.github.repository(EXPLORER).record.releases.values()}


def with_releases(week, **fields):
    entry = ReleaseEntry.model_validate({"candidate": "-rc", **fields})
    train = week.team.trains["weekly"]
    portal, explorer = train.components
    changed(week, components=(portal, explorer.model_copy(update={"release": entry})))


@pytest.fixture
def staged(week):
    with_releases(week)
    week.staged()
    return week


@pytest.fixture
def done(staged):
    """Both components are in production."""
    staged.clock.to(WEDNESDAY)
    for component in ("portal", "explorer"):
        deploying.record_deployed(staged.station(), staged.leg("promote", component), at=staged.clock(), how="test")
    staged.ledger.set_state(staged.departure, DepartureState.DONE, staged.clock(), "test")
    return staged


def publish(week, stop="promote"):
    return releasing.publish(week.station(), week.departure, stop)


def sha_of(week):
    return week.ledger.manifest_of(week.departure).sha_of("explorer")


def test_t20_a_release_has_an_annotated_tag_and_its_notes(done):
    (found,) = publish(done)
    assert (found.component, found.tag, found.sha) == ("explorer", FINAL, sha_of(done))
    assert done.forge().find_tag(EXPLORER, FINAL) == sha_of(done)
    assert done.github.repository(EXPLORER).record.refs[f"tags/{FINAL}"] != sha_of(done), "annotated"
    release = releases(done)[FINAL]
    assert (release.name, release.prerelease) == (f"Explorer 2021-W42 ({FINAL})", False)
    assert f"On prod since Wed 27 Oct 2021 09:00 PDT, at `{sha_of(done)}`." in release.body
    assert "Draw faster" in release.body
    assert "`dev-12`" in release.body


def test_f01_t20_a_retry_makes_nothing_twice(done):
    first = publish(done)
    writes = len(done.github.writes())
    done.clock.move(days=1)
    assert publish(done) == first
    assert len(done.github.writes()) == writes
    assert len(releases(done)) == 1


@pytest.mark.parametrize("path", ["/git/refs", "/git/tags", "/releases"])
@pytest.mark.parametrize("kind", ["bad_gateway_after", "dropped_after", "bad_gateway_before"])
def test_f03_t20_a_lost_answer_makes_nothing_twice(done, kind, path):
    done.fault(kind, path, method="POST")
    for _ in range(4):
        try:
            found = publish(done)
        except EffectUnknown:
            done.clock.move(minutes=1)
    assert [each.tag for each in found] == [FINAL]
    assert done.forge().find_tag(EXPLORER, FINAL) == sha_of(done)
    assert list(releases(done)) == [FINAL]


def test_f19_a_tag_of_the_same_commit_is_adopted_and_only_the_notes_are_made(done):
    done.forge().create_tag(EXPLORER, FINAL, sha_of(done), message="by hand")
    before = done.github.repository(EXPLORER).record.refs[f"tags/{FINAL}"]
    assert publish(done)[0].url
    assert done.github.repository(EXPLORER).record.refs[f"tags/{FINAL}"] == before
    assert list(releases(done)) == [FINAL]


@pytest.mark.parametrize("message", [None, "by hand"])
def test_f19_a_tag_of_another_commit_is_never_moved(done, message):
    elsewhere = done.github.repository(EXPLORER).commit(sha_of(done)).parents[0]
    done.forge().create_tag(EXPLORER, FINAL, elsewhere, message=message)
    with pytest.raises(StepImpossible, match="TAG_TAKEN") as refused:
        publish(done)
    assert elsewhere[:12] in str(refused.value)
    assert done.forge().find_tag(EXPLORER, FINAL) == elsewhere
    assert releases(done) == {}


def test_t20_the_cut_makes_a_candidate_of_what_is_on_staging(staged):
    (found,) = publish(staged, "cut")
    assert found.tag == CANDIDATE
    assert releases(staged)[CANDIDATE].prerelease
    assert publish(staged) == (), "nothing is final before production runs it"


def test_t20_a_commit_that_comes_to_staging_later_is_another_candidate(staged):
    publish(staged, "cut")
    staged.repin()
    assert publish(staged, "cut")[0].tag == f"{CANDIDATE}2"
    assert set(releases(staged)) == {CANDIDATE, f"{CANDIDATE}2"}


@pytest.mark.parametrize(
    "state", [DepartureState.FAILED, DepartureState.PARTIAL, DepartureState.ROLLED_BACK, DepartureState.GATED]
)
def test_t20_nothing_is_released_of_a_promotion_that_is_not_whole(done, state):
    done.ledger.set_state(done.departure, state, done.clock(), "test")
    assert publish(done) == ()
    assert releases(done) == {}


def test_t20_a_component_without_the_section_is_not_tagged_and_notes_may_be_left_out(done):
    with_releases(done, notes=False)
    (found,) = publish(done)
    assert (found.component, found.url) == ("explorer", "")
    assert releases(done) == {}


def test_f26_f65_t20_the_notes_hold_the_components_own_changes_harmless_and_short(done):
    manifest = done.ledger.manifest_of(done.departure)
    many = [Change(number=n, title=f"fix: @all <b>{n}</b>", author="eve", repository=EXPLORER) for n in range(1, 601)]
    other = Change(number=1, title="Of the portal", repository="chanzuckerberg/single-cell-data-portal")
    value = {"changes": [each.model_dump(mode="json") for each in (*many, other)], "authors": ["eve"]}
    done.ledger.record(done.departure, "changes", manifest.hash, value, done.clock(), "test")
    publish(done)
    body = releases(done)[FINAL].body
    assert body.count("\n- ") == 100
    assert "more" in body
    assert "Of the portal" not in body
    assert "@all" not in body
    assert "<b>" not in body
    assert len(body) < 60_000


def test_d14_t20_a_hotfix_has_a_commit_and_no_tag_of_its_own(done):
    """Its name is no week, and nothing is tagged for it: the next train's tag has its commits."""
    done.departure = done.ledger.open_beside(
        "cellxgene.weekly", IsoWeek.parse("2021-W42"), DepartureKind.HOTFIX, done.clock(), "hana", key="run-1"
    ).id
    aboard = Passenger(component="explorer", repository=EXPLORER, sha="e" * 40)
    done.ledger.pin(done.departure, Manifest.of([aboard]), done.clock(), "hana")
    deploying.record_deployed(done.station(), done.leg("promote", "explorer"), at=done.clock(), how="test")
    assert releasing.versions(done.station(), done.departure) == f'[explorer]\ncommit = "{"e" * 40}"'
