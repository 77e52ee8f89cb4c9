"""What the tokens may do is looked at before a stop begins (C-23, F58, F61)."""

from __future__ import annotations

import pytest

from stationmaster.departures import preflight, telling
from stationmaster.departures.explaining import explain
from stationmaster.rehearsal.slack.catalogue import ALL_SCOPES
from stationmaster.work.obstacles import StepImpossible
from tests.departures.ruled import blocked_by, rule
from tests.departures.week import EXPLORER

NEEDED = ("admin:repo_hook", "repo", "workflow")


def lacking(week):
    return [(found.code, found.subject) for found in preflight.github_findings(week.station())]


def slack_lacking(week):
    return [found.subject for found in preflight.slack_findings(week.station(chat=week.chat()))]


def deploys_by_merge(week):
    train = week.team.train("weekly")
    explorer = train.component("explorer")
    staging = explorer.deploy("staging").model_copy(update={"mode": "on_merge", "workflow": None, "branch": "staging"})
    moved = explorer.model_copy(update={"environments": {**explorer.environments, "staging": staging}})
    portal = train.component("portal").model_copy(update={"token_scopes": ()})
    train = train.model_copy(update={"components": (portal, moved)})
    week.team = week.team.model_copy(update={"trains": {"weekly": train}})


def test_c23_the_train_needs_what_the_team_demands_of_the_portals_token(week):
    assert set(preflight.scopes_needed(week.team.train("weekly"))) == set(NEEDED)


def test_c23_a_token_with_every_scope_and_a_complete_slack_app_are_fine(week):
    assert lacking(week) == []
    assert slack_lacking(week) == []


@pytest.mark.parametrize("scope", NEEDED)
def test_c23_each_missing_scope_is_named_with_connection_and_remedy(make_week, scope):
    week = make_week(scopes=[name for name in NEEDED if name != scope])
    (found,) = preflight.github_findings(week.station())
    assert (found.code, found.subject) == ("TOKEN_LACKS_SCOPE", scope)
    assert "github_default" in found.sentence
    assert f"the scope {scope}" in found.sentence
    assert "clear the task" in found.how
    assert found.who == ("ben",)


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (["repo", "admin:repo_hook", "workflow", "admin:org"], []),
        (["repo", "write:repo_hook", "workflow"], ["admin:repo_hook"]),
        (["public_repo", "admin:repo_hook", "workflow"], ["repo"]),
    ],
)
def test_a_wider_scope_grants_the_narrower_one_and_not_the_reverse(make_week, granted, missing):
    assert [scope for _, scope in lacking(make_week(scopes=granted))] == missing


def test_a_wider_scope_covers_what_the_file_demands(make_week):
    week = make_week(scopes=["repo", "admin:repo_hook"])
    train = week.team.train("weekly")
    portal = train.component("portal").model_copy(update={"token_scopes": ("read:repo_hook", "repo:status")})
    train = train.model_copy(update={"components": (portal, train.component("explorer"))})
    week.team = week.team.model_copy(update={"trains": {"weekly": train}})
    assert lacking(week) == []


def test_moving_a_branch_needs_the_workflow_scope(make_week):
    week = make_week(scopes=["repo"])
    deploys_by_merge(week)
    assert lacking(week) == [("TOKEN_LACKS_SCOPE", "workflow")]


def test_fine_grained_and_app_tokens_name_no_scopes_and_are_only_tried(make_week):
    week = make_week(scopes=[])
    assert lacking(week) == []
    week.fault("forbidden", "^/user$")
    assert lacking(week) == []
    week.fault("hidden", f"/repos/{EXPLORER}/", times=10)
    assert lacking(week) == [("CONNECTION_MISSING", EXPLORER)]


def test_c23_single_sign_on_is_told_apart_from_a_missing_permission(week):
    week.fault("sso", f"/repos/{EXPLORER}/")
    (found,) = preflight.github_findings(week.station())
    assert (found.code, found.subject) == ("TOKEN_LACKS_SSO", EXPLORER)
    assert "single sign-on" in found.sentence
    assert "authorization_request" not in found.sentence + found.how


def test_a_token_that_is_wrong_is_a_finding(week):
    week.fault("unauthorised", "/", times=10)
    assert lacking(week) == [("CONNECTION_MISSING", "")]


def test_f56_a_github_out_of_reach_is_no_finding(week):
    week.fault("unavailable_before", "/", times=1000)
    assert lacking(week) == []


@pytest.mark.parametrize("scope", ["chat:write", "reactions:read", "users:read"])
def test_f61_each_scope_that_slack_lacks_is_named(week, scope):
    week.slack.scopes = ALL_SCOPES - {scope}
    assert slack_lacking(week) == [scope]


def test_the_history_of_either_kind_of_channel_will_do(week):
    week.slack.scopes = ALL_SCOPES - {"groups:history"}
    assert slack_lacking(week) == []
    week.slack.scopes = ALL_SCOPES - {"groups:history", "channels:history"}
    assert slack_lacking(week) == ["channels:history"]


@pytest.mark.parametrize("scope", ["reactions:read", "users:read"])
def test_f61_a_scope_without_which_the_gate_waits_says_so(week, scope):
    week.slack.scopes = ALL_SCOPES - {scope}
    (found,) = preflight.slack_findings(week.station())
    assert "without it votes cannot be read, and the gate waits" in found.sentence


def test_c23_a_stop_that_lacks_rights_does_not_begin_and_says_so_once(make_week):
    week = make_week(scopes=["repo"])
    departure = week.open_cut()
    for _ in range(2):
        with pytest.raises(StepImpossible, match="TOKEN_LACKS_SCOPE"):
            preflight.inspect(week.station(), departure, "cut")
    assert week.said("the cut cannot begin") == 1
    assert week.said("lacks the scope admin:repo_hook") == 1
    assert telling.told(week.station(), departure, "cut/preflight") is not None


def test_f60_what_slack_lacks_is_noted_shown_and_stops_nothing(week):
    week.slack.scopes = ALL_SCOPES - {"reactions:read"}
    departure = week.open_cut()
    preflight.inspect(week.station(), departure, "cut")
    (shown,) = explain(week.station()).departures
    assert [(why.task, why.code) for why in shown.blockers] == [("cut/preflight", "SLACK_LACKS_SCOPE")]
    preflight.forget(week.station(), departure, "cut")
    assert explain(week.station()).departures[0].blockers == ()


def test_f60_a_silent_slack_is_noted_and_stops_nothing(week):
    departure = week.open_cut()
    week.slack_down()
    preflight.inspect(week.station(), departure, "cut")
    assert [found.code for found in week.ledger.blockers(departure)[f"{departure}/cut/preflight"]] == [
        "SLACK_UNREACHABLE"
    ]
    week.slack_down(down=False)
    preflight.inspect(week.station(), departure, "cut")
    assert week.ledger.blockers(departure) == {}


def test_t04_f58_a_repository_whose_issues_count_is_tried_too(week):
    rule(week, issue="required")
    blocked_by(week, "blocker", repositories=(EXPLORER, "chanzuckerberg/hidden"))
    assert lacking(week) == [("CONNECTION_MISSING", "chanzuckerberg/hidden")]
