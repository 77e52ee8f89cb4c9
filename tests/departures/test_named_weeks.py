"""A week that a person names is what production runs then: every component, and nobody else's commit (F50).

What nobody has released, and no week is named: the form guesses nothing, and takes no innocent component back.
"""

from __future__ import annotations

import pytest

from stationmaster.core.transitions import Act
from stationmaster.departures import arriving, going_back, rolling_back
from stationmaster.departures.going_back import RollbackRefused
from stationmaster.departures.mandates import present
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import StepImpossible
from tests.departures.test_going_back import go, prod, shas, three
from tests.departures.test_hotfixes import on_main, ship, start
from tests.departures.week import EXPLORER, PORTAL
from tests.operators.test_going_back_tasks import run
from tests.operators.test_going_back_tasks import start as fill_in

__all__ = ["run", "three"]

W42, W43, W44 = (f"cellxgene.weekly/2021-W{number}" for number in (42, 43, 44))


def a_hotfix(week):
    """A hotfix of the explorer that runs in production; its departure and its commit."""
    week.github.push(EXPLORER, title="Close the hole", author="dev-90")
    week.clock.move(minutes=30)
    start(week, on_main(week), key="a-run")
    ship(week)
    return week.departure, prod(week)["explorer"]


def a_rogue(week, repo=PORTAL):
    """A commit that somebody has deployed past the train."""
    sha = week.github.push(repo, title="Quick and dirty", author="dev-30").sha
    week.github.deploy(repo, "prod", sha)
    week.clock.move(minutes=1)
    return sha


def state(week, departure=W44):
    return week.ledger.departure(departure).state


def rejection(week, number):
    return week.ledger.rejection(week.manifests[number].hash)


def test_f44_a_named_week_is_whole_although_a_hotfix_of_one_component_came_since(three):
    hotfix, sha = a_hotfix(three)
    found = going_back.plan(three.station(), "2021-W43")
    assert {way.component: (way.running, way.target) for way in found.ways} == {
        "explorer": (sha, three.manifests[1].sha_of("explorer")),
        "portal": (three.manifests[2].sha_of("portal"), three.manifests[1].sha_of("portal")),
    }
    for component in ("explorer", "portal"):
        assert any(sentence.startswith(f"{component} on prod goes from") for sentence in found.sentences)
    assert f"the manifest of {W44} is rejected, too" in found.sentences
    go(three, "2021-W43")
    assert prod(three) == shas(three.manifests[1])
    assert three.ledger.departure(hotfix).state is DepartureState.ROLLED_BACK
    assert rejection(three, 2) is not None
    assert rejection(three, 1) is None
    assert [arriving.expected(three.station(), each) for each in ("explorer", "portal")] == [
        three.manifests[1].sha_of(each) for each in ("explorer", "portal")
    ]
    (told,) = [text for text in three.texts() if "is back on what it ran before" in text]
    assert f"as of {W43}" in told
    assert all(three.manifests[1].sha_of(each)[:12] in told for each in ("explorer", "portal"))
    assert three.ledger.locks() == ()


def test_f44_the_week_before_a_hotfix_takes_the_hotfix_alone(three):
    a_hotfix(three)
    found = going_back.plan(three.station(), "2021-W44")
    assert "portal on prod runs" in " ".join(found.sentences)
    assert found.passed == ()
    go(three, "2021-W44")
    assert prod(three) == shas(three.manifests[2])
    assert (state(three), rejection(three, 2)) == (DepartureState.DONE, None)


def test_f50_with_drift_and_no_week_the_form_guesses_nothing(three):
    odd = a_rogue(three)
    before = prod(three)
    with pytest.raises(RollbackRefused, match="which no departure has brought") as refused:
        going_back.plan(three.station())
    assert f"portal on prod runs {odd[:12]}" in str(refused.value)
    assert f"{three.manifests[2].sha_of('portal')[:12]} should run there" in str(refused.value)
    assert "Name the week that is to run: 2021-W44" in str(refused.value)
    assert (prod(three), state(three), rejection(three, 2)) == (before, DepartureState.DONE, None)


def test_f50_nor_where_the_component_that_drifted_is_not_aboard_what_came_last(three):
    a_hotfix(three)
    a_rogue(three)
    with pytest.raises(RollbackRefused, match="portal on prod runs"):
        going_back.plan(three.station())


def test_f50_the_week_that_should_run_takes_back_what_was_deployed_over_it_alone(three):
    odd = a_rogue(three)
    sent = len(three.dispatches())
    found = going_back.plan(three.station(), "2021-W44")
    assert {way.component: (way.running, way.target) for way in found.ways}["portal"] == (
        odd,
        three.manifests[2].sha_of("portal"),
    )
    assert f"{W44} stays as it is, and so does its manifest" in found.sentences
    assert not any("ROLLED_BACK" in sentence for sentence in found.sentences)
    go(three, "2021-W44")
    assert prod(three) == shas(three.manifests[2])
    assert len(three.dispatches()) == sent + 1
    assert (state(three), rejection(three, 2), three.ledger.locks()) == (DepartureState.DONE, None, ())
    assert three.ledger.facts(W44, kind=arriving.GONE_BACK) == ()
    assert three.said(f"runs what {W44} brought again") == 1
    assert three.said("is back on what it ran before") == 0
    assert (three.said("its manifest stays as it is"), three.said("its manifest is rejected")) == (1, 0)
    assert rolling_back.advance(three.station(), W44).opens  # cleared: it finds it done
    assert len(three.dispatches()) == sent + 1
    with pytest.raises(RollbackRefused, match="is what runs now"):
        going_back.plan(three.station(), "2021-W44")


def test_f50_what_was_brought_back_so_is_taken_back_like_any_other(three):
    a_rogue(three)
    go(three, "2021-W44")
    a_rogue(three)
    go(three, "2021-W44")  # it happens again
    go(three)
    assert prod(three) == shas(three.manifests[1])
    assert (state(three), rejection(three, 2) is None) == (DepartureState.ROLLED_BACK, False)


def test_f50_a_hotfix_is_what_should_run_for_all_components(three):
    hotfix, sha = a_hotfix(three)
    a_rogue(three)
    go(three, hotfix.rpartition("/")[2])
    assert prod(three) == {"explorer": sha, "portal": three.manifests[2].sha_of("portal")}
    assert (state(three), rejection(three, 2)) == (DepartureState.DONE, None)


def test_f50_an_earlier_week_takes_all_of_it_back(three):
    a_rogue(three)
    go(three, "2021-W43")
    assert prod(three) == shas(three.manifests[1])
    assert state(three) is DepartureState.ROLLED_BACK
    assert rejection(three, 2) is not None


def test_r6_what_was_not_brought_back_is_asked_for_again(three):
    a_rogue(three)
    three.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    with pytest.raises(StepImpossible, match="ROLLBACK_BY_HAND"):
        go(three, "2021-W44")
    assert (state(three), rejection(three, 2)) == (DepartureState.ROLLING_BACK, None)
    three.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="success")
    go(three, "2021-W44", by="hana")
    assert prod(three) == shas(three.manifests[2])
    assert state(three) is DepartureState.DONE


def test_r6_what_was_brought_back_by_hand_ends_it(three):
    a_rogue(three)
    three.github.script_runs(PORTAL, "deploy-happy-stack.yml", conclusion="failure")
    with pytest.raises(StepImpossible):
        go(three, "2021-W44")
    three.github.deploy(PORTAL, "prod", three.manifests[2].sha_of("portal"))
    assert rolling_back.advance(three.station(), W44).opens
    assert (state(three), rejection(three, 2)) == (DepartureState.DONE, None)


def test_f50_a_component_that_the_week_does_not_know_is_named(three, monkeypatch):
    real = going_back.aboard
    monkeypatch.setattr(going_back, "aboard", lambda *args: {k: v for k, v in real(*args).items() if k != "portal"})
    a_hotfix(three)
    found = going_back.plan(three.station(), "2021-W43")
    assert [way.component for way in found.ways] == ["explorer"]
    assert any(
        sentence.startswith("portal on prod stays on") and f"neither {W43}" in sentence for sentence in found.sentences
    )
    go(three, "2021-W43")
    assert three.said("portal: stays, for nothing of it is known of that time") == 1


def test_f50_by_the_form(run):
    week = run.week
    a_rogue(week)
    found = fill_in(run)
    assert (found.kind, "Name the week that is to run" in found.text) == ("failed", True)
    again = type(run)(week=week, stop="rollback", asked=run.asked, user="emil")
    assert fill_in(again, to="2021-W44").kind == "done"
    assert again.drive("go_back").kind == "done"
    assert prod(week) == shas(week.manifests[2])
    sent = len(week.dispatches())
    week.clock.move(days=3)
    assert again.drive("go_back").kind == "done"  # cleared: it only looks
    assert len(week.dispatches()) == sent
    assert present(week.station(), W44).act is Act.TAKE_BACK
