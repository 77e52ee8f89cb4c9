"""The cut: which commits board."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.departures import cutting
from stationmaster.departures.obstacles import DepartureSkipped
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import StepImpossible
from tests.departures.week import EXPLORER, PORTAL


def head_of(week, repo=EXPLORER):
    return week.github.repository(repo).record.refs["heads/main"]


def push(week, title, state=None, repo=EXPLORER):
    commit = week.github.push(repo, title=title)
    if state:
        week.github.script_checks(repo, commit.sha, state)
    return commit.sha


def codes(selection):
    return [found.code for found in selection.blockers]


@pytest.fixture
def opened(week):
    week.open_cut()
    week.clock.move(minutes=20)
    return week


def test_c11_the_newest_green_commit_of_main_boards(opened):
    """C-11, C-13: both products, each at the head of its main."""
    manifest = opened.cut()
    assert manifest.repositories == {repo: head_of(opened, repo) for repo in (EXPLORER, PORTAL)}


@pytest.mark.parametrize("state", ["pending", "red"])
def test_f08_a_head_that_is_not_green_stays_behind_with_a_note(opened, state):
    green = head_of(opened)
    push(opened, "Not yet", state)
    assert opened.cut().sha_of("explorer") == green
    notes = [fact.value["text"] for fact in opened.ledger.facts(opened.departure, kind="note")]
    assert any("explorer: 1 newer commit(s) stay behind" in note for note in notes)


def test_no_more_commits_board_than_the_file_says_and_the_rest_rides_next_time(opened):
    train = opened.team.trains["weekly"]
    cut = train.stops.cut.model_copy(update={"most_commits": 2})
    few = train.model_copy(update={"stops": train.stops.model_copy(update={"cut": cut})})
    opened.team = opened.team.model_copy(update={"trains": {"weekly": few}})
    forge, running = opened.station().forge, opened.station().forge.deployed_sha(EXPLORER, "prod").sha
    before = forge.compare(EXPLORER, running, "main").ahead_by
    assert before > 2
    manifest = opened.cut()
    assert forge.compare(EXPLORER, running, manifest.sha_of("explorer")).ahead_by == 2
    notes = [fact.value["text"] for fact in opened.ledger.facts(opened.departure, kind="note")]
    assert f"explorer: {before - 2} newer commit(s) stay behind, 2 board at most" in notes


def test_f08_nothing_green_since_production_stays_at_what_production_runs(opened):
    running = opened.github.deployed(EXPLORER, "prod")
    for commit in list(opened.github.repository(EXPLORER).record.commits):
        if commit != running:
            opened.github.script_checks(EXPLORER, commit, "red")
    selection = cutting.select(opened.station())
    assert {found.component: found.sha for found in selection.passengers}["explorer"] == running


def test_f08_nothing_green_in_the_look_back_is_a_blocker(opened):
    for number in range(50):
        push(opened, f"Broken {number}", "red")
    selection = cutting.select(opened.station(), exclude=["portal"])
    assert codes(selection) == ["NO_GREEN_COMMIT"]
    assert selection.blockers[0].who == ("ben",)


def test_f08_a_check_started_again_between_select_and_pin_is_seen(opened):
    selection = cutting.select(opened.station())
    opened.github.script_checks(EXPLORER, head_of(opened), "pending")
    with pytest.raises(StepImpossible, match="CHECKS_PENDING"):
        cutting.pin(opened.station(), opened.departure, selection, by="timetable")
    assert opened.ledger.manifest_of(opened.departure) is None


def test_f59_checks_that_cannot_be_read_are_not_green(opened):
    opened.github.script_checks(EXPLORER, head_of(opened), "unreadable")
    selection = cutting.select(opened.station())
    assert codes(selection) == ["CHECKS_UNREADABLE"]
    assert [found.component for found in selection.passengers] == ["portal"]


def test_f59_a_commit_without_checks_is_refused_unless_the_file_accepts_it(opened):
    green = head_of(opened)
    bare = push(opened, "No pipeline", "absent")
    assert {p.component: p.sha for p in cutting.select(opened.station()).passengers}["explorer"] == green
    component = opened.team.train("weekly").component("explorer")
    accepting = component.model_copy(update={"checks": component.checks.model_copy(update={"none": "accept"})})
    station = opened.station()
    others = tuple(c for c in station.train.components if c.id != "explorer")
    station.train = station.train.model_copy(update={"components": (*others, accepting)})
    assert {p.component: p.sha for p in cutting.select(station).passengers}["explorer"] == bare


def test_f25_nothing_new_ends_the_departure_as_empty(opened):
    station = opened.station()
    for repo in (EXPLORER, PORTAL):
        head = head_of(opened, repo)
        made = station.forge.create_deployment(repo, head, "prod", key="by-hand")
        station.forge.set_deployment_status(repo, made.id, "success")
    with pytest.raises(DepartureSkipped, match="nothing new"):
        opened.cut()
    assert opened.ledger.departure(opened.departure).state is DepartureState.SKIPPED_EMPTY
    assert opened.close("cut") is DepartureState.SKIPPED_EMPTY
    assert opened.said("skipped, nothing to ship") == 1
    assert opened.github.writes(path="/git/refs") == []


def test_f25_a_train_that_leaves_everything_behind_is_empty(opened):
    with pytest.raises(DepartureSkipped):
        opened.cut(exclude=["explorer", "portal"])


def test_f27_a_main_that_lost_what_production_runs_is_a_blocker(opened):
    opened.github.force_push(EXPLORER, drop=60)
    selection = cutting.select(opened.station())
    assert codes(selection) == ["HISTORY_REWRITTEN"]
    assert selection.blockers[0].subject == "explorer"


def test_a_person_may_board_an_older_commit_and_only_of_that_branch(opened):
    older = opened.github.repository(EXPLORER).commit(head_of(opened)).parents[0]
    assert opened.cut(board={"explorer": older}).sha_of("explorer") == older
    notes = [fact.value["text"] for fact in opened.ledger.facts(opened.departure, kind="note")]
    assert any("chosen by a person, its checks are green" in note for note in notes)


def test_a_commit_of_another_branch_does_not_board(opened):
    elsewhere = opened.github.push(EXPLORER, branch="feature", title="Try")
    selection = cutting.select(opened.station(), board={"explorer": elsewhere.sha})
    assert codes(selection) == ["HISTORY_REWRITTEN"]


def test_a_component_can_stay_behind(opened):
    manifest = opened.cut(exclude=["portal"])
    assert [found.component for found in manifest.passengers] == ["explorer"]


def test_f71_a_cut_that_is_cleared_keeps_what_it_pinned(opened):
    manifest = opened.cut()
    push(opened, "Too late")
    opened.clock.move(minutes=30)
    assert opened.cut() == manifest
    assert opened.ledger.departure(opened.departure).round == 1


def test_f38_of_two_workers_the_first_choice_is_everybodys(opened):
    """The second selects before the first has pinned."""
    first = cutting.select(opened.station())
    push(opened, "In between")
    opened.clock.move(minutes=15)
    second = cutting.select(opened.station())
    assert first.passengers != second.passengers
    one = cutting.pin(opened.station(), opened.departure, first, by="timetable")
    racing = opened.station()
    real = racing.ledger.manifest_of
    too_early = [None]
    racing.ledger.manifest_of = lambda *args: too_early.pop() if too_early else real(*args)
    try:
        two = cutting.pin(racing, opened.departure, second, by="ben")
    finally:
        del racing.ledger.manifest_of
    assert one == two
    assert opened.ledger.departure(opened.departure).round == 1


def test_f46_a_rejected_manifest_is_not_cut_again(opened):
    manifest = opened.manifest_of_heads()
    opened.ledger.reject(manifest.hash, "it was rolled back", opened.clock() - timedelta(days=1), "stationmaster")
    with pytest.raises(StepImpossible, match="MANIFEST_REJECTED"):
        opened.cut()


def test_c37_an_optional_passenger_rides_only_with_something_new(opened):
    train = opened.team.trains["weekly"]
    portal, explorer = train.components
    optional = explorer.model_copy(update={"optional": True})
    changed = train.model_copy(update={"components": (portal, optional)})
    opened.team = opened.team.model_copy(update={"trains": {"weekly": changed}})
    opened.github.deploy(EXPLORER, "prod", head_of(opened))
    selection = cutting.select(opened.station())
    assert [passenger.component for passenger in selection.passengers] == ["portal"]
    assert "explorer has nothing new" in selection.notes
    push(opened, "Something new")
    opened.clock.move(minutes=20)
    selection = cutting.select(opened.station())
    assert [passenger.component for passenger in selection.passengers] == ["portal", "explorer"]
