"""What a triggerer remakes from Airflow's database looks by itself, and keeps why the task waits (F72)."""

from __future__ import annotations

import json

import pytest

from stationmaster.core.blockers import blocker
from stationmaster.triggers.upgrade_trigger import UpgradeTrigger
from stationmaster.upgrades.waiting import PULL
from tests.departures.conftest import boards
from tests.upgrades.conftest import ledger, yard

__all__ = ["boards", "ledger", "yard"]


@pytest.fixture
def trigger(yard, monkeypatch):
    monkeypatch.setattr("stationmaster.upgrades.upgrade_desk.UpgradeDesk", lambda **_: yard.desk())
    made = UpgradeTrigger(
        team=yard.team.model_dump(mode="json"),
        repository="dfinity/dre",
        upgrade=yard.upgrade.id,
        subject=f"{yard.upgrade.id}/find_the_pull_request",
        name=PULL,
        arguments={},
        interval=60,
    )
    _, kwargs = made.serialize()
    return UpgradeTrigger(**json.loads(json.dumps(kwargs)))


def test_f72_a_look_waits_with_a_reason_and_settles_when_there_is_none(trigger, yard):
    first = blocker("UPGRADE_RUNNING", repository="dfinity/dre", run="a page")
    yard.ledger.set_blockers(trigger.subject, (first,), yard.clock())
    settled, _ = trigger.look()
    assert not settled
    assert [found.code for found in yard.ledger.blockers(trigger.subject)[trigger.subject]] == ["UPGRADE_RUN_NOT_FOUND"]
    yard.found()
    assert trigger.look()[0]


def test_f56_a_github_that_is_down_is_a_reason_and_never_a_yes(trigger, yard):
    from stationmaster.upgrades import starting

    starting.start(yard.desk(), yard.upgrade)
    yard.fault("bad_gateway_before", "/repos/", times=50)
    settled, standing = trigger.look()
    assert not settled
    assert [found.code for found in standing.blockers] == ["GITHUB_UNREACHABLE"]
