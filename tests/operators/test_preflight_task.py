"""The first task of a run looks at the tokens before anybody is asked anything (C-23)."""

from __future__ import annotations

import pytest

from stationmaster.rehearsal.slack.catalogue import ALL_SCOPES
from tests.departures.week import WEDNESDAY
from tests.operators.conftest import staged

FULL = ("admin:repo_hook", "repo", "workflow")


@pytest.mark.parametrize("stop", ["cut", "promote"])
def test_c23_a_token_that_lacks_a_scope_fails_the_task_at_once_and_a_clear_goes_on(runs, week, stop):
    if stop == "promote":
        staged(week)
        week.clock.to(WEDNESDAY)
    week.github.scopes = ("repo", "workflow")
    run = runs(stop)
    outcome = run.start("open_departure")
    assert outcome.kind == "failed"
    for words in ("TOKEN_LACKS_SCOPE", "admin:repo_hook", "github_default", "clear the task"):
        assert words in outcome.text
    assert run.blockers("open_departure") == ["TOKEN_LACKS_SCOPE"]
    run.states["open_departure"] = "failed"
    assert run.start("tell_the_outcome").kind == "failed"
    assert week.ledger.departure(week.departure).state in ("OPEN", "STAGED")
    assert week.said(f"the {stop} cannot begin") == 1

    week.github.scopes = FULL
    vars(week).pop("shared_forge")  # every task opens its connections anew
    assert run.start("open_departure").kind == "done"
    assert run.blockers("open_departure") == []


def test_f60_what_slack_lacks_is_noted_until_the_stop_is_over(runs, week):
    week.slack.scopes = ALL_SCOPES - {"reactions:read"}
    run = runs("cut")
    assert run.start("open_departure").kind == "done"
    assert run.blockers("preflight") == ["SLACK_LACKS_SCOPE"]
    run.states["open_departure"] = "success"
    run.states["pin_the_manifest"] = "failed"
    assert run.start("tell_the_outcome").kind == "failed"
    assert run.blockers("preflight") == []


def test_who_skips_a_departure_needs_no_rights(runs, week):
    week.github.scopes = ("public_repo",)
    outcome = runs("cut", user="ben", params={"skip_reason": "a fire drill"}).start("open_departure")
    assert outcome.kind == "skipped"
