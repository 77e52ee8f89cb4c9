"""The deployment that the train itself records, once, where no pipeline does (F02, F55)."""

from __future__ import annotations

import pytest

from stationmaster.departures import recording
from stationmaster.ledger.errors import EffectUnknown
from tests.departures.week import PORTAL


@pytest.fixture
def leg(week):
    week.staged()
    train = week.team.trains["weekly"]
    portal, explorer = train.components
    deploy = portal.deploy("prod").model_copy(update={"record": True})
    recorded = portal.model_copy(update={"environments": {**portal.environments, "prod": deploy}})
    changed = train.model_copy(update={"components": (recorded, explorer)})
    week.team = week.team.model_copy(update={"trains": {"weekly": changed}})
    return week.leg("promote", "portal")


def made(week, leg):
    return sum(each.sha == leg.sha for each, _ in week.github.deployments(PORTAL, "prod"))


def test_others_read_from_github_what_has_arrived(week, leg):
    recording.record(week.station(), leg)
    found = week.station().forge.deployed_sha(PORTAL, "prod")
    assert found.sha == leg.sha
    recording.record(week.station(), leg)
    assert made(week, leg) == 1


def test_f02_a_lost_answer_makes_no_second_one(week, leg):
    week.fault("bad_gateway_after", "/deployments$", method="POST")
    with pytest.raises(EffectUnknown):
        recording.record(week.station(), leg)
    recording.record(week.station(), leg)
    assert made(week, leg) == 1
    assert week.station().forge.deployed_sha(PORTAL, "prod").sha == leg.sha


def test_nothing_is_recorded_where_the_file_does_not_ask(week, leg):
    other = week.leg("promote", "explorer")
    assert recording.record(week.station(), other) is None
    assert week.ledger.effects(f"{other.key}/deployment") == ()
