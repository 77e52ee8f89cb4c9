"""Errors that come more often after a deploy (C-28, C-29), against the stand-in Sentry."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

import pytest

from stationmaster.core.instants import IsoWeek
from stationmaster.departures import spiking
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal.sentry.standin import STAND_IN_TOKEN, Errors, SentryWorld, Silent, create_app
from stationmaster.rehearsal.serving import serve
from stationmaster.watches import silences
from stationmaster.watches.spikes import station_of
from tests.watches.lookout import WEDNESDAY, Lookout

HOUR = timedelta(hours=1)
MANY = {"issue": "EXPLORER-7", "project": "hosted-cellxgene"}


@pytest.fixture
def lookout(lookout_of) -> Lookout:
    return lookout_of("cellxgene", at=WEDNESDAY - HOUR)


@pytest.fixture
def sentry(lookout: Lookout, monkeypatch):
    world = SentryWorld(clock=lookout.clock)
    with serve(create_app(world)) as url:
        told = {"conn_type": "http", "host": url, "password": STAND_IN_TOKEN}
        monkeypatch.setenv("AIRFLOW_CONN_SENTRY_DEFAULT", json.dumps(told))
        yield world


@pytest.fixture
def watch(lookout: Lookout, sentry):
    return lookout.team.watches["errors"]


def _deploy(lookout: Lookout) -> str:
    """Let the week's departure arrive in production now."""
    ledger, now = lookout.ledger, lookout.clock()
    made = ledger.open_departure("cellxgene.weekly", IsoWeek.of(now, "America/Los_Angeles"), now, "x")
    ledger.set_state(made.id, DepartureState.PROMOTING, now, "x", "")
    production = lookout.team.trains["weekly"].production
    for component in ("portal", "explorer"):
        ledger.record(made.id, "deployed", f"{component}/{production}", {"sha": "a" * 40, "how": "x"}, now, "x")
    return made.id


def _comes(sentry: SentryWorld, times: int, **more: Any) -> None:
    sentry.see(Errors(**{**MANY, "over": 3000, **more}, times=times))


def _hour_of_errors(lookout: Lookout, sentry: SentryWorld, before: int, after: int) -> str:
    """An hour with some errors, a deploy, and an hour with others."""
    lookout.clock.move(hours=1)
    _comes(sentry, before)
    departure = _deploy(lookout)
    lookout.clock.move(hours=1)
    _comes(sentry, after)
    return departure


def test_c28_a_spike_holds_the_next_promotion_and_is_told_once_in_the_thread(lookout: Lookout, watch, sentry) -> None:
    _hour_of_errors(lookout, sentry, 10, 90)
    for _ in range(2):
        (found,) = lookout.look(watch).values()
        assert (found.code, found.who) == ("ERROR_SPIKE", ("ben",))
        assert "EXPLORER-7" in found.sentence
        lookout.clock.move(minutes=1)
    station = station_of(lookout.desk(), watch)
    assert [each.code for each in spiking.standing(station).blockers] == ["ERROR_SPIKE"]
    assert sum(":chart_with_upwards_trend:" in text for text in lookout.texts("ops")) == 1


@pytest.mark.parametrize(("before", "after"), [(80, 90), (0, 5), (10, 0)])
def test_c28_as_many_as_before_or_too_few_hold_nothing(lookout: Lookout, watch, sentry, before, after) -> None:
    _hour_of_errors(lookout, sentry, before, after)
    assert lookout.look(watch) == {}
    assert spiking.standing(station_of(lookout.desk(), watch)).opens


def test_c28_errors_of_another_project_or_environment_are_not_ours(lookout: Lookout, watch, sentry) -> None:
    _hour_of_errors(lookout, sentry, 0, 0)
    _comes(sentry, 90, project="another")
    _comes(sentry, 90, environment="staging")
    assert lookout.look(watch) == {}


def test_c28_it_is_over_when_it_is_mended_or_rolled_back(lookout: Lookout, watch, sentry) -> None:
    departure = _hour_of_errors(lookout, sentry, 10, 90)
    assert len(lookout.look(watch)) == 1
    lookout.clock.move(hours=2)
    assert lookout.look(watch) == {}
    _comes(sentry, 90)
    assert len(lookout.look(watch)) == 1
    lookout.ledger.set_state(departure, DepartureState.ROLLED_BACK, lookout.clock(), "ben", "")
    assert lookout.look(watch) == {}
    assert spiking.standing(station_of(lookout.desk(), watch)).opens


def test_c28_only_an_open_issue_silences_it(lookout: Lookout, watch, sentry) -> None:
    repository = "chanzuckerberg/single-cell-explorer"
    _hour_of_errors(lookout, sentry, 10, 90)
    (found,) = lookout.look(watch).values()
    desk = lookout.desk()
    issue = desk.forge.open_issue(repository, "x", "x", "k", labels=())
    silences.silence(desk, found.subject, "the error", repository, issue.number, by="ben")
    assert lookout.look(watch) == {}
    desk.forge.close_issue(repository, issue.number)
    silences.complain(desk, role="primary", channel="ops")
    assert [each.code for each in lookout.look(watch).values()] == ["ERROR_SPIKE"]


def test_c28_what_still_spikes_after_a_day_still_holds(lookout: Lookout, watch, sentry) -> None:
    _hour_of_errors(lookout, sentry, 10, 90)
    lookout.look(watch)
    lookout.clock.move(days=2)
    _comes(sentry, 90)
    assert len(lookout.look(watch)) == 1


@pytest.mark.parametrize("how", ["silent", "refused"])
def test_c28_a_sentry_that_cannot_be_read_ends_no_spike(lookout: Lookout, watch, sentry, how, monkeypatch) -> None:
    _hour_of_errors(lookout, sentry, 10, 90)
    lookout.look(watch)
    if how == "silent":
        sentry.silence(Silent(times=1))
    else:
        told = json.loads(os.environ["AIRFLOW_CONN_SENTRY_DEFAULT"])
        monkeypatch.setenv("AIRFLOW_CONN_SENTRY_DEFAULT", json.dumps({**told, "password": "wrong"}))
    assert sorted(each.code for each in lookout.look(watch).values()) == ["ERROR_SPIKE", "WATCH_BLIND"]


def test_f04_a_spike_that_could_not_be_said_is_said_later(lookout: Lookout, watch, sentry) -> None:
    _hour_of_errors(lookout, sentry, 10, 90)
    lookout.slack_fault("error", times=1)
    assert len(lookout.look(watch)) == 1
    assert lookout.texts("ops") == []
    lookout.clock.move(minutes=1)
    lookout.look(watch)
    assert sum(":chart_with_upwards_trend:" in text for text in lookout.texts("ops")) == 1
