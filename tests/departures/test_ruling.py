"""Who acts, under which issue, and what keeps a release back: counted again before anything is deployed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.issue_links import NotAnIssueLink
from stationmaster.core.transitions import Act
from stationmaster.departures import gate_table, ruling
from stationmaster.departures.gate_table import How
from stationmaster.work.obstacles import StepImpossible
from tests.departures.ruled import blocked_by, open_issue, rule
from tests.departures.week import EXPLORER, PORTAL


def codes(standing):
    return [found.code for found in standing.blockers]


@pytest.fixture
def gated(week):
    week.gate()
    return week


def promoted(week):
    return codes(gate_table.standing(week.station(), week.departure, Act.PROMOTE))


def test_t01_a_go_of_somebody_outside_the_group_deploys_nothing(gated):
    """jules stands in for the primary, and is no engineer: the word is heard, and does not count."""
    rule(gated, actors="engineers")
    gated.quorum()
    gated.confirm("jules")
    standing = gated.advance("promote", "portal")
    assert (codes(standing), str(standing.verdict)) == (["ACTOR_NOT_ALLOWED"], "DENY")
    assert gated.dispatches() == []
    gated.clock.move(minutes=1)
    gated.confirm("farah")
    assert promoted(gated) == []


def test_t01_whoever_left_the_group_since_does_not_count(gated):
    rule(gated, actors="frontend")
    gated.quorum()
    gated.confirm("chiara")
    assert promoted(gated) == []
    left = gated.team.model_copy(update={"groups": {**gated.team.groups, "frontend": ("ben",)}})
    gated.team = left
    assert promoted(gated) == ["ACTOR_NOT_ALLOWED"]


def test_t01_it_is_told_before_anybody_is_asked_that_nobody_can(gated):
    rule(gated, actors="frontend")
    gated.quorum()
    assert promoted(gated) == ["CONFIRMATION_MISSING"]  # chiara is a backup, and of the frontend
    gated.team = gated.team.model_copy(update={"groups": {**gated.team.groups, "frontend": ("ben",)}})
    assert promoted(gated) == ["ACTOR_NOT_ALLOWED", "CONFIRMATION_MISSING"]


@pytest.mark.parametrize("person", ["jules", "timetable", "mallory", ""])
def test_t01_only_the_group_may_act(gated, person):
    rule(gated, actors="engineers")
    with pytest.raises(StepImpossible, match="Only members of engineers may change prod"):
        ruling.require_actor(gated.station(), person)


def test_t01_without_the_rule_the_roles_decide(gated):
    gated.quorum()
    gated.confirm("jules")
    assert promoted(gated) == []
    ruling.require_actor(gated.station(), "mallory")


def test_t04_without_an_issue_the_change_is_refused(gated):
    rule(gated, issue="required")
    gated.quorum()
    gated.confirm()
    standing = gated.advance("promote", "portal")
    assert (codes(standing), str(standing.verdict)) == (["ISSUE_MISSING"], "DENY")
    assert gated.dispatches() == []
    ruling.give_link(gated.station(), gated.departure, f"#{open_issue(gated)}", by="farah")
    assert promoted(gated) == []


def test_t04_an_issue_that_is_closed_meanwhile_stops_it(gated):
    rule(gated, issue="required")
    gated.quorum()
    gated.confirm()
    number = open_issue(gated)
    ruling.give_link(gated.station(), gated.departure, str(number), by="farah")
    gated.forge().close_issue(EXPLORER, number)
    assert codes(gated.advance("promote", "portal")) == ["ISSUE_CLOSED"]
    assert gated.dispatches() == []


@pytest.mark.parametrize("mode", ["required", "optional"])
def test_t04_an_issue_that_is_not_there_is_unreadable(gated, mode):
    rule(gated, issue=mode)
    gated.quorum()
    gated.confirm()
    ruling.give_link(gated.station(), gated.departure, "#999999", by="farah")
    assert promoted(gated) == ["ISSUE_UNREADABLE"]


def test_f59_t04_a_github_that_is_away_is_no_issue(gated):
    rule(gated, issue="required")
    gated.quorum()
    gated.confirm()
    ruling.give_link(gated.station(), gated.departure, str(open_issue(gated)), by="farah")
    gated.fault("bad_gateway_before", "/issues/", times=100)
    assert promoted(gated) == ["ISSUE_UNREADABLE"]


def test_t04_optional_asks_for_none(gated):
    rule(gated, issue="optional")
    gated.quorum()
    gated.confirm()
    assert promoted(gated) == []


@pytest.mark.parametrize("text", [f"{PORTAL}#1", "nothing", f"https://github.com/{EXPLORER}/pull/1"])
def test_t04_only_issues_of_the_one_repository_count(gated, text):
    rule(gated, issue="required")
    with pytest.raises(NotAnIssueLink):
        ruling.give_link(gated.station(), gated.departure, text, by="farah")
    assert ruling.link_of(gated.station(), gated.departure) is None


def test_t04_an_issue_of_another_repository_does_not_count_after_the_file_has_changed(gated):
    rule(gated, issue="required")
    ruling.give_link(gated.station(), gated.departure, str(open_issue(gated)), by="farah")
    train = gated.team.trains["weekly"]
    moved = train.rules.issue.model_copy(update={"repository": PORTAL})
    rules = train.rules.model_copy(update={"issue": moved})
    gated.team = gated.team.model_copy(update={"trains": {"weekly": train.model_copy(update={"rules": rules})}})
    assert codes(ruling.issue_standing(gated.station(), gated.departure)) == ["ISSUE_MISSING"]


def test_t20_an_open_blocker_keeps_the_release_back_until_it_is_closed(gated):
    blocked_by(gated, "blocker")
    gated.quorum()
    gated.confirm()
    number = open_issue(gated, "The node forgets its keys", "blocker")
    standing = gated.advance("promote", "portal")
    assert codes(standing) == ["RELEASE_BLOCKED"]
    assert f"#{number} The node forgets its keys" in standing.blockers[0].sentence
    gated.forge().close_issue(EXPLORER, number)
    assert promoted(gated) == []


def test_t20_the_last_blocker_must_have_been_closed_for_two_weeks(gated):
    blocked_by(gated, "blocker", "priority_critical", quiet="14d")
    number = open_issue(gated, "The node forgets its keys", "priority_critical")
    gated.forge().close_issue(EXPLORER, number)
    closed = gated.clock()
    (found,) = ruling.blocking_standing(gated.station()).blockers
    assert (found.code, found.clears_at) == ("RELEASE_BLOCKED_LATELY", closed + timedelta(days=14))
    gated.clock.to(closed + timedelta(days=14))
    assert ruling.blocking_standing(gated.station()).opens


def test_f59_t20_what_cannot_be_read_is_in_the_way(gated):
    blocked_by(gated, "blocker", repositories=(EXPLORER, "chanzuckerberg/gone"))
    open_issue(gated, "It burns", "blocker")
    assert codes(ruling.blocking_standing(gated.station())) == ["RELEASE_BLOCKED", "BLOCKING_UNREADABLE"]


def test_t01_t02_t04_t20_all_reasons_stand_in_one_list(gated):
    """Nobody has voted, the wrong person said go, no issue, a blocker, a list that failed, and the train is stopped."""
    from stationmaster.work import halting

    rule(gated, actors="engineers", issue="required")
    blocked_by(gated, "blocker")
    open_issue(gated, "It burns", "blocker")
    gated.confirm("jules")
    gated.checklist("staging", answer="failed")
    halting.halt(gated.ledger, "cellxgene.weekly", why="it burns", now=gated.clock(), by="ben")
    expected = {
        "HALTED",
        "CHECKLIST_FAILED",
        "QUORUM_MISSING",
        "ACTOR_NOT_ALLOWED",
        "ISSUE_MISSING",
        "RELEASE_BLOCKED",
    }
    assert set(promoted(gated)) == expected
    assert set(codes(gated.look("gates", stop="promote", component="portal"))) == expected
    assert gated.advance("promote", "portal").gate != "run"
    assert gated.dispatches() == []


def test_what_explain_shows_asks_nobody_outside(gated):
    rule(gated, actors="engineers", issue="required")
    gated.confirm("jules")
    calls = len(gated.github.journal.entries())
    assert codes(gate_table.standing(gated.station(), gated.departure, Act.PROMOTE, how=How.LEDGER)) == [
        "QUORUM_MISSING",
        "ACTOR_NOT_ALLOWED",
        "ISSUE_MISSING",
    ]
    assert len(gated.github.journal.entries()) == calls
